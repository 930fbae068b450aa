//! The scripted host behind [`crate::testing`].
#![expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the shapes of the imports")]

use std::path::PathBuf;

use crate::{
    http::{Budget, Failure, Request, Response, SendError},
    journal::JournalError,
    log::Level,
    secrets::SecretError,
    streams::{StreamError, TlsMode},
    testing::{Peer, with},
    types::Timestamp,
};

/// Milliseconds a scripted call has.
const CALL_MS: u64 = 30_000;

pub(crate) fn config() -> String {
    with(|host| host.config.clone())
}

pub(crate) fn directory(name: &str) -> PathBuf {
    with(|host| {
        host.directories.get(name).cloned().unwrap_or_else(|| PathBuf::from("/").join(name))
    })
}

pub(crate) fn now() -> Timestamp {
    with(|host| host.now)
}

pub(crate) fn remaining_ms() -> u64 {
    CALL_MS
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, String)]) {
    let mut words = vec![message.to_owned()];
    words.extend(fields.iter().map(|(key, value)| format!("{key}={value}")));
    with(|host| host.logs.push((level, words.join(" "))));
}

pub(crate) fn observe_budget(budget: &Budget) {
    with(|host| host.budgets.push(budget.clone()));
}

pub(crate) fn placeholder(name: &str) -> Result<String, SecretError> {
    Ok(format!("<placeholder {name}>"))
}

pub(crate) fn authorization(name: &str) -> Result<String, SecretError> {
    Ok(format!("<authorization {name}>"))
}

pub(crate) fn reveal(name: &str) -> Result<Vec<u8>, SecretError> {
    with(|host| host.secrets.get(name).cloned().ok_or(SecretError::NotPermitted))
}

pub(crate) fn deposit(
    name: &str,
    plain: &[u8],
    _expires_at: Option<Timestamp>,
) -> Result<(), SecretError> {
    with(|host| {
        if host.deposits.contains_key(name) {
            return Err(SecretError::Exists);
        }
        host.deposits.insert(name.to_owned(), plain.to_vec());
        Ok(())
    })
}

pub(crate) fn mark(step: &str, data: &str) -> Result<(), JournalError> {
    with(|host| host.journal.insert(step.to_owned(), data.to_owned()));
    Ok(())
}

pub(crate) fn recall(step: &str) -> Result<Option<String>, JournalError> {
    Ok(with(|host| host.journal.get(step).cloned()))
}

pub(crate) fn send(request: &Request) -> Result<Response, SendError> {
    let failed = |failure| SendError::of(request, failure);
    request.target().map_err(|why| failed(Failure::NotSent(why)))?;
    let expected = with(|host| {
        host.requests.push(request.clone());
        host.replies.pop_front()
    });
    let Some(expected) = expected else {
        return Err(failed(Failure::NotSent("the script has no reply left".to_owned())));
    };
    if expected.method != request.method() || !request.url().contains(&expected.url_part) {
        let why = format!(
            "the script expected {} with `{}`, not `{}`",
            expected.method,
            expected.url_part,
            request.url()
        );
        return Err(failed(Failure::NotSent(why)));
    }
    let (status, headers, body) = expected.reply.answer.map_err(failed)?;
    Ok(Response::new(request, status, headers, body))
}

pub(crate) struct Connection {
    peer: Peer,
    waiting: Vec<u8>,
}

pub(crate) fn connect(name: &str) -> Result<Connection, StreamError> {
    let peer = with(|host| host.streams.get(name).cloned());
    peer.map(|peer| Connection { peer, waiting: Vec::new() })
        .ok_or_else(|| StreamError::Denied(format!("the script has no stream `{name}`")))
}

impl Connection {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        let answer = (self.peer.borrow_mut())(bytes);
        self.waiting.extend(answer);
        Ok(())
    }

    pub(crate) fn read(&mut self, max: u32) -> Result<Vec<u8>, StreamError> {
        let take = self.waiting.len().min(max as usize);
        Ok(self.waiting.drain(..take).collect())
    }

    pub(crate) fn tls(&self) -> TlsMode {
        TlsMode::Off
    }

    pub(crate) fn upgrade(&mut self) -> Result<(), StreamError> {
        Err(StreamError::Named("the scripted stream has no TLS".to_owned()))
    }
}
