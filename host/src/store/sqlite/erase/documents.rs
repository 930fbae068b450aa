//! What is kept for good and speaks of somebody: plans, the journal, the
//! audit.

use lanyard_core::{
    id::Digest,
    run::{OperationEvent, OperationState},
};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{
    super::{
        columns::{At, Json},
        problem::Problem,
    },
    Rows, Whom,
};
use crate::store::{Erasure, chain::ERASE};

/// A plan that speaks of them is emptied: its digest, its time, its runs and
/// how many operations it had remain.
pub(super) fn plans(
    tx: &Connection,
    whom: &Whom,
    erasure: &Erasure,
    rows: &mut Rows,
) -> Result<(), Problem> {
    let mut spoken = Vec::new();
    let mut all = tx.prepare("SELECT digest, plan, findings FROM plan WHERE erased_at IS NULL")?;
    let mut found = all.query([])?;
    while let Some(row) = found.next()? {
        let (plan, findings): (String, String) = (row.get(1)?, row.get(2)?);
        let theirs = |text: &str| whom.ids.iter().any(|id| text.contains(id));
        if [&plan, &findings].into_iter().any(|text| theirs(text) || whom.words.in_text(text)) {
            spoken.push(row.get::<_, String>(0)?);
        }
    }
    for digest in &spoken {
        tx.prepare_cached(
            "UPDATE plan SET plan = '', findings = '[]', erased_at = ?2,
                 operations = json_array_length(plan, '$.operations')
             WHERE digest = ?1",
        )?
        .execute(params![digest, At(erasure.at)])?;
    }
    rows.insert("plans emptied", spoken.len());
    Ok(())
}

/// Operations of theirs, and those of others that speak of them, keep their
/// kind, their times and how they ended.
pub(super) fn journal(tx: &Connection, whom: &Whom, rows: &mut Rows) -> Result<(), Problem> {
    let mut spoken = Vec::new();
    let mut all = tx.prepare(
        "SELECT run, operation, identity, target, uid, body, key, state FROM operation
         WHERE phase NOT IN ('sent', 'uncertain', 'unfinished')",
    )?;
    let mut found = all.query([])?;
    while let Some(row) = found.next()? {
        let identity: String = row.get(2)?;
        let (body, state): (String, String) = (row.get(5)?, row.get(7)?);
        let theirs = whom.is(&identity);
        if theirs || whom.words.in_text(&body) || whom.words.in_text(&state) {
            let account: Option<String> = row.get(4)?;
            let uid = account.map(|uid| {
                let target: String = row.get(3).unwrap_or_default();
                let digest = Digest::of(format!("account\n{}\n{target}\n{uid}", whom.salt));
                if theirs { format!("erased-{}", digest.short()) } else { uid }
            });
            let key: String = row.get(6)?;
            spoken.push((row.get(0)?, row.get(1)?, uid, key, body, state));
        }
    }
    let count = spoken.len();
    for (run, operation, uid, key, body, state) in spoken {
        let state = serde_json::from_str::<OperationState>(&state)?.emptied();
        tx.prepare_cached(
            "UPDATE operation SET uid = ?3, body = ?4, state = ?5
             WHERE run = ?1 AND operation = ?2",
        )?
        .execute(params![run, operation, uid, Json(counted(&body)?), Json(state)])?;
        tx.prepare_cached("DELETE FROM mark WHERE key = ?1")?.execute([key])?;
        events(tx, run, operation)?;
    }
    rows.insert("operations emptied", count);
    Ok(())
}

/// What limits count an operation by, which is nothing of a person.
fn counted(body: &str) -> Result<Value, Problem> {
    let body: Value = serde_json::from_str(body)?;
    let change = body.get("change");
    let grant = |verb: &str| change.and_then(|it| it.get(verb)?.get("entitlement"));
    let change = match (grant("grant"), grant("revoke")) {
        (Some(entitlement), _) => json!({ "grant": { "entitlement": entitlement } }),
        (_, Some(entitlement)) => json!({ "revoke": { "entitlement": entitlement } }),
        (None, None) => json!({}),
    };
    Ok(json!({ "event": body.get("event"), "change": change }))
}

fn events(tx: &Connection, run: i64, operation: i64) -> Result<(), Problem> {
    let events: Vec<(i64, OperationEvent)> = tx
        .prepare_cached(
            "SELECT position, event FROM operation_event WHERE run = ?1 AND operation = ?2",
        )?
        .query_map([run, operation], |row| Ok((row.get(0)?, row.get::<_, Json<_>>(1)?.0)))?
        .collect::<Result<_, _>>()?;
    for (position, event) in events {
        tx.prepare_cached(
            "UPDATE operation_event SET event = ?4
             WHERE run = ?1 AND operation = ?2 AND position = ?3",
        )?
        .execute(params![run, operation, position, Json(event.emptied())])?;
    }
    Ok(())
}

/// The parts of rows about them go, and of rows about others those that call
/// them by name; answers the numbers of the latter.
pub(super) fn audit(tx: &Connection, whom: &Whom, rows: &mut Rows) -> Result<Vec<i64>, Problem> {
    let (mut own, mut also) = (Vec::new(), Vec::new());
    let mut all = tx.prepare(
        "SELECT audit.sequence, identity, action, body FROM audit JOIN audit_part
             ON audit_part.sequence = audit.sequence ORDER BY audit.sequence",
    )?;
    let mut found = all.query([])?;
    while let Some(row) = found.next()? {
        let identity: Option<String> = row.get(1)?;
        let (action, body): (String, String) = (row.get(2)?, row.get(3)?);
        // That somebody else was erased tells which rows went with them.
        if action == ERASE {
            continue;
        }
        if identity.as_deref() == whom.ids.first().map(String::as_str) {
            own.push(row.get(0)?);
        } else if identity.is_some_and(|it| whom.is(&it)) || whom.words.names_in(&body) {
            also.push(row.get(0)?);
        }
    }
    for sequence in own.iter().chain(&also) {
        tx.prepare_cached("DELETE FROM audit_part WHERE sequence = ?1")?.execute([sequence])?;
    }
    rows.insert("audit rows emptied", own.len() + also.len());
    Ok(also)
}
