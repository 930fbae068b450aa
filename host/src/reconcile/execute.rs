//! Carrying out a plan: what is not blocked, in order, within bounds.
//!
//! Operations wait only for those they name in `after` and for earlier ones
//! on the same account, so that a dead target delays nothing but its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lanyard_core::{
    fault::Fault,
    guard::{FindingKind, blocked},
    id::{ConnectorName, Digest, IdentityId, OperationId},
    observed::OwnedGrant,
    operation::Operation,
    plan::Plan,
    retry::RetryPolicy,
    run::Verification,
    value::ObjectRef,
};
use tokio::task::JoinSet;

use super::{
    Context, ReconcileError,
    perform::{Attempted, Task},
    settle::object_of,
    survey::Survey,
};
use crate::store::{AuditEntry, NewRun, RunId, StoreError};

/// Asks a run to stop before the next operation.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run reports while it goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    Began {
        run: RunId,
        operations: usize,
    },
    Done {
        operation: Operation,
        verification: Verification,
    },
    Retrying {
        operation: Operation,
        fault: String,
    },
    Failed {
        operation: Operation,
        fault: Fault,
    },
    Uncertain {
        operation: Operation,
        fault: Fault,
    },
    /// Not attempted, and why.
    Skipped {
        operation: Operation,
        why: &'static str,
    },
}

/// How a run ended, in operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub verified: usize,
    pub unverifiable: usize,
    pub drifted: usize,
    pub failed: usize,
    pub uncertain: usize,
    /// Held back by a finding.
    pub blocked: usize,
    /// Not attempted: something before it failed, or the run was stopped.
    pub skipped: usize,
    pub stopped: bool,
}

impl Summary {
    /// Everything that may be done is done, and the targets show it.
    pub fn is_clean(&self) -> bool {
        self.drifted == 0
            && self.failed == 0
            && self.uncertain == 0
            && self.skipped == 0
            && !self.stopped
    }
}

