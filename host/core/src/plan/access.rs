//! What plans take from the file about access that nobody gave, and what is
//! held together.

use std::collections::{BTreeMap, BTreeSet};

use super::PlannedConflict;
use crate::{
    access::Unmanaged, desired::Desired, id::ConnectorName, policy::Policy, template::Template,
};

/// Entitlements that the file speaks of, where unmanaged ones are removed.
pub(super) fn spoken(policy: &Policy) -> BTreeMap<&ConnectorName, BTreeSet<&str>> {
    let mut spoken: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let of_rules = policy.rules.iter().flat_map(|rule| &rule.grants);
    let by_role = policy.access.roles.values().flat_map(|role| &role.grants);
    let grants: Vec<_> = of_rules.chain(by_role).collect();
    for (name, target) in &policy.targets {
        if target.access.unmanaged == Unmanaged::Remove {
            let here = grants.iter().filter(|(target, _)| *target == name);
            let texts = here.flat_map(|(_, templates)| templates.iter());
            let texts = texts.filter(|it| it.reads().is_empty()).map(Template::source);
            let aliases = target.entitlements.keys().map(String::as_str);
            spoken.entry(name).or_default().extend(texts.chain(aliases));
        }
    }
    spoken
}

/// What stands, whatever is planned.
pub(super) fn conflicts(desired: &Desired) -> Vec<PlannedConflict> {
    let sound = desired.identities.iter().filter(|(_, person)| person.holds.is_empty());
    sound
        .flat_map(|(identity, person)| {
            person.access.conflicts.iter().filter_map(|conflict| {
                let sides = conflict.together();
                (sides.len() > 1).then(|| PlannedConflict {
                    separation: conflict.separation.clone(),
                    line: conflict.line,
                    identity: *identity,
                    sides,
                })
            })
        })
        .collect()
}
