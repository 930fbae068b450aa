//! Facts that steps set, together with how far the step is.

use lanyard_core::workflow::{Episode, OwnFact};
use rusqlite::{Connection, params};

use super::{columns::Json, problem::Problem, workflows};
use crate::store::AuditEntry;

pub(super) fn own_facts(tx: &Connection) -> Result<Vec<OwnFact>, Problem> {
    let mut statement = tx.prepare_cached("SELECT body FROM own_fact ORDER BY identity, fact")?;
    let facts = statement.query_map([], |row| Ok(row.get::<_, Json<_>>(0)?.0))?;
    Ok(facts.collect::<Result<_, _>>()?)
}

pub(super) fn set_fact(
    tx: &Connection,
    own: &OwnFact,
    episode: &Episode,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "INSERT INTO own_fact (identity, fact, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (identity, fact) DO UPDATE SET body = excluded.body",
    )?
    .execute(params![own.identity.to_string(), own.fact.as_str(), Json(own)])?;
    workflows::record(tx, &[(episode.clone(), Some(entry.clone()))])
}