/// Executes the plan of a survey.
///
/// # Errors
/// When the store fails; then nothing new is sent, and what was sent is
/// settled by the next run.
pub async fn execute(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
    stop: &Stop,
    report: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Summary, ReconcileError> {
    let plan = &survey.stored.plan;
    let blocked = blocked(plan, &survey.stored.findings, released);
    let epoch = context.store.runs().await?.iter().map(|run| run.epoch).max().unwrap_or(0) + 1;
    let run = context
        .store
        .begin_run(&NewRun {
            plan: survey.stored.digest.clone(),
            actor: context.actor.clone(),
            released: released.iter().map(|kind| kind.word().to_owned()).collect(),
            at: context.now(),
            epoch,
        })
        .await?;
    report(Progress::Began { run, operations: plan.operations.len() - blocked.len() });
    context.store.claim(&claims(context, survey)).await?;
    let mut schedule = Schedule::new(plan, &blocked);
    let mut runner = Runner { context, survey, run, epoch, summary: Summary::default(), report };
    runner.summary.blocked = blocked.len();
    runner.run(&mut schedule, stop).await?;
    context.store.end_run(run, context.now()).await?;
    Ok(runner.summary)
}

fn claims(context: &Context, survey: &Survey) -> Vec<(OwnedGrant, AuditEntry)> {
    let at = context.now();
    let owner: BTreeMap<(&ConnectorName, &ObjectRef), IdentityId> = survey
        .observed
        .links
        .iter()
        .map(|link| ((&link.target, &link.account), link.identity))
        .collect();
    let entry = |grant: &OwnedGrant| AuditEntry {
        at,
        actor: context.actor.clone(),
        action: "claim".to_owned(),
        identity: owner.get(&(&grant.target, &grant.holder)).copied(),
        target: Some(grant.target.clone()),
        account: Some(grant.holder.clone()),
        result: "done".to_owned(),
        verification: Some("verified".to_owned()),
        detail: BTreeMap::from([("entitlement".to_owned(), grant.entitlement.uid.clone())]),
    };
    survey.stored.plan.claims.iter().map(|grant| (grant.clone(), entry(grant))).collect()
}

/// What may begin, what waits, what is out.
struct Schedule {
    operations: BTreeMap<OperationId, Operation>,
    /// How many operations each still waits for.
    waits: BTreeMap<OperationId, usize>,
    followers: BTreeMap<OperationId, Vec<OperationId>>,
    ready: BTreeMap<ConnectorName, BTreeSet<OperationId>>,
    attempts: BTreeMap<OperationId, u32>,
}

impl Schedule {
    fn new(plan: &Plan, blocked: &BTreeSet<OperationId>) -> Self {
        let operations: BTreeMap<OperationId, Operation> = plan
            .operations
            .iter()
            .filter(|operation| !blocked.contains(&operation.id))
            .map(|operation| (operation.id, operation.clone()))
            .collect();
        let mut waits = BTreeMap::new();
        let mut followers: BTreeMap<OperationId, Vec<OperationId>> = BTreeMap::new();
        // Operations on one account keep the order of the plan.
        let mut last: BTreeMap<(IdentityId, &ConnectorName), OperationId> = BTreeMap::new();
        for (id, operation) in &operations {
            let mut before: BTreeSet<OperationId> =
                operation.after.iter().copied().filter(|id| operations.contains_key(id)).collect();
            before.extend(last.insert((operation.identity, &operation.target), *id));
            waits.insert(*id, before.len());
            for earlier in before {
                followers.entry(earlier).or_default().push(*id);
            }
        }
        let mut schedule = Self {
            operations,
            waits,
            followers,
            ready: BTreeMap::new(),
            attempts: BTreeMap::new(),
        };
        let free: Vec<OperationId> =
            schedule.waits.iter().filter(|(_, waits)| **waits == 0).map(|(id, _)| *id).collect();
        for id in free {
            schedule.make_ready(id);
        }
        schedule
    }

    fn make_ready(&mut self, id: OperationId) {
        if let Some(operation) = self.operations.get(&id) {
            self.ready.entry(operation.target.clone()).or_default().insert(id);
        }
    }

    /// The next operation of any target that has room for one.
    fn take(&mut self, room: impl Fn(&ConnectorName) -> bool) -> Option<(Operation, u32)> {
        let (_, ready) =
            self.ready.iter_mut().find(|(target, ready)| !ready.is_empty() && room(target))?;
        let id = ready.pop_first()?;
        let attempt = self.attempts.entry(id).or_default();
        *attempt += 1;
        Some((self.operations.get(&id)?.clone(), *attempt))
    }

    fn succeeded(&mut self, id: OperationId) {
        for follower in self.followers.remove(&id).unwrap_or_default() {
            let free = self.waits.get_mut(&follower).is_some_and(|waits| {
                *waits = waits.saturating_sub(1);
                *waits == 0
            });
            if free {
                self.make_ready(follower);
            }
        }
        self.operations.remove(&id);
    }

    /// Takes out what depended on a failed operation.  A later one on the
    /// same account that did not name it in `after` still gets its turn: a
    /// failed update must not keep an account from being disabled.
    fn failed(&mut self, id: OperationId) -> Vec<Operation> {
        self.operations.remove(&id);
        let mut out = Vec::new();
        for follower in self.followers.remove(&id).unwrap_or_default() {
            let needs = self.operations.get(&follower).is_some_and(|it| it.after.contains(&id));
            if needs {
                out.extend(self.operations.get(&follower).cloned());
                out.extend(self.failed(follower));
            } else if let Some(waits) = self.waits.get_mut(&follower) {
                *waits = waits.saturating_sub(1);
                if *waits == 0 {
                    self.make_ready(follower);
                }
            }
        }
        out
    }
}

struct Runner<'a> {
    context: &'a Context,
    survey: &'a Survey,
    run: RunId,
    epoch: u64,
    summary: Summary,
    report: &'a (dyn Fn(Progress) + Send + Sync),
}

/// What one finished attempt hands back.
type Finished = (Operation, u32, Result<Attempted, StoreError>);

