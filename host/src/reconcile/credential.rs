//! New passwords: made, set, told and forgotten in one go.
//!
//! One that was set and not surely told is worth nothing: the next attempt
//! makes another, which takes its place.  So what is being set is written
//! down as something to be done again, and what is being told as something
//! that is not.  None is made before it is known that it can be told.

use std::sync::Arc;

use lanyard_core::{
    account::AccountState,
    fault::{Applied, Fault, FaultKind},
    id::IdentityId,
    observed::Origin,
    schedule::{Came, Class},
    workflow::{
        Address, Attempts, CREDENTIAL, Delivery, Effect, Episode, PlannedStep, StepEnd, StepRecord,
        pause_after,
    },
};
use zeroize::Zeroize as _;

use super::{
    carry::NoJournal,
    progress::StepTold,
    steps::{Hand, LEFT, outgoing},
    turn::{patiently, turn},
};
use crate::{
    connector::{Attached, Outcome, Password, Status, Write, WriteContext},
    messenger::Sent,
    store::StoreError,
};

const NO_WRITES: &str = "nothing is written at its target now (`no-writes`)";
const BEING_SET: &str = "it was being set when the process ended";
const TOO_MANY: &str = "more passwords would be set there than `[limits]` allows at once";

/// What is known of a password after it was handed over.
enum Put {
    Set,
    /// Certainly not set.
    Not(String),
    /// It may be, and another one takes its place.
    Maybe(String),
    /// It is being set, and may take the place of every later one.
    Coming,
}

