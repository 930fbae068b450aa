//! Login names that accounts of ours had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{id::ConnectorName, observed::HeldName};

use super::{
    Sql,
    columns::{At, Word},
    problem::Problem,
    values,
};

/// Notes what accounts of ours are called, as the observation that was just
/// recorded has them.
pub(super) fn note(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    read_at: Timestamp,
) -> Result<(), Problem> {
    tx.execute(
        "INSERT INTO held_name (target, name, identity, last_seen)
         SELECT DISTINCT link.target, seen.name, link.identity, CAST($2 AS TEXT)
         FROM link JOIN observed_account AS seen
             ON (seen.target, seen.object_type, seen.uid)
                 = (link.target, link.object_type, link.uid)
         WHERE link.target = $1 AND link.gone = 0
         ON CONFLICT (target, name, identity) DO UPDATE SET last_seen = excluded.last_seen
         WHERE excluded.last_seen > held_name.last_seen",
        values![target.as_str(), At(read_at)],
    )?;
    Ok(())
}

pub(super) fn all(tx: &mut dyn Sql) -> Result<BTreeMap<ConnectorName, Vec<HeldName>>, Problem> {
    let statement =
        "SELECT target, name, identity, last_seen FROM held_name ORDER BY target, name, identity";
    let mut names: BTreeMap<ConnectorName, Vec<HeldName>> = BTreeMap::new();
    tx.each(statement, &[], &mut |row| {
        let held = HeldName {
            name: row.get(1)?,
            identity: row.get::<Word<_>>(2)?.0,
            last_seen: row.get::<At>(3)?.0,
        };
        names.entry(row.get::<Word<_>>(0)?.0).or_default().push(held);
        Ok(())
    })?;
    Ok(names)
}
