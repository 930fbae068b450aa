//! Values that a source no longer gives.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    fact::{Fact, Identity},
    history::{PastFact, past},
    id::{FactName, IdentityId},
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    columns::{At, Json, Word},
    problem::Problem,
    union::ALL_OF_THEM,
};

/// Keeps what is past once this person is recorded so.
pub(super) fn keep(tx: &Connection, identity: &Identity, at: Timestamp) -> Result<(), Problem> {
    let id = identity.id.to_string();
    let before: Option<String> = tx
        .prepare_cached("SELECT facts FROM identity WHERE id = ?1")?
        .query_row([&id], |row| row.get(0))
        .optional()?;
    let Some(before) = before else { return Ok(()) };
    // Nearly everybody is as they were.
    if before == serde_json::to_string(&identity.facts)? {
        return Ok(());
    }
    let before: BTreeMap<FactName, Vec<Fact>> = serde_json::from_str(&before)?;
    let mut statement = tx.prepare_cached(
        "INSERT INTO past_fact (identity, position, fact, body, forgotten)
         SELECT ?1, 1 + coalesce(max(position), 0), ?2, ?3, ?4 FROM past_fact WHERE identity = ?1",
    )?;
    for PastFact { name, fact, forgotten } in past(&before, &identity.facts, at) {
        statement.execute(params![id, name.as_str(), Json(fact), At(forgotten)])?;
    }
    Ok(())
}

/// Of somebody, and of whoever was merged into them.
pub(super) fn of(tx: &Connection, identity: IdentityId) -> Result<Vec<PastFact>, Problem> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT fact, body, forgotten FROM past_fact WHERE identity IN {ALL_OF_THEM}
         ORDER BY identity, position"
    ))?;
    let rows = statement.query_map([identity.to_string()], |row| {
        Ok(PastFact {
            name: row.get::<_, Word<_>>(0)?.0,
            fact: row.get::<_, Json<_>>(1)?.0,
            forgotten: row.get::<_, At>(2)?.0,
        })
    })?;
    let mut past: Vec<PastFact> = rows.collect::<Result<_, _>>()?;
    past.sort_by_key(|it| it.forgotten);
    Ok(past)
}

/// What was said before of the first days of everybody.
pub(super) fn starts(
    tx: &Connection,
    by_now: &BTreeMap<IdentityId, IdentityId>,
) -> Result<BTreeMap<IdentityId, Vec<PastFact>>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT identity, fact, body, forgotten FROM past_fact WHERE fact = 'start'
         ORDER BY identity, position",
    )?;
    let mut rows = statement.query([])?;
    let mut starts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let past = PastFact {
            name: row.get::<_, Word<_>>(1)?.0,
            fact: row.get::<_, Json<_>>(2)?.0,
            forgotten: row.get::<_, At>(3)?.0,
        };
        let identity = row.get::<_, Word<IdentityId>>(0)?.0;
        let identity = by_now.get(&identity).copied().unwrap_or(identity);
        starts.entry(identity).or_default().push(past);
    }
    Ok(starts)
}
