//! Operations on their way: begun as soon as nothing is waited for, within
//! what each target takes at once, and tried again when that is due.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use lanyard_core::{
    fault::{Fault, FaultKind},
    id::{ConnectorName, Digest, IdentityId, OperationId},
    operation::{Change, Operation},
    retry::RetryPolicy,
    run::Verification,
    value::ObjectRef,
};
use tokio::task::{self, JoinError, JoinSet};

use crate::{
    reconcile::{
        Context,
        look::object_of,
        perform::{Attempted, Task},
        progress::{Progress, Summary},
        schedule::Schedule,
        survey::Survey,
        whose::Before,
    },
    store::{RunId, StoreError},
};

/// Carries out the operations of one run.
pub(super) struct Runner<'a> {
    pub(super) context: &'a Context,
    pub(super) survey: &'a Survey,
    pub(super) run: RunId,
    pub(super) epoch: u64,
    pub(super) report: &'a (dyn Fn(Progress) + Send + Sync),
    /// What each target had before the plan.
    pub(super) before: BTreeMap<ConnectorName, Arc<Before>>,
    pub(super) summary: Summary,
}

/// What one finished attempt hands back.
type Finished = Result<Attempted, StoreError>;

/// Attempts that were begun, and retries that wait for their time.
#[derive(Default)]
struct Underway {
    attempts: JoinSet<Finished>,
    begun: HashMap<task::Id, (Operation, u32)>,
    waiting: JoinSet<OperationId>,
    busy: BTreeMap<ConnectorName, u32>,
    /// Accounts by whose they are, those of this run with them.
    accounts: BTreeMap<(IdentityId, ConnectorName), ObjectRef>,
    /// Keys that a rename of this run gave to accounts the plan knows by
    /// another one.
    moved: BTreeMap<(IdentityId, ConnectorName, ObjectRef), ObjectRef>,
}

impl Underway {
    /// The operation about the key its account has by now.
    fn readdressed(&self, mut operation: Operation) -> Operation {
        if let Some(planned) = operation.change.account() {
            let key = (operation.identity, operation.target.clone(), planned.clone());
            if let Some(now) = self.moved.get(&key) {
                operation.change = operation.change.clone().about(now);
            }
        }
        operation
    }
}

