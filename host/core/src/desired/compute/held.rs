//! What targets grant and accounts hold, as far as that is asked before the
//! plan.

use crate::{
    desired::steps::{Entitlements, Held},
    entitlement::Index,
    observed::Observed,
    policy::Policy,
};

/// Only workflows, and what must not be held together, ask before the plan
/// what a name means.
pub(super) fn entitlements<'a>(policy: &'a Policy, observed: &'a Observed) -> Entitlements<'a> {
    let access = &policy.access;
    let together = !access.separations.is_empty() || !access.exclusives.is_empty();
    if policy.workflows.is_empty() && policy.versions.is_empty() && !together {
        return Entitlements::new();
    }
    let targets = observed.targets.iter();
    targets.map(|(name, there)| (name, Index::new(&there.entitlements, true))).collect()
}

/// What accounts hold, where something must not be held together.
pub(super) fn held<'a>(policy: &Policy, observed: &'a Observed) -> Held<'a> {
    let mut held = Held::new();
    for (name, there) in &observed.targets {
        if policy.access.separations.is_empty() {
            continue;
        }
        let here = held.entry(name).or_default();
        for assignment in &there.assignments {
            here.entry(&assignment.holder).or_default().insert(&assignment.entitlement);
        }
    }
    held
}