impl Runner<'_> {
    async fn run(&mut self, schedule: &mut Schedule, stop: &Stop) -> Result<(), StoreError> {
        let mut attempts: JoinSet<Finished> = JoinSet::new();
        let mut waiting: JoinSet<OperationId> = JoinSet::new();
        let mut busy: BTreeMap<ConnectorName, u32> = BTreeMap::new();
        let mut created: BTreeMap<(IdentityId, ConnectorName), ObjectRef> = self.linked();
        loop {
            while !stop.is_asked() {
                let room = |target: &ConnectorName| {
                    let most =
                        self.context.connectors.targets.get(target).map_or(1, |it| it.parallel);
                    busy.get(target).copied().unwrap_or(0) < most.max(1)
                };
                let Some((operation, attempt)) = schedule.take(room) else { break };
                *busy.entry(operation.target.clone()).or_default() += 1;
                let account = created.get(&(operation.identity, operation.target.clone())).cloned();
                self.spawn(&mut attempts, operation, attempt, account);
            }
            if stop.is_asked() {
                waiting.abort_all();
            }
            tokio::select! {
                Some(finished) = attempts.join_next() => {
                    let Ok((operation, attempt, attempted)) = finished else { continue };
                    if let Some(busy) = busy.get_mut(&operation.target) {
                        *busy = busy.saturating_sub(1);
                    }
                    let attempted = attempted?;
                    if let Attempted::Done { account: Some(account), .. } = &attempted {
                        created.insert((operation.identity, operation.target.clone()), account.clone());
                    }
                    self.take_in(schedule, &mut waiting, operation, attempt, attempted);
                }
                Some(Ok(id)) = waiting.join_next() => schedule.make_ready(id),
                else => break,
            }
        }
        self.summary.stopped = stop.is_asked() && !schedule.operations.is_empty();
        for operation in std::mem::take(&mut schedule.operations).into_values() {
            self.skip(operation, "the run was stopped");
        }
        Ok(())
    }

    /// Accounts that exist already, by whose they are.
    fn linked(&self) -> BTreeMap<(IdentityId, ConnectorName), ObjectRef> {
        let links = self.survey.observed.links.iter().filter(|link| !link.gone);
        links.map(|link| ((link.identity, link.target.clone()), link.account.clone())).collect()
    }

    fn spawn(
        &self,
        attempts: &mut JoinSet<Finished>,
        operation: Operation,
        attempt: u32,
        account: Option<ObjectRef>,
    ) {
        let task = self.task(operation.clone());
        attempts.spawn(async move {
            let attempted = match task {
                Ok(task) => task.attempt(attempt, account.as_ref()).await,
                Err(fault) => Ok(Attempted::Parked { fault }),
            };
            (operation, attempt, attempted)
        });
    }

    fn task(&self, operation: Operation) -> Result<Task, Fault> {
        let missing = || {
            Fault::new(
                lanyard_core::fault::FaultKind::Unavailable { retry_after_ms: None },
                "the target was not read, so nothing is written to it",
            )
        };
        let target = self.context.connectors.targets.get(&operation.target).ok_or_else(missing)?;
        let observed = self.survey.observed.targets.get(&operation.target).ok_or_else(missing)?;
        let object = object_of(&observed.schema, &operation.change).ok_or_else(missing)?;
        let key = Digest::of(format!(
            "{}\n{}\n{}",
            self.survey.stored.digest, self.run.0, operation.id.0
        ));
        Ok(Task {
            context: self.context.clone(),
            run: self.run,
            epoch: self.epoch,
            key: key.as_str().get(..32).unwrap_or(key.as_str()).to_owned(),
            target: target.clone(),
            object: object.clone(),
            operation,
            retry: RetryPolicy::default(),
        })
    }

    fn take_in(
        &mut self,
        schedule: &mut Schedule,
        waiting: &mut JoinSet<OperationId>,
        operation: Operation,
        attempt: u32,
        attempted: Attempted,
    ) {
        let id = operation.id;
        match attempted {
            Attempted::Done { verification, account: _ } => {
                match &verification {
                    Verification::Verified => self.summary.verified += 1,
                    Verification::Drifted(_) => self.summary.drifted += 1,
                    Verification::Unverifiable(_) => self.summary.unverifiable += 1,
                }
                (self.report)(Progress::Done { operation, verification });
                schedule.succeeded(id);
            }
            Attempted::Again { at } => {
                let fault = format!("attempt {attempt} was not applied");
                (self.report)(Progress::Retrying { operation, fault });
                let wait = at.duration_since(self.context.now()).unsigned_abs();
                waiting.spawn(async move {
                    tokio::time::sleep(wait).await;
                    id
                });
            }
            Attempted::Parked { fault } => {
                self.summary.failed += 1;
                (self.report)(Progress::Failed { operation, fault });
                self.skip_dependants(schedule, id);
            }
            Attempted::Uncertain { fault } => {
                self.summary.uncertain += 1;
                (self.report)(Progress::Uncertain { operation, fault });
                self.skip_dependants(schedule, id);
            }
        }
    }

    fn skip_dependants(&mut self, schedule: &mut Schedule, id: OperationId) {
        for operation in schedule.failed(id) {
            self.skip(operation, "an operation it needs failed");
        }
    }

    fn skip(&mut self, operation: Operation, why: &'static str) {
        self.summary.skipped += 1;
        (self.report)(Progress::Skipped { operation, why });
    }
}
