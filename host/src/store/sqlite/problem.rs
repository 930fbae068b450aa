//! What errors of SQLite are to callers.

use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::store::sql::{Kind, Problem};

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        of(&Arc::new(error))
    }
}

/// The same for each whose transaction it ended.
pub(super) fn of(error: &Arc<rusqlite::Error>) -> Problem {
    match &**error {
        // Values are not shown: they may be personal.
        rusqlite::Error::FromSqlConversionFailure(column, ..)
        | rusqlite::Error::InvalidColumnType(column, ..)
        | rusqlite::Error::IntegralValueOutOfRange(column, ..) => {
            Problem::Unreadable { column: *column }
        }
        error_of_sqlite => {
            let kind = match error_of_sqlite.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Busy,
                Some(ErrorCode::DatabaseCorrupt) => Kind::Corrupt,
                Some(ErrorCode::NotADatabase) => Kind::Foreign,
                _ => Kind::Other,
            };
            Problem::Database { kind, source: Arc::<rusqlite::Error>::clone(error) }
        }
    }
}
