//! Who was hired again as somebody new.

use std::collections::BTreeMap;

use lanyard_core::{forgetting::Anew, id::IdentityId, lifecycle::Followed};

use super::{
    Sql, audit,
    columns::{At, Word},
    identities,
    problem::Problem,
    values,
};
use crate::store::AuditEntry;

pub(super) fn followed(tx: &mut dyn Sql) -> Result<BTreeMap<IdentityId, Followed>, Problem> {
    tx.all("SELECT identity, by_identity, at, departed FROM followed", &[], |row| {
        let by = row.get::<Word<_>>(1)?.0;
        let followed = Followed { by, at: row.get::<At>(2)?.0, left: row.get::<At>(3)?.0 };
        Ok((row.get::<Word<_>>(0)?.0, followed))
    })
}

pub(super) fn begin(
    tx: &mut dyn Sql,
    begun: &[Anew],
    entries: &[AuditEntry],
) -> Result<(), Problem> {
    for Anew { former, followed, again } in begun {
        let Followed { by, at, left } = followed;
        identities::record(tx, &[former.clone(), again.clone()], &BTreeMap::new(), *at)?;
        tx.execute(
            "INSERT INTO followed (identity, by_identity, at, departed) VALUES ($1, $2, $3, $4)",
            values![former.id.to_string(), by.to_string(), At(*at), At(*left)],
        )?;
    }
    entries.iter().try_for_each(|entry| audit::append(tx, entry))
}
