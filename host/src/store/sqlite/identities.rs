//! Identities, their records, and the reads they came from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    fact::{Identity, RecordKey},
    id::{ConnectorName, IdentityId},
};
use rusqlite::{Connection, params};

use super::{
    columns::{At, Json, Word},
    history,
    problem::Problem,
};
use crate::store::SourceRead;

pub(super) fn all(tx: &Connection) -> Result<Vec<Identity>, Problem> {
    let mut records = records(tx)?;
    let mut statement = tx.prepare_cached(
        "SELECT id, facts, absent_since, unreadable, unchanged FROM identity ORDER BY id",
    )?;
    let identities = statement.query_map([], |row| {
        let id = row.get::<_, Word<IdentityId>>(0)?.0;
        Ok(Identity {
            id,
            records: records.remove(&id).unwrap_or_default(),
            facts: row.get::<_, Json<_>>(1)?.0,
            absent_since: row.get::<_, Option<At>>(2)?.map(|at| at.0),
            unreadable: row.get::<_, Json<_>>(3)?.0,
            unchanged: row.get::<_, Json<_>>(4)?.0,
        })
    })?;
    Ok(identities.collect::<Result<_, _>>()?)
}

fn records(tx: &Connection) -> Result<BTreeMap<IdentityId, Vec<RecordKey>>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT identity, source, key FROM identity_record ORDER BY identity, rank",
    )?;
    let mut rows = statement.query([])?;
    let mut records: BTreeMap<_, Vec<_>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let record =
            RecordKey { source: row.get::<_, Word<ConnectorName>>(1)?.0, key: row.get(2)? };
        records.entry(row.get::<_, Word<IdentityId>>(0)?.0).or_default().push(record);
    }
    Ok(records)
}

pub(super) fn source_reads(
    tx: &Connection,
) -> Result<BTreeMap<ConnectorName, SourceRead>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT source, keys, coverage, read_at FROM source_read")?;
    let reads = statement.query_map([], |row| {
        let read = SourceRead {
            keys: row.get::<_, Json<_>>(1)?.0,
            coverage: row.get::<_, Json<_>>(2)?.0,
            read_at: row.get::<_, At>(3)?.0,
        };
        Ok((row.get::<_, Word<_>>(0)?.0, read))
    })?;
    Ok(reads.collect::<Result<_, _>>()?)
}

pub(super) fn record(
    tx: &Connection,
    identities: &[Identity],
    reads: &BTreeMap<ConnectorName, SourceRead>,
    at: Timestamp,
) -> Result<(), Problem> {
    let mut forget = tx.prepare_cached("DELETE FROM identity_record WHERE identity = ?1")?;
    let mut keep = tx.prepare_cached(
        "INSERT INTO identity (id, facts, absent_since, known_at, unreadable, unchanged)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET facts = excluded.facts,
             absent_since = excluded.absent_since, known_at = excluded.known_at,
             unreadable = excluded.unreadable, unchanged = excluded.unchanged",
    )?;
    let mut name = tx.prepare_cached(
        "INSERT INTO identity_record (identity, rank, source, key) VALUES (?1, ?2, ?3, ?4)",
    )?;
    // All are forgotten first: a record may have moved between two of them.
    for identity in identities {
        forget.execute([identity.id.to_string()])?;
    }
    for identity in identities {
        history::keep(tx, identity, at)?;
        let Identity { id, records, facts, absent_since, unreadable, unchanged } = identity;
        let id = id.to_string();
        let row = params![
            id,
            Json(facts),
            absent_since.map(At),
            At(at),
            Json(unreadable),
            Json(unchanged)
        ];
        keep.execute(row)?;
        for (rank, record) in (0_i64..).zip(records) {
            name.execute(params![id, rank, record.source.as_str(), record.key])?;
        }
    }
    record_reads(tx, reads)
}

/// Somebody who is nobody any longer.
pub(super) fn forget(tx: &Connection, identity: IdentityId) -> Result<(), Problem> {
    let id = identity.to_string();
    tx.prepare_cached("DELETE FROM absence WHERE identity = ?1")?.execute([&id])?;
    tx.prepare_cached("DELETE FROM identity_record WHERE identity = ?1")?.execute([&id])?;
    tx.prepare_cached("DELETE FROM identity WHERE id = ?1")?.execute([&id])?;
    Ok(())
}

/// A read that left something out is no measure for the next one.
fn record_reads(
    tx: &Connection,
    reads: &BTreeMap<ConnectorName, SourceRead>,
) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO source_read (source, keys, coverage, read_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (source) DO UPDATE SET keys = excluded.keys,
             coverage = excluded.coverage, read_at = excluded.read_at",
    )?;
    for (source, read) in reads.iter().filter(|(_, read)| read.coverage.proves_absence()) {
        let SourceRead { keys, coverage, read_at } = read;
        let row = params![source.as_str(), Json(keys), Json(coverage), At(*read_at)];
        statement.execute(row)?;
    }
    Ok(())
}
