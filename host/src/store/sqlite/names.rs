//! Login names that accounts of ours had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{id::ConnectorName, observed::HeldName};
use rusqlite::{Connection, params};

use super::{
    columns::{At, Word},
    problem::Problem,
};

/// Notes what accounts of ours are called, as the observation that was just
/// recorded has them.
pub(super) fn note(
    tx: &Connection,
    target: &ConnectorName,
    read_at: Timestamp,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "INSERT INTO held_name (target, name, identity, last_seen)
         SELECT link.target, seen.body ->> '$.name', link.identity, ?2
         FROM link JOIN observed_account AS seen
             ON (seen.target, seen.object_type, seen.uid)
                 = (link.target, link.object_type, link.uid)
         WHERE link.target = ?1 AND link.gone = 0
         ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
    )?
    .execute(params![target.as_str(), At(read_at)])?;
    Ok(())
}

pub(super) fn all(tx: &Connection) -> Result<BTreeMap<ConnectorName, Vec<HeldName>>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT target, name, identity, last_seen FROM held_name ORDER BY target, name, identity",
    )?;
    let mut rows = statement.query([])?;
    let mut names: BTreeMap<ConnectorName, Vec<HeldName>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let held = HeldName {
            name: row.get(1)?,
            identity: row.get::<_, Word<_>>(2)?.0,
            last_seen: row.get::<_, At>(3)?.0,
        };
        names.entry(row.get::<_, Word<_>>(0)?.0).or_default().push(held);
    }
    Ok(names)
}
