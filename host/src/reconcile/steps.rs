//! Carrying out the steps of a plan that have an effect outside accounts and
//! access, each at most once.
//!
//! That a message is about to be sent is durable before it is: whoever finds
//! that and nothing after it takes it for sent, perhaps.

mod request;

use std::collections::BTreeMap;

use lanyard_core::{
    id::{IdentityId, WebhookName, WorkflowName},
    operation::Cause,
    workflow::{
        Address, Asked, Delivery, Effect, Episode, OwnFact, Pending, PlannedStep, StepEnd,
        StepRecord, pause_after,
    },
};

use super::{
    Context,
    progress::{Progress, StepTold, Summary},
    withheld::Withheld,
};
use crate::{
    messenger::{Outgoing, Sent, Topic},
    store::{AuditEntry, RunId, StoreError},
};

/// Carries out the steps of a plan, except what is `withheld`.
///
/// # Errors
/// When the store fails; then nothing more is sent.
pub(super) async fn carry_out(
    context: &Context,
    (run, steps): (RunId, &[PlannedStep]),
    withheld: &Withheld,
    report: &(dyn Fn(Progress) + Send + Sync),
    summary: &mut Summary,
) -> Result<(), StoreError> {
    if steps.is_empty() {
        return Ok(());
    }
    let episodes = context.store.workflows().await?.episodes;
    let closed = BTreeMap::new();
    let mut hand = Hand { context, run, episodes, closed, report, summary };
    let (mut letters, mut told, mut carried) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        if withheld.has(step) {
            hand.skip(step, "a finding holds back what it is about");
        } else if withheld.passwords.contains(&step.key()) {
            hand.queue(step).await?;
        } else if context.stop.is_ordered().await {
            hand.skip(step, "the run was stopped");
        } else {
            match &step.effect {
                Effect::SetFact { .. } => hand.set_fact(step).await?,
                Effect::Request { .. } | Effect::EndRequests { .. } => hand.request(step).await?,
                Effect::Ask { .. } | Effect::Remind { .. } | Effect::AskOthers { .. } => {
                    hand.ask(step).await?;
                }
                Effect::Notify { deliveries, .. } => {
                    letters.push(Letters::new(step, deliveries));
                }
                Effect::Credential { .. } => told.push(step),
                Effect::Run { .. } | Effect::Poll { .. } => carried.push(step),
            }
        }
    }
    // A component may take its time; nobody waits for it to be told.
    hand.post(letters).await?;
    for step in told {
        hand.credential(step).await?;
    }
    hand.carry(&carried).await
}

/// What one step sends.
struct Letters<'a> {
    step: &'a PlannedStep,
    deliveries: &'a [Delivery],
    /// Not tried yet in this run.
    left: usize,
    failed: Option<String>,
    unknown: Option<String>,
}

impl<'a> Letters<'a> {
    fn new(step: &'a PlannedStep, deliveries: &'a [Delivery]) -> Self {
        Self { step, deliveries, left: deliveries.len(), failed: None, unknown: None }
    }
}

pub(super) struct Hand<'a> {
    pub(super) context: &'a Context,
    run: RunId,
    /// As the store has them.
    pub(super) episodes: BTreeMap<IdentityId, BTreeMap<WorkflowName, Episode>>,
    /// Ways by which nobody can be told anything, and why: mail, or a webhook.
    pub(super) closed: BTreeMap<Option<WebhookName>, String>,
    report: &'a (dyn Fn(Progress) + Send + Sync),
    summary: &'a mut Summary,
}

