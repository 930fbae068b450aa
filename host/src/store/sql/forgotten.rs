//! Who was erased.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    forgetting::{Forgotten, Tombstone},
    id::{ConnectorName, Digest, IdentityId},
};

use super::{
    Sql,
    columns::{At, Word},
    erase,
    problem::Problem,
    still,
};

pub(super) fn forgotten(tx: &mut dyn Sql) -> Result<Forgotten, Problem> {
    let mut sources: BTreeMap<IdentityId, BTreeSet<ConnectorName>> = BTreeMap::new();
    let mut records: BTreeMap<Digest, BTreeSet<IdentityId>> = BTreeMap::new();
    let mut respelt: BTreeMap<Digest, BTreeSet<IdentityId>> = BTreeMap::new();
    let statement = "SELECT digest, source, identity, respelt FROM erased_record";
    tx.each(statement, &[], &mut |row| {
        let identity = row.get::<Word<IdentityId>>(2)?.0;
        records.entry(row.get::<Word<_>>(0)?.0).or_default().insert(identity);
        if let Some(digest) = row.get::<Option<Word<_>>>(3)? {
            respelt.entry(digest.0).or_default().insert(identity);
        }
        sources.entry(identity).or_default().insert(row.get::<Word<_>>(1)?.0);
        Ok(())
    })?;

    let people = tx.all(
        "SELECT identity, at, by_whom, ordered, departed, reason, started FROM erased",
        &[],
        |row| {
            let identity = row.get::<Word<IdentityId>>(0)?.0;
            let tombstone = Tombstone {
                at: row.get::<At>(1)?.0,
                by: row.get(2)?,
                ordered: row.get(3)?,
                departed: row.get::<Option<At>>(4)?.map(|at| at.0),
                reason: row.get(5)?,
                started: row.get::<Option<At>>(6)?.map(|at| at.0),
                sources: sources.remove(&identity).unwrap_or_default(),
            };
            Ok((identity, tombstone))
        },
    )?;
    let mut names: BTreeMap<ConnectorName, BTreeMap<Digest, jiff::Timestamp>> = BTreeMap::new();
    let statement = "SELECT target, digest, last_seen FROM erased_name";
    tx.each(statement, &[], &mut |row| {
        let here = names.entry(row.get::<Word<_>>(0)?.0).or_default();
        here.insert(row.get::<Word<_>>(1)?.0, row.get::<At>(2)?.0);
        Ok(())
    })?;
    let (salt, still) = (erase::salt(tx)?, still::all(tx)?);
    Ok(Forgotten { salt, people, records, respelt, names, still })
}
