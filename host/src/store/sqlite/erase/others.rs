//! What is kept of others, or of several, and speaks of somebody.

use std::collections::BTreeSet;

use lanyard_core::{
    case::{About, Case, CaseDecision, Whose},
    id::IdentityId,
};
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{
    super::{columns::Json, problem::Problem},
    Rows, Whom,
};

/// Ejections without their reasons (that there was one is counted by limits),
/// holds that were released, cases and merges.
pub(super) fn orders(tx: &Connection, whom: &Whom, rows: &mut Rows) -> Result<(), Problem> {
    let mut emptied = 0_usize;
    for id in &whom.ids {
        emptied += tx
            .prepare_cached("UPDATE ejection SET reason = '' WHERE identity = ?1")?
            .execute([id])?;
        let merged = "DELETE FROM merged WHERE keep = ?1 OR other = ?1";
        emptied += tx.prepare_cached(merged)?.execute([id])?;
    }
    rows.insert("orders emptied", emptied + holds(tx, whom)?);
    rows.insert("cases", cases(tx, whom)?);
    Ok(())
}

fn holds(tx: &Connection, whom: &Whom) -> Result<usize, Problem> {
    let mut found = Vec::new();
    let mut all = tx.prepare("SELECT name, at, people FROM legal_hold")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let mut people: BTreeSet<IdentityId> = row.get::<_, Json<_>>(2)?.0;
        let before = people.len();
        people.retain(|id| !whom.is(&id.to_string()));
        if people.len() < before {
            found.push((row.get::<_, String>(0)?, row.get::<_, String>(1)?, people));
        }
    }
    for (name, at, people) in &found {
        tx.prepare_cached(
            "UPDATE legal_hold SET people = ?3, reason = '' WHERE name = ?1 AND at = ?2",
        )?
        .execute(params![name, at, Json(people)])?;
    }
    Ok(found.len())
}

/// Those about a record of theirs, and those by whose answer one became
/// theirs.
fn cases(tx: &Connection, whom: &Whom) -> Result<usize, Problem> {
    let records: BTreeSet<(String, String)> = {
        let mut found = BTreeSet::new();
        for id in &whom.ids {
            let mut statement =
                tx.prepare_cached("SELECT source, key FROM identity_record WHERE identity = ?1")?;
            let of_them = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            found.extend(of_them.collect::<Result<Vec<_>, _>>()?);
        }
        found
    };
    let mut theirs = Vec::new();
    let mut all = tx.prepare("SELECT id, body, decision FROM record_case")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let case: Case = row.get::<_, Json<_>>(1)?.0;
        let decision: Option<Json<CaseDecision>> = row.get(2)?;
        let About::Record(record) = &case.about;
        let (source, key) = (record.source.to_string(), record.key.clone());
        let linked = decision.is_some_and(
            |it| matches!(it.0.whose, Whose::Identity(id) if whom.is(&id.to_string())),
        );
        if linked || records.contains(&(source, key)) {
            theirs.push(row.get::<_, String>(0)?);
        }
    }
    for id in &theirs {
        tx.prepare_cached("DELETE FROM record_case WHERE id = ?1")?.execute([id])?;
    }
    Ok(theirs.len())
}

/// Columns of JSON or words about others, in which people speak of anybody.
const SPOKEN: [(&str, &str, &str); 9] = [
    ("episode", "identity || char(10) || workflow || char(10) || ordinal", "body"),
    ("request", "id", "body"),
    ("plan_approval", "id", "body"),
    ("review", "name || char(10) || ordinal", "body"),
    ("record_case", "id", "body"),
    ("record_case", "id", "decision"),
    ("legal_hold", "name || char(10) || at", "reason"),
    ("ejection", "identity || char(10) || at", "reason"),
    ("merged", "other", "reason"),
];

/// Takes out of what is kept of others every text that speaks of them.
pub(super) fn scrub(tx: &Connection, whom: &Whom, rows: &mut Rows) -> Result<(), Problem> {
    let mut scrubbed = 0_usize;
    for (table, key, column) in SPOKEN {
        let mut spoken: Vec<(String, String)> = Vec::new();
        let mut all =
            tx.prepare(&format!("SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL"))?;
        let mut found = all.query([])?;
        while let Some(row) = found.next()? {
            let text: String = row.get(1)?;
            if whom.words.in_text(&text) {
                spoken.push((row.get(0)?, without(&text, whom)));
            }
        }
        for (of, text) in &spoken {
            tx.prepare_cached(&format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1"))?
                .execute(params![of, text])?;
        }
        scrubbed += spoken.len();
    }
    rows.insert("mentions elsewhere", scrubbed);
    Ok(())
}

fn without(text: &str, whom: &Whom) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) if value.is_object() => {
            take_out(&mut value, whom);
            value.to_string()
        }
        _ => whom.words.out_of(text).unwrap_or(text).to_owned(),
    }
}

fn take_out(value: &mut Value, whom: &Whom) {
    match value {
        Value::String(text) => {
            if let Some(instead) = whom.words.out_of(text) {
                instead.clone_into(text);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|it| take_out(it, whom)),
        Value::Object(fields) => fields.values_mut().for_each(|it| take_out(it, whom)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
