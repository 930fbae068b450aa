//! Logs, and the one place that reads the clock.

use std::sync::Arc;

use jiff::Timestamp;
use tracing_subscriber::EnvFilter;

/// Logs go to standard error, so that standard output is data.
///
/// `filter` is a list like `warn,lanyard=debug`; one that cannot be read
/// becomes `warn`.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_unreadable| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    // A second start in one process (a test) keeps the first.
    if let Err(error) = subscriber.try_init() {
        tracing::debug!(%error, "telemetry was started before");
    }
}

/// The time at which `LANYARD_NOW` makes the clock stand.
///
/// # Errors
/// When it is set and is no instant: the wrong time is worse than none.
pub fn set_clock() -> Result<Option<Timestamp>, NoInstant> {
    match std::env::var_os("LANYARD_NOW") {
        None => Ok(None),
        Some(text) => match text.to_str().and_then(|text| text.parse().ok()) {
            Some(now) => Ok(Some(now)),
            None => Err(NoInstant),
        },
    }
}

/// `LANYARD_NOW` cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`LANYARD_NOW` is no instant; write it like `2026-06-01T08:00:00Z`")]
pub struct NoInstant;

/// The system's clock, as everything else is handed it.
///
/// `LANYARD_NOW` (an RFC 3339 instant) sets it: for demonstrations and for
/// asking what a later day would bring.
pub fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    match set_clock() {
        Ok(Some(now)) => Arc::new(move || now),
        // What cannot be read was refused before any verb began.
        #[expect(clippy::disallowed_methods, reason = "the clock is read here and handed on")]
        Ok(None) | Err(NoInstant) => Arc::new(Timestamp::now),
    }
}
