//! Who was merged and split, and what moved with them.

use std::collections::BTreeMap;

use lanyard_core::{
    case::{CaseDecision, Whose},
    id::IdentityId,
    union::{Came, Merged, Rearranged},
};

use super::{
    Sql, audit,
    columns::{At, Json, Word},
    identities, obligations,
    problem::Problem,
    values,
};
use crate::store::AuditEntry;

pub(super) fn merged(tx: &mut dyn Sql) -> Result<Vec<Merged>, Problem> {
    tx.all("SELECT other, keep, by_whom, at, reason, came FROM merged ORDER BY other", &[], |row| {
        Ok(Merged {
            other: row.get::<Word<_>>(0)?.0,
            keep: row.get::<Word<_>>(1)?.0,
            by: row.get(2)?,
            at: row.get::<At>(3)?.0,
            reason: row.get(4)?,
            came: row.get::<Json<_>>(5)?.0,
        })
    })
}

/// A condition: this column names an identity, `$1`, or somebody who was merged
/// into it.
pub(super) fn all_of_them(column: &str) -> String {
    format!(
        "({column} = $1 OR {column} IN (WITH RECURSIVE them (id) AS
             (SELECT other FROM merged WHERE keep = $1
              UNION SELECT merged.other FROM merged JOIN them ON merged.keep = them.id)
             SELECT id FROM them))"
    )
}

/// Who everybody is by now who was merged into somebody.
pub(super) fn by_now(tx: &mut dyn Sql) -> Result<BTreeMap<IdentityId, IdentityId>, Problem> {
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
    pub(super) fn of(tx: &mut dyn Sql) -> Result<Self, Problem> {
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
    tx: &mut dyn Sql,
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
    move_over(tx, moved, &from.to_string(), *to)?;
    for case in &moved.cases {
        decide_for(tx, case, Whose::Identity(*to))?;
    }
    // Who says that they are one says that neither is over.
    tx.execute(
        "DELETE FROM followed WHERE identity IN ($1, $2) AND by_identity IN ($1, $2)",
        values![from.to_string(), to.to_string()],
    )?;
    for case in closed {
        tx.execute("DELETE FROM record_case WHERE id = $1", values![case])?;
    }
    if let Some(Merged { other, keep, by, at, reason, came }) = merged {
        tx.execute(
            "INSERT INTO merged (other, keep, by_whom, at, reason, came)
             VALUES ($1, $2, $3, $4, $5, $6)",
            values![other.to_string(), keep.to_string(), by, At(*at), reason, Json(came)],
        )?;
    }
    if let Some(other) = undone {
        tx.execute("DELETE FROM merged WHERE other = $1", values![other.to_string()])?;
    }
    for entry in entries {
        audit::append(tx, entry)?;
    }
    Ok(())
}

/// Accounts with what is owed there, what was declined, and names.
fn move_over(tx: &mut dyn Sql, moved: &Came, from: &str, whose: IdentityId) -> Result<(), Problem> {
    let to = whose.to_string();
    if from == to {
        return Ok(());
    }
    let to = to.as_str();
    let link = "UPDATE link SET identity = $5
         WHERE (target, object_type, uid, identity) = ($1, $2, $3, $4)";
    for (target, account) in &moved.accounts {
        tx.execute(link, values![target.as_str(), &account.object_type, &account.uid, from, to])?;
        obligations::move_over(tx, (target, account), from, whose)?;
    }
    // One may have been declined for both.
    let too = "INSERT INTO declined (target, object_type, uid, identity)
         SELECT target, object_type, uid, CAST($5 AS TEXT) FROM declined
         WHERE (target, object_type, uid, identity) = ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING";
    let no_more = "DELETE FROM declined
         WHERE (target, object_type, uid, identity) = ($1, $2, $3, $4)";
    for (target, account) in &moved.declined {
        let (kind, uid) = (&account.object_type, &account.uid);
        tx.execute(too, values![target.as_str(), kind, uid, from, to])?;
        tx.execute(no_more, values![target.as_str(), kind, uid, from])?;
    }
    // What one of them gave back is adopted for neither by itself.
    tx.execute(
        "INSERT INTO given_back (identity, target, object_type, uid)
         SELECT CAST($2 AS TEXT), target, object_type, uid FROM given_back WHERE identity = $1
         ON CONFLICT DO NOTHING",
        values![from, to],
    )?;
    // What is theirs is not declined for them.
    tx.execute(
        "DELETE FROM declined WHERE identity = $1 AND (target, object_type, uid) IN
             (SELECT target, object_type, uid FROM link WHERE identity = $1 AND gone = 0)",
        values![to],
    )?;
    // Where both had a name, the one that moves says when it was seen last.
    let replaced = "DELETE FROM held_name WHERE (target, name, identity) = ($1, $2, $4)
         AND EXISTS (SELECT 1 FROM held_name AS moved
             WHERE (moved.target, moved.name, moved.identity) = ($1, $2, $3))";
    let name = "UPDATE held_name SET identity = $4 WHERE (target, name, identity) = ($1, $2, $3)";
    for (target, text) in &moved.names {
        tx.execute(replaced, values![target.as_str(), text, from, to])?;
        tx.execute(name, values![target.as_str(), text, from, to])?;
    }
    Ok(())
}

/// A case that was decided is about somebody else now.
fn decide_for(tx: &mut dyn Sql, case: &str, whose: Whose) -> Result<(), Problem> {
    let decision: Option<Option<Json<CaseDecision>>> =
        tx.optional("SELECT decision FROM record_case WHERE id = $1", values![case], |row| {
            row.get(0)
        })?;
    let Some(Some(Json(decision))) = decision else { return Ok(()) };
    tx.execute(
        "UPDATE record_case SET decision = $2 WHERE id = $1",
        values![case, Json(&CaseDecision { whose, ..decision })],
    )?;
    Ok(())
}
