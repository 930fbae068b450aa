//! Erasing somebody: everything of them goes in one transaction, and what
//! remains says that, of whom by an id alone, and when.

mod documents;
mod others;
mod refuse;

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    fact::RecordKey,
    forgetting::{Gone, Tombstone, name_digest, record_digest, respelt_digest},
    id::{Digest, IdentityId},
};
use rusqlite::{Connection, params};

use super::{
    audit,
    columns::{At, Json, Word, object},
    problem::Problem,
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
const THEIRS: [(&str, &str); 11] = [
    ("facts set by steps", "DELETE FROM own_fact WHERE identity = ?1"),
    ("earlier values", "DELETE FROM past_fact WHERE identity = ?1"),
    ("absences", "DELETE FROM absence WHERE identity = ?1"),
    ("workflows", "DELETE FROM episode WHERE identity = ?1"),
    ("requests", "DELETE FROM request WHERE identity = ?1"),
    ("accounts declined", "DELETE FROM declined WHERE identity = ?1"),
    ("accounts given back", "DELETE FROM given_back WHERE identity = ?1"),
    ("accounts", "DELETE FROM link WHERE identity = ?1"),
    ("rehires", "DELETE FROM followed WHERE identity = ?1"),
    ("records", "DELETE FROM identity_record WHERE identity = ?1"),
    ("people", "DELETE FROM identity WHERE id = ?1"),
];

/// None: nobody has the id, or they were erased before.
pub(super) fn erase(
    tx: &Connection,
    erasure: &Erasure,
    entry: &AuditEntry,
) -> Result<Option<Rows>, Problem> {
    let known: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM identity WHERE id = ?1)")?
        .query_row([erasure.identity.to_string()], |row| row.get(0))?;
    if !known {
        return Ok(None);
    }
    let whom = Whom::of(tx, erasure)?;
    refuse::refuse(tx, &whom)?;
    let buried = bury(tx, erasure, &whom)?;
    tx.execute(
        "INSERT INTO erasing (only, identity) VALUES (1, ?1)",
        [erasure.identity.to_string()],
    )?;
    let mut rows = Rows::new();
    // Before links go: they say which names and accounts are theirs.
    let names = hold_names(tx, &whom)?;
    rows.insert("login names", names);
    forget_records(tx, erasure.identity, &whom)?;
    for (what, sql) in THEIRS {
        for id in &whom.ids {
            *rows.entry(what).or_default() += tx.prepare_cached(sql)?.execute([id])?;
        }
    }
    others::orders(tx, &whom, &mut rows)?;
    documents::plans(tx, &whom, erasure, &mut rows)?;
    documents::journal(tx, &whom, &mut rows)?;
    let emptied = documents::audit(tx, &whom, &mut rows)?;
    tx.execute("DELETE FROM erasing", [])?;
    rows.retain(|_, count| *count > 0);
    let mut entry = AuditEntry { action: ERASE.to_owned(), ..entry.clone() };
    chain::commit_to(&mut entry.detail, &emptied, &buried);
    audit::append(tx, &entry)?;
    Ok(Some(rows))
}

/// The same without its effect: what it would take.
pub(super) fn would(
    tx: &Connection,
    erasure: &Erasure,
    entry: &AuditEntry,
) -> Result<Option<Rows>, Problem> {
    tx.execute_batch("SAVEPOINT would")?;
    let rows = erase(tx, erasure, entry);
    tx.execute_batch("ROLLBACK TO would; RELEASE would")?;
    rows
}

/// Has the bytes of what was erased leave the file and its log.  False: others
/// are reading the file, and it has to be done again.
pub(super) fn sweep(connection: &Connection) -> Result<bool, Problem> {
    if !unswept(connection)? {
        return Ok(true);
    }
    match connection.execute_batch("VACUUM") {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            return Ok(false);
        }
        vacuumed => vacuumed?,
    }
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        return Ok(false);
    }
    connection.execute("UPDATE erased SET swept = 1 WHERE swept = 0", [])?;
    Ok(true)
}

