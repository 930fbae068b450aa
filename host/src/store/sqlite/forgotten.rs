//! Who was erased.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    forgetting::{Forgotten, Tombstone},
    id::{ConnectorName, Digest, IdentityId},
};
use rusqlite::Connection;

use super::{
    columns::{At, Word},
    erase,
    problem::Problem,
    still,
};

pub(super) fn forgotten(tx: &Connection) -> Result<Forgotten, Problem> {
    let mut sources: BTreeMap<IdentityId, BTreeSet<ConnectorName>> = BTreeMap::new();
    let mut records: BTreeMap<Digest, BTreeSet<IdentityId>> = BTreeMap::new();
    let mut respelt: BTreeMap<Digest, BTreeSet<IdentityId>> = BTreeMap::new();
    let mut statement =
        tx.prepare_cached("SELECT digest, source, identity, respelt FROM erased_record")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let identity = row.get::<_, Word<IdentityId>>(2)?.0;
        records.entry(row.get::<_, Word<_>>(0)?.0).or_default().insert(identity);
        if let Some(digest) = row.get::<_, Option<Word<_>>>(3)? {
            respelt.entry(digest.0).or_default().insert(identity);
        }
        sources.entry(identity).or_default().insert(row.get::<_, Word<_>>(1)?.0);
    }
    let mut statement = tx.prepare_cached(
        "SELECT identity, at, by_whom, ordered, departed, reason, started FROM erased",
    )?;
    let people = statement.query_map([], |row| {
        let identity = row.get::<_, Word<IdentityId>>(0)?.0;
        let tombstone = Tombstone {
            at: row.get::<_, At>(1)?.0,
            by: row.get(2)?,
            ordered: row.get(3)?,
            departed: row.get::<_, Option<At>>(4)?.map(|at| at.0),
            reason: row.get(5)?,
            started: row.get::<_, Option<At>>(6)?.map(|at| at.0),
            sources: sources.remove(&identity).unwrap_or_default(),
        };
        Ok((identity, tombstone))
    })?;
    let people = people.collect::<Result<_, _>>()?;
    let mut names: BTreeMap<ConnectorName, BTreeMap<Digest, jiff::Timestamp>> = BTreeMap::new();
    let mut statement = tx.prepare_cached("SELECT target, digest, last_seen FROM erased_name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let here = names.entry(row.get::<_, Word<_>>(0)?.0).or_default();
        here.insert(row.get::<_, Word<_>>(1)?.0, row.get::<_, At>(2)?.0);
    }
    let (salt, still) = (erase::salt(tx)?, still::all(tx)?);
    Ok(Forgotten { salt, people, records, respelt, names, still })
}
