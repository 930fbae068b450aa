//! Values that stay the same, whoever tells them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::facts_now;
use crate::{
    fact::Identity,
    id::{FactName, IdentityId},
    policy::Policy,
    workflow::On,
};

/// Notes since when a value has been the same that another source tells by
/// now, of facts whose changes begin workflows.
pub(super) fn keep(
    policy: &Policy,
    identities: &mut [Identity],
    known: &BTreeMap<IdentityId, &Identity>,
    now: Timestamp,
) {
    let workflows = policy.workflows.iter().chain(policy.versions.values());
    let names: BTreeSet<&FactName> = workflows
        .filter_map(|workflow| match &workflow.on {
            On::Changed(names) => Some(names),
            On::State(_) | On::Unused(_) | On::Offset(_) | On::Demand => None,
        })
        .flatten()
        .collect();
    for identity in identities.iter_mut().filter(|_| !names.is_empty()) {
        let Some(before) = known.get(&identity.id) else { continue };
        // Nearly everybody is as they were.
        if names.iter().all(|name| before.facts.get(*name) == identity.facts.get(*name)) {
            identity.unchanged.clone_from(&before.unchanged);
            continue;
        }
        let (then, after) = (facts_now(before, now), facts_now(identity, now));
        let unchanged = names.iter().filter_map(|name| {
            let (old, new) = (then.get(*name)?, after.get(*name)?);
            let since = before.unchanged.get(*name).copied().unwrap_or_else(|| old.taken_up());
            let same = old.values == new.values && since < new.taken_up();
            same.then(|| ((*name).clone(), since))
        });
        identity.unchanged = unchanged.collect();
    }
}
