//! What can go wrong inside a transaction, and what callers are told.

use std::{error::Error, sync::Arc};

use crate::store::StoreError;

#[derive(Debug)]
pub enum Problem {
    /// The database did not do it; shared by all whose transaction failed.
    Database {
        kind: Kind,
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A column holds what nobody wrote there.  Values are not shown: they may
    /// be personal.
    Unreadable {
        column: usize,
    },
    Json(serde_json::Error),
    /// The change makes no sense; the sentence says why.
    Refused(String),
    Store(StoreError),
}

/// Errors of databases that callers are told in words of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody else holds what is needed.
    Busy,
    Corrupt,
    /// What is there is no database.
    Foreign,
    /// Two transactions were in each other's way: done again, it may succeed.
    Again,
    /// Nobody answers where the store should be.
    Unreachable,
    /// The connection broke off before the end was asked for.
    Lost,
    /// The connection broke off while the end was asked for.
    Unknown,
    Other,
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Problem {
    /// What the caller who wanted to `action` is told; `place` is where the
    /// store is.
    pub(in crate::store) fn told(self, action: &'static str, place: &str) -> StoreError {
        match self {
            Self::Database { kind, source } => known(kind, source, action, place),
            Self::Unreadable { column } => StoreError::Damaged(format!(
                "`{place}` holds a value that cannot be read (result column {column})"
            )),
            Self::Json(error) => StoreError::Failed { action, source: Box::new(error) },
            Self::Refused(sentence) => StoreError::Failed { action, source: sentence.into() },
            Self::Store(error) => error,
        }
    }

    /// The same while opening the store.
    pub(in crate::store) fn told_at_opening(self, place: &str) -> StoreError {
        match self.told("open", place) {
            StoreError::Failed { source, .. } => {
                StoreError::Open { path: place.to_owned(), source }
            }
            other => other,
        }
    }
}

fn known(
    kind: Kind,
    source: Arc<dyn Error + Send + Sync>,
    action: &'static str,
    place: &str,
) -> StoreError {
    let (place, source) = (place.to_owned(), Box::new(source));
    match kind {
        Kind::Busy => StoreError::Busy { path: place },
        Kind::Corrupt => StoreError::Damaged(format!("`{place}` is corrupt; restore a backup")),
        Kind::Foreign => StoreError::Damaged(format!("`{place}` is not a SQLite database")),
        Kind::Unreachable => StoreError::Unreachable { place, source },
        Kind::Lost => StoreError::Lost { place, action, source },
        Kind::Unknown => StoreError::Unknown { place, action, source },
        Kind::Again | Kind::Other => StoreError::Failed { action, source },
    }
}
