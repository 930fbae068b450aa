//! Accounts that nobody uses, as far as targets tell.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::steps::Subject;
use crate::{
    id::FactName,
    lifecycle::LifecycleState,
    workflow::{On, Unused, standing},
};

/// Facts that say when somebody came back to work.
const LIFE: [&str; 6] = ["start", "end", "status", "leave", "leave_start", "leave_end"];

/// Since when what a workflow is about is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// None: it is not so.
    Since(Option<Timestamp>),
    /// Nobody can tell now; it is as it was.
    Unknown,
}

impl Subject<'_> {
    /// # Errors
    /// The sentence why it cannot be told.
    pub(super) fn told(&self, on: &On) -> Result<Told, String> {
        match on {
            On::Unused(unused) => Ok(self.unused(unused)),
            _ => standing(on, &self.trigger()).map(Told::Since),
        }
    }

    /// Whether an account of theirs was not used for so long while they were
    /// at work.  Whether it is disabled does not matter: disabling it for that
    /// reason is not to end the reason.
    fn unused(&self, unused: &Unused) -> Told {
        if self.state.state.broad() != LifecycleState::Active {
            return Told::Since(None);
        }
        let mut unread = false;
        let mut silent = false;
        let mut used = Vec::new();
        for link in self.links.iter().filter(|link| unused.is_about(&link.target)) {
            let Some(there) = self.used.get(&link.target) else {
                unread = true;
                continue;
            };
            match there.get(&link.account) {
                Some(Some(at)) => used.push(*at),
                Some(None) => silent = true,
                None => {
                    let target = self.observed.targets.get(&link.target);
                    unread |= target.is_none_or(|it| !it.proves_absence(&link.account));
                }
            }
        }
        let at_work = self.at_work_since();
        let moments = used.iter().filter_map(|at| {
            let from = at_work.map_or(*at, |since| since.max(*at));
            from.checked_add(unused.after).ok().filter(|moment| *moment <= self.now)
        });
        match moments.min() {
            Some(moment) => Told::Since(Some(moment)),
            // What never tells is never unused; what no longer tells is as it
            // was.
            None if unread || (silent && used.is_empty()) => Told::Unknown,
            None => Told::Since(None),
        }
    }

    /// Nobody uses an account while they are away: it counts from the day they
    /// came, or came back.
    fn at_work_since(&self) -> Option<Timestamp> {
        let names: BTreeSet<FactName> = LIFE.iter().filter_map(|it| it.parse().ok()).collect();
        let changed = standing(&On::Changed(names), &self.trigger()).ok().flatten();
        self.state.since.into_iter().chain(changed).max()
    }
}
