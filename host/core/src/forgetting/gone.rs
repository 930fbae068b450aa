//! Accounts of ours that are gone: by what that is known, and whether it is
//! enough for nobody to be asked about them any more.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    account::AccountState,
    id::ConnectorName,
    observed::{Link, Observed, ObservedTarget},
    policy::Policy,
    value::ObjectRef,
};

/// An account, by its target.
pub type AccountKey = (ConnectorName, ObjectRef);

/// By what an account of ours is known to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// We deleted it and saw that, or readings confirmed it as often as the
    /// file asks.
    Proven,
    /// Readings that prove absence lack it, and not often enough yet.
    Missing(Missing),
}

/// What readings said of an account that they lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The first of them.
    pub since: Timestamp,
    /// How many, of those far enough apart.
    pub seen: u32,
    /// The latest that counted.
    pub last: Timestamp,
}

/// What is to be remembered of accounts that are gone, where that changes by
/// the readings of `observed`; none: it is there again, and nothing is.
///
/// A single reading proves little: a sign-in that sees less, or another system
/// behind the name, lacks an account that is there.
pub fn confirm_gone(policy: &Policy, observed: &Observed) -> BTreeMap<AccountKey, Option<Proof>> {
    let mut changed = BTreeMap::new();
    for (name, target) in &observed.targets {
        let Some(asked) = policy.targets.get(name) else { continue };
        let gone: Vec<&Link> =
            observed.links.iter().filter(|it| it.gone && it.target == *name).collect();
        if gone.is_empty() {
            continue;
        }
        let there: BTreeMap<&ObjectRef, AccountState> =
            target.accounts.iter().map(|it| (&it.reference, it.state)).collect();
        for link in gone {
            let key = (name.clone(), link.account.clone());
            let before = observed.forgetting.gone.get(&key).copied();
            let now = match (there.get(&link.account), before) {
                // What the target keeps of one that we deleted is no account.
                (Some(AccountState::SoftDeleted), _) | (None, Some(Proof::Proven)) => before,
                (Some(_), _) => None,
                (None, before) => once_more(target, &link.account, before, observed, asked.gone),
            };
            if now != before {
                changed.insert(key, now);
            }
        }
    }
    changed
}

/// How often accounts have to be found missing, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneWhen {
    pub confirmations: u32,
    pub interval: jiff::SignedDuration,
}

impl Default for GoneWhen {
    fn default() -> Self {
        // What is wrong with a sign-in today is usually seen by tomorrow.
        Self { confirmations: 2, interval: jiff::SignedDuration::from_hours(24) }
    }
}

fn once_more(
    target: &ObservedTarget,
    account: &ObjectRef,
    before: Option<Proof>,
    observed: &Observed,
    asked: GoneWhen,
) -> Option<Proof> {
    if !target.proves_absence(account) {
        return before;
    }
    let (read, jump) = (target.read_at, observed.kept.clock.jump);
    // How long it is since the look before a jump, no clock tells.
    let sure = jump.map_or(read, |jump| read.min(jump.from));
    let now = match before {
        Some(Proof::Proven) => return before,
        None => Missing { since: read, seen: 1, last: read },
        Some(Proof::Missing(it)) => {
            let next = it.last.checked_add(asked.interval);
            if next.is_ok_and(|next| next <= sure) {
                Missing { seen: it.seen.saturating_add(1), last: read, ..it }
            } else if jump.is_some() {
                // From now on the clock can be counted by again.
                Missing { last: read, ..it }
            } else {
                it
            }
        }
    };
    let is_enough = now.seen >= asked.confirmations;
    Some(if is_enough { Proof::Proven } else { Proof::Missing(now) })
}
