//! Erasing somebody: everything of them goes in one transaction, and what
//! remains says that, of whom by an id alone, and when.

mod documents;
mod elsewhere;
mod others;
mod refuse;

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    fact::RecordKey,
    forgetting::{Gone, Tombstone, name_digest, record_digest, respelt_digest},
    id::{Digest, IdentityId},
};

use super::{
    Sql, audit,
    columns::{At, Json, Word, object},
    problem::Problem,
    values,
};
use crate::store::{
    AuditEntry, Erasure,
    chain::{self, ERASE},
};

/// Rows that went or were emptied, by what they were.
pub(super) type Rows = BTreeMap<&'static str, usize>;

/// Who goes: their id with those of whoever was merged into them, and by what
/// else they are referred to.
struct Whom {
    ids: Vec<String>,
    gone: Gone,
    records: BTreeSet<RecordKey>,
    salt: String,
}

/// What of an identity goes as it stands, by what people call it.
const THEIRS: [(&str, &str); 12] = [
    ("facts set by steps", "DELETE FROM own_fact WHERE identity = $1"),
    ("earlier values", "DELETE FROM past_fact WHERE identity = $1"),
    ("absences", "DELETE FROM absence WHERE identity = $1"),
    ("workflows", "DELETE FROM episode WHERE identity = $1"),
    ("requests", "DELETE FROM request WHERE identity = $1"),
    ("accounts declined", "DELETE FROM declined WHERE identity = $1"),
    ("accounts given back", "DELETE FROM given_back WHERE identity = $1"),
    ("accounts", "DELETE FROM link WHERE identity = $1"),
    ("obligations", "DELETE FROM obligation WHERE identity = $1"),
    ("rehires", "DELETE FROM followed WHERE identity = $1"),
    ("records", "DELETE FROM identity_record WHERE identity = $1"),
    ("people", "DELETE FROM identity WHERE id = $1"),
];

/// None: nobody has the id, or they were erased before.
pub(super) fn erase(
    tx: &mut dyn Sql,
    erasure: &Erasure,
    entry: &AuditEntry,
) -> Result<Option<Rows>, Problem> {
    let known: bool = tx.one(
        "SELECT EXISTS (SELECT 1 FROM identity WHERE id = $1)",
        values![erasure.identity.to_string()],
        |row| row.get(0),
    )?;
    if !known {
        return Ok(None);
    }
    let whom = Whom::of(tx, erasure)?;
    refuse::refuse(tx, &whom)?;
    let buried = bury(tx, erasure, &whom)?;
    tx.execute(
        "INSERT INTO erasing (\"only\", identity) VALUES (1, $1)",
        values![erasure.identity.to_string()],
    )?;
    let mut rows = Rows::new();
    // Before links go: they say which names and accounts are theirs.
    let names = hold_names(tx, &whom)?;
    rows.insert("login names", names);
    forget_records(tx, erasure.identity, &whom)?;
    for (what, sql) in THEIRS {
        for id in &whom.ids {
            *rows.entry(what).or_default() += tx.execute(sql, values![id])?;
        }
    }
    elsewhere::erase(tx, &whom, &mut rows)?;
    others::orders(tx, &whom, &mut rows)?;
    documents::plans(tx, &whom, erasure, &mut rows)?;
    documents::journal(tx, &whom, &mut rows)?;
    let emptied = documents::audit(tx, &whom, &mut rows)?;
    tx.execute("DELETE FROM erasing", &[])?;
    rows.retain(|_, count| *count > 0);
    let mut entry = AuditEntry { action: ERASE.to_owned(), ..entry.clone() };
    chain::commit_to(&mut entry.detail, &emptied, &buried);
    audit::append(tx, &entry)?;
    Ok(Some(rows))
}

/// The same without its effect: what it would take.
pub(super) fn would(
    tx: &mut dyn Sql,
    erasure: &Erasure,
    entry: &AuditEntry,
) -> Result<Option<Rows>, Problem> {
    tx.execute("SAVEPOINT would", &[])?;
    let rows = erase(tx, erasure, entry);
    tx.execute("ROLLBACK TO SAVEPOINT would", &[])?;
    tx.execute("RELEASE SAVEPOINT would", &[])?;
    rows
}

/// Whether the bytes of somebody who was erased may still be in the files.
pub(in crate::store) fn unswept(tx: &mut dyn Sql) -> Result<bool, Problem> {
    tx.one("SELECT EXISTS (SELECT 1 FROM erased WHERE swept = 0)", &[], |row| row.get(0))
}

