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
    AuditEntry, AuditFilter, AuditRow, AuditTail,
    chain::{AuditBreak, Beside, Chain, Head, KnownHead, Marks, chained, of_tombstone, personal},
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
    let AuditFilter { identity, target, since, until, after, last, first } = filter;
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
    for (comparison, at) in [("at >=", since), ("at <=", until)] {
        if let Some(at) = at {
            values.push(At(*at).into_value()?);
            conditions.push(format!("{comparison} ${}", values.len()));
        }
    }
    if let Some(after) = after {
        values.push((*after).into_value()?);
        conditions.push(format!("audit.sequence > ${}", values.len()));
    }
    let conditions = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    // The newest are meant, unless the oldest are asked for.
    let (order, most) = if first.is_some() { ("ASC", first) } else { ("DESC", last) };
    let limit = match most {
        Some(most) => {
            values.push((*most).into_value()?);
            format!("LIMIT ${}", values.len())
        }
        None => String::new(),
    };
    tx.all(
        &format!(
            "SELECT * FROM (SELECT {COLUMNS} FROM {ROWS} {conditions}
                 ORDER BY audit.sequence {order} {limit}) AS these ORDER BY 1"
        ),
        &values,
        read,
    )
}

/// The end of the chain, and the digest of the row `after`, with at most so
/// many marks of what lies between.
pub(super) fn tail(tx: &mut dyn Sql, after: u64, most: u64) -> Result<AuditTail, Problem> {
    let last: Option<(u64, Word<Digest>)> = tx.optional(
        "SELECT sequence, chain FROM audit ORDER BY sequence DESC LIMIT 1",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((rows, Word(digest))) = last else {
        let marks = Marks::new(after, 0, most);
        return Ok(AuditTail { at: None, rows: 0, digest: None, marks });
    };
    let at: Option<Word<Digest>> =
        tx.optional("SELECT chain FROM audit WHERE sequence = $1", values![after], |row| {
            row.get(0)
        })?;
    let mut marks = Marks::new(after, rows, most);
    let marked = "SELECT chain FROM audit WHERE sequence > $1 AND (sequence - $1) % $2 = 0
         ORDER BY sequence";
    let every = marks.every;
    tx.each(marked, values![after, every], &mut |row| {
        marks.push(&row.get::<Word<_>>(0)?.0);
        Ok(())
    })?;
    Ok(AuditTail { at: at.map(|at| at.0), rows, digest: Some(digest), marks })
}

/// Follows the chain, beside what is known of it from elsewhere.
pub(in crate::store) fn verify(
    tx: &mut dyn Sql,
    heads: &[KnownHead],
) -> Result<Result<Head, AuditBreak>, Problem> {
    let mut beside = Beside::new(heads.to_vec());
    let rows = format!("SELECT {COLUMNS} FROM {ROWS} ORDER BY audit.sequence");
    let mut chain = Chain::default();
    let mut broken = None;
    tx.each(&rows, &[], &mut |row| {
        if broken.is_some() {
            return Ok(());
        }
        broken = match read(row) {
            Ok(row) => match chain.follow(&row) {
                Ok(()) => beside.follow(chain.followed().unsigned_abs(), &row.chain).err(),
                Err(broken) => Some(broken),
            },
            Err(Problem::Unreadable { .. }) => Some(chain.unreadable()),
            Err(error) => return Err(error),
        };
        Ok(())
    })?;
    let whole = || beside.end(chain.followed().unsigned_abs()).err();
    if let Some(broken) = broken.or_else(whole) {
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
