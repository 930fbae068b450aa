//! Components of a firm that carry out steps.

use std::{
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use lanyard::connector::{Outcome, Status, StepCall, StepComponent, WriteContext};
use lanyard_core::{
    fault::{Fault, FaultKind},
    id::{Digest, FactName},
    workflow::{Given, StepRequest},
};

/// Does what a scenario says, and remembers what it was told.
pub(crate) struct Carrier {
    plugin: Digest,
    inner: Mutex<Inner>,
}

impl Default for Carrier {
    fn default() -> Self {
        Self { plugin: Digest::of("plugin"), inner: Mutex::default() }
    }
}

#[derive(Default)]
struct Inner {
    mood: Mood,
    told: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Works,
    /// It cannot be reached.
    Down,
    /// It does not answer in time, whatever it did.
    BreaksOff,
    /// Somebody there has to agree first.
    Waits,
}

impl Carrier {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `handover works`, `is down`, `breaks off`, `waits`.
    pub(crate) fn becomes(&self, words: &[&str]) -> Result<(), String> {
        self.inner().mood = match words {
            ["works"] => Mood::Works,
            ["is", "down"] => Mood::Down,
            ["breaks", "off"] => Mood::BreaksOff,
            ["waits"] => Mood::Waits,
            other => return Err(format!("no component can `{}`", other.join(" "))),
        };
        Ok(())
    }

    /// What it was told to do since somebody last asked.
    pub(crate) fn taken(&self) -> String {
        let told = std::mem::take(&mut self.inner().told);
        if told.is_empty() { "nothing\n".to_owned() } else { told.concat() }
    }
}

/// "to = bob; mail of the person: …"
fn said(call: &StepCall) -> String {
    let StepRequest { with, facts } = &call.request;
    let with = with.iter().map(|(key, given)| match given {
        Given::One(text) => format!("{key} = {text}"),
        Given::Several(texts) => format!("{key} = [{}]", texts.join(", ")),
    });
    let facts = facts.iter().map(|(name, values): (&FactName, _)| {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        format!("{name} of the person: {}", values.join(", "))
    });
    let all: Vec<String> = with.chain(facts).collect();
    if all.is_empty() { "nothing given".to_owned() } else { all.join("; ") }
}

#[async_trait]
impl StepComponent for Carrier {
    fn plugin(&self) -> &Digest {
        &self.plugin
    }

    async fn plan(&self, call: &StepCall) -> Result<Vec<String>, Fault> {
        if self.inner().mood == Mood::Down {
            return Err(down());
        }
        Ok(vec![format!("would do {} with {}", call.step, said(call))])
    }

    async fn run(&self, context: WriteContext, call: &StepCall) -> Result<Outcome, Fault> {
        let mut inner = self.inner();
        let mut told = String::new();
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(told, "{} (attempt {}): {}", call.step, context.attempt, said(call));
        let status = match inner.mood {
            Mood::Down => return Err(down()),
            Mood::BreaksOff => {
                inner.told.push(told);
                return Err(Fault::new(FaultKind::TimedOut, "it did not answer in time"));
            }
            Mood::Waits => Status::Pending {
                ticket: "t1".to_owned(),
                poll_after: None,
                needs_human: Some("accept the handover".to_owned()),
                expires_at: None,
            },
            Mood::Works => Status::Applied,
        };
        inner.told.push(told);
        Ok(outcome(status))
    }

    async fn poll(&self, _context: WriteContext, ticket: &str) -> Result<Outcome, Fault> {
        let inner = self.inner();
        Ok(outcome(match inner.mood {
            Mood::Down | Mood::BreaksOff => return Err(down()),
            Mood::Works => Status::Applied,
            Mood::Waits => Status::Pending {
                ticket: ticket.to_owned(),
                poll_after: None,
                needs_human: Some("accept the handover".to_owned()),
                expires_at: None,
            },
        }))
    }
}

fn outcome(status: Status) -> Outcome {
    Outcome { status, account: None, side_effects: Vec::new(), failed: Vec::new() }
}

fn down() -> Fault {
    Fault::new(FaultKind::Unavailable { retry_after_ms: None }, "it cannot be reached")
}
