//! The append-only record of effects.

use std::collections::BTreeMap;

use lanyard_core::{
    id::{ConnectorName, Digest},
    value::ObjectRef,
};

use super::{
    IntoValue, Row, Sql,
    columns::{At, Json, Word},
    forgotten,
    problem::Problem,
    salt,
    union::all_of_them,
    values,
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

pub(in crate::store) fn append(tx: &mut dyn Sql, entry: &AuditEntry) -> Result<(), Problem> {
    let AuditEntry { at, actor, action, identity, target, result, verification, .. } = entry;
    let head: Option<(i64, Word<Digest>)> = tx.optional(
        "SELECT sequence, chain FROM audit ORDER BY sequence DESC LIMIT 1",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (last, previous) = head.map_or((0, None), |(last, chain)| (last, Some(chain.0)));
    let sequence = last.saturating_add(1);
    let personal = keep_part(tx, sequence, entry)?;
    let chain = chained(previous.as_ref(), entry, &personal)?;
    tx.execute(
        "INSERT INTO audit (sequence, at, actor, action, identity, target, result, verification,
             personal, chain)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            sequence,
            At(*at),
            actor,
            action,
            identity.map(|identity| identity.to_string()),
            target.as_ref().map(ConnectorName::as_str),
            result,
            verification.as_deref(),
            personal.as_str(),
            chain.as_str()
        ],
    )?;
    Ok(())
}

/// The part of a row that can be erased; answers its digest.
pub(in crate::store) fn keep_part(
    tx: &mut dyn Sql,
    sequence: i64,
    entry: &AuditEntry,
) -> Result<Digest, Problem> {
    let salt = salt::<16>()?;
    let digest = personal(&salt, entry)?;
    tx.execute(
        "INSERT INTO audit_part (sequence, salt, body) VALUES ($1, $2, $3)",
        values![sequence, salt, Json((&entry.account, &entry.detail))],
    )?;
    Ok(digest)
}

pub(super) fn rows(tx: &mut dyn Sql, filter: &AuditFilter) -> Result<Vec<AuditRow>, Problem> {
    let AuditFilter { identity, target, last } = filter;
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(identity) = identity {
        // First: the condition says `$1`.
        conditions.push(all_of_them("identity"));
        values.push(identity.to_string().into_value()?);
    }
    if let Some(target) = target {
        values.push(target.as_str().into_value()?);
        conditions.push(format!("target = ${}", values.len()));
    }
    let conditions = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    let limit = match last {
        Some(last) => {
            values.push((*last).into_value()?);
            format!("LIMIT ${}", values.len())
        }
        None => String::new(),
    };
    tx.all(
        &format!(
            "SELECT * FROM (SELECT {COLUMNS} FROM {ROWS} {conditions}
                 ORDER BY audit.sequence DESC {limit}) AS newest ORDER BY 1"
        ),
        &values,
        read,
    )
}

pub(in crate::store) fn verify(tx: &mut dyn Sql) -> Result<Result<Head, AuditBreak>, Problem> {
    let rows = format!("SELECT {COLUMNS} FROM {ROWS} ORDER BY audit.sequence");
    let mut chain = Chain::default();
    let mut broken = None;
    tx.each(&rows, &[], &mut |row| {
        if broken.is_some() {
            return Ok(());
        }
        broken = match read(row) {
            Ok(row) => chain.follow(&row).err(),
            Err(Problem::Unreadable { .. }) => Some(chain.unreadable()),
            Err(error) => return Err(error),
        };
        Ok(())
    })?;
    if let Some(broken) = broken {
        return Ok(Err(broken));
    }
    let forgotten = forgotten::forgotten(tx)?;
    let mut left = BTreeMap::new();
    for (id, tombstone) in &forgotten.people {
        left.insert(*id, of_tombstone(*id, tombstone)?);
    }
    let back = "SELECT id FROM identity JOIN erased ON erased.identity = identity.id LIMIT 1";
    let back: Option<String> = tx.optional(back, &[], |row| row.get(0))?;
    if let Some(id) = back {
        let why = format!("{id} was erased, and is known");
        return Ok(Err(AuditBreak { sequence: chain.followed(), why }));
    }
    if let Err(broken) = chain.is_left(&left) {
        return Ok(Err(broken));
    }
    Ok(chain.head())
}

fn read(row: &dyn Row) -> Result<AuditRow, Problem> {
    let part = row.get::<Option<Json<Part>>>(11)?;
    let (account, detail) = part.map(|part| part.0).unwrap_or_default();
    Ok(AuditRow {
        sequence: row.get(0)?,
        entry: AuditEntry {
            at: row.get::<At>(1)?.0,
            actor: row.get(2)?,
            action: row.get(3)?,
            identity: row.get::<Option<Word<_>>>(4)?.map(|identity| identity.0),
            target: row.get::<Option<Word<_>>>(5)?.map(|target| target.0),
            account,
            result: row.get(6)?,
            verification: row.get(7)?,
            detail,
        },
        personal: row.get::<Word<_>>(8)?.0,
        chain: row.get::<Word<_>>(9)?.0,
        salt: row.get(10)?,
    })
}
