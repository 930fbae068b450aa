//! Questions about records, and what people answered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::case::{Case, CaseDecision, KeptCase, reopen::Reopened};

use super::{
    Sql, audit,
    columns::{At, Json},
    identities,
    problem::Problem,
    union::ByNow,
    values,
};
use crate::store::AuditEntry;

pub(super) fn all(tx: &mut dyn Sql) -> Result<Vec<KeptCase>, Problem> {
    let statement = "SELECT body, opened_at, is_open, decision FROM record_case ORDER BY id";
    let by_now = ByNow::of(tx)?;
    tx.all(statement, &[], |row| {
        let case: Case = row.get::<Json<_>>(0)?.0;
        Ok(KeptCase {
            case: case.as_known(&|id| by_now.who(id)),
            opened: row.get::<At>(1)?.0,
            open: row.get(2)?,
            decision: row.get::<Option<Json<_>>>(3)?.map(|it| it.0),
        })
    })
}

pub(super) fn record(
    tx: &mut dyn Sql,
    found: &[Case],
    closed: &BTreeSet<String>,
    at: Timestamp,
) -> Result<(), Problem> {
    let keep = "INSERT INTO record_case (id, body, opened_at, is_open) VALUES ($1, $2, $3, 1)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body, is_open = 1";
    for case in found {
        tx.execute(keep, values![&case.id, Json(case), At(at)])?;
    }
    let forget = "DELETE FROM record_case WHERE id = $1 AND decision IS NULL";
    let close = "UPDATE record_case SET is_open = 0 WHERE id = $1";
    for id in closed {
        tx.execute(forget, values![id])?;
        tx.execute(close, values![id])?;
    }
    Ok(())
}

pub(super) fn decide(
    tx: &mut dyn Sql,
    id: &str,
    decision: &CaseDecision,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    if decided(tx, id)? {
        return Err(Problem::Refused(format!("the case `{id}` is decided already")));
    }
    tx.execute(
        "UPDATE record_case SET decision = $2, is_open = 0 WHERE id = $1",
        values![id, Json(decision)],
    )?;
    audit::append(tx, entry)
}

pub(super) fn reopen(
    tx: &mut dyn Sql,
    id: &str,
    reopened: &Reopened,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    if !decided(tx, id)? {
        return Err(Problem::Refused(format!("nothing was decided of the case `{id}`")));
    }
    tx.execute("UPDATE record_case SET decision = NULL, is_open = 1 WHERE id = $1", values![id])?;
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
fn decided(tx: &mut dyn Sql, id: &str) -> Result<bool, Problem> {
    tx.optional("SELECT decision IS NOT NULL FROM record_case WHERE id = $1", values![id], |row| {
        row.get(0)
    })?
    .ok_or_else(|| Problem::Refused(format!("there is no case `{id}`")))
}
