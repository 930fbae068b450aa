//! The host's side of the interfaces a guest imports.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use lanyard_core::schedule::Budget;
use wasmtime::component::{HasSelf, Linker, Resource};

use super::bindings::lanyard::connector::{
    authorization, config, deposit, journal, log, placeholders, progress, reveal, secret_types,
    streams, time, types,
};
use crate::{
    config::permissions::Tls,
    connector::{JournalError, Password},
    wasm::{
        handed::NAME,
        permitted::Refusal,
        script::Heard,
        secrets::NoPlaceholder,
        state::{CallState, NOT_SHOWN},
        stream::{Connection, Opener, StreamError},
    },
};

/// Characters of one log line or field that are kept.
const MAX_LOG_TEXT: usize = 2_000;

/// Streams one call may have open.
const MAX_STREAMS: usize = 16;

/// Entries of the resource table one call may have: requests, bodies,
/// headers, streams.
pub(in crate::wasm) const MAX_RESOURCES: usize = 1_000;

/// Links every interface of the contract and all of WASI.  What a connector
/// may not use is linked too and answers "denied", so that guests of every
/// language load and stay harmless.
pub(in crate::wasm) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    types::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    secret_types::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    log::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    config::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    placeholders::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    authorization::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    reveal::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    deposit::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    journal::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    time::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    progress::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    streams::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl types::Host for CallState {}
impl secret_types::Host for CallState {}

impl CallState {
    fn handed(&self, name: &str) -> Option<&Password> {
        self.services.handed.as_ref().filter(|_| name == NAME)
    }

    /// What a guest says, without control characters; nothing of it where it
    /// knows a password, which it can write in many ways.
    fn sayable(&self, text: &str) -> String {
        if self.services.handed.is_some() { NOT_SHOWN.to_owned() } else { printable(text) }
    }

    /// Notes a refusal for the operator; the guest only learns that it was.
    fn refuse(&self, refusal: &Refusal) {
        let refusal = self.services.denials.shown(refusal);
        tracing::warn!(connector = %self.services.component.permitted.config.name, "{refusal}");
        self.services.denials.note(refusal);
    }
}

/// Without control characters, and not for ever.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_LOG_TEXT).collect()
}

impl log::Host for CallState {
    async fn write(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<log::Field>,
    ) -> wasmtime::Result<()> {
        if !self.services.may_log() {
            return Ok(());
        }
        let connector = &self.services.component.permitted.config.name;
        let message = self.sayable(&message);
        let fields = fields
            .iter()
            .take(16)
            .map(|field| format!("{}={}", self.sayable(&field.key), self.sayable(&field.value)))
            .collect::<Vec<_>>()
            .join(" ");
        self.services.component.outlet.tell(Heard::Said(&format!("{message} {fields}")));
        match level {
            log::Level::Trace => tracing::trace!(target: "guest", %connector, %fields, "{message}"),
            log::Level::Debug => tracing::debug!(target: "guest", %connector, %fields, "{message}"),
            log::Level::Info => tracing::info!(target: "guest", %connector, %fields, "{message}"),
            log::Level::Warn => tracing::warn!(target: "guest", %connector, %fields, "{message}"),
            log::Level::Error => tracing::error!(target: "guest", %connector, %fields, "{message}"),
        }
        Ok(())
    }
}

impl config::Host for CallState {
    async fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.services.component.permitted.config.config.to_string())
    }
}

fn no_placeholder(reason: NoPlaceholder) -> secret_types::SecretError {
    match reason {
        NoPlaceholder::Unknown => secret_types::SecretError::Unknown,
        NoPlaceholder::NotText => {
            secret_types::SecretError::Named("the secret is not text".to_owned())
        }
        NoPlaceholder::NoRandomness => {
            secret_types::SecretError::Named("the host has no randomness".to_owned())
        }
    }
}

type SecretResult<T> = Result<T, secret_types::SecretError>;

impl placeholders::Host for CallState {
    async fn get(&mut self, name: String) -> wasmtime::Result<SecretResult<String>> {
        if let Some(password) = self.handed(&name) {
            return Ok(self.gate.placeholders.handed(password.text()).map_err(no_placeholder));
        }
        if let Err(refusal) = self.services.component.permitted.secret(&name, false) {
            self.refuse(&refusal);
            return Ok(Err(secret_types::SecretError::NotPermitted));
        }
        Ok(self.gate.placeholders.secret(&name).map_err(no_placeholder))
    }
}

