//! Carrying out a plan: what is not blocked, in order, within bounds.
//!
//! Operations wait only for those they name in `after` and for earlier ones
//! on the same account, so that a dead target delays nothing but its own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use lanyard_core::{
    fault::{Fault, FaultKind},
    guard::{Finding, FindingKind, blocked},
    id::{ConnectorName, Digest, IdentityId, OperationId},
    observed::OwnedGrant,
    operation::{Change, Operation},
    plan::{Adoption, adopted_link},
    retry::RetryPolicy,
    run::Verification,
    value::ObjectRef,
    workflow::Episode,
};
use tokio::task::{self, JoinError, JoinSet};

use super::{
    Context, ReconcileError, approvals, erase,
    lives::accept,
    look::object_of,
    perform::{Attempted, Task},
    progress::{Progress, Summary},
    requests, reviews,
    schedule::Schedule,
    steps,
    survey::{Survey, episode_entry},
    whose::{self, Before},
    withheld::Withheld,
};
use crate::store::{AuditEntry, NewRun, RunId, StoreError, StoredPlan};

/// Executes the plan of a survey.
///
/// # Errors
/// When the store fails; then nothing new is sent, and what was sent is
/// settled by the next run.
pub async fn execute(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
    report: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Summary, ReconcileError> {
    let plan = &survey.stored.plan;
    let released = &approvals::honoured(context, survey, released).await?;
    let others: Vec<Finding> =
        survey.stored.findings.iter().filter(|it| besides(it)).cloned().collect();
    let besides = blocked(plan, &others, released);
    let blocked = blocked(plan, &survey.stored.findings, released);
    let epoch = context.store.runs().await?.iter().map(|run| run.epoch).max().unwrap_or(0) + 1;
    approvals::spend(context, survey, released).await?;
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
    accept(context, survey, released).await?;
    report(Progress::Began { run, operations: plan.operations.len() - blocked.len() });
    adopt(context, survey, run).await?;
    context.store.claim(&claims(context, survey)).await?;
    context.store.record_episodes(&episodes(context, survey)).await?;
    let mut schedule = Schedule::new(plan, &blocked);
    let before = survey.observed.targets.iter();
    let before = before.map(|(name, seen)| (name.clone(), Arc::new(whose::before(seen))));
    let mut runner = Runner {
        context,
        survey,
        run,
        epoch,
        report,
        before: before.collect(),
        summary: Summary::default(),
    };
    runner.summary.blocked = blocked.len();
    runner.run(&mut schedule).await?;
    let mut summary = runner.summary;
    // What takes access away has been sent before anybody is told.
    let withheld = Withheld::of(context, survey, (&blocked, released)).await?;
    summary.blocked += withheld.passwords.len();
    steps::carry_out(context, (run, &plan.steps), &withheld, report, &mut summary).await?;
    requests::ask(context, &plan.questions, &withheld.people, report, &mut summary).await?;
    reviews::carry_out(context, &plan.reviews, report, &mut summary).await?;
    approvals::ask(context, survey, &besides, report, &mut summary).await?;
    approvals::used(context, survey, run).await?;
    if !context.stop.is_asked() {
        erase::carry_out(context, survey, released, report, &mut summary).await?;
    }
    context.store.end_run(run, context.now()).await?;
    Ok(summary)
}

/// Whether a finding is about something else than the agreement of people.
fn besides(finding: &Finding) -> bool {
    finding.kind != FindingKind::Approval
}

/// Accounts that the plan says are surely somebody's: whoever ordered the run
/// adopts them, each with its entry.
async fn adopt(context: &Context, survey: &Survey, run: RunId) -> Result<(), StoreError> {
    let StoredPlan { plan, digest, .. } = &survey.stored;
    for Adoption { identity, target, account, matched, .. } in &plan.adopted {
        let entry = AuditEntry {
            at: context.now(),
            actor: context.actor.clone(),
            action: "adopt".to_owned(),
            identity: Some(*identity),
            target: Some(target.clone()),
            account: Some(account.clone()),
            result: "done".to_owned(),
            verification: None,
            detail: BTreeMap::from([
                ("plan".to_owned(), digest.short().to_owned()),
                ("run".to_owned(), run.0.to_string()),
                ("same".to_owned(), matched.clone()),
            ]),
        };
        context.store.adopt(&adopted_link(*identity, target, account), &entry).await?;
    }
    Ok(())
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

/// Episodes as the plan has them; one whose identity has an operation that is
/// blocked goes on all the same: its steps say what should be so.
fn episodes(context: &Context, survey: &Survey) -> Vec<(Episode, Option<AuditEntry>)> {
    let at = context.now();
    let planned = survey.stored.plan.episodes.iter().map(|it| it.episode.clone().dated(at));
    planned
        .map(|episode| {
            let entry = episode_entry(context, &episode, at);
            (episode, entry)
        })
        .collect()
}

struct Runner<'a> {
    context: &'a Context,
    survey: &'a Survey,
    run: RunId,
    epoch: u64,
    report: &'a (dyn Fn(Progress) + Send + Sync),
    /// What each target had before the plan.
    before: BTreeMap<ConnectorName, Arc<Before>>,
    summary: Summary,
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
    async fn run(&mut self, schedule: &mut Schedule) -> Result<(), StoreError> {
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
