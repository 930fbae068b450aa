//! The scripted system: answers by the situation and remembers everything.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use lanyard_core::schema::RequestNeed;

use super::situation::Situation;
use crate::{
    connector::{Journal, JournalError},
    wasm::{Heard, ScriptedAnswer, ScriptedPeer, ScriptedRequest, ScriptedSystem},
};

/// Without what would permit it, which is of use to an operator, not here.
pub(super) fn gist(text: &str) -> &str {
    let end = ["; to permit it", "; if it changes nothing"];
    end.iter().filter_map(|end| text.split_once(end)).map(|(gist, _)| gist).next().unwrap_or(text)
}

/// What was seen of the connector since the beginning.
#[derive(Default)]
struct Seen {
    requests: Vec<ScriptedRequest>,
    opened: usize,
    refusals: BTreeSet<String>,
    /// Where the canary was, without its value.
    leaks: BTreeSet<String>,
}

pub(super) struct Script {
    /// None: nobody listens.
    situation: Mutex<Option<Situation>>,
    seen: Mutex<Seen>,
    canary: String,
    /// What the manifest calls a read although its method is not.
    reads: Vec<RequestNeed>,
}

/// What was seen before a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    at: Instant,
    opened: usize,
}

/// What one call sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    pub(super) requests: Vec<ScriptedRequest>,
    pub(super) opened: usize,
    /// Requests that may change the system.
    pub(super) writes: usize,
}

impl Sent {
    pub(super) fn anything(&self) -> bool {
        self.opened > 0 || !self.requests.is_empty()
    }
}

impl Script {
    pub(super) fn new(canary: String, requests: &[RequestNeed]) -> Self {
        let reads = requests.iter().filter(|need| need.reads).cloned().collect();
        Self { situation: Mutex::default(), seen: Mutex::default(), canary, reads }
    }

    pub(super) fn play(&self, situation: Option<Situation>) {
        *self.situation.lock().unwrap_or_else(PoisonError::into_inner) = situation;
    }

    fn situation(&self) -> Option<Situation> {
        *self.situation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { at: Instant::now(), opened: self.seen().opened }
    }

    /// What an earlier call asked for is that call's, however late it arrived.
    pub(super) fn since(&self, mark: Mark) -> Sent {
        let seen = self.seen();
        let asked = seen.requests.iter().filter(|request| request.asked >= mark.at);
        let requests: Vec<_> = asked.cloned().collect();
        let writes = requests.iter().filter(|request| !self.is_read(request)).count();
        Sent { requests, opened: seen.opened.saturating_sub(mark.opened), writes }
    }

    fn is_read(&self, request: &ScriptedRequest) -> bool {
        matches!(request.method.as_str(), "GET" | "HEAD")
            || self.reads.iter().any(|need| {
                need.methods.contains(&request.method) && request.uri.path().starts_with(&need.path)
            })
    }

    /// Requests and openings, altogether.
    pub(super) fn reached(&self) -> usize {
        let seen = self.seen();
        seen.requests.len() + seen.opened
    }

    /// Writing requests that arrived while nothing may be written.
    pub(super) fn writes_while_reading(&self) -> Vec<String> {
        let seen = self.seen();
        let wrong = seen.requests.iter().filter(|it| it.reading && !self.is_read(it));
        wrong.map(|it| format!("{} {}", it.method, it.uri.path())).collect()
    }

    pub(super) fn refusals(&self) -> Vec<String> {
        self.seen().refusals.iter().cloned().collect()
    }

    pub(super) fn leaks(&self) -> Vec<String> {
        self.seen().leaks.iter().cloned().collect()
    }

    /// A report may be passed on: the canary is named, not shown.
    pub(super) fn hide(&self, text: &str) -> String {
        text.replace(&self.canary, "<secret>")
    }

    /// Looks for the canary in something the connector gave out.
    pub(super) fn look(&self, place: &str, text: &str) {
        if text.contains(&self.canary) {
            self.seen().leaks.insert(place.to_owned());
        }
    }
}

impl ScriptedSystem for Script {
    fn answer(&self, request: &ScriptedRequest) -> ScriptedAnswer {
        self.seen().requests.push(request.clone());
        self.situation().map_or(ScriptedAnswer::Refused, |situation| situation.answer(request))
    }

    fn open(&self, _stream: &str) -> ScriptedPeer {
        self.seen().opened += 1;
        self.situation().map_or(ScriptedPeer::Refused, |situation| situation.peer())
    }

    fn hear(&self, heard: Heard<'_>) {
        match heard {
            Heard::Said(text) => self.look("a log line", text),
            Heard::Refused(text) => {
                self.seen().refusals.insert(gist(text).to_owned());
            }
        }
    }
}

/// A journal that remembers nothing: each intent is the first.
#[async_trait]
impl Journal for Script {
    async fn mark(&self, step: &str, data: &str) -> Result<(), JournalError> {
        self.look("a journal mark", step);
        self.look("a journal mark", data);
        Ok(())
    }

    async fn recall(&self, _step: &str) -> Result<Option<String>, JournalError> {
        Ok(None)
    }
}
