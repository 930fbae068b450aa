//! Steps that components carry out: each sent at most once, unless it
//! certainly had no effect.
//!
//! A component that did not answer in its time is asked nothing more in the
//! same run, so that a slow one delays the others by one call.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use futures_util::future::join_all;
use lanyard_core::{
    diff::Words,
    fault::{Applied, Fault, FaultKind},
    id::ConnectorName,
    plan::Plan,
    workflow::{
        Attempts, Effect, Episode, Pending, PlannedStep, StepEnd, StepRecord, StepRequest,
        pause_after,
    },
};
use tokio::sync::Mutex;

use super::{
    Context,
    progress::StepTold,
    steps::{Hand, LEFT},
};
use crate::{
    connector::{Journal, JournalError, Outcome, Status, StepCall, StepComponent, WriteContext},
    store::{MARK_BYTES, MARKS, Store, StoreError},
};

/// Steps whose components are asked what they would do; nobody reads more.
const MOST_WORDS: usize = 50;

const SLOW: &str = "its component did not answer before in this run";

/// What components say that they would do for the steps of a plan.  They are
/// asked in the sandbox in which nothing can be written; what they say is no
/// part of the plan.
pub async fn words(context: &Context, plan: &Plan) -> Words {
    let asked = plan.steps.iter().filter_map(|step| match &step.effect {
        Effect::Run { component, request } => {
            let component = context.connectors.components.get(component)?;
            Some((step.key(), component, call(step, request)))
        }
        _ => None,
    });
    let answers = asked.take(MOST_WORDS).map(async |(key, component, call)| {
        let lines = component.plan(&call).await;
        let lines = lines.unwrap_or_else(|fault| vec![format!("cannot say: {}", fault.message)]);
        (key, lines)
    });
    join_all(answers).await.into_iter().collect()
}

fn call(step: &PlannedStep, request: &StepRequest) -> StepCall {
    StepCall {
        workflow: step.workflow.clone(),
        ordinal: step.ordinal,
        step: step.step.clone(),
        request: request.clone(),
    }
}

impl Hand<'_> {
    /// Carries out the steps of components, or asks what became of them.
    pub(super) async fn carry(&mut self, steps: &[&PlannedStep]) -> Result<(), StoreError> {
        let mut slow: BTreeSet<ConnectorName> = BTreeSet::new();
        for step in steps {
            let (Effect::Run { component: name, .. } | Effect::Poll { component: name, .. }) =
                &step.effect
            else {
                continue;
            };
            let Some(component) = self.context.connectors.components.get(name).cloned() else {
                self.skip(step, "its component cannot be used");
                continue;
            };
            if slow.contains(name) {
                self.skip(step, SLOW);
            } else if self.context.stop.is_asked() {
                self.skip(step, "the run was stopped");
            } else if self.one(step, component.as_ref()).await? == Some(FaultKind::TimedOut) {
                slow.insert(name.clone());
            }
        }
        Ok(())
    }

    /// The fault that it ended with, if any.
    async fn one(
        &mut self,
        step: &PlannedStep,
        component: &dyn StepComponent,
    ) -> Result<Option<FaultKind>, StoreError> {
        match &step.effect {
            Effect::Run { request, .. } => self.run(step, component, request).await,
            Effect::Poll { ticket, .. } => self.poll(step, component, ticket).await,
            _ => Ok(None),
        }
    }

    async fn run(
        &mut self,
        step: &PlannedStep,
        component: &dyn StepComponent,
        request: &StepRequest,
    ) -> Result<Option<FaultKind>, StoreError> {
        let (begun, at) = (self.begun(step), self.context.now());
        let attempts = Attempts { count: step.attempt, ..Attempts::default() };
        let Some(mut episode) = self.with(step, StepRecord::Sent { begun, at, attempts }) else {
            self.skip(step, LEFT);
            return Ok(None);
        };
        episode.tried.entry(step.step.clone()).or_default().count = step.attempt;
        self.context.store.record_episodes(&[(episode.clone(), None)]).await?;
        let journal = Arc::new(StepJournal {
            store: Arc::clone(&self.context.store),
            step: step.clone(),
            episode: Mutex::new(episode),
        });
        let context = self.write_context(step, Arc::clone(&journal) as Arc<dyn Journal>);
        let answer = component.run(context, &call(step, request)).await;
        let episode = journal.episode.lock().await.clone();
        self.know(episode);
        let kind = answer.as_ref().err().map(|fault| fault.kind.clone());
        let (record, how, result) = self.answered(step, answer);
        self.ended(step, record, how, result).await?;
        Ok(kind)
    }

    fn answered(
        &self,
        step: &PlannedStep,
        answer: Result<Outcome, Fault>,
    ) -> (StepRecord, StepTold, &'static str) {
        let (begun, at) = (self.begun(step), self.context.now());
        match answer {
            Ok(Outcome { status: Status::Partial, failed, .. }) => {
                let first = failed.into_iter().next();
                let why = first.map_or_else(
                    || "a part of it is not done".to_owned(),
                    |(part, fault)| format!("{part}: {}", fault.message),
                );
                self.again(step, why, "partial")
            }
            Ok(Outcome {
                status: Status::Pending { ticket, poll_after, needs_human, expires_at },
                ..
            }) => {
                let pending =
                    Pending { ticket, needs: needs_human, polls: 0, next: at, until: expires_at };
                let pending = pending.asked(at, poll_after);
                let told = StepTold::Pending(pending.needs.clone());
                (StepRecord::Pending { begun, pending }, told, "pending")
            }
            Ok(Outcome {
                status: Status::Applied | Status::Unchanged | Status::Named(_), ..
            }) => (StepRecord::Ended { at, end: StepEnd::Done }, StepTold::Done, "done"),
            Err(fault) if fault.applied() == Applied::No => {
                self.again(step, fault.message, "not done")
            }
            Err(fault) => {
                let ended = StepRecord::Ended { at, end: StepEnd::Unknown };
                (ended, StepTold::Unknown(fault.message), "unknown")
            }
        }
    }

    fn again(
        &self,
        step: &PlannedStep,
        why: String,
        result: &'static str,
    ) -> (StepRecord, StepTold, &'static str) {
        let (begun, at) = (self.begun(step), self.context.now());
        let attempts = Attempts { count: step.attempt, ..Attempts::default() };
        let next = at.checked_add(pause_after(step.attempt)).unwrap_or(at);
        let record = StepRecord::Again { begun, attempts, next, why: why.clone() };
        (record, StepTold::Again(why), result)
    }

    async fn poll(
        &mut self,
        step: &PlannedStep,
        component: &dyn StepComponent,
        ticket: &str,
    ) -> Result<Option<FaultKind>, StoreError> {
        let Some(before) = self.pending(step) else {
            self.skip(step, LEFT);
            return Ok(None);
        };
        let nothing = Arc::new(NoJournal);
        let answer = component.poll(self.write_context(step, nothing), ticket).await;
        let kind = answer.as_ref().err().map(|fault| fault.kind.clone());
        let (begun, at) = (self.begun(step), self.context.now());
        let (record, how, result) = match answer {
            Ok(Outcome {
                status: Status::Pending { poll_after, needs_human, expires_at, .. },
                ..
            }) => {
                let pending = Pending {
                    needs: needs_human,
                    until: expires_at.or(before.until),
                    ..before.asked(at, poll_after)
                };
                let told = StepTold::Pending(pending.needs.clone());
                (StepRecord::Pending { begun, pending }, told, "pending")
            }
            // Nobody can tell yet: it is asked again.
            Err(fault) if is_no_answer(&fault) => {
                let pending = before.asked(at, None);
                let told = StepTold::Again(fault.message);
                (StepRecord::Pending { begun, pending }, told, "not told")
            }
            answer => self.answered(step, answer),
        };
        self.ended(step, record, how, result).await?;
        Ok(kind)
    }

    async fn ended(
        &mut self,
        step: &PlannedStep,
        record: StepRecord,
        how: StepTold,
        result: &str,
    ) -> Result<(), StoreError> {
        let Some(episode) = self.with(step, record) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        let entry = self.entry(step, result);
        self.context.store.record_episodes(&[(episode, Some(entry))]).await?;
        self.told(step, how);
        Ok(())
    }

    fn write_context(&self, step: &PlannedStep, journal: Arc<dyn Journal>) -> WriteContext {
        let key = step.key();
        WriteContext {
            trace_id: format!("{}-{}", key, step.attempt),
            idempotency_key: key,
            attempt: step.attempt,
            reason: Some(step.workflow.to_string()),
            expect_revision: None,
            journal,
        }
    }
}

