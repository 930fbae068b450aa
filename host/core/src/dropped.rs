//! What sources and targets that are no longer in the file leave behind.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    desired::{Desired, DesiredIdentity},
    id::{ConnectorName, IdentityId},
    identity::{Assembled, dropped_source},
    observed::{Link, Observed},
    policy::Policy,
};

/// By the names that are no longer in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Sources whose people are held, because nobody else knows them.
    pub sources: BTreeMap<ConnectorName, LeftPeople>,
    /// Targets where accounts of ours are, which nothing is done about.
    pub targets: BTreeMap<ConnectorName, LeftAccounts>,
    /// Sources the file says are retired, and how many people only they knew.
    pub retired_sources: BTreeMap<ConnectorName, usize>,
    /// Targets the file says are retired, and how many accounts of ours were
    /// there.
    pub retired_targets: BTreeMap<ConnectorName, usize>,
    /// Everybody who is held because of a source that was dropped.
    pub held: BTreeSet<IdentityId>,
}

/// People with accounts whom only one dropped source knew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftPeople {
    pub people: usize,
    pub accounts: usize,
    /// How many of the accounts are enabled, as far as we know.
    pub enabled: usize,
}

/// Accounts of ours at a dropped target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftAccounts {
    pub accounts: usize,
    /// How many of them are enabled, as far as we know.
    pub enabled: usize,
    /// How many of those belong to people who have departed.
    pub leavers: usize,
}

impl Dropped {
    /// Whether access stays that nobody answers for.
    pub fn is_open(&self) -> bool {
        !self.sources.is_empty() || self.targets.values().any(|left| left.enabled > 0)
    }
}

/// What the names that are no longer in the file leave behind.
pub fn dropped(
    policy: &Policy,
    assembled: &Assembled,
    desired: &Desired,
    observed: &Observed,
) -> Dropped {
    let mut dropped = Dropped::default();
    let mut accounts: BTreeMap<IdentityId, Vec<&Link>> = BTreeMap::new();
    for link in observed.links.iter().filter(|link| !link.gone) {
        if !policy.retired_targets.contains(&link.target) {
            accounts.entry(link.identity).or_default().push(link);
        }
        at_target(policy, desired, link, &mut dropped);
    }
    for identity in &assembled.identities {
        if let Some(source) = dropped_source(policy, identity) {
            dropped.held.insert(identity.id);
            let Some(accounts) = accounts.get(&identity.id) else { continue };
            let left = dropped.sources.entry(source.clone()).or_default();
            left.people += 1;
            left.accounts += accounts.len();
            left.enabled += accounts.iter().filter(|link| link.is_open()).count();
        } else if let Some(record) = identity.records.first()
            && identity.records.iter().all(|it| policy.retired_sources.contains(&it.source))
        {
            *dropped.retired_sources.entry(record.source.clone()).or_default() += 1;
        }
    }
    dropped
}

fn at_target(policy: &Policy, desired: &Desired, link: &Link, dropped: &mut Dropped) {
    let Link { target, identity, .. } = link;
    if policy.targets.contains_key(target) {
        return;
    }
    if policy.retired_targets.contains(target) {
        *dropped.retired_targets.entry(target.clone()).or_default() += 1;
        return;
    }
    let left = dropped.targets.entry(target.clone()).or_default();
    left.accounts += 1;
    if link.is_open() {
        left.enabled += 1;
        let owner = desired.identities.get(identity);
        let departed =
            |person: &DesiredIdentity| person.holds.is_empty() && person.state.state.is_over();
        left.leavers += usize::from(owner.is_some_and(departed));
    }
}

#[cfg(test)]
mod tests;
