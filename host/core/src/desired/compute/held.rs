//! What targets grant and accounts hold, as far as that is asked before the
//! plan.

use crate::{
    desired::steps::{Entitlements, Held, Used},
    entitlement::Index,
    observed::{Observed, ObservedTarget},
    policy::Policy,
    workflow::On,
};

/// Only workflows, reviews, what must not be held together, what is kept on
/// leave and what had an end ask before the plan what a name means.
pub(super) fn entitlements<'a>(policy: &'a Policy, observed: &'a Observed) -> Entitlements<'a> {
    let access = &policy.access;
    let together = !access.separations.is_empty() || !access.exclusives.is_empty();
    let lives = &policy.lifecycle;
    let kept = lives.leaves.values().any(|leave| !leave.keep_grants.is_empty());
    let reviewed = !observed.kept.reviews.is_empty();
    let asked = reviewed || together || kept || !lives.overlap.is_zero();
    if policy.workflows.is_empty() && policy.versions.is_empty() && !asked {
        return Entitlements::new();
    }
    let targets = observed.targets.iter();
    targets.map(|(name, there)| (name, Index::new(&there.entitlements, true))).collect()
}

/// When accounts were last used, where a workflow asks.
pub(super) fn used<'a>(policy: &Policy, observed: &'a Observed) -> Used<'a> {
    let workflows = policy.workflows.iter().chain(policy.versions.values());
    if !workflows.into_iter().any(|workflow| matches!(workflow.on, On::Unused(_))) {
        return Used::new();
    }
    let accounts = |there: &'a ObservedTarget| {
        there.accounts.iter().map(|it| (&it.reference, it.last_used)).collect()
    };
    observed.targets.iter().map(|(name, there)| (name, accounts(there))).collect()
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
