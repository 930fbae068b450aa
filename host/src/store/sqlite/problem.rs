//! What can go wrong inside a transaction, and what callers are told.

use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::store::StoreError;

#[derive(Debug)]
pub(super) enum Problem {
    Sql(rusqlite::Error),
    /// The transaction this change was part of failed.
    Group(Arc<rusqlite::Error>),
    Json(serde_json::Error),
    /// The change makes no sense; the sentence says why.
    Refused(String),
    Store(StoreError),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
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
    /// What the caller who wanted to `action` is told.
    pub(super) fn told(self, action: &'static str, path: &str) -> StoreError {
        match self {
            Self::Sql(error) => known(&error, path)
                .unwrap_or_else(|| StoreError::Failed { action, source: Box::new(error) }),
            Self::Group(error) => known(&error, path)
                .unwrap_or_else(|| StoreError::Failed { action, source: Box::new(error) }),
            Self::Json(error) => StoreError::Failed { action, source: Box::new(error) },
            Self::Refused(sentence) => StoreError::Failed { action, source: sentence.into() },
            Self::Store(error) => error,
        }
    }

    /// The same while opening the file at `path`.
    pub(super) fn told_at_opening(self, path: &str) -> StoreError {
        match self.told("open", path) {
            StoreError::Failed { source, .. } => StoreError::Open { path: path.to_owned(), source },
            other => other,
        }
    }
}

/// Errors of SQLite that have a name of their own.
fn known(error: &rusqlite::Error, path: &str) -> Option<StoreError> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return Some(StoreError::Busy { path: path.to_owned() });
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            return Some(StoreError::Damaged(format!("`{path}` is corrupt; restore a backup")));
        }
        Some(ErrorCode::NotADatabase) => {
            return Some(StoreError::Damaged(format!("`{path}` is not a SQLite database")));
        }
        _ => {}
    }
    match error {
        // Values are not shown: they may be personal.
        rusqlite::Error::FromSqlConversionFailure(column, ..)
        | rusqlite::Error::InvalidColumnType(column, ..)
        | rusqlite::Error::IntegralValueOutOfRange(column, ..) => Some(StoreError::Damaged(
            format!("`{path}` holds a value that cannot be read (result column {column})"),
        )),
        _ => None,
    }
}
