//! Who was hired again as somebody new.

use std::collections::BTreeMap;

use lanyard_core::{forgetting::Anew, id::IdentityId, lifecycle::Followed};
use rusqlite::{Connection, params};

use super::{
    audit,
    columns::{At, Word},
    identities,
    problem::Problem,
};
use crate::store::AuditEntry;

pub(super) fn followed(tx: &Connection) -> Result<BTreeMap<IdentityId, Followed>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT identity, by_identity, at, departed FROM followed")?;
    let rows = statement.query_map([], |row| {
        let by = row.get::<_, Word<_>>(1)?.0;
        let followed = Followed { by, at: row.get::<_, At>(2)?.0, left: row.get::<_, At>(3)?.0 };
        Ok((row.get::<_, Word<_>>(0)?.0, followed))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn begin(
    tx: &Connection,
    begun: &[Anew],
    entries: &[AuditEntry],
) -> Result<(), Problem> {
    for Anew { former, followed, again } in begun {
        let Followed { by, at, left } = followed;
        identities::record(tx, &[former.clone(), again.clone()], &BTreeMap::new(), *at)?;
        tx.prepare_cached(
            "INSERT INTO followed (identity, by_identity, at, departed) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![former.id.to_string(), by.to_string(), At(*at), At(*left)])?;
    }
    entries.iter().try_for_each(|entry| audit::append(tx, entry))
}
