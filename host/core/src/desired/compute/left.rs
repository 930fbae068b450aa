//! Accounts that nothing gives any longer, and that are not simply closed.

use jiff::Timestamp;

use super::Person;
use crate::{lifecycle::LifecycleState, observed::Link, policy::Policy};

impl Person<'_> {
    /// Until when a mover keeps accounts that nothing gives any longer.
    pub(super) fn kept_until(
        &self,
        policy: &Policy,
        links: &[&Link],
        now: Timestamp,
    ) -> Option<Timestamp> {
        let overlap = policy.lifecycle.overlap;
        let target = &links.first()?.target;
        let taken = self.overrides.enabled.get(target).is_some_and(|(enabled, _)| !enabled);
        let at_work = self.state.state.broad() == LifecycleState::Active;
        if !at_work || taken || overlap.is_zero() || !links.iter().any(|link| link.is_open()) {
            return None;
        }
        let since = links.iter().map(|link| link.unwanted_since.unwrap_or(now)).max()?;
        since.checked_add(overlap).ok().filter(|until| *until > now)
    }

    /// Accounts made for a first day that never came have nothing in them to
    /// keep: they go as soon as that is known.
    pub(super) fn never_came(&self, policy: &Policy, links: &[&Link]) -> Option<Timestamp> {
        policy.leaver.delete_after?;
        let unused = links.iter().all(|link| !link.was_enabled && link.disabled_since.is_some());
        if self.state.state != LifecycleState::Cancelled || !unused {
            return None;
        }
        links.iter().filter_map(|link| link.disabled_since).max()
    }
}
