//! Operations on their way: begun when the queue says so, and tried again
//! when that is due.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use lanyard_core::{
    fault::{Fault, FaultKind},
    id::{ConnectorName, Digest, IdentityId, OperationId},
    operation::{Change, Operation},
    retry::RetryPolicy,
    run::Verification,
    schedule::{Next, Queue},
    value::ObjectRef,
};
use tokio::task::{self, JoinError, JoinSet};

use super::doors::Doors;
use crate::{
    connector::{Going, Pass},
    reconcile::{
        Context,
        look::object_of,
        perform::{Attempted, Task},
        progress::{Progress, Summary},
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
    /// By whose agreement what is done.
    pub(super) agreed: Arc<BTreeMap<OperationId, String>>,
    pub(super) summary: Summary,
}

/// Nobody looks again and again for what is as good as there.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// What one finished attempt hands back.
type Finished = Result<Attempted, StoreError>;

/// Attempts that were begun.
#[derive(Default)]
struct Underway {
    attempts: JoinSet<Finished>,
    begun: HashMap<task::Id, (Operation, u32)>,
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
    pub(super) async fn run(&mut self, mut queue: Queue) -> Result<(), StoreError> {
        let clock = Going::new(Arc::clone(&self.context.clock));
        let mut underway = Underway { accounts: self.linked(), ..Underway::default() };
        let mut failure: Option<StoreError> = None;
        loop {
            let halted = failure.is_some() || self.context.stop.is_asked();
            let wait =
                if halted { None } else { self.begin(&mut queue, &mut underway, &clock).await };
            let halted = halted || self.context.stop.is_asked();
            let is_under_way = !underway.attempts.is_empty();
            if !is_under_way && (halted || wait.is_none()) {
                break;
            }
            tokio::select! {
                Some(ended) = underway.attempts.join_next_with_id() => {
                    if let Err(error) = self.ended(&mut queue, &mut underway, ended) {
                        failure.get_or_insert(error);
                    }
                }
                () = self.context.stop.wait_beside(wait, is_under_way), if !halted => {}
                else => break,
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        self.leave(queue, clock.now());
        Ok(())
    }

    /// Says what becomes of what has not ended.
    fn leave(&mut self, queue: Queue, now: Timestamp) {
        self.summary.stopped = self.context.stop.is_asked() && !queue.is_done();
        if self.summary.stopped {
            for operation in queue.rest() {
                self.skip(operation, "the run was stopped");
            }
            return;
        }
        for waiting in queue.waiting(now, &Doors(&self.context.connectors)) {
            self.summary.waiting += 1;
            let why = waiting.because();
            (self.report)(Progress::Waiting { operation: waiting.operation, why });
        }
    }

    /// Begins whatever may begin, and says how long nothing else may; none:
    /// for longer than a run waits, or until something ends.
    async fn begin(
        &self,
        queue: &mut Queue,
        underway: &mut Underway,
        clock: &Going,
    ) -> Option<Duration> {
        let mut doors = Doors(&self.context.connectors);
        loop {
            if self.context.stop.is_ordered().await {
                return None;
            }
            let now = clock.now();
            match queue.next(now, |target| self.at_once(target), &mut doors) {
                Next::Begin { operation, attempt, turn } => {
                    self.send(underway, *operation, (attempt, turn));
                }
                Next::Until(until) => {
                    let wait = until.duration_since(now);
                    let wait = Some(wait).filter(|it| *it <= RetryPolicy::default().longest)?;
                    // By the clock of a gate it may have come already.
                    return Some(Duration::try_from(wait).unwrap_or_default().max(LEAST_WAIT));
                }
                Next::Nothing => return None,
            }
        }
    }

    fn send(
        &self,
        underway: &mut Underway,
        planned: Operation,
        (attempt, pass): (u32, Option<Pass>),
    ) {
        // The journal, too, has the key it is sent to.
        let operation = underway.readdressed(planned);
        let whose = (operation.identity, operation.target.clone());
        let account = underway.accounts.get(&whose).cloned();
        let task = self.task(operation.clone());
        let begun = underway.attempts.spawn(async move {
            match task {
                Ok(task) => task.attempt(attempt, account.as_ref(), pass).await,
                Err(fault) => Ok(Attempted::Parked { fault }),
            }
        });
        underway.begun.insert(begun.id(), (operation, attempt));
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
        queue: &mut Queue,
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
        self.take_in(queue, operation, attempt, attempted);
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
            agreed: Arc::clone(&self.agreed),
            left_at: None,
        })
    }

    fn take_in(
        &mut self,
        queue: &mut Queue,
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
                queue.succeeded(id);
            }
            Attempted::Again { at } | Attempted::Unfinished { at } => {
                let fault = format!("attempt {attempt} was not applied, or not wholly");
                (self.report)(Progress::Retrying { operation, fault });
                queue.again(id, at);
            }
            Attempted::Parked { fault } => {
                self.summary.failed += 1;
                (self.report)(Progress::Failed { operation, fault });
                self.skip_dependants(queue, id);
            }
            Attempted::Uncertain { fault, away: _ } => {
                self.summary.uncertain += 1;
                (self.report)(Progress::Uncertain { operation, fault });
                self.skip_dependants(queue, id);
            }
        }
    }

    fn skip_dependants(&mut self, queue: &mut Queue, id: OperationId) {
        for operation in queue.failed(id) {
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
