//! What guests remember of an intent.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{columns::unsigned, journal, problem::Problem};
use crate::store::{MARK_BYTES, MARKS, MarkResult};

pub(super) fn mark(
    tx: &Connection,
    key: &str,
    epoch: u64,
    step: &str,
    data: &str,
) -> Result<MarkResult, Problem> {
    if journal::latest_epoch(tx, key)? != Some(epoch) {
        return Ok(MarkResult::StaleClaim);
    }
    let (marks, bytes) = tx
        .prepare_cached(
            "SELECT count(*), ifnull(sum(octet_length(step) + octet_length(data)), 0)
             FROM mark WHERE key = ?1 AND step <> ?2",
        )?
        .query_row([key, step], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?;
    let added = u64::try_from(step.len().saturating_add(data.len())).unwrap_or(u64::MAX);
    if marks >= MARKS || bytes.saturating_add(added) > MARK_BYTES {
        return Ok(MarkResult::Quota);
    }
    tx.prepare_cached(
        "INSERT INTO mark (key, step, data) VALUES (?1, ?2, ?3)
         ON CONFLICT (key, step) DO UPDATE SET data = excluded.data",
    )?
    .execute(params![key, step, data])?;
    Ok(MarkResult::Marked)
}

pub(super) fn recall(tx: &Connection, key: &str, step: &str) -> Result<Option<String>, Problem> {
    Ok(tx
        .prepare_cached("SELECT data FROM mark WHERE key = ?1 AND step = ?2")?
        .query_row([key, step], |row| row.get(0))
        .optional()?)
}
