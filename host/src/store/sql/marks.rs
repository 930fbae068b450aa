//! What guests remember of an intent.

use super::{Sql, journal, problem::Problem, values};
use crate::store::{MARK_BYTES, MARKS, MarkResult};

pub(super) fn mark(
    tx: &mut dyn Sql,
    key: &str,
    epoch: u64,
    step: &str,
    data: &str,
) -> Result<MarkResult, Problem> {
    if journal::latest_epoch(tx, key)? != Some(epoch) {
        return Ok(MarkResult::StaleClaim);
    }
    let (marks, bytes): (u64, u64) = tx.one(
        "SELECT count(*), CAST(coalesce(sum(octet_length(step) + octet_length(data)), 0) AS BIGINT)
             FROM mark WHERE key = $1 AND step <> $2",
        values![key, step],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let added = u64::try_from(step.len().saturating_add(data.len())).unwrap_or(u64::MAX);
    if marks >= MARKS || bytes.saturating_add(added) > MARK_BYTES {
        return Ok(MarkResult::Quota);
    }
    tx.execute(
        "INSERT INTO mark (key, step, data) VALUES ($1, $2, $3)
         ON CONFLICT (key, step) DO UPDATE SET data = excluded.data",
        values![key, step, data],
    )?;
    Ok(MarkResult::Marked)
}

pub(super) fn recall(tx: &mut dyn Sql, key: &str, step: &str) -> Result<Option<String>, Problem> {
    tx.optional("SELECT data FROM mark WHERE key = $1 AND step = $2", values![key, step], |row| {
        row.get(0)
    })
}
