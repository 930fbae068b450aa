//! Who was merged and split, and what moved with them.

use std::collections::BTreeMap;

use lanyard_core::{
    case::{CaseDecision, Whose},
    id::IdentityId,
    union::{Came, Merged, Rearranged},
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    audit,
    columns::{At, Json, Word},
    identities,
    problem::Problem,
};
use crate::store::AuditEntry;

pub(super) fn merged(tx: &Connection) -> Result<Vec<Merged>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT other, keep, by_whom, at, reason, came FROM merged ORDER BY other",
    )?;
    let merged = statement.query_map([], |row| {
        Ok(Merged {
            other: row.get::<_, Word<_>>(0)?.0,
            keep: row.get::<_, Word<_>>(1)?.0,
            by: row.get(2)?,
            at: row.get::<_, At>(3)?.0,
            reason: row.get(4)?,
            came: row.get::<_, Json<_>>(5)?.0,
        })
    })?;
    Ok(merged.collect::<Result<_, _>>()?)
}

/// An identity, and everybody who was merged into it, by its id.
pub(super) const ALL_OF_THEM: &str =
    "(WITH RECURSIVE them(id) AS (SELECT ? UNION SELECT merged.other
     FROM merged JOIN them ON merged.keep = them.id) SELECT id FROM them)";

/// Who everybody is by now who was merged into somebody.
pub(super) fn by_now(tx: &Connection) -> Result<BTreeMap<IdentityId, IdentityId>, Problem> {
    let merged = merged(tx)?;
    let into: BTreeMap<IdentityId, IdentityId> =
        merged.iter().map(|it| (it.other, it.keep)).collect();
    // Whoever they were merged into may have been merged as well.
    let last = |mut id: IdentityId| {
        while let Some(keep) = into.get(&id) {
            id = *keep;
        }
        id
    };
    Ok(into.keys().map(|other| (*other, last(*other))).collect())
}

/// Who somebody is by now.
pub(super) struct ByNow(BTreeMap<IdentityId, IdentityId>);

impl ByNow {
    pub(super) fn of(tx: &Connection) -> Result<Self, Problem> {
        Ok(Self(by_now(tx)?))
    }

    pub(super) fn of_merged(merged: &BTreeMap<IdentityId, IdentityId>) -> Self {
        Self(merged.clone())
    }

    pub(super) fn who(&self, id: IdentityId) -> IdentityId {
        self.0.get(&id).copied().unwrap_or(id)
    }
}

pub(super) fn rearrange(
    tx: &Connection,
    rearranged: &Rearranged,
    entries: &[AuditEntry],
) -> Result<(), Problem> {
    let Rearranged { forgotten, identities, moved, from, to, closed, merged, undone } = rearranged;
    if let Some(identity) = forgotten {
        identities::forget(tx, *identity)?;
    }
    let at = entries.iter().map(|entry| entry.at).max();
    let at = at.ok_or_else(|| Problem::Refused("nobody says who ordered it".to_owned()))?;
    identities::record(tx, identities, &BTreeMap::new(), at)?;
    move_over(tx, moved, &from.to_string(), &to.to_string())?;
    for case in &moved.cases {
        decide_for(tx, case, Whose::Identity(*to))?;
    }
    // Who says that they are one says that neither is over.
    tx.prepare_cached(
        "DELETE FROM followed WHERE identity IN (?1, ?2) AND by_identity IN (?1, ?2)",
    )?
    .execute([from.to_string(), to.to_string()])?;
    for case in closed {
        tx.prepare_cached("DELETE FROM record_case WHERE id = ?1")?.execute([case])?;
    }
    if let Some(Merged { other, keep, by, at, reason, came }) = merged {
        tx.prepare_cached(
            "INSERT INTO merged (other, keep, by_whom, at, reason, came)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            other.to_string(),
            keep.to_string(),
            by,
            At(*at),
            reason,
            Json(came)
        ])?;
    }
    if let Some(other) = undone {
        tx.prepare_cached("DELETE FROM merged WHERE other = ?1")?.execute([other.to_string()])?;
    }
    for entry in entries {
        audit::append(tx, entry)?;
    }
    Ok(())
}

/// Accounts, what was declined, and names.
fn move_over(tx: &Connection, moved: &Came, from: &str, to: &str) -> Result<(), Problem> {
    let mut link = tx.prepare_cached(
        "UPDATE link SET identity = ?5
         WHERE (target, object_type, uid, identity) = (?1, ?2, ?3, ?4)",
    )?;
    for (target, account) in &moved.accounts {
        link.execute(params![target.as_str(), account.object_type, account.uid, from, to])?;
    }
    // One may have been declined for both.
    let mut declined = tx.prepare_cached(
        "UPDATE OR REPLACE declined SET identity = ?5
         WHERE (target, object_type, uid, identity) = (?1, ?2, ?3, ?4)",
    )?;
    for (target, account) in &moved.declined {
        declined.execute(params![target.as_str(), account.object_type, account.uid, from, to])?;
    }
    // What one of them gave back is adopted for neither by itself.
    tx.prepare_cached(
        "INSERT OR IGNORE INTO given_back (identity, target, object_type, uid)
         SELECT ?2, target, object_type, uid FROM given_back WHERE identity = ?1",
    )?
    .execute([from, to])?;
    // What is theirs is not declined for them.
    tx.prepare_cached(
        "DELETE FROM declined WHERE identity = ?1 AND (target, object_type, uid) IN
             (SELECT target, object_type, uid FROM link WHERE identity = ?1 AND gone = 0)",
    )?
    .execute([to])?;
    let mut name = tx.prepare_cached(
        "UPDATE OR REPLACE held_name SET identity = ?4
         WHERE (target, name, identity) = (?1, ?2, ?3)",
    )?;
    for (target, text) in &moved.names {
        name.execute(params![target.as_str(), text, from, to])?;
    }
    Ok(())
}

/// A case that was decided is about somebody else now.
fn decide_for(tx: &Connection, case: &str, whose: Whose) -> Result<(), Problem> {
    let decision: Option<Option<Json<CaseDecision>>> = tx
        .prepare_cached("SELECT decision FROM record_case WHERE id = ?1")?
        .query_row([case], |row| row.get(0))
        .optional()?;
    let Some(Some(Json(decision))) = decision else { return Ok(()) };
    tx.prepare_cached("UPDATE record_case SET decision = ?2 WHERE id = ?1")?
        .execute(params![case, Json(&CaseDecision { whose, ..decision })])?;
    Ok(())
}
