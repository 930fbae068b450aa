//! What of a plan is not carried out, besides its operations.

use std::collections::BTreeSet;

use lanyard_core::{
    guard::{FindingKind, passwords_waiting},
    id::{ConnectorName, IdentityId, OperationId},
    workflow::{Effect, PlannedStep},
};

use super::{Context, known::lately, survey::Survey};
use crate::store::{StoreError, StoredPlan};

/// What findings hold back.
pub(super) struct Withheld {
    /// Whose operations.
    pub(super) people: BTreeSet<IdentityId>,
    /// Where no password is set.
    pub(super) targets: BTreeSet<ConnectorName>,
    /// Keys of steps that would set more passwords than may be.
    pub(super) passwords: BTreeSet<String>,
}

impl Withheld {
    /// By operations that are blocked, and what was released.
    pub(super) async fn of(
        context: &Context,
        survey: &Survey,
        (blocked, released): (&BTreeSet<OperationId>, &BTreeSet<FindingKind>),
    ) -> Result<Self, StoreError> {
        let mut withheld = by_findings(survey, blocked);
        withheld.passwords = waiting(context, survey, released, &withheld).await?;
        Ok(withheld)
    }

    /// A password is a write like any other: what is wrong with a plan at its
    /// target is wrong with it, whoever it is for.
    pub(super) fn has(&self, step: &PlannedStep) -> bool {
        let there = match &step.effect {
            Effect::Credential { target, .. } => self.targets.contains(target),
            _ => false,
        };
        there || self.people.contains(&step.identity)
    }
}

fn by_findings(survey: &Survey, blocked: &BTreeSet<OperationId>) -> Withheld {
    use FindingKind::{DisableEffects, LastOf, Protected, Separation, UnverifiableDisable};
    let StoredPlan { plan, findings, .. } = &survey.stored;
    // These are about single accounts.
    let single = [DisableEffects, LastOf, Protected, Separation, UnverifiableDisable];
    let standing = findings.iter().filter(|it| !single.contains(&it.kind));
    let held: BTreeSet<OperationId> = standing.flat_map(|it| it.blocks.iter().copied()).collect();
    let operations = || plan.operations.iter().filter(|it| blocked.contains(&it.id));
    Withheld {
        people: operations().map(|it| it.identity).collect(),
        targets: operations()
            .filter(|it| held.contains(&it.id))
            .map(|it| it.target.clone())
            .collect(),
        passwords: BTreeSet::new(),
    }
}

/// Keys of the steps that would set more passwords than may be by now.
async fn waiting(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
    withheld: &Withheld,
) -> Result<BTreeSet<String>, StoreError> {
    let plan = &survey.stored.plan;
    let any = plan.steps.iter().any(|it| matches!(it.effect, Effect::Credential { .. }));
    if !any || released.contains(&FindingKind::MassPassword) {
        return Ok(BTreeSet::new());
    }
    let policy = context.policy.as_ref();
    let lately = lately(policy, context.store.as_ref(), context.now()).await?;
    let goes = |step: &PlannedStep| !withheld.has(step);
    Ok(passwords_waiting(policy, plan, (&survey.observed, &lately), goes))
}