impl Hand<'_> {
    pub(super) fn told(&mut self, step: &PlannedStep, how: StepTold) {
        match how {
            StepTold::Done | StepTold::Pending(_) => self.summary.steps += 1,
            StepTold::Again(_) | StepTold::Untold(_) => self.summary.steps_failed += 1,
            StepTold::Unknown(_) => self.summary.steps_unknown += 1,
            StepTold::Skipped(_) => self.summary.steps_skipped += 1,
        }
        (self.report)(Progress::Step { step: step.clone(), how });
    }

    pub(super) fn skip(&mut self, step: &PlannedStep, why: &'static str) {
        self.told(step, StepTold::Skipped(why));
    }

    /// The episode with the step as it is from now on; none when it has been
    /// left or begun anew meanwhile.
    pub(super) fn with(&mut self, step: &PlannedStep, record: StepRecord) -> Option<Episode> {
        let episode = self.episodes.get_mut(&step.identity)?.get_mut(&step.workflow)?;
        if episode.ordinal != step.ordinal || !episode.is_open() {
            return None;
        }
        episode.steps.insert(step.step.clone(), record);
        Some(episode.clone())
    }

    pub(super) fn begun(&self, step: &PlannedStep) -> jiff::Timestamp {
        let episode = self.episodes.get(&step.identity).and_then(|of| of.get(&step.workflow));
        let begun = episode.and_then(|episode| episode.begun(&step.step));
        begun.unwrap_or_else(|| self.context.now())
    }

    /// What a component has taken on, if the step is so.
    pub(super) fn pending(&self, step: &PlannedStep) -> Option<Pending> {
        let episode = self.episodes.get(&step.identity)?.get(&step.workflow)?;
        match episode.steps.get(&step.step)? {
            StepRecord::Pending { pending, .. } => Some(pending.clone()),
            _ => None,
        }
    }

    /// An episode as it was recorded meanwhile.
    pub(super) fn know(&mut self, episode: Episode) {
        let of = self.episodes.entry(episode.identity).or_default();
        of.insert(episode.workflow.clone(), episode);
    }

    fn asked(&self, step: &PlannedStep) -> Option<Asked> {
        let episode = self.episodes.get(&step.identity)?.get(&step.workflow)?;
        match episode.steps.get(&step.step)? {
            StepRecord::Asked { asked, .. } => Some(asked.clone()),
            _ => None,
        }
    }

    async fn set_fact(&mut self, step: &PlannedStep) -> Result<(), StoreError> {
        let at = self.context.now();
        let Some(own) = OwnFact::of(step, at) else { return Ok(()) };
        let ended = StepRecord::Ended { at, end: StepEnd::Done };
        let Some(episode) = self.with(step, ended) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        let mut entry = self.entry(step, "fact set");
        entry.detail.insert("fact".to_owned(), own.fact.to_string());
        self.context.store.set_fact(&own, &episode, &entry).await?;
        self.told(step, StepTold::Done);
        Ok(())
    }

    /// The question is durable first; whoever was not told finds it by
    /// looking.
    async fn ask(&mut self, step: &PlannedStep) -> Result<(), StoreError> {
        let now = self.context.now();
        let (asked, deliveries) = match (&step.effect, self.asked(step)) {
            (Effect::Ask { question, deliveries }, _) => (question.clone().asked(now), deliveries),
            (Effect::Remind { deliveries }, Some(asked)) => (asked.told(now), deliveries),
            (Effect::AskOthers { others, deliveries }, Some(asked)) => {
                (asked.to_others(others).told(now), deliveries)
            }
            _ => {
                self.skip(step, "it has been answered");
                return Ok(());
            }
        };
        let record = StepRecord::Asked { begun: self.begun(step), asked };
        let Some(episode) = self.with(step, record) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        let others = matches!(step.effect, Effect::AskOthers { .. });
        let entry = self.entry(step, if others { "others asked" } else { "asked" });
        self.context.store.record_episodes(&[(episode, Some(entry))]).await?;
        let mut untold = None;
        for delivery in deliveries {
            match self.context.messenger.send(&outgoing(&[(step, delivery)])).await {
                Sent::Done => {}
                Sent::Not(why) | Sent::Unknown(why) => untold = Some(why),
            }
        }
        self.told(step, untold.map_or(StepTold::Done, StepTold::Untold));
        Ok(())
    }

    async fn post(&mut self, mut letters: Vec<Letters<'_>>) -> Result<(), StoreError> {
        for index in 0..letters.len() {
            // Everybody it is for was told by an earlier attempt, or wants no
            // messages.
            if letters.get(index).is_some_and(|it| it.left == 0) {
                self.close(&mut letters, index).await?;
            }
        }
        for batch in batches(&letters, self.context.policy.steps.digest) {
            if self.context.stop.is_ordered().await {
                for (index, _) in batch {
                    self.taken(&mut letters, index, &Sent::Not(STOPPED.to_owned()), None).await?;
                }
                continue;
            }
            self.batch(&mut letters, &batch).await?;
        }
        Ok(())
    }

    /// One message, of one step or of several.
    async fn batch(
        &mut self,
        letters: &mut [Letters<'_>],
        batch: &[(usize, usize)],
    ) -> Result<(), StoreError> {
        let mut marks = Vec::new();
        let mut parts = Vec::new();
        for (index, number) in batch {
            let Some(letter) = letters.get(*index) else { continue };
            let Some(delivery) = letter.deliveries.get(*number) else { continue };
            let step = letter.step;
            let mut attempts = self.attempts(step);
            attempts.count = step.attempt;
            let (begun, at) = (self.begun(step), self.context.now());
            match self.with(step, StepRecord::Sent { begun, at, attempts }) {
                Some(episode) => {
                    marks.push((episode, None));
                    parts.push((*index, step, delivery));
                }
                None => self.skip(step, LEFT),
            }
        }
        if parts.is_empty() {
            return Ok(());
        }
        self.context.store.record_episodes(&marks).await?;
        let both: Vec<(&PlannedStep, &Delivery)> =
            parts.iter().map(|(_, step, delivery)| (*step, *delivery)).collect();
        let sent = self.context.messenger.send(&outgoing(&both)).await;
        let parts: Vec<(usize, String)> =
            parts.into_iter().map(|(index, _, delivery)| (index, delivery.id.clone())).collect();
        for (index, id) in parts {
            self.taken(letters, index, &sent, Some(id)).await?;
        }
        Ok(())
    }

    fn attempts(&self, step: &PlannedStep) -> lanyard_core::workflow::Attempts {
        let episode = self.episodes.get(&step.identity).and_then(|of| of.get(&step.workflow));
        episode.map(|episode| episode.attempts(&step.step)).unwrap_or_default()
    }

    /// What became of one message of a step.
    async fn taken(
        &mut self,
        letters: &mut [Letters<'_>],
        index: usize,
        sent: &Sent,
        id: Option<String>,
    ) -> Result<(), StoreError> {
        let Some(letter) = letters.get_mut(index) else { return Ok(()) };
        letter.left = letter.left.saturating_sub(1);
        match sent {
            Sent::Done => {
                let (step, mut attempts) = (letter.step, self.attempts(letter.step));
                attempts.sent.extend(id);
                let (begun, at) = (self.begun(step), self.context.now());
                // Durable with the next mark, or with the end.
                let _kept = self.with(step, StepRecord::Sent { begun, at, attempts });
            }
            Sent::Not(why) => letter.failed = Some(why.clone()),
            Sent::Unknown(why) => letter.unknown = Some(why.clone()),
        }
        if letter.left == 0 {
            return self.close(letters, index).await;
        }
        Ok(())
    }

    /// Every message of a step was tried.
    async fn close(&mut self, letters: &mut [Letters<'_>], index: usize) -> Result<(), StoreError> {
        let Some(letter) = letters.get_mut(index) else { return Ok(()) };
        let step = letter.step;
        let (begun, at) = (self.begun(step), self.context.now());
        let ticket = matches!(step.effect, Effect::Notify { ticket: true, .. });
        let (record, how, result) = match (letter.unknown.take(), letter.failed.take()) {
            (Some(why), _) => {
                let ended = StepRecord::Ended { at, end: StepEnd::Unknown };
                (ended, StepTold::Unknown(why), "unknown")
            }
            (None, Some(why)) => {
                let mut attempts = self.attempts(step);
                attempts.count = step.attempt;
                let next = at.checked_add(pause_after(step.attempt)).unwrap_or(at);
                let again = StepRecord::Again { begun, attempts, next, why: why.clone() };
                (again, StepTold::Again(why), "not sent")
            }
            (None, None) if ticket => (StepRecord::Told { begun, at }, StepTold::Done, "sent"),
            (None, None) => (StepRecord::Ended { at, end: StepEnd::Done }, StepTold::Done, "sent"),
        };
        let Some(episode) = self.with(step, record) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        let entry = self.entry(step, result);
        self.context.store.record_episodes(&[(episode, Some(entry))]).await?;
        self.told(step, how);
        Ok(())
    }

    pub(super) fn entry(&self, step: &PlannedStep, result: &str) -> AuditEntry {
        let causes: Vec<String> = step.causes.iter().map(Cause::named).collect();
        AuditEntry {
            at: self.context.now(),
            actor: self.context.actor.clone(),
            action: "step".to_owned(),
            identity: Some(step.identity),
            target: None,
            account: None,
            result: result.to_owned(),
            verification: None,
            detail: BTreeMap::from([
                ("workflow".to_owned(), step.workflow.to_string()),
                ("episode".to_owned(), step.ordinal.to_string()),
                ("step".to_owned(), step.step.to_string()),
                ("attempt".to_owned(), step.attempt.to_string()),
                ("run".to_owned(), self.run.0.to_string()),
                ("because".to_owned(), causes.join("; ")),
            ]),
        }
    }
}

pub(super) const LEFT: &str = "they are no longer in that workflow";
const STOPPED: &str = "the run was stopped before";

/// Which messages go together, as places of steps and of their messages; with
/// `digest` all mails to one address do.
fn batches(letters: &[Letters<'_>], digest: bool) -> Vec<Vec<(usize, usize)>> {
    let mut batches: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut places: BTreeMap<&Address, usize> = BTreeMap::new();
    for (index, letter) in letters.iter().enumerate() {
        for (number, delivery) in letter.deliveries.iter().enumerate() {
            let together = digest && matches!(delivery.to, Address::Mail(_));
            let place = together.then(|| places.get(&delivery.to).copied()).flatten();
            if let Some(batch) = place.and_then(|place| batches.get_mut(place)) {
                batch.push((index, number));
            } else {
                places.insert(&delivery.to, batches.len());
                batches.push(vec![(index, number)]);
            }
        }
    }
    batches
}

/// One message of all parts; the first one's id is its own.
pub(super) fn outgoing(parts: &[(&PlannedStep, &Delivery)]) -> Outgoing {
    let topic = |step: &PlannedStep| Topic {
        identity: step.identity,
        workflow: step.workflow.clone(),
        step: step.step.clone(),
    };
    let about = parts.iter().map(|(step, _)| topic(step)).collect();
    match parts {
        [(_, only)] => Outgoing {
            id: only.id.clone(),
            to: only.to.clone(),
            subject: only.subject.clone(),
            body: only.body.clone(),
            about,
        },
        several => {
            let first = several.first().map(|(_, delivery)| *delivery);
            let subjects: Vec<&str> = several.iter().map(|(_, it)| it.subject.as_str()).collect();
            let body = several
                .iter()
                .map(|(_, it)| format!("{}\n\n{}\n", it.subject, it.body))
                .collect::<Vec<_>>()
                .join("\n");
            Outgoing {
                id: first.map(|it| it.id.clone()).unwrap_or_default(),
                to: first.map_or(Address::Mail(String::new()), |it| it.to.clone()),
                subject: format!(
                    "{} (+{})",
                    subjects.first().copied().unwrap_or_default(),
                    several.len().saturating_sub(1)
                ),
                body,
                about,
            }
        }
    }
}