/// Whether a poll that failed says nothing of the run itself.
fn is_no_answer(fault: &Fault) -> bool {
    let later = matches!(
        fault.kind,
        FaultKind::Unavailable { .. }
            | FaultKind::RateLimited { .. }
            | FaultKind::Cancelled
            | FaultKind::InvalidCredentials
            | FaultKind::Denied(_)
            | FaultKind::Unsupported(_)
    );
    later || fault.applied() != Applied::No
}

/// A component's memory of one step, kept with the episode.
struct StepJournal {
    store: Arc<dyn Store>,
    step: PlannedStep,
    episode: Mutex<Episode>,
}

#[async_trait]
impl Journal for StepJournal {
    async fn mark(&self, step: &str, data: &str) -> Result<(), JournalError> {
        let mut episode = self.episode.lock().await;
        let mut marked = episode.clone();
        let marks = &mut marked.tried.entry(self.step.step.clone()).or_default().marks;
        marks.insert(step.to_owned(), data.to_owned());
        let bytes: usize = marks.iter().map(|(step, data)| step.len() + data.len()).sum();
        let (count, bytes) = (u64::try_from(marks.len()), u64::try_from(bytes));
        if count.is_ok_and(|it| it > MARKS) || bytes.is_ok_and(|it| it > MARK_BYTES) {
            return Err(JournalError::Quota);
        }
        let kept = self.store.record_episodes(&[(marked.clone(), None)]).await;
        kept.map_err(|error| JournalError::Store(error.to_string()))?;
        *episode = marked;
        Ok(())
    }

    async fn recall(&self, step: &str) -> Result<Option<String>, JournalError> {
        let episode = self.episode.lock().await;
        Ok(episode.tried.get(&self.step.step).and_then(|tried| tried.marks.get(step).cloned()))
    }
}

/// Nothing is remembered of a look.
struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn mark(&self, _step: &str, _data: &str) -> Result<(), JournalError> {
        Err(JournalError::StaleClaim)
    }

    async fn recall(&self, _step: &str) -> Result<Option<String>, JournalError> {
        Ok(None)
    }
}
