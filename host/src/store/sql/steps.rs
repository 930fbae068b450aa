//! Facts that steps set, together with how far the step is.

use lanyard_core::workflow::{Episode, OwnFact};

use super::{Sql, columns::Json, problem::Problem, values, workflows};
use crate::store::AuditEntry;

pub(super) fn own_facts(tx: &mut dyn Sql) -> Result<Vec<OwnFact>, Problem> {
    tx.all("SELECT body FROM own_fact ORDER BY identity, fact", &[], |row| {
        Ok(row.get::<Json<_>>(0)?.0)
    })
}

pub(super) fn set_fact(
    tx: &mut dyn Sql,
    own: &OwnFact,
    episode: &Episode,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    tx.execute(
        "INSERT INTO own_fact (identity, fact, body) VALUES ($1, $2, $3)
         ON CONFLICT (identity, fact) DO UPDATE SET body = excluded.body",
        values![own.identity.to_string(), own.fact.as_str(), Json(own)],
    )?;
    workflows::record(tx, &[(episode.clone(), Some(entry.clone()))])
}
