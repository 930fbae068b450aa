//! What people are told, and what they say: a simulated mail room, answers to
//! questions, and words about steps.

use std::{
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard::{
    messenger::{Messenger, Outgoing, Sent},
    reconcile::{self, About, Context, Said, Saying, StepTold},
};
use lanyard_core::{
    id::{IdentityId, StepName, WorkflowName},
    identity::{facts_now, label},
    plan::Plan,
    workflow::{Address, PlannedStep},
};

use crate::answers::plain;

/// Takes messages and keeps them.
#[derive(Default)]
pub(crate) struct MailRoom {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    taken: Vec<Outgoing>,
    state: State,
}

#[derive(Default, Clone, Copy)]
enum State {
    #[default]
    Up,
    Down,
    /// Takes a message and breaks off before it says so.
    BreaksOff,
    /// Lets us in and takes nothing.
    Refuses,
}

#[async_trait]
impl Messenger for MailRoom {
    async fn send(&self, message: &Outgoing) -> Sent {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.state {
            State::Up => {
                inner.taken.push(message.clone());
                Sent::Done
            }
            State::Down => Sent::Not("the mail server cannot be reached".to_owned()),
            State::Refuses => Sent::Not("the mail server refused it (code 550)".to_owned()),
            State::BreaksOff => {
                inner.taken.push(message.clone());
                Sent::Unknown("the mail server broke off".to_owned())
            }
        }
    }

    async fn reach(&self, _: &Address) -> Result<(), String> {
        match self.inner.lock().unwrap_or_else(PoisonError::into_inner).state {
            State::Down => Err("the mail server cannot be reached".to_owned()),
            State::Up | State::BreaksOff | State::Refuses => Ok(()),
        }
    }
}

impl MailRoom {
    /// `mail is down`, `mail is up`, `mail breaks off`, `mail refuses`.
    pub(crate) fn becomes(&self, words: &[&str]) -> Result<(), String> {
        let state = match words {
            ["is", "up"] => State::Up,
            ["is", "down"] => State::Down,
            ["breaks", "off"] => State::BreaksOff,
            ["refuses"] => State::Refuses,
            other => return Err(format!("`mail` cannot `{}`", other.join(" "))),
        };
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).state = state;
        Ok(())
    }

    /// What was taken since it was asked last.
    pub(crate) fn taken(&self) -> String {
        let taken = {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut inner.taken)
        };
        let mut text = String::new();
        for message in &taken {
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "to {}: {}", message.to, message.subject);
            for line in message.body.lines().filter(|line| !line.trim().is_empty()) {
                let _infallible = writeln!(text, "    {line}");
            }
        }
        if taken.is_empty() { "none\n".to_owned() } else { text }
    }
}

/// Who, which step, and what became of it.
pub(crate) fn step_line(plan: &Plan, step: &PlannedStep, how: &StepTold) -> String {
    let who = plan.labels.get(&step.identity).map_or("", String::as_str);
    let how = match how {
        StepTold::Done => String::new(),
        StepTold::Pending(None) => " (taken on)".to_owned(),
        StepTold::Pending(Some(needs)) => format!(" (taken on, waits there: {needs})"),
        StepTold::Again(why) => format!(" (not yet: {why})"),
        StepTold::Untold(why) => format!(" (asked, and nobody told: {why})"),
        StepTold::Unknown(why) => format!(" (unknown: {why})"),
        StepTold::Skipped(why) => format!(" (not tried: {why})"),
    };
    format!("{who}: workflow `{}`, step `{}`{how}", step.workflow, step.step)
}

/// `approvals`: who is asked what about whom.
pub(crate) async fn approvals(context: &Context, now: Timestamp) -> Result<String, String> {
    let store = context.store.as_ref();
    let open = reconcile::open_approvals(store, now).await.map_err(|error| error.to_string())?;
    let people = store.identities().await.map_err(|error| error.to_string())?;
    let called = |id: &IdentityId| {
        let person = people.iter().find(|person| person.id == *id);
        person.map(|it| label(it, &facts_now(it, now))).unwrap_or_default()
    };
    let mut text = String::new();
    for approval in &open {
        let asked = &approval.asked;
        let names: Vec<String> = asked.waits_for(now).iter().map(called).collect();
        let step = match &approval.about {
            About::Step { step, .. } => format!("`{step}`"),
            About::Request(request) => request.access.to_string(),
            About::Plan(approval) => approval.about.to_string(),
        };
        let who = approval.identity.as_ref().map_or_else(|| "a plan".to_owned(), called);
        let (names, until) = (names.join(" or "), asked.expires);
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(text, "{who}: {step} by {names}, until {until:.0}: {}", asked.reason);
    }
    Ok(if text.is_empty() { "none\n".to_owned() } else { plain(&text) })
}

/// `grace approves 1001`: the OS user, and the key of whom it is about.
pub(crate) async fn answers(
    context: &Context,
    (user, yes, about): (&str, bool, &str),
    now: Timestamp,
) -> Result<String, String> {
    let store = context.store.as_ref();
    let about = identity(context, about).await?;
    let open = reconcile::open_approvals(store, now).await.map_err(|error| error.to_string())?;
    let Some(approval) = open.iter().find(|it| it.identity == Some(about)) else {
        return Ok("refused: nothing is asked about them\n".to_owned());
    };
    answer(context, &approval.id, (user, yes), now).await
}

/// What somebody says to a question.
pub(crate) async fn answer(
    context: &Context,
    id: &str,
    (user, yes): (&str, bool),
    now: Timestamp,
) -> Result<String, String> {
    let (store, policy) = (context.store.as_ref(), context.policy.as_ref());
    let said = reconcile::decide(store, policy, id, (yes, None), (user, now)).await;
    Ok(match said {
        Ok(Said::Approved) => "approved\n".to_owned(),
        Ok(Said::NextStage) => "approved, and others are asked now\n".to_owned(),
        Ok(Said::Denied) => "denied\n".to_owned(),
        Err(error) => format!("refused: {error}\n"),
    })
}

/// `say done leaver 1001 handover`, `say retry …`, `say skip …`.
pub(crate) async fn says(
    context: &Context,
    [what, workflow, about, step]: [&str; 4],
    now: Timestamp,
) -> Result<String, String> {
    let saying = match what {
        "done" => Saying::Done { reason: Some("seen to".to_owned()) },
        "retry" => Saying::Retry,
        "skip" => Saying::Skip,
        other => return Err(format!("nobody can say `{other}` of a step")),
    };
    let workflow = WorkflowName::new(workflow).map_err(|error| error.to_string())?;
    let step = StepName::new(step).map_err(|error| error.to_string())?;
    let about = identity(context, about).await?;
    let by = (context.actor.as_str(), now);
    let said =
        reconcile::say_of_step(context.store.as_ref(), about, (&workflow, &step), saying, by);
    Ok(match said.await {
        Ok(()) => "noted\n".to_owned(),
        Err(error) => format!("refused: {error}\n"),
    })
}

pub(crate) async fn identity(context: &Context, key: &str) -> Result<IdentityId, String> {
    let people = context.store.identities().await.map_err(|error| error.to_string())?;
    let mut people = people.iter();
    let found = people.find(|person| person.records.iter().any(|record| record.key == key));
    found.map(|person| person.id).ok_or_else(|| format!("nobody has the key `{key}`"))
}