impl Whom {
    fn of(tx: &mut dyn Sql, erasure: &Erasure) -> Result<Self, Problem> {
        let mut ids: BTreeSet<IdentityId> = tx.all(
            "WITH RECURSIVE them (id) AS (SELECT other FROM merged WHERE keep = $1
                 UNION SELECT merged.other FROM merged JOIN them ON merged.keep = them.id)
             SELECT id FROM them",
            values![erasure.identity.to_string()],
            |row| Ok(row.get::<Word<_>>(0)?.0),
        )?;
        ids.insert(erasure.identity);
        let mut whom = Self {
            ids: ids.iter().map(ToString::to_string).collect(),
            gone: Gone { ids, accounts: BTreeSet::new() },
            records: BTreeSet::new(),
            salt: salt(tx)?,
        };
        for id in &whom.ids {
            let accounts = "SELECT target, object_type, uid FROM link WHERE identity = $1";
            tx.each(accounts, values![id], &mut |row| {
                whom.gone.accounts.insert((row.get::<Word<_>>(0)?.0, object(row, 1)?));
                Ok(())
            })?;
            let records = "SELECT source, key FROM identity_record WHERE identity = $1";
            tx.each(records, values![id], &mut |row| {
                let source = row.get::<Word<_>>(0)?.0;
                whom.records.insert(RecordKey { source, key: row.get(1)? });
                Ok(())
            })?;
        }
        Ok(whom)
    }
}

pub(super) fn salt(tx: &mut dyn Sql) -> Result<String, Problem> {
    tx.one("SELECT salt FROM salt", &[], |row| row.get(0))
}

/// The tombstones, with the digest of each.
fn bury(
    tx: &mut dyn Sql,
    erasure: &Erasure,
    whom: &Whom,
) -> Result<BTreeMap<IdentityId, Digest>, Problem> {
    let Erasure { identity: _, at, by, ordered, departed, reason, started } = erasure;
    let mut buried = BTreeMap::new();
    for id in &whom.gone.ids {
        tx.execute(
            "INSERT INTO erased (identity, at, by_whom, ordered, departed, reason, started)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![
                id.to_string(),
                At(*at),
                by,
                *ordered,
                departed.map(At),
                reason.as_deref(),
                started.map(At)
            ],
        )?;
        let tombstone = Tombstone {
            at: *at,
            by: by.clone(),
            ordered: *ordered,
            departed: *departed,
            reason: reason.clone(),
            started: *started,
            sources: BTreeSet::new(),
        };
        buried.insert(*id, chain::of_tombstone(*id, &tombstone)?);
    }
    Ok(buried)
}

/// Login names stay taken, by their digests; nothing else of accounts stays.
fn hold_names(tx: &mut dyn Sql, whom: &Whom) -> Result<usize, Problem> {
    let mut count = 0_usize;
    for id in &whom.ids {
        let names: Vec<(String, String, At)> = tx.all(
            "SELECT target, name, last_seen FROM held_name WHERE identity = $1",
            values![id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for (target, name, last_seen) in names {
            tx.execute(
                "INSERT INTO erased_name (target, digest, last_seen) VALUES ($1, $2, $3)
                 ON CONFLICT (target, digest) DO UPDATE SET last_seen = excluded.last_seen
                 WHERE excluded.last_seen > erased_name.last_seen",
                values![target, name_digest(&whom.salt, &name).to_string(), last_seen],
            )?;
        }
        count += tx.execute("DELETE FROM held_name WHERE identity = $1", values![id])?;
        // What is by account: grants, and how it looked before it went.
        for sql in [
            "DELETE FROM ledger WHERE (target, holder_type, holder_uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = $1)",
            "DELETE FROM observed_assignment WHERE (target, holder_type, holder_uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = $1)",
            "DELETE FROM observed_account WHERE (target, object_type, uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = $1)",
        ] {
            tx.execute(sql, values![id])?;
        }
    }
    Ok(count)
}

/// Their records are known again by digests, and are no measure of what a
/// source had.
fn forget_records(tx: &mut dyn Sql, identity: IdentityId, whom: &Whom) -> Result<(), Problem> {
    for record in &whom.records {
        tx.execute(
            "INSERT INTO erased_record (digest, source, identity, respelt) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            values![
                record_digest(&whom.salt, record).to_string(),
                record.source.as_str(),
                identity.to_string(),
                respelt_digest(&whom.salt, record).to_string()
            ],
        )?;
        let keys: Option<Json<BTreeSet<String>>> = tx.optional(
            "SELECT keys FROM source_read WHERE source = $1",
            values![record.source.as_str()],
            |row| row.get(0),
        )?;
        let Some(Json(mut keys)) = keys else { continue };
        if keys.remove(&record.key) {
            tx.execute(
                "UPDATE source_read SET keys = $2 WHERE source = $1",
                values![record.source.as_str(), Json(keys)],
            )?;
        }
    }
    Ok(())
}
