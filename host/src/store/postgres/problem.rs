//! What errors of PostgreSQL are to callers.

use std::sync::Arc;

use tokio_postgres::error::SqlState;

use crate::store::sql::{Kind, Problem};

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database { kind: kind(&error), source: Arc::new(Said(error)) }
    }
}

pub(super) fn kind(error: &tokio_postgres::Error) -> Kind {
    if error.is_closed() {
        return Kind::Lost;
    }
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error);
        let lost = cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return if lost { Kind::Lost } else { Kind::Other };
    };
    let code = said.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        Kind::Again
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        Kind::Busy
    } else if code.code().starts_with("57P")
        || code.code().starts_with("08")
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    {
        // The server is going, or has sent us away.
        Kind::Lost
    } else if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        Kind::Corrupt
    } else {
        Kind::Other
    }
}

/// What the server said, without the values that it repeats beside it: they
/// may be personal.
#[derive(Debug)]
pub(super) struct Said(pub(super) tokio_postgres::Error);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_db_error() {
            Some(said) => write!(f, "{} ({})", said.message(), said.code().code()),
            None => self.0.fmt(f),
        }
    }
}

impl std::error::Error for Said {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.0.as_db_error() {
            Some(_) => None,
            None => std::error::Error::source(&self.0),
        }
    }
}
