//! What people said of records of those who were erased.

use std::collections::BTreeMap;

use lanyard_core::{
    forgetting::StillErased,
    id::{ConnectorName, Digest},
};
use rusqlite::{Connection, params};

use super::{
    audit,
    columns::{At, Word},
    problem::Problem,
};
use crate::store::AuditEntry;

pub(super) fn all(tx: &Connection) -> Result<BTreeMap<String, StillErased>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT id, identity, source, by_whom, at FROM erased_case")?;
    let rows = statement.query_map([], |row| {
        let still = StillErased {
            identity: row.get::<_, Word<_>>(1)?.0,
            source: row.get::<_, Word<_>>(2)?.0,
            by: row.get(3)?,
            at: row.get::<_, At>(4)?.0,
        };
        Ok((row.get(0)?, still))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn decide(
    tx: &Connection,
    case: &str,
    still: &StillErased,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let asked = "DELETE FROM record_case WHERE id = ?1 AND is_open = 1 AND decision IS NULL";
    if tx.prepare_cached(asked)?.execute([case])? == 0 {
        return Err(Problem::Refused(format!("the case `{case}` is not open")));
    }
    let StillErased { identity, source, by, at } = still;
    tx.prepare_cached(
        "INSERT INTO erased_case (id, identity, source, by_whom, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![case, identity.to_string(), source.as_str(), by, At(*at)])?;
    audit::append(tx, entry)
}

pub(super) fn reopen(tx: &Connection, case: &str, entry: &AuditEntry) -> Result<(), Problem> {
    let said = "DELETE FROM erased_case WHERE id = ?1";
    if tx.prepare_cached(said)?.execute([case])? == 0 {
        return Err(Problem::Refused(format!("nothing was decided of the case `{case}`")));
    }
    audit::append(tx, entry)
}

pub(super) fn free_names(
    tx: &Connection,
    names: &[(ConnectorName, Digest)],
) -> Result<(), Problem> {
    let mut statement =
        tx.prepare_cached("DELETE FROM erased_name WHERE target = ?1 AND digest = ?2")?;
    for (target, digest) in names {
        statement.execute(params![target.as_str(), digest.as_str()])?;
    }
    Ok(())
}
