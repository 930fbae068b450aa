//! New passwords: made, set, told and forgotten in one go.
//!
//! One that was set and not surely told is worth nothing: the next attempt
//! makes another, which takes its place.  So what is being set is written
//! down as something to be done again, and what is being told as something
//! that is not.

use std::sync::Arc;

use lanyard_core::{
    account::AccountState,
    fault::Fault,
    id::IdentityId,
    observed::Origin,
    workflow::{
        Attempts, CREDENTIAL, Delivery, Effect, Episode, PlannedStep, StepEnd, StepRecord,
        pause_after,
    },
};
use zeroize::Zeroize as _;

use super::{
    carry::NoJournal,
    progress::StepTold,
    read::patiently,
    steps::{Hand, LEFT, outgoing},
};
use crate::{
    connector::{Attached, Outcome, Password, Status, Write, WriteContext},
    messenger::Sent,
    store::StoreError,
};

const BEING_SET: &str = "it was being set when the process ended";

impl Hand<'_> {
    /// Sets a new password and tells it.
    pub(super) async fn credential(&mut self, step: &PlannedStep) -> Result<(), StoreError> {
        let Effect::Credential { target, account, length, must_change, deliveries, .. } =
            &step.effect
        else {
            return Ok(());
        };
        if self.context.stop.is_asked() {
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
        let Ok(password) = Password::random(*length) else {
            self.skip(step, "this machine has no randomness");
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
        match not_set(answer) {
            Some(why) => {
                let why = password.out_of(&why);
                let record = self.another(step, &why);
                self.over(step, record, StepTold::Again(why), "not set").await
            }
            None => {
                self.context.store.password_set(target, account, self.context.now()).await?;
                self.tell(step, deliveries, &password).await
            }
        }
    }

    /// Why none may be set, by what is known after the operations of the
    /// plan, and by what the target shows now.
    async fn kept_from(
        &self,
        step: &PlannedStep,
        there: &Attached,
    ) -> Result<Option<&'static str>, StoreError> {
        let Effect::Credential { target, account, login, .. } = &step.effect else {
            return Ok(None);
        };
        let links = self.context.store.links().await?;
        let mut of_it =
            links.iter().filter(|it| it.target == *target && it.account == *account && !it.gone);
        let (Some(link), None) = (of_it.next(), of_it.next()) else {
            return Ok(Some("the account is not theirs alone any more"));
        };
        let theirs = link.identity == step.identity && link.origin == Origin::Created;
        if !theirs || link.disabled_since.is_some() || link.unwanted_since.is_some() {
            return Ok(Some("the account is disabled, or not theirs any more"));
        }
        if link.ended.password.is_some() && step.attempt <= 1 {
            return Ok(Some("it got a password of ours before"));
        }
        let found = patiently(&self.context.stop, || there.connector.get(account)).await;
        let Ok(found) = found else { return Ok(Some("its account could not be read")) };
        let owner = found.anchor.as_deref().and_then(|it| it.parse::<IdentityId>().ok());
        let open = matches!(found.state, AccountState::Active | AccountState::Unknown);
        if !open || owner.is_some_and(|owner| owner != step.identity) || found.name != *login {
            return Ok(Some("its account is not what it was when this was planned"));
        }
        Ok(None)
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

/// Why it may not be set.
fn not_set(answer: Result<Outcome, Fault>) -> Option<String> {
    match answer {
        Ok(Outcome { status: Status::Applied | Status::Unchanged | Status::Named(_), .. }) => None,
        Ok(Outcome { status: Status::Pending { .. }, .. }) => {
            Some("the target has not finished setting it".to_owned())
        }
        Ok(Outcome { status: Status::Partial, .. }) => Some("a part of it is not done".to_owned()),
        Err(fault) => Some(fault.message),
    }
}
