//! The append-only record of effects.

use std::collections::BTreeMap;

use lanyard_core::{id::Digest, value::ObjectRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter, types::Value};

use super::{
    columns::{At, Json, Word},
    forgotten,
    problem::Problem,
    union::ALL_OF_THEM,
};
use crate::store::{
    AuditEntry, AuditFilter, AuditRow,
    chain::{AuditBreak, Chain, Head, chained, of_tombstone, personal},
};

const COLUMNS: &str = "audit.sequence, at, actor, action, identity, target, result, \
                       verification, personal, chain, salt, body";
const ROWS: &str = "audit LEFT JOIN audit_part ON audit_part.sequence = audit.sequence";

/// What a row's part holds.
type Part = (Option<ObjectRef>, BTreeMap<String, String>);

pub(super) fn append(tx: &Connection, entry: &AuditEntry) -> Result<(), Problem> {
    let AuditEntry { at, actor, action, identity, target, result, verification, .. } = entry;
    let head: Option<(i64, Word<Digest>)> = tx
        .prepare_cached("SELECT sequence, chain FROM audit ORDER BY sequence DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, previous) = head.map_or((0, None), |(last, chain)| (last, Some(chain.0)));
    let sequence = last.saturating_add(1);
    let personal = keep_part(tx, sequence, entry)?;
    let chain = chained(previous.as_ref(), entry, &personal)?;
    tx.prepare_cached(
        "INSERT INTO audit (sequence, at, actor, action, identity, target, result, verification,
             personal, chain)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        sequence,
        At(*at),
        actor,
        action,
        identity.map(|identity| identity.to_string()),
        target.as_ref().map(lanyard_core::id::ConnectorName::as_str),
        result,
        verification,
        personal.as_str(),
        chain.as_str()
    ])?;
    Ok(())
}

/// The part of a row that can be erased; answers its digest.
pub(super) fn keep_part(
    tx: &Connection,
    sequence: i64,
    entry: &AuditEntry,
) -> Result<Digest, Problem> {
    let salt: String =
        tx.prepare_cached("SELECT lower(hex(randomblob(16)))")?.query_row([], |row| row.get(0))?;
    let digest = personal(&salt, entry)?;
    tx.prepare_cached("INSERT INTO audit_part (sequence, salt, body) VALUES (?1, ?2, ?3)")?
        .execute(params![sequence, salt, Json((&entry.account, &entry.detail))])?;
    Ok(digest)
}

pub(super) fn rows(tx: &Connection, filter: &AuditFilter) -> Result<Vec<AuditRow>, Problem> {
    let AuditFilter { identity, target, last } = filter;
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(identity) = identity {
        conditions.push(format!("identity IN {ALL_OF_THEM}"));
        values.push(Value::Text(identity.to_string()));
    }
    if let Some(target) = target {
        conditions.push("target = ?".to_owned());
        values.push(Value::Text(target.as_str().to_owned()));
    }
    let conditions = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
    // A negative limit is none.
    values.push(Value::Integer(last.map_or(-1, i64::from)));
    let mut statement = tx.prepare_cached(&format!(
        "SELECT * FROM (SELECT {COLUMNS} FROM {ROWS} WHERE {conditions}
             ORDER BY audit.sequence DESC LIMIT ?) ORDER BY 1"
    ))?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn verify(tx: &Connection) -> Result<Result<Head, AuditBreak>, Problem> {
    let mut statement =
        tx.prepare_cached(&format!("SELECT {COLUMNS} FROM {ROWS} ORDER BY audit.sequence"))?;
    let mut chain = Chain::default();
    for row in statement.query_map([], read)? {
        let followed = match row {
            Ok(row) => chain.follow(&row),
            Err(rusqlite::Error::FromSqlConversionFailure(..)) => Err(chain.unreadable()),
            Err(error) => return Err(error.into()),
        };
        if let Err(broken) = followed {
            return Ok(Err(broken));
        }
    }
    let forgotten = forgotten::forgotten(tx)?;
    let mut left = BTreeMap::new();
    for (id, tombstone) in &forgotten.people {
        left.insert(*id, of_tombstone(*id, tombstone)?);
    }
    let back = "SELECT id FROM identity JOIN erased ON erased.identity = identity.id LIMIT 1";
    let back: Option<String> = tx.query_row(back, [], |row| row.get(0)).optional()?;
    if let Some(id) = back {
        let why = format!("{id} was erased, and is known");
        return Ok(Err(AuditBreak { sequence: chain.followed(), why }));
    }
    if let Err(broken) = chain.is_left(&left) {
        return Ok(Err(broken));
    }
    Ok(chain.head())
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let part = row.get::<_, Option<Json<Part>>>(11)?;
    let (account, detail) = part.map(|part| part.0).unwrap_or_default();
    Ok(AuditRow {
        sequence: row.get(0)?,
        entry: AuditEntry {
            at: row.get::<_, At>(1)?.0,
            actor: row.get(2)?,
            action: row.get(3)?,
            identity: row.get::<_, Option<Word<_>>>(4)?.map(|identity| identity.0),
            target: row.get::<_, Option<Word<_>>>(5)?.map(|target| target.0),
            account,
            result: row.get(6)?,
            verification: row.get(7)?,
            detail,
        },
        personal: row.get::<_, Word<_>>(8)?.0,
        chain: row.get::<_, Word<_>>(9)?.0,
        salt: row.get(10)?,
    })
}