impl Runner<'_> {
    /// After a failure of the store or a stop nothing more is begun, but what
    /// was sent is waited for, so that its answer is kept if it can be.
    pub(super) async fn run(&mut self, schedule: &mut Schedule) -> Result<(), StoreError> {
        let mut underway = Underway { accounts: self.linked(), ..Underway::default() };
        let mut failure: Option<StoreError> = None;
        loop {
            let halted = failure.is_some() || self.context.stop.is_asked();
            if !halted {
                self.begin(schedule, &mut underway);
            }
            if underway.attempts.is_empty() && (halted || underway.waiting.is_empty()) {
                break;
            }
            tokio::select! {
                Some(ended) = underway.attempts.join_next_with_id() => {
                    if let Err(error) = self.ended(schedule, &mut underway, ended) {
                        failure.get_or_insert(error);
                    }
                }
                Some(Ok(id)) = underway.waiting.join_next(), if !halted => schedule.make_ready(id),
                () = self.context.stop.asked(), if !halted => {}
                else => break,
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        self.summary.stopped = self.context.stop.is_asked() && !schedule.is_done();
        for operation in schedule.rest() {
            self.skip(operation, "the run was stopped");
        }
        Ok(())
    }

    /// Begins whatever may begin and has room at its target.
    fn begin(&self, schedule: &mut Schedule, underway: &mut Underway) {
        loop {
            let busy = &underway.busy;
            let room = |target: &ConnectorName| {
                busy.get(target).copied().unwrap_or(0) < self.at_once(target)
            };
            let Some((planned, attempt)) = schedule.take(room) else { return };
            // The journal, too, has the key it is sent to.
            let operation = underway.readdressed(planned);
            *underway.busy.entry(operation.target.clone()).or_default() += 1;
            let whose = (operation.identity, operation.target.clone());
            let account = underway.accounts.get(&whose).cloned();
            let task = self.task(operation.clone());
            let begun = underway.attempts.spawn(async move {
                match task {
                    Ok(task) => task.attempt(attempt, account.as_ref()).await,
                    Err(fault) => Ok(Attempted::Parked { fault }),
                }
            });
            underway.begun.insert(begun.id(), (operation, attempt));
        }
    }

    /// Writes at the same time: as the file says, and no more than the target
    /// can take.
    fn at_once(&self, target: &ConnectorName) -> u32 {
        let most = self.context.connectors.targets.get(target).map_or(1, |it| it.parallel);
        let schema = self.survey.observed.targets.get(target).map(|it| &it.schema);
        let bounds = schema.into_iter().flat_map(|schema| &schema.objects);
        let bound = bounds.filter_map(|object| object.capabilities.max_concurrency).min();
        bound.map_or(most, |bound| bound.min(most)).max(1)
    }

    fn ended(
        &mut self,
        schedule: &mut Schedule,
        underway: &mut Underway,
        ended: Result<(task::Id, Finished), JoinError>,
    ) -> Result<(), StoreError> {
        let (id, finished) = match ended {
            Ok((id, finished)) => (id, finished),
            // A defect of ours broke it off; its intent is in the journal.
            Err(error) => {
                (error.id(), Ok(Attempted::Uncertain { fault: broken_off(), away: false }))
            }
        };
        let Some((operation, attempt)) = underway.begun.remove(&id) else { return Ok(()) };
        if let Some(busy) = underway.busy.get_mut(&operation.target) {
            *busy = busy.saturating_sub(1);
        }
        let attempted = finished?;
        if let Attempted::Done { account: Some(account), .. } = &attempted {
            let whose = (operation.identity, operation.target.clone());
            if let Change::Update { account: planned, .. } = &operation.change
                && planned != account
            {
                let old = (operation.identity, operation.target.clone(), planned.clone());
                underway.moved.insert(old, account.clone());
            }
            underway.accounts.insert(whose, account.clone());
        }
        self.take_in(schedule, &mut underway.waiting, operation, attempt, attempted);
        Ok(())
    }

    /// Accounts that exist already, by whose they are.
    fn linked(&self) -> BTreeMap<(IdentityId, ConnectorName), ObjectRef> {
        let links = self.survey.observed.links.iter().filter(|link| !link.gone);
        links.map(|link| ((link.identity, link.target.clone()), link.account.clone())).collect()
    }

    fn task(&self, operation: Operation) -> Result<Task, Fault> {
        let missing = || {
            Fault::new(
                FaultKind::Unavailable { retry_after_ms: None },
                "the target was not read, so nothing is written to it",
            )
        };
        let target = self.context.connectors.targets.get(&operation.target).ok_or_else(missing)?;
        let observed = self.survey.observed.targets.get(&operation.target).ok_or_else(missing)?;
        let object = object_of(&observed.schema, &operation.change).ok_or_else(missing)?;
        let before = self.before.get(&operation.target).cloned().unwrap_or_default();
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
            before,
            left_at: None,
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
                    // No target shows what was ended, and it need not.
                    Verification::Unverifiable(_)
                        if operation.change.kind().is_about_credentials() =>
                    {
                        self.summary.answered += 1;
                    }
                    Verification::Unverifiable(_) => {
                        self.summary.unverifiable += 1;
                        if operation.change.kind().removes() {
                            self.summary.unproven += 1;
                        }
                    }
                }
                (self.report)(Progress::Done { operation, verification });
                schedule.succeeded(id);
            }
            Attempted::Again { at } | Attempted::Unfinished { at } => {
                schedule.tried(id);
                let fault = format!("attempt {attempt} was not applied, or not wholly");
                (self.report)(Progress::Retrying { operation, fault });
                // A time that has come already is now.
                let wait = at.duration_since(self.context.now()).try_into().unwrap_or_default();
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
            Attempted::Uncertain { fault, away: _ } => {
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

fn broken_off() -> Fault {
    Fault::new(
        FaultKind::OutcomeUnknown { retry_after_ms: None },
        "the attempt broke off by a defect of lanyard; the next run looks whether it took effect",
    )
}
