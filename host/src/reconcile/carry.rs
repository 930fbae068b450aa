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

/// Bytes of a ticket; what is longer is no reference to anything.
const LONGEST_TICKET: usize = 4 << 10;

/// Characters of what somebody has to do, as a component says it.
const LONGEST_NEED: usize = 200;

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
            } else if self.context.stop.is_ordered().await {
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
        let context = write_context(step, Arc::clone(&journal) as Arc<dyn Journal>);
        let answer = component.run(context, &call(step, request)).await.and_then(bounded);
        let episode = journal.episode.lock().await.clone();
        self.know(episode);
        let kind = answer.as_ref().err().map(|fault| fault.kind.clone());
        let (record, how, result) = self.answered(step, answer);
        self.ended((step, component), record, how, result).await?;
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
        let context = write_context(step, nothing);
        let answer = component.poll(context, ticket).await.and_then(bounded);
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
        self.ended((step, component), record, how, result).await?;
        Ok(kind)
    }

    async fn ended(
        &mut self,
        (step, component): (&PlannedStep, &dyn StepComponent),
        record: StepRecord,
        how: StepTold,
        result: &str,
    ) -> Result<(), StoreError> {
        let Some(episode) = self.with(step, record) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        let mut entry = self.entry(step, result);
        if let Effect::Run { component: name, .. } | Effect::Poll { component: name, .. } =
            &step.effect
        {
            entry.detail.insert("component".to_owned(), name.to_string());
        }
        entry.detail.insert("plugin".to_owned(), component.plugin().to_string());
        self.context.store.record_episodes(&[(episode, Some(entry))]).await?;
        self.told(step, how);
        Ok(())
    }
}

fn write_context(step: &PlannedStep, journal: Arc<dyn Journal>) -> WriteContext {
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

/// What a component says is kept and shown, so it is not for ever.
fn bounded(mut outcome: Outcome) -> Result<Outcome, Fault> {
    if let Status::Pending { ticket, needs_human, .. } = &mut outcome.status {
        if ticket.is_empty() || ticket.len() > LONGEST_TICKET {
            let problem = format!("a ticket of {} bytes", ticket.len());
            let message = format!("it answered {problem}; it needs 1 to {LONGEST_TICKET}");
            return Err(Fault::new(FaultKind::BadAnswer(problem), message));
        }
        if let Some(needs) = needs_human {
            let plain = needs.chars().map(|c| if c.is_control() { ' ' } else { c });
            *needs = plain.take(LONGEST_NEED).collect();
        }
    }
    Ok(outcome)
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
pub(super) struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn mark(&self, _step: &str, _data: &str) -> Result<(), JournalError> {
        Err(JournalError::StaleClaim)
    }

    async fn recall(&self, _step: &str) -> Result<Option<String>, JournalError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(ticket: String, needs: &str) -> Outcome {
        Outcome {
            status: Status::Pending {
                ticket,
                poll_after: None,
                needs_human: Some(needs.to_owned()),
                expires_at: None,
            },
            account: None,
            side_effects: Vec::new(),
            failed: Vec::new(),
        }
    }

    #[test]
    fn what_a_component_says_of_what_it_took_on_is_bounded() {
        let said = format!("accept\u{1b}[2J{}", "x".repeat(LONGEST_NEED));
        let outcome = bounded(pending("t".repeat(LONGEST_TICKET), &said)).unwrap();
        let Status::Pending { needs_human: Some(needs), .. } = outcome.status else { panic!() };
        assert_eq!(needs.chars().count(), LONGEST_NEED);
        assert!(needs.starts_with("accept [2Jx"), "{needs}");
        for ticket in [String::new(), "t".repeat(LONGEST_TICKET + 1)] {
            let fault = bounded(pending(ticket, "")).unwrap_err();
            assert_eq!(fault.applied(), Applied::Maybe, "it was taken on, perhaps");
        }
    }
}
