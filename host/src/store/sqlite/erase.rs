//! Erasing somebody: everything of them goes in one transaction, and what
//! remains says that, of whom by an id alone, and when.

mod documents;
mod others;
mod refuse;

use std::collections::BTreeMap;

use lanyard_core::{
    fact::RecordKey,
    forgetting::{Words, name_digest, record_digest},
    id::IdentityId,
};
use rusqlite::{Connection, params};

use super::{
    audit,
    columns::{At, Json, Word},
    problem::Problem,
};
use crate::store::{
    AuditEntry, Erasure,
    chain::{ALSO, ERASE},
};

/// Rows that went or were emptied, by what they were.
pub(super) type Rows = BTreeMap<&'static str, usize>;

/// Who goes: their id with those of whoever was merged into them.
struct Whom {
    ids: Vec<String>,
    words: Words,
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
    let mut whom = Whom::of(tx, erasure)?;
    refuse::refuse(tx, &whom)?;
    tx.execute("INSERT INTO erasing (only) VALUES (1)", [])?;
    let mut rows = Rows::new();
    bury(tx, erasure, &whom)?;
    // Before links go: they say which names and accounts are theirs.
    let names = hold_names(tx, &mut whom)?;
    rows.insert("login names", names);
    forget_records(tx, erasure.identity, &whom)?;
    others::orders(tx, &whom, &mut rows)?;
    for (what, sql) in THEIRS {
        for id in &whom.ids {
            *rows.entry(what).or_default() += tx.prepare_cached(sql)?.execute([id])?;
        }
    }
    documents::plans(tx, &whom, erasure, &mut rows)?;
    documents::journal(tx, &whom, &mut rows)?;
    let also = documents::audit(tx, &whom, &mut rows)?;
    others::scrub(tx, &whom, &mut rows)?;
    tx.execute("DELETE FROM erasing", [])?;
    rows.retain(|_, count| *count > 0);
    let mut entry = AuditEntry { action: ERASE.to_owned(), ..entry.clone() };
    if !also.is_empty() {
        let numbers: Vec<String> = also.iter().map(ToString::to_string).collect();
        entry.detail.insert(ALSO.to_owned(), numbers.join(", "));
    }
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
    let due: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM erased WHERE swept = 0)",
        [],
        |row| row.get(0),
    )?;
    if !due {
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

impl Whom {
    fn of(tx: &Connection, erasure: &Erasure) -> Result<Self, Problem> {
        let ids = tx
            .prepare_cached(
                "WITH RECURSIVE them (id) AS (SELECT ?1
                     UNION SELECT other FROM merged JOIN them ON merged.keep = them.id)
                 SELECT id FROM them",
            )?
            .query_map([erasure.identity.to_string()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut whom = Self { ids, words: erasure.words.clone(), salt: salt(tx)? };
        for id in &whom.ids {
            let mut statement = tx.prepare_cached("SELECT uid FROM link WHERE identity = ?1")?;
            for uid in statement.query_map([id], |row| row.get::<_, String>(0))? {
                whom.words.name(&uid?);
            }
            let mut statement =
                tx.prepare_cached("SELECT name FROM held_name WHERE identity = ?1")?;
            for name in statement.query_map([id], |row| row.get::<_, String>(0))? {
                whom.words.name(&name?);
            }
        }
        Ok(whom)
    }

    fn is(&self, id: &str) -> bool {
        self.ids.iter().any(|it| it == id)
    }
}

pub(super) fn salt(tx: &Connection) -> Result<String, Problem> {
    Ok(tx.prepare_cached("SELECT salt FROM salt")?.query_row([], |row| row.get(0))?)
}

/// The tombstone.
fn bury(tx: &Connection, erasure: &Erasure, whom: &Whom) -> Result<(), Problem> {
    let Erasure { at, by, ordered, departed, reason, .. } = erasure;
    let reason = reason.as_ref().map(|reason| whom.words.out_of(reason).unwrap_or(reason));
    for id in &whom.ids {
        tx.prepare_cached(
            "INSERT INTO erased (identity, at, by_whom, ordered, departed, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![id, At(*at), by, ordered, departed.map(At), reason])?;
    }
    Ok(())
}

/// Login names stay taken, by their digests; nothing else of accounts stays.
fn hold_names(tx: &Connection, whom: &mut Whom) -> Result<usize, Problem> {
    let mut count = 0_usize;
    for id in whom.ids.clone() {
        let names: Vec<(String, String, At)> = tx
            .prepare_cached("SELECT target, name, last_seen FROM held_name WHERE identity = ?1")?
            .query_map([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
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
        count += tx.prepare_cached("DELETE FROM held_name WHERE identity = ?1")?.execute([&id])?;
        // What is by account: grants, and how it looked before it went.
        for sql in [
            "DELETE FROM ledger WHERE (target, holder_type, holder_uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = ?1)",
            "DELETE FROM observed_assignment WHERE (target, holder_type, holder_uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = ?1)",
            "DELETE FROM observed_account WHERE (target, object_type, uid) IN
                 (SELECT target, object_type, uid FROM link WHERE identity = ?1)",
        ] {
            tx.prepare_cached(sql)?.execute([&id])?;
        }
    }
    Ok(count)
}

/// Their records are known again by digests, and are no measure of what a
/// source had.
fn forget_records(tx: &Connection, identity: IdentityId, whom: &Whom) -> Result<(), Problem> {
    let mut records = Vec::new();
    for id in &whom.ids {
        let mut statement =
            tx.prepare_cached("SELECT source, key FROM identity_record WHERE identity = ?1")?;
        let found = statement.query_map([id], |row| {
            Ok(RecordKey { source: row.get::<_, Word<_>>(0)?.0, key: row.get(1)? })
        })?;
        for record in found {
            records.push(record?);
        }
    }
    for record in records {
        tx.prepare_cached(
            "INSERT INTO erased_record (digest, source, identity) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            record_digest(&whom.salt, &record).as_str(),
            record.source.as_str(),
            identity.to_string()
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