impl authorization::Host for CallState {
    async fn get(&mut self, name: String) -> wasmtime::Result<SecretResult<String>> {
        if let Err(refusal) = self.services.component.permitted.authorization(&name) {
            self.refuse(&refusal);
            return Ok(Err(secret_types::SecretError::NotPermitted));
        }
        Ok(self.gate.placeholders.authorization(&name).map_err(no_placeholder))
    }
}

impl reveal::Host for CallState {
    async fn get(&mut self, name: String) -> wasmtime::Result<SecretResult<Vec<u8>>> {
        if let Some(password) = self.handed(&name) {
            return Ok(Ok(password.text().as_bytes().to_vec()));
        }
        if let Err(refusal) = self.services.component.permitted.secret(&name, true) {
            self.refuse(&refusal);
            return Ok(Err(secret_types::SecretError::NotPermitted));
        }
        let connector = &self.services.component.permitted.config.name;
        tracing::info!(%connector, secret = %name, "a secret was revealed in plain text");
        let secret = self.services.component.vault.secret(&name);
        Ok(secret.map(|secret| secret.bytes().to_vec()).ok_or(secret_types::SecretError::Unknown))
    }
}

impl deposit::Host for CallState {
    /// No operation asks for what a system mints, so nothing may be deposited.
    async fn put(
        &mut self,
        _name: String,
        _plaintext: Vec<u8>,
        _expires_at: Option<types::Timestamp>,
    ) -> wasmtime::Result<SecretResult<()>> {
        Ok(Err(secret_types::SecretError::NotPermitted))
    }
}

fn journal_error(error: JournalError) -> journal::JournalError {
    match error {
        JournalError::StaleClaim => journal::JournalError::StaleClaim,
        JournalError::Quota => journal::JournalError::Quota,
        JournalError::Store(text) => journal::JournalError::Named(text),
    }
}

impl journal::Host for CallState {
    async fn mark(
        &mut self,
        step: String,
        data: String,
    ) -> wasmtime::Result<Result<(), journal::JournalError>> {
        let Some(journal) = self.services.journal.clone() else {
            return Ok(Err(journal::JournalError::NoOperation));
        };
        Ok(journal.mark(&step, &data).await.map_err(journal_error))
    }

    async fn recall(
        &mut self,
        step: String,
    ) -> wasmtime::Result<Result<Option<String>, journal::JournalError>> {
        let Some(journal) = self.services.journal.clone() else {
            return Ok(Err(journal::JournalError::NoOperation));
        };
        Ok(journal.recall(&step).await.map_err(journal_error))
    }
}

impl time::Host for CallState {
    async fn now(&mut self) -> wasmtime::Result<types::Timestamp> {
        Ok(timestamp((self.services.component.clock)()))
    }

    async fn remaining_ms(&mut self) -> wasmtime::Result<u64> {
        let left = self.services.deadline.saturating_duration_since(Instant::now());
        Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}

pub(super) fn timestamp(at: Timestamp) -> types::Timestamp {
    // Jiff keeps both parts of the same sign; the contract counts
    // nanoseconds forward.
    let (seconds, nanoseconds) = (at.as_second(), at.subsec_nanosecond());
    match u32::try_from(nanoseconds) {
        Ok(nanoseconds) => types::Timestamp { seconds, nanoseconds },
        Err(_negative) => types::Timestamp {
            seconds: seconds - 1,
            nanoseconds: u32::try_from(1_000_000_000 + nanoseconds).unwrap_or(0),
        },
    }
}

impl progress::Host for CallState {
    async fn report(
        &mut self,
        done: u64,
        total: Option<u64>,
        note: String,
    ) -> wasmtime::Result<()> {
        if self.services.handed.is_none() && self.services.may_log() {
            let connector = &self.services.component.permitted.config.name;
            tracing::debug!(target: "guest", %connector, done, total, "{}", self.sayable(&note));
        }
        Ok(())
    }

    async fn cancelled(&mut self) -> wasmtime::Result<bool> {
        Ok(self.services.is_cancelled())
    }

