//! Questions about records, and what people answered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::case::{Case, CaseDecision, KeptCase, reopen::Reopened};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    audit,
    columns::{At, Json},
    identities,
    problem::Problem,
    union::ByNow,
};
use crate::store::AuditEntry;

pub(super) fn all(tx: &Connection) -> Result<Vec<KeptCase>, Problem> {
    let mut statement = tx
        .prepare_cached("SELECT body, opened_at, is_open, decision FROM record_case ORDER BY id")?;
    let by_now = ByNow::of(tx)?;
    let cases = statement.query_map([], |row| {
        let case: Case = row.get::<_, Json<_>>(0)?.0;
        Ok(KeptCase {
            case: case.as_known(&|id| by_now.who(id)),
            opened: row.get::<_, At>(1)?.0,
            open: row.get(2)?,
            decision: row.get::<_, Option<Json<_>>>(3)?.map(|it| it.0),
        })
    })?;
    Ok(cases.collect::<Result<_, _>>()?)
}

pub(super) fn record(
    tx: &Connection,
    found: &[Case],
    closed: &BTreeSet<String>,
    at: Timestamp,
) -> Result<(), Problem> {
    let mut keep = tx.prepare_cached(
        "INSERT INTO record_case (id, body, opened_at, is_open) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body, is_open = 1",
    )?;
    for case in found {
        keep.execute(params![case.id, Json(case), At(at)])?;
    }
    let mut forget =
        tx.prepare_cached("DELETE FROM record_case WHERE id = ?1 AND decision IS NULL")?;
    let mut close = tx.prepare_cached("UPDATE record_case SET is_open = 0 WHERE id = ?1")?;
    for id in closed {
        forget.execute([id])?;
        close.execute([id])?;
    }
    Ok(())
}

pub(super) fn decide(
    tx: &Connection,
    id: &str,
    decision: &CaseDecision,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    if decided(tx, id)? {
        return Err(Problem::Refused(format!("the case `{id}` is decided already")));
    }
    tx.prepare_cached("UPDATE record_case SET decision = ?2, is_open = 0 WHERE id = ?1")?
        .execute(params![id, Json(decision)])?;
    audit::append(tx, entry)
}

pub(super) fn reopen(
    tx: &Connection,
    id: &str,
    reopened: &Reopened,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    if !decided(tx, id)? {
        return Err(Problem::Refused(format!("nothing was decided of the case `{id}`")));
    }
    tx.prepare_cached("UPDATE record_case SET decision = NULL, is_open = 1 WHERE id = ?1")?
        .execute([id])?;
    match reopened {
        Reopened::Nothing => {}
        Reopened::Changed(identity) => {
            let identity = std::slice::from_ref(identity);
            identities::record(tx, identity, &BTreeMap::new(), entry.at)?;
        }
        Reopened::Forgotten(identity) => identities::undo(tx, *identity)?,
    }
    audit::append(tx, entry)
}

/// Whether a case has an answer.
fn decided(tx: &Connection, id: &str) -> Result<bool, Problem> {
    tx.prepare_cached("SELECT decision IS NOT NULL FROM record_case WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Problem::Refused(format!("there is no case `{id}`")))
}
