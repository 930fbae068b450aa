//! The append-only record of effects.

use lanyard_core::id::Digest;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter, types::Value};

use super::{
    columns::{At, Json, Word, object},
    problem::Problem,
    union::ALL_OF_THEM,
};
use crate::store::{
    AuditEntry, AuditFilter, AuditRow,
    chain::{AuditBreak, Chain, Head, chained},
};

const COLUMNS: &str = "sequence, at, actor, action, identity, target, object_type, uid, \
                       result, verification, detail, chain";

pub(super) fn append(tx: &Connection, entry: &AuditEntry) -> Result<(), Problem> {
    let AuditEntry { at, actor, action, identity, target, account, result, verification, detail } =
        entry;
    let head: Option<(i64, Word<Digest>)> = tx
        .prepare_cached("SELECT sequence, chain FROM audit ORDER BY sequence DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, previous) = head.map_or((0, None), |(last, chain)| (last, Some(chain.0)));
    let chain = chained(previous.as_ref(), entry)?;
    tx.prepare_cached(&format!(
        "INSERT INTO audit ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    ))?
    .execute(params![
        last.saturating_add(1),
        At(*at),
        actor,
        action,
        identity.map(|identity| identity.to_string()),
        target.as_ref().map(lanyard_core::id::ConnectorName::as_str),
        account.as_ref().map(|account| &account.object_type),
        account.as_ref().map(|account| &account.uid),
        result,
        verification,
        Json(detail),
        chain.as_str()
    ])?;
    Ok(())
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
        "SELECT * FROM (SELECT {COLUMNS} FROM audit WHERE {conditions}
             ORDER BY sequence DESC LIMIT ?) ORDER BY sequence"
    ))?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn verify(tx: &Connection) -> Result<Result<Head, AuditBreak>, Problem> {
    let mut statement =
        tx.prepare_cached(&format!("SELECT {COLUMNS} FROM audit ORDER BY sequence"))?;
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
    Ok(Ok(chain.head()))
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let account = match row.get::<_, Option<String>>(6)? {
        Some(_) => Some(object(row, 6)?),
        None => None,
    };
    Ok(AuditRow {
        sequence: row.get(0)?,
        entry: AuditEntry {
            at: row.get::<_, At>(1)?.0,
            actor: row.get(2)?,
            action: row.get(3)?,
            identity: row.get::<_, Option<Word<_>>>(4)?.map(|identity| identity.0),
            target: row.get::<_, Option<Word<_>>>(5)?.map(|target| target.0),
            account,
            result: row.get(8)?,
            verification: row.get(9)?,
            detail: row.get::<_, Json<_>>(10)?.0,
        },
        chain: row.get::<_, Word<_>>(11)?.0,
    })
}
