//! Having bytes leave the file.

use rusqlite::{Connection, ErrorCode};

use super::Transaction;
use crate::store::sql::{Problem, unswept};

/// Has the bytes of what was erased leave the file and its log.  False: others
/// are reading the file, and it has to be done again.
pub(super) fn sweep(connection: &Connection) -> Result<bool, Problem> {
    if !unswept(&mut Transaction(connection))? {
        return Ok(true);
    }
    match connection.execute_batch("VACUUM") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            return Ok(false);
        }
        vacuumed => vacuumed?,
    }
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        return Ok(false);
    }
    connection.execute("UPDATE erased SET swept = 1 WHERE swept = 0", [])?;
    Ok(true)
}