    async fn observe_budget(&mut self, budget: progress::Budget) -> wasmtime::Result<()> {
        let progress::Budget { bucket, limit, remaining, reset_after_ms } = &budget;
        let reset = reset_after_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        self.services.component.gate.told(&Budget {
            bucket: self.sayable(bucket),
            limit: *limit,
            remaining: *remaining,
            reset_after: reset.map(SignedDuration::from_millis),
        });
        if self.services.handed.is_none() && self.services.may_log() {
            let connector = &self.services.component.permitted.config.name;
            tracing::debug!(
                target: "guest",
                %connector,
                bucket = %self.sayable(&budget.bucket),
                remaining = budget.remaining,
                reset_after_ms = budget.reset_after_ms,
                "rate-limit budget"
            );
        }
        Ok(())
    }
}

type StreamResult<T> = Result<T, streams::StreamError>;

fn stream_error(error: StreamError) -> streams::StreamError {
    use crate::wasm::egress::ConnectError;
    match error {
        StreamError::Connect(ConnectError::Tls { host, source }) => streams::StreamError::Tls(
            format!("TLS with `{host}` failed: {source}{}", crate::wasm::tls::remedy(&source)),
        ),
        StreamError::Connect(error) => streams::StreamError::Unreachable(error.to_string()),
        StreamError::Denied(text) => streams::StreamError::Denied(text),
        StreamError::SignInRefused(text) => streams::StreamError::SignInRefused(text),
        StreamError::Closed => streams::StreamError::Closed,
        StreamError::TooLarge => streams::StreamError::TooLarge,
    }
}

impl streams::Host for CallState {
    async fn connect(
        &mut self,
        name: String,
    ) -> wasmtime::Result<StreamResult<Resource<Connection>>> {
        let component = self.services.component.clone();
        let permission = match component.permitted.stream(&name) {
            Ok(permission) => permission,
            Err(refusal) => {
                self.refuse(&refusal);
                return Ok(Err(streams::StreamError::Denied(refusal.to_string())));
            }
        };
        if self.services.open_streams >= MAX_STREAMS {
            return Ok(Err(streams::StreamError::TooLarge));
        }
        let opener = Opener {
            addresses: &component.permitted.config.permissions.addresses,
            tls: component.stream_tls(&name),
            vault: &component.vault,
            purpose: self.services.purpose,
            outlet: &component.outlet,
        };
        match opener.open(&name, permission).await {
            Ok(connection) => {
                self.services.open_streams += 1;
                Ok(Ok(self.table.push(connection)?))
            }
            Err(error) => Ok(Err(stream_error(error))),
        }
    }
}

impl streams::HostConnection for CallState {
    async fn write(
        &mut self,
        connection: Resource<Connection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<StreamResult<()>> {
        let result = self.table.get_mut(&connection)?.write(&bytes).await;
        if let Err(StreamError::Denied(text)) = &result {
            self.services.denials.note(text.clone());
        }
        Ok(result.map_err(stream_error))
    }

    async fn read(
        &mut self,
        connection: Resource<Connection>,
        max: u32,
    ) -> wasmtime::Result<StreamResult<Vec<u8>>> {
        let most = usize::try_from(max).unwrap_or(usize::MAX);
        Ok(self.table.get_mut(&connection)?.read(most).await.map_err(stream_error))
    }

    async fn tls(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<streams::TlsMode> {
        Ok(match self.table.get(&connection)?.tls() {
            Tls::Off => streams::TlsMode::Off,
            Tls::StartTls => streams::TlsMode::StartTls,
            Tls::Tls => streams::TlsMode::Tls,
        })
    }

    async fn upgrade(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<StreamResult<()>> {
        Ok(self.table.get_mut(&connection)?.upgrade().await.map_err(stream_error))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.services.open_streams = self.services.open_streams.saturating_sub(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_the_epoch_count_nanoseconds_forward() {
        let converted = timestamp("1969-12-31T23:59:59.25Z".parse().unwrap());
        assert_eq!((converted.seconds, converted.nanoseconds), (-1, 250_000_000));
    }

    #[test]
    fn log_text_has_no_control_characters_and_an_end() {
        assert_eq!(printable("a\u{1b}[31m\nb"), "a [31m b");
        assert_eq!(printable(&"x".repeat(10_000)).len(), MAX_LOG_TEXT);
    }
}
