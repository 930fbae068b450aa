//! By what accounts of ours are known to be gone.

use std::collections::BTreeMap;

use lanyard_core::forgetting::{AccountKey, Missing, Proof};

use super::{
    Sql,
    columns::{At, Word, object},
    problem::Problem,
    values,
};

pub(super) fn all(tx: &mut dyn Sql) -> Result<BTreeMap<AccountKey, Proof>, Problem> {
    let statement =
        "SELECT target, object_type, uid, gone_proven, missing_since, missing_seen, missing_last
         FROM link WHERE gone = 1 AND (gone_proven = 1 OR missing_since IS NOT NULL)";
    let mut gone = BTreeMap::new();
    tx.each(statement, &[], &mut |row| {
        let proof = if row.get(3)? {
            Proof::Proven
        } else {
            Proof::Missing(Missing {
                since: row.get::<At>(4)?.0,
                seen: row.get(5)?,
                last: row.get::<At>(6)?.0,
            })
        };
        gone.insert((row.get::<Word<_>>(0)?.0, object(row, 1)?), proof);
        Ok(())
    })?;
    Ok(gone)
}

pub(super) fn record(
    tx: &mut dyn Sql,
    changed: &BTreeMap<AccountKey, Option<Proof>>,
) -> Result<(), Problem> {
    let statement =
        "UPDATE link SET gone_proven = $4, missing_since = $5, missing_seen = $6, missing_last = $7
         WHERE (target, object_type, uid) = ($1, $2, $3) AND gone = 1";
    for ((target, account), proof) in changed {
        let missing = match proof {
            Some(Proof::Missing(missing)) => Some(missing),
            Some(Proof::Proven) | None => None,
        };
        tx.execute(
            statement,
            values![
                target.as_str(),
                &account.object_type,
                &account.uid,
                *proof == Some(Proof::Proven),
                missing.map(|it| At(it.since)),
                missing.map_or(0, |it| it.seen),
                missing.map(|it| At(it.last))
            ],
        )?;
    }
    Ok(())
}