impl Hand<'_> {
    /// Sets a new password and tells it.
    pub(super) async fn credential(&mut self, step: &PlannedStep) -> Result<(), StoreError> {
        let Effect::Credential { target, account, length, must_change, deliveries, .. } =
            &step.effect
        else {
            return Ok(());
        };
        if self.context.stop.is_ordered().await {
            self.skip(step, "the run was stopped");
            return Ok(());
        }
        let Some(there) = self.context.connectors.targets.get(target).cloned() else {
            self.skip(step, "its target cannot be used");
            return Ok(());
        };
        if let Some(why) = self.kept_from(step, &there).await? {
            self.skip(step, why);
            return Ok(());
        }
        if let Err(why) = self.way(deliveries).await {
            let record = self.untried(step, &why);
            return self.over(step, record, StepTold::Again(why), "not set").await;
        }
        let Ok(password) = Password::random(*length) else {
            self.skip(step, "this machine has no randomness");
            return Ok(());
        };
        // Whoever has a new password can do more than before.
        let class = Class::Joiner;
        let Ok(pass) = turn(&there, &self.context.stop, Some(class)).await else {
            let kept = there.gate.no_writes(class, self.context.now()).is_some();
            let why = if kept { NO_WRITES } else { "its target is not called now" };
            self.skip(step, why);
            return Ok(());
        };
        let Some(episode) = self.trying(step, self.another(step, BEING_SET)) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        self.context.store.record_episodes(&[(episode, None)]).await?;
        let write = Write::SetPassword {
            account: account.clone(),
            password: password.clone(),
            must_change: *must_change,
        };
        let answer = there.connector.write(context(step), &write).await;
        pass.ended(Came::of(&answer));
        let put = put(answer);
        if !matches!(put, Put::Not(_)) {
            self.context.store.password_set(target, account, self.context.now()).await?;
        }
        match put {
            Put::Set => self.tell(step, deliveries, &password).await,
            Put::Not(why) | Put::Maybe(why) => {
                let why = password.out_of(&why);
                let record = self.another(step, &why);
                self.over(step, record, StepTold::Again(why), "not set").await
            }
            Put::Coming => {
                let record = StepRecord::Ended { at: self.context.now(), end: StepEnd::Unknown };
                let why = "the target has not finished setting it, and nobody was told".to_owned();
                self.over(step, record, StepTold::Unknown(why), "unknown").await
            }
        }
    }

    /// Whether there is a way to each of those who are told; what was found
    /// closed is not tried again in this run.
    async fn way(&mut self, deliveries: &[Delivery]) -> Result<(), String> {
        for Delivery { to, .. } in deliveries {
            let way = match to {
                Address::Mail(_) => None,
                Address::Webhook(name) => Some(name.clone()),
            };
            if let Some(why) = self.closed.get(&way) {
                return Err(why.clone());
            }
            if let Err(why) = self.context.messenger.reach(to).await {
                self.closed.insert(way, why.clone());
                return Err(why);
            }
        }
        Ok(())
    }

    /// Waits for others to have had their turn: it has not begun, so that the
    /// time it may take does not run.
    pub(super) async fn queue(&mut self, step: &PlannedStep) -> Result<(), StoreError> {
        if let Some(episode) = self.not_begun(step) {
            self.context.store.record_episodes(&[(episode, None)]).await?;
        }
        self.skip(step, TOO_MANY);
        Ok(())
    }

    /// Why none may be set, by what is known after the operations of the
    /// plan, and by what the target shows now.
    async fn kept_from(
        &self,
        step: &PlannedStep,
        there: &Attached,
    ) -> Result<Option<&'static str>, StoreError> {
        let Effect::Credential { target, account, login, again, .. } = &step.effect else {
            return Ok(None);
        };
        let links = self.context.store.links().await?;
        let mut of_it =
            links.iter().filter(|it| it.target == *target && it.account == *account && !it.gone);
        let (Some(link), None) = (of_it.next(), of_it.next()) else {
            return Ok(Some("the account is not theirs alone any more"));
        };
        let ours = link.origin == Origin::Created || *again;
        let theirs = link.identity == step.identity && ours;
        if !theirs || link.disabled_since.is_some() || link.unwanted_since.is_some() {
            return Ok(Some("the account is disabled, or not theirs any more"));
        }
        if link.ended.password.is_some() && step.attempt <= 1 && !again {
            return Ok(Some("it got a password of ours before"));
        }
        let found = patiently(there, &self.context.stop, || there.connector.get(account)).await;
        let Ok(found) = found else { return Ok(Some("its account could not be read")) };
        let owner = found.anchor.as_deref().and_then(|it| it.parse::<IdentityId>().ok());
        let open = matches!(found.state, AccountState::Active | AccountState::Unknown);
        if !open || owner.is_some_and(|owner| owner != step.identity) || found.name != *login {
            return Ok(Some("its account is not what it was when this was planned"));
        }
        Ok(None)
    }

    /// The episode without what was begun of a step, if anything was.
    fn not_begun(&mut self, step: &PlannedStep) -> Option<Episode> {
        let episode = self.episodes.get_mut(&step.identity)?.get_mut(&step.workflow)?;
        let record = episode.steps.get(&step.step)?;
        let waits = matches!(record, StepRecord::Begun { .. } | StepRecord::Again { .. });
        if episode.ordinal != step.ordinal || !episode.is_open() || !waits {
            return None;
        }
        episode.steps.remove(&step.step);
        Some(episode.clone())
    }

    async fn tell(
        &mut self,
        step: &PlannedStep,
        deliveries: &[Delivery],
        password: &Password,
    ) -> Result<(), StoreError> {
        let (begun, at) = (self.begun(step), self.context.now());
        let sent = StepRecord::Sent { begun, at, attempts: attempts(step) };
        let Some(episode) = self.trying(step, sent) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        self.context.store.record_episodes(&[(episode, None)]).await?;
        for delivery in deliveries {
            let mut message = outgoing(&[(step, delivery)]);
            message.body = message.body.replace(CREDENTIAL, password.text());
            let sent = self.context.messenger.send(&message).await;
            message.body.zeroize();
            match sent {
                Sent::Done => {}
                // Whoever was told already is told the next one as well.
                Sent::Not(why) => {
                    let why = password.out_of(&why);
                    let record = self.another(step, &why);
                    return self.over(step, record, StepTold::Again(why), "not sent").await;
                }
                Sent::Unknown(why) => {
                    let why = password.out_of(&why);
                    let at = self.context.now();
                    let record = StepRecord::Ended { at, end: StepEnd::Unknown };
                    return self.over(step, record, StepTold::Unknown(why), "unknown").await;
                }
            }
        }
        let record = StepRecord::Ended { at: self.context.now(), end: StepEnd::Done };
        self.over(step, record, StepTold::Done, "set and sent").await
    }

    /// The episode with this attempt, whatever becomes of it.
    fn trying(&mut self, step: &PlannedStep, record: StepRecord) -> Option<Episode> {
        let mut episode = self.with(step, record)?;
        episode.tried.entry(step.step.clone()).or_default().count = step.attempt;
        self.know(episode.clone());
        Some(episode)
    }

    /// Nothing was done, and the next run looks again.
    fn untried(&self, step: &PlannedStep, why: &str) -> StepRecord {
        let count = step.attempt.saturating_sub(1);
        let attempts = Attempts { count, ..Attempts::default() };
        let (begun, next) = (self.begun(step), self.context.now());
        StepRecord::Again { begun, attempts, next, why: why.to_owned() }
    }

    fn another(&self, step: &PlannedStep, why: &str) -> StepRecord {
        let (begun, at) = (self.begun(step), self.context.now());
        let next = at.checked_add(pause_after(step.attempt)).unwrap_or(at);
        StepRecord::Again { begun, attempts: attempts(step), next, why: why.to_owned() }
    }

    async fn over(
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
        let mut entry = self.entry(step, result);
        if let Effect::Credential { target, account, .. } = &step.effect {
            (entry.target, entry.account) = (Some(target.clone()), Some(account.clone()));
        }
        self.context.store.record_episodes(&[(episode, Some(entry))]).await?;
        self.told(step, how);
        Ok(())
    }
}

fn attempts(step: &PlannedStep) -> Attempts {
    Attempts { count: step.attempt, ..Attempts::default() }
}

/// Each attempt sets another one, so that each is a write of its own.
fn context(step: &PlannedStep) -> WriteContext {
    let key = format!("{}-{}", step.key(), step.attempt);
    WriteContext {
        trace_id: key.clone(),
        idempotency_key: key,
        attempt: 1,
        reason: Some(step.workflow.to_string()),
        expect_revision: None,
        journal: Arc::new(NoJournal),
    }
}

fn put(answer: Result<Outcome, Fault>) -> Put {
    match answer {
        Ok(Outcome { status: Status::Applied | Status::Unchanged | Status::Named(_), .. }) => {
            Put::Set
        }
        Ok(Outcome { status: Status::Pending { .. }, .. })
        | Err(Fault { kind: FaultKind::Pending { .. }, .. }) => Put::Coming,
        Ok(Outcome { status: Status::Partial, .. }) => {
            Put::Maybe("a part of it is not done".to_owned())
        }
        Err(fault) if fault.applied() == Applied::No => Put::Not(fault.message),
        Err(fault) => Put::Maybe(fault.message),
    }
}
