//! Plans that go back: what became of a plan, and the way back from it.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    id::{ConnectorName, Digest, IdentityId, OperationId},
    operation::OperationKind,
    plan::{Applied, Present, Undoes, undo},
    run::OperationState,
};

use super::{Context, ReconcileError, Survey};
use crate::store::{RunId, Store, StoreError, StoredPlan};

/// What became of the operations of a plan, over every run of it.
#[derive(Debug, Clone, Default)]
pub struct Became {
    /// Whether any run began with it.
    pub ran: bool,
    pub done: BTreeSet<OperationId>,
    pub uncertain: BTreeSet<OperationId>,
    /// For whom, and where, later plans created an account.
    pub made_anew: BTreeSet<(IdentityId, ConnectorName)>,
}

/// # Errors
/// When the store fails.
pub async fn became(store: &dyn Store, plan: &Digest) -> Result<Became, StoreError> {
    let mut became = Became::default();
    let mut later: BTreeMap<Digest, Vec<RunId>> = BTreeMap::new();
    for run in store.runs().await? {
        if run.plan != *plan {
            if became.ran {
                later.entry(run.plan).or_default().push(run.id);
            }
            continue;
        }
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
    for (plan, runs) in later {
        became.made_anew.extend(created(store, &plan, &runs).await?);
    }
    Ok(became)
}

/// For whom, and where, runs of a plan created an account.
async fn created(
    store: &dyn Store,
    plan: &Digest,
    runs: &[RunId],
) -> Result<Vec<(IdentityId, ConnectorName)>, StoreError> {
    let Some(stored) = store.plan(plan.as_str()).await? else { return Ok(Vec::new()) };
    let creates = stored.plan.operations.iter();
    let mut creates = creates.filter(|it| it.change.kind() == OperationKind::Create).peekable();
    if creates.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut made = BTreeSet::new();
    for run in runs {
        let states = store.operation_states(*run).await?.into_iter();
        let maybe = states.filter(|(_, state)| !matches!(state, OperationState::Waiting));
        made.extend(maybe.map(|(operation, _)| operation));
    }
    let made = creates.filter(|it| made.contains(&it.id));
    Ok(made.map(|it| (it.identity, it.target.clone())).collect())
}

impl Survey {
    /// The way back from a plan, in place of what would be done next; kept
    /// in the store like any plan.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn undoing(
        self,
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
        // Whom people said to be one since is one in it.
        let plan = was.plan.of_those_now(&self.observed.kept);
        let made_anew = became.made_anew.iter();
        let kept = &self.observed.kept;
        let made_anew =
            made_anew.map(|(who, target)| (kept.by_now(*who), target.clone())).collect();
        let applied = Applied {
            plan: &plan,
            done: &became.done,
            uncertain: &became.uncertain,
            made_anew: &made_anew,
        };
        let plan = undo(&present, undoes, &applied);
        // A person wants it, whatever the clock does.
        self.with(context, plan, None).await
    }
}
