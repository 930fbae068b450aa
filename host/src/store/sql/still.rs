//! What people said of records of those who were erased.

use std::collections::BTreeMap;

use lanyard_core::{
    forgetting::StillErased,
    id::{ConnectorName, Digest},
};

use super::{
    Sql, audit,
    columns::{At, Word},
    problem::Problem,
    values,
};
use crate::store::AuditEntry;

pub(super) fn all(tx: &mut dyn Sql) -> Result<BTreeMap<String, StillErased>, Problem> {
    tx.all("SELECT id, identity, source, by_whom, at FROM erased_case", &[], |row| {
        let still = StillErased {
            identity: row.get::<Word<_>>(1)?.0,
            source: row.get::<Word<_>>(2)?.0,
            by: row.get(3)?,
            at: row.get::<At>(4)?.0,
        };
        Ok((row.get(0)?, still))
    })
}

pub(super) fn decide(
    tx: &mut dyn Sql,
    case: &str,
    still: &StillErased,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let asked = "DELETE FROM record_case WHERE id = $1 AND is_open = 1 AND decision IS NULL";
    if tx.execute(asked, values![case])? == 0 {
        return Err(Problem::Refused(format!("the case `{case}` is not open")));
    }
    let StillErased { identity, source, by, at } = still;
    tx.execute(
        "INSERT INTO erased_case (id, identity, source, by_whom, at) VALUES ($1, $2, $3, $4, $5)",
        values![case, identity.to_string(), source.as_str(), by, At(*at)],
    )?;
    audit::append(tx, entry)
}

pub(super) fn reopen(tx: &mut dyn Sql, case: &str, entry: &AuditEntry) -> Result<(), Problem> {
    let said = "DELETE FROM erased_case WHERE id = $1";
    if tx.execute(said, values![case])? == 0 {
        return Err(Problem::Refused(format!("nothing was decided of the case `{case}`")));
    }
    audit::append(tx, entry)
}

pub(super) fn free_names(
    tx: &mut dyn Sql,
    names: &[(ConnectorName, Digest)],
) -> Result<(), Problem> {
    let statement = "DELETE FROM erased_name WHERE target = $1 AND digest = $2";
    for (target, digest) in names {
        tx.execute(statement, values![target.as_str(), digest.as_str()])?;
    }
    Ok(())
}
