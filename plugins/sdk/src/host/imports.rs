//! Imports other than HTTP.

use std::path::{Path, PathBuf};

use crate::{
    bindings::host::lanyard::connector as wit,
    http::Budget,
    journal::JournalError,
    log::Level,
    secrets::SecretError,
    streams::{StreamError, TlsMode},
    types::Timestamp,
};

pub(crate) fn config() -> String {
    wit::config::get()
}

pub(crate) fn directory(name: &str) -> PathBuf {
    Path::new("/").join(name)
}

pub(crate) fn now() -> Timestamp {
    wit::time::now()
}

pub(crate) fn remaining_ms() -> u64 {
    wit::time::remaining_ms()
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, String)]) {
    let level = match level {
        Level::Trace => wit::log::Level::Trace,
        Level::Debug => wit::log::Level::Debug,
        Level::Info => wit::log::Level::Info,
        Level::Warn => wit::log::Level::Warn,
        Level::Error => wit::log::Level::Error,
    };
    let fields: Vec<_> = fields
        .iter()
        .map(|(key, value)| wit::log::Field { key: (*key).to_owned(), value: value.clone() })
        .collect();
    wit::log::write(level, message, &fields);
}

pub(crate) fn observe_budget(budget: &Budget) {
    wit::progress::observe_budget(&wit::progress::Budget {
        bucket: budget.bucket.clone(),
        limit: budget.limit,
        remaining: Some(budget.remaining),
        reset_after_ms: u64::try_from(budget.reset_after.as_millis()).ok(),
    });
}

fn secret_error(error: wit::secret_types::SecretError) -> SecretError {
    use wit::secret_types::SecretError as From;
    match error {
        From::Unknown => SecretError::Unknown,
        From::NotPermitted => SecretError::NotPermitted,
        From::Expired => SecretError::Expired,
        From::Exists => SecretError::Exists,
        From::Named(name) => SecretError::Named(name),
    }
}

pub(crate) fn placeholder(name: &str) -> Result<String, SecretError> {
    wit::placeholders::get(name).map_err(secret_error)
}

pub(crate) fn authorization(name: &str) -> Result<String, SecretError> {
    wit::authorization::get(name).map_err(secret_error)
}

pub(crate) fn reveal(name: &str) -> Result<Vec<u8>, SecretError> {
    wit::reveal::get(name).map_err(secret_error)
}

pub(crate) fn deposit(
    name: &str,
    plain: &[u8],
    expires_at: Option<Timestamp>,
) -> Result<(), SecretError> {
    wit::deposit::put(name, plain, expires_at).map_err(secret_error)
}

fn journal_error(error: wit::journal::JournalError) -> JournalError {
    use wit::journal::JournalError as From;
    match error {
        From::StaleClaim => JournalError::StaleClaim,
        From::NoOperation => JournalError::NoOperation,
        From::Quota => JournalError::Quota,
        From::Named(name) => JournalError::Named(name),
    }
}

pub(crate) fn mark(step: &str, data: &str) -> Result<(), JournalError> {
    wit::journal::mark(step, data).map_err(journal_error)
}

pub(crate) fn recall(step: &str) -> Result<Option<String>, JournalError> {
    wit::journal::recall(step).map_err(journal_error)
}

pub(crate) struct Connection(wit::streams::Connection);

fn stream_error(error: wit::streams::StreamError) -> StreamError {
    use wit::streams::StreamError as From;
    match error {
        From::Denied(why) => StreamError::Denied(why),
        From::Unreachable(why) => StreamError::Unreachable(why),
        From::Tls(why) => StreamError::Tls(why),
        From::SignInRefused(why) => StreamError::SignInRefused(why),
        From::Closed => StreamError::Closed,
        From::Timeout => StreamError::Timeout,
        From::TooLarge => StreamError::TooLarge,
        From::Named(why) => StreamError::Named(why),
    }
}

pub(crate) fn connect(name: &str) -> Result<Connection, StreamError> {
    wit::streams::connect(name).map(Connection).map_err(stream_error)
}

impl Connection {
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), StreamError> {
        self.0.write(bytes).map_err(stream_error)
    }

    pub(crate) fn read(&self, max: u32) -> Result<Vec<u8>, StreamError> {
        self.0.read(max).map_err(stream_error)
    }

    pub(crate) fn tls(&self) -> TlsMode {
        match self.0.tls() {
            wit::streams::TlsMode::Off => TlsMode::Off,
            wit::streams::TlsMode::StartTls => TlsMode::StartTls,
            wit::streams::TlsMode::Tls => TlsMode::Tls,
        }
    }

    pub(crate) fn upgrade(&self) -> Result<(), StreamError> {
        self.0.upgrade().map_err(stream_error)
    }
}
