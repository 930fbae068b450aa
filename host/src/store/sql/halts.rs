//! That no system is called any more, by a person's word.

use jiff::Timestamp;
use lanyard_core::schedule::Halt;

use super::{Sql, audit, columns::At, problem::Problem, values};
use crate::store::AuditEntry;

pub(super) fn standing(tx: &mut dyn Sql) -> Result<Option<Halt>, Problem> {
    tx.optional("SELECT at, by_whom, reason FROM halt WHERE standing = 1", &[], |row| {
        Ok(Halt { at: row.get::<At>(0)?.0, by: row.get(1)?, reason: row.get(2)? })
    })
}

pub(super) fn halt(tx: &mut dyn Sql, halt: &Halt, entry: &AuditEntry) -> Result<bool, Problem> {
    if standing(tx)?.is_some() {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO halt (id, standing, at, by_whom, reason)
         VALUES ((SELECT coalesce(max(id), 0) + 1 FROM halt), 1, $1, $2, $3)",
        values![At(halt.at), halt.by.as_str(), halt.reason.as_deref()],
    )?;
    audit::append(tx, entry)?;
    Ok(true)
}

pub(super) fn resume(tx: &mut dyn Sql, at: Timestamp, entry: &AuditEntry) -> Result<bool, Problem> {
    let ended = tx.execute(
        "UPDATE halt SET standing = NULL, ended_at = $1, ended_by = $2 WHERE standing = 1",
        values![At(at), entry.actor.as_str()],
    )?;
    if ended > 0 {
        audit::append(tx, entry)?;
    }
    Ok(ended > 0)
}
