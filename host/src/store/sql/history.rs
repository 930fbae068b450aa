//! Values that a source no longer gives.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    fact::{Fact, Identity},
    history::{PastFact, past},
    id::{FactName, IdentityId},
};

use super::{
    Sql,
    columns::{At, Json, Word},
    problem::Problem,
    union::all_of_them,
    values,
};

/// Keeps what is past once this person is recorded so.
pub(super) fn keep(tx: &mut dyn Sql, identity: &Identity, at: Timestamp) -> Result<(), Problem> {
    let id = identity.id.to_string();
    let before: Option<String> =
        tx.optional("SELECT facts FROM identity WHERE id = $1", values![&id], |row| row.get(0))?;
    let Some(before) = before else { return Ok(()) };
    // Nearly everybody is as they were.
    if before == serde_json::to_string(&identity.facts)? {
        return Ok(());
    }
    let before: BTreeMap<FactName, Vec<Fact>> = serde_json::from_str(&before)?;
    let statement = "INSERT INTO past_fact (identity, position, fact, body, forgotten)
         VALUES ($1, (SELECT 1 + coalesce(max(position), 0) FROM past_fact WHERE identity = $1),
             $2, $3, $4)";
    for PastFact { name, fact, forgotten } in past(&before, &identity.facts, at) {
        tx.execute(statement, values![&id, name.as_str(), Json(fact), At(forgotten)])?;
    }
    Ok(())
}

/// Of somebody, and of whoever was merged into them.
pub(super) fn of(tx: &mut dyn Sql, identity: IdentityId) -> Result<Vec<PastFact>, Problem> {
    let mut past: Vec<PastFact> = tx.all(
        &format!(
            "SELECT fact, body, forgotten FROM past_fact WHERE {} ORDER BY identity, position",
            all_of_them("identity")
        ),
        values![identity.to_string()],
        |row| {
            Ok(PastFact {
                name: row.get::<Word<_>>(0)?.0,
                fact: row.get::<Json<_>>(1)?.0,
                forgotten: row.get::<At>(2)?.0,
            })
        },
    )?;
    past.sort_by_key(|it| it.forgotten);
    Ok(past)
}

/// What was said before of the first days of everybody.
pub(super) fn starts(
    tx: &mut dyn Sql,
    by_now: &BTreeMap<IdentityId, IdentityId>,
) -> Result<BTreeMap<IdentityId, Vec<PastFact>>, Problem> {
    let statement = "SELECT identity, fact, body, forgotten FROM past_fact WHERE fact = 'start'
         ORDER BY identity, position";
    let mut starts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    tx.each(statement, &[], &mut |row| {
        let past = PastFact {
            name: row.get::<Word<_>>(1)?.0,
            fact: row.get::<Json<_>>(2)?.0,
            forgotten: row.get::<At>(3)?.0,
        };
        let identity = row.get::<Word<IdentityId>>(0)?.0;
        let identity = by_now.get(&identity).copied().unwrap_or(identity);
        starts.entry(identity).or_default().push(past);
        Ok(())
    })?;
    Ok(starts)
}
