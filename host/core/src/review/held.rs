//! What people hold, and who can say anything about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::GrantKey;
use crate::{
    fact::Identity,
    id::{ConnectorName, IdentityId},
    observed::{Observed, ObservedTarget},
    policy::Policy,
    schema::ObjectRole,
    value::ObjectRef,
};

/// Every direct grant of accounts that are somebody's.
pub struct Holdings {
    held: BTreeSet<(IdentityId, GrantKey)>,
}

impl Holdings {
    pub fn of(observed: &Observed) -> Self {
        let links = observed.links.iter().filter(|link| !link.gone);
        let owners: BTreeMap<(&ConnectorName, &ObjectRef), IdentityId> =
            links.map(|link| ((&link.target, &link.account), link.identity)).collect();
        let held = observed.targets.iter().flat_map(|(target, there)| {
            let direct = there.assignments.iter().filter(|it| it.direct);
            direct.filter_map(|it| {
                let owner = owners.get(&(target, &it.holder))?;
                Some((*owner, (target.clone(), it.entitlement.clone(), it.relation.clone())))
            })
        });
        Self { held: held.collect() }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &(IdentityId, GrantKey)> {
        self.held.iter()
    }

    pub fn has(&self, identity: IdentityId, grant: &GrantKey) -> bool {
        self.held.contains(&(identity, grant.clone()))
    }

    /// Whether somebody holds it; none where it was not read wholly.
    pub(super) fn tell(
        &self,
        observed: &Observed,
        identity: IdentityId,
        grant: &GrantKey,
    ) -> Option<bool> {
        let there = observed.targets.get(&grant.0)?;
        let held = self.has(identity, grant);
        (held || there.assignments_coverage.proves_absence()).then_some(held)
    }
}

/// Whether everything was read of who holds what there; a target without
/// entitlements has nothing of it.
pub(super) fn is_whole(there: &ObservedTarget) -> bool {
    let none = there.schema.in_role(ObjectRole::Entitlement).next().is_none();
    none || there.assignments_coverage.proves_absence()
}

/// Those whom an OS user answers for, who is themselves or in their place.
pub fn answerable(
    policy: &Policy,
    people: &[Identity],
    is_there: &dyn Fn(IdentityId) -> bool,
    now: Timestamp,
) -> BTreeSet<IdentityId> {
    let mut by_key: BTreeMap<String, BTreeSet<IdentityId>> = BTreeMap::new();
    let mut records: BTreeMap<IdentityId, Vec<&str>> = BTreeMap::new();
    for person in people {
        let keys: Vec<&str> = person.records.iter().map(|it| it.key.as_str()).collect();
        for key in keys.iter().map(|key| (*key).to_owned()).chain([person.id.to_string()]) {
            by_key.entry(key).or_default().insert(person.id);
        }
        records.insert(person.id, keys);
    }
    let only = |key: &str| {
        let there = by_key.get(key)?.iter().filter(|id| is_there(**id));
        let there: Vec<IdentityId> = there.copied().collect();
        match there.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    };
    let mut answerable = BTreeSet::new();
    for user in policy.steps.actors.values().filter_map(|key| only(key)) {
        answerable.insert(user);
        let id = user.to_string();
        let keys = records.get(&user).into_iter().flatten().copied();
        let own: Vec<&str> =
            keys.filter(|key| only(key) == Some(user)).chain([id.as_str()]).collect();
        answerable.extend(policy.steps.stands_for(&own, now).filter_map(only));
    }
    answerable
}