/// Whether the bytes of somebody who was erased may still be in the files.
pub(super) fn unswept(connection: &Connection) -> Result<bool, Problem> {
    let sql = "SELECT EXISTS (SELECT 1 FROM erased WHERE swept = 0)";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

impl Whom {
    fn of(tx: &Connection, erasure: &Erasure) -> Result<Self, Problem> {
        let ids: Vec<IdentityId> = tx
            .prepare_cached(
                "WITH RECURSIVE them (id) AS (SELECT ?1
                     UNION SELECT other FROM merged JOIN them ON merged.keep = them.id)
                 SELECT id FROM them",
            )?
            .query_map([erasure.identity.to_string()], |row| Ok(row.get::<_, Word<_>>(0)?.0))?
            .collect::<Result<_, _>>()?;
        let mut whom = Self {
            ids: ids.iter().map(ToString::to_string).collect(),
            gone: Gone { ids: ids.into_iter().collect(), accounts: BTreeSet::new() },
            records: BTreeSet::new(),
            salt: salt(tx)?,
        };
        for id in &whom.ids {
            let mut statement =
                tx.prepare_cached("SELECT target, object_type, uid FROM link WHERE identity = ?1")?;
            let accounts = statement
                .query_map([id], |row| Ok((row.get::<_, Word<_>>(0)?.0, object(row, 1)?)))?;
            for account in accounts {
                whom.gone.accounts.insert(account?);
            }
            let mut statement =
                tx.prepare_cached("SELECT source, key FROM identity_record WHERE identity = ?1")?;
            let records = statement.query_map([id], |row| {
                Ok(RecordKey { source: row.get::<_, Word<_>>(0)?.0, key: row.get(1)? })
            })?;
            for record in records {
                whom.records.insert(record?);
            }
        }
        Ok(whom)
    }
}

pub(super) fn salt(tx: &Connection) -> Result<String, Problem> {
    Ok(tx.prepare_cached("SELECT salt FROM salt")?.query_row([], |row| row.get(0))?)
}

/// The tombstones, with the digest of each.
fn bury(
    tx: &Connection,
    erasure: &Erasure,
    whom: &Whom,
) -> Result<BTreeMap<IdentityId, Digest>, Problem> {
    let Erasure { identity: _, at, by, ordered, departed, reason, started } = erasure;
    let mut buried = BTreeMap::new();
    for id in &whom.gone.ids {
        tx.prepare_cached(
            "INSERT INTO erased (identity, at, by_whom, ordered, departed, reason, started)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            id.to_string(),
            At(*at),
            by,
            ordered,
            departed.map(At),
            reason,
            started.map(At)
        ])?;
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
fn hold_names(tx: &Connection, whom: &Whom) -> Result<usize, Problem> {
    let mut count = 0_usize;
    for id in &whom.ids {
        let names: Vec<(String, String, At)> = tx
            .prepare_cached("SELECT target, name, last_seen FROM held_name WHERE identity = ?1")?
            .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (target, name, last_seen) in names {
            tx.prepare_cached(
                "INSERT INTO erased_name (target, digest, last_seen) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
            )?
            .execute(params![
                target,
                name_digest(&whom.salt, &name).as_str(),
                last_seen
            ])?;
        }
        count += tx.prepare_cached("DELETE FROM held_name WHERE identity = ?1")?.execute([id])?;
        // What is by account: grants, and how it looked before it went.
        for sql in [
            "DELETE FROM ledger WHERE (target, holder_type, holder_uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = ?1)",
            "DELETE FROM observed_assignment WHERE (target, holder_type, holder_uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = ?1)",
            "DELETE FROM observed_account WHERE (target, object_type, uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = ?1)",
        ] {
            tx.prepare_cached(sql)?.execute([id])?;
        }
    }
    Ok(count)
}

/// Their records are known again by digests, and are no measure of what a
/// source had.
fn forget_records(tx: &Connection, identity: IdentityId, whom: &Whom) -> Result<(), Problem> {
    for record in &whom.records {
        tx.prepare_cached(
            "INSERT INTO erased_record (digest, source, identity, respelt) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            record_digest(&whom.salt, record).as_str(),
            record.source.as_str(),
            identity.to_string(),
            respelt_digest(&whom.salt, record).as_str()
        ])?;
        let keys = "SELECT keys FROM source_read WHERE source = ?1";
        let mut statement = tx.prepare_cached(keys)?;
        let mut rows = statement.query([record.source.as_str()])?;
        let Some(row) = rows.next()? else { continue };
        let mut keys: std::collections::BTreeSet<String> = row.get::<_, Json<_>>(0)?.0;
        drop(rows);
        if keys.remove(&record.key) {
            tx.prepare_cached("UPDATE source_read SET keys = ?2 WHERE source = ?1")?
                .execute(params![record.source.as_str(), Json(keys)])?;
        }
    }
    Ok(())
}
