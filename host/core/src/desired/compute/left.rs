//! Accounts that nothing gives any longer: closed, kept for a while, deleted.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{DesiredAccount, Presence, person},
    Person,
};
use crate::{
    id::{ConnectorName, IdentityId},
    lifecycle::LifecycleState,
    observed::Link,
    operation::Cause,
    policy::Policy,
};

/// Accounts that are ours and that nothing gives any longer.
pub(super) fn leave(
    policy: &Policy,
    links: &[Link],
    people: &mut BTreeMap<IdentityId, Person<'_>>,
    now: Timestamp,
) {
    let mut by_account: BTreeMap<(IdentityId, &ConnectorName), Vec<&Link>> = BTreeMap::new();
    for link in links.iter().filter(|link| !link.gone) {
        if policy.targets.contains_key(&link.target) {
            by_account.entry((link.identity, &link.target)).or_default().push(link);
        }
    }
    for ((id, target), links) in by_account {
        let Some(person) = people.get_mut(&id) else { continue };
        if person.wanted.contains_key(target) {
            continue;
        }
        let account = person.left(policy, &links, now);
        person.accounts.insert(target.clone(), account);
    }
}

impl Person<'_> {
    /// An account to disable, and to delete when it is due.
    fn left(&self, policy: &Policy, links: &[&Link], now: Timestamp) -> DesiredAccount {
        let state = self.state.state;
        let mut causes = if person::enabled(state).is_none() {
            vec![Cause::State { state, because: self.state.because.clone() }]
        } else {
            vec![Cause::Leaver { because: "no rule gives this account any longer".to_owned() }]
        };
        if let Some((since, cause)) = self.deleted_at(links) {
            causes.push(cause.clone());
            return DesiredAccount { presence: Presence::Deleted { due: since }, causes };
        }
        if let Some(until) = self.kept_until(policy, links, now) {
            return DesiredAccount { presence: Presence::Kept { until }, causes };
        }
        let workflow_deletes = self.workflow_deletes(links);
        if let Some(due) = self.never_came(policy, links).filter(|_| !workflow_deletes) {
            return DesiredAccount { presence: Presence::Deleted { due }, causes };
        }
        // Somebody announced comes back: their accounts wait for them.
        let departed = self.state.since.filter(|_| state.is_over());
        let due = (state != LifecycleState::Announced)
            .then(|| due(policy.leaver.delete_after?, links, departed, now))
            .flatten()
            .filter(|_| !workflow_deletes)
            .filter(|(_, due)| *due <= now);
        let presence = match due {
            None => Presence::Disabled,
            Some((since, due)) => {
                causes.push(Cause::Leaver {
                    because: format!(
                        "disabled and no longer wanted since {since}, to be deleted from {due}"
                    ),
                });
                Presence::Deleted { due }
            }
        };
        DesiredAccount { presence, causes }
    }

    /// Since when a step wants these accounts deleted.
    fn deleted_at(&self, links: &[&Link]) -> Option<(Timestamp, &Cause)> {
        let target = &links.first()?.target;
        self.overrides.deleted.get(target).map(|(since, cause)| (*since, cause))
    }

    /// Whether a workflow says when these accounts are deleted, and the
    /// leaver policy does not.
    fn workflow_deletes(&self, links: &[&Link]) -> bool {
        let Some(link) = links.first() else { return false };
        let mut deletes = self.deletes.iter();
        deletes.any(|targets| targets.as_ref().is_none_or(|it| it.contains(&link.target)))
    }

    /// Until when a mover keeps accounts that nothing gives any longer.
    fn kept_until(&self, policy: &Policy, links: &[&Link], now: Timestamp) -> Option<Timestamp> {
        let overlap = policy.lifecycle.overlap;
        let target = &links.first()?.target;
        let taken = self.overrides.enabled.get(target).is_some_and(|(enabled, _)| !enabled)
            || self.at_once.accounts.contains(target);
        let at_work = self.state.state.broad() == LifecycleState::Active;
        if !at_work || taken || overlap.is_zero() || !links.iter().any(|link| link.is_open()) {
            return None;
        }
        let since = links.iter().map(|link| link.unwanted_since.unwrap_or(now)).max()?;
        since.checked_add(overlap).ok().filter(|until| *until > now)
    }

    /// Accounts made for a first day that never came have nothing in them to
    /// keep: they go as soon as that is known.
    fn never_came(&self, policy: &Policy, links: &[&Link]) -> Option<Timestamp> {
        policy.leaver.delete_after?;
        let unused = links.iter().all(|link| !link.was_enabled && link.disabled_since.is_some());
        if self.state.state != LifecycleState::Cancelled || !unused {
            return None;
        }
        links.iter().filter_map(|link| link.disabled_since).max()
    }
}

/// From when accounts of somebody who left are to be deleted by the file's
/// `delete-after`, as far as can be told now; none: not by that.
pub fn deleted_from(
    policy: &Policy,
    links: &[&Link],
    departed: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let (_, due) = due(policy.leaver.delete_after?, links, departed, now)?;
    Some(due)
}

/// Since when all of these accounts have been disabled and nobody has wanted
/// them, and when that has been long enough.
///
/// Somebody may have been disabled long before they left (a leave, a first
/// day that never came), so their departure counts as well.  What is found
/// unwanted for the first time is unwanted from now on.
fn due(
    delete_after: SignedDuration,
    links: &[&Link],
    departed: Option<Timestamp>,
    now: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    let disabled = links.iter().map(|link| link.disabled_since).collect::<Option<Vec<_>>>()?;
    let unwanted = links.iter().map(|link| link.unwanted_since.unwrap_or(now));
    let since = disabled.into_iter().chain(unwanted).chain(departed).max()?;
    Some((since, since.checked_add(delete_after).ok()?))
}
