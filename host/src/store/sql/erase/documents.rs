//! What is kept for good and has a part of theirs: plans, the journal, the
//! audit.

use std::collections::BTreeMap;

use lanyard_core::{
    forgetting::ERASED,
    guard::Finding,
    id::{ConnectorName, Digest, IdentityId},
    plan::Plan,
    run::{OperationEvent, OperationState},
    value::ObjectRef,
};
use serde_json::{Value, json};

use super::{
    super::{
        Sql,
        columns::{At, Json, Word},
        problem::Problem,
        values,
    },
    Rows, Whom,
};
use crate::store::Erasure;

/// Plans lose what is theirs; what they say of others stays.
pub(super) fn plans(
    tx: &mut dyn Sql,
    whom: &Whom,
    erasure: &Erasure,
    rows: &mut Rows,
) -> Result<(), Problem> {
    let mut emptied = Vec::new();
    let all = "SELECT digest, plan, findings FROM plan";
    tx.each(all, &[], &mut |row| {
        let before: Plan = row.get::<Json<_>>(1)?.0;
        let said: Vec<Finding> = row.get::<Json<_>>(2)?.0;
        let (mut plan, mut findings) = (before.clone(), said.clone());
        plan.without(&mut findings, &whom.gone);
        if plan != before || findings != said {
            emptied.push((row.get::<String>(0)?, plan, findings));
        }
        Ok(())
    })?;
    for (digest, plan, findings) in &emptied {
        let text = serde_json::to_string(plan)?;
        let left = Digest::of(&text);
        tx.execute(
            "UPDATE plan SET plan = $2, findings = $3, erased_at = $4, emptied = $5
             WHERE digest = $1",
            values![digest, text, Json(findings), At(erasure.at), left.as_str()],
        )?;
    }
    rows.insert("plans without them", emptied.len());
    Ok(())
}

/// Operations of theirs keep their kind, their times and how they ended.
pub(super) fn journal(tx: &mut dyn Sql, whom: &Whom, rows: &mut Rows) -> Result<(), Problem> {
    let mut theirs = Vec::new();
    let all = "SELECT run, operation, target, uid, body, key, state FROM operation
         WHERE identity = $1 AND phase NOT IN ('sent', 'uncertain', 'unfinished')";
    for id in &whom.ids {
        tx.each(all, values![id], &mut |row| {
            let target: String = row.get(2)?;
            let uid = row.get::<Option<String>>(3)?.map(|uid| {
                let digest = Digest::of(format!("account\n{}\n{target}\n{uid}", whom.salt));
                format!("erased-{}", digest.short())
            });
            let (body, key, state): (String, String, String) =
                (row.get(4)?, row.get(5)?, row.get(6)?);
            theirs.push((row.get(0)?, row.get(1)?, uid, key, body, state));
            Ok(())
        })?;
    }
    let count = theirs.len();
    for (run, operation, uid, key, body, state) in theirs {
        let state = serde_json::from_str::<OperationState>(&state)?.emptied();
        tx.execute(
            "UPDATE operation SET uid = $3, body = $4, state = $5
             WHERE run = $1 AND operation = $2",
            values![run, operation, uid, Json(counted(&body)?), Json(state)],
        )?;
        tx.execute("DELETE FROM mark WHERE key = $1", values![key])?;
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

fn events(tx: &mut dyn Sql, run: i64, operation: i64) -> Result<(), Problem> {
    let events: Vec<(i64, OperationEvent)> = tx.all(
        "SELECT position, event FROM operation_event WHERE run = $1 AND operation = $2",
        values![run, operation],
        |row| Ok((row.get(0)?, row.get::<Json<_>>(1)?.0)),
    )?;
    for (position, event) in events {
        tx.execute(
            "UPDATE operation_event SET event = $4
             WHERE run = $1 AND operation = $2 AND position = $3",
            values![run, operation, position, Json(event.emptied())],
        )?;
    }
    Ok(())
}

/// What a row's part begins with.
type Part = (Option<ObjectRef>, BTreeMap<String, String>);

/// The parts of rows about them go, and of rows about nobody those about an
/// account of theirs; answers the numbers of all of them.
pub(super) fn audit(tx: &mut dyn Sql, whom: &Whom, rows: &mut Rows) -> Result<Vec<i64>, Problem> {
    let mut theirs = Vec::new();
    let all = "SELECT audit.sequence, identity, target, body FROM audit JOIN audit_part
             ON audit_part.sequence = audit.sequence ORDER BY audit.sequence";
    tx.each(all, &[], &mut |row| {
        let identity = row.get::<Option<Word<IdentityId>>>(1)?.map(|it| it.0);
        let target = row.get::<Option<Word<ConnectorName>>>(2)?.map(|it| it.0);
        let is_theirs = match (identity, target) {
            (Some(identity), _) => whom.gone.is(identity),
            (None, Some(target)) => {
                let Json((account, _)): Json<Part> = row.get(3)?;
                account.is_some_and(|account| whom.gone.has(&target, &account))
            }
            (None, None) => false,
        };
        if is_theirs {
            theirs.push(row.get(0)?);
        }
        Ok(())
    })?;
    for sequence in &theirs {
        tx.execute("DELETE FROM audit_part WHERE sequence = $1", values![*sequence])?;
    }
    rows.insert("audit rows emptied", theirs.len());
    Ok(theirs)
}

/// What they are called stands beside their id where they asked or agreed.
pub(super) fn called(label: &mut String) -> bool {
    let named = label != ERASED;
    ERASED.clone_into(label);
    named
}
