//! By what accounts of ours are known to be gone.

use std::collections::BTreeMap;

use lanyard_core::forgetting::{AccountKey, Missing, Proof};
use rusqlite::{Connection, params};

use super::{
    columns::{At, Word, object},
    problem::Problem,
};

pub(super) fn all(tx: &Connection) -> Result<BTreeMap<AccountKey, Proof>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT target, object_type, uid, gone_proven, missing_since, missing_seen, missing_last
         FROM link WHERE gone = 1 AND (gone_proven = 1 OR missing_since IS NOT NULL)",
    )?;
    let mut rows = statement.query([])?;
    let mut gone = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let proof = if row.get(3)? {
            Proof::Proven
        } else {
            Proof::Missing(Missing {
                since: row.get::<_, At>(4)?.0,
                seen: row.get(5)?,
                last: row.get::<_, At>(6)?.0,
            })
        };
        gone.insert((row.get::<_, Word<_>>(0)?.0, object(row, 1)?), proof);
    }
    Ok(gone)
}

pub(super) fn record(
    tx: &Connection,
    changed: &BTreeMap<AccountKey, Option<Proof>>,
) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "UPDATE link SET gone_proven = ?4, missing_since = ?5, missing_seen = ?6, missing_last = ?7
         WHERE (target, object_type, uid) = (?1, ?2, ?3) AND gone = 1",
    )?;
    for ((target, account), proof) in changed {
        let missing = match proof {
            Some(Proof::Missing(missing)) => Some(missing),
            Some(Proof::Proven) | None => None,
        };
        statement.execute(params![
            target.as_str(),
            account.object_type,
            account.uid,
            *proof == Some(Proof::Proven),
            missing.map(|it| At(it.since)),
            missing.map_or(0, |it| it.seen),
            missing.map(|it| At(it.last)),
        ])?;
    }
    Ok(())
}
