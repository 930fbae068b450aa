//! Plans that go back: what became of a plan, and the way back from it.

use std::collections::BTreeSet;

use lanyard_core::{
    guard::{GuardSettings, clock_jump, guard, mass_ejects},
    id::{Digest, OperationId},
    plan::{Applied, Present, Undoes, undo},
    run::OperationState,
};

use super::{Context, ReconcileError, Survey, known::lately};
use crate::store::{Store, StoreError, StoredPlan};

/// What became of the operations of a plan, over every run of it.
#[derive(Debug, Clone, Default)]
pub struct Became {
    /// Whether any run began with it.
    pub ran: bool,
    pub done: BTreeSet<OperationId>,
    pub uncertain: BTreeSet<OperationId>,
}

/// # Errors
/// When the store fails.
pub async fn became(store: &dyn Store, plan: &Digest) -> Result<Became, StoreError> {
    let mut became = Became::default();
    for run in store.runs().await?.into_iter().filter(|run| run.plan == *plan) {
        became.ran = true;
        for (operation, state) in store.operation_states(run.id).await? {
            match state {
                OperationState::Done { .. } => became.done.insert(operation),
                OperationState::Sent { .. } | OperationState::Uncertain { .. } => {
                    became.uncertain.insert(operation)
                }
                OperationState::Waiting
                | OperationState::RetryAt { .. }
                | OperationState::Parked { .. } => false,
            };
        }
    }
    became.uncertain.retain(|operation| !became.done.contains(operation));
    Ok(became)
}

impl Survey {
    /// The way back from a plan, in place of what would be done next; kept
    /// in the store like any plan.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn undoing(
        mut self,
        context: &Context,
        (was, became): (&StoredPlan, &Became),
        undoes: &Undoes,
    ) -> Result<Self, ReconcileError> {
        let policy = context.policy.as_ref();
        let now = self.stored.made_at;
        let present = Present {
            policy,
            assembled: &self.assembled,
            desired: &self.desired,
            observed: &self.observed,
            now,
        };
        let applied = Applied { plan: &was.plan, done: &became.done, uncertain: &became.uncertain };
        let plan = undo(&present, undoes, &applied);
        let lately = lately(policy, context.store.as_ref(), now).await?;
        let settings = GuardSettings::of(policy);
        let mut findings = guard(&settings, &plan, &self.observed, &lately, &self.assembled.shrank);
        findings.extend(mass_ejects(&policy.limits, &plan, &self.observed.kept, now));
        let jump = self.observed.kept.clock.jump;
        findings.extend(jump.and_then(|jump| clock_jump(&plan, &self.desired, jump)));
        findings.retain(|finding| !finding.blocks.is_empty());
        let digest = plan.digest()?;
        self.stored = StoredPlan { digest, plan, findings, ..self.stored };
        context.store.save_plan(&self.stored).await?;
        Ok(self)
    }
}
