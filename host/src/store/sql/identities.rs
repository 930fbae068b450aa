//! Identities, their records, and the reads they came from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    fact::{Identity, RecordKey},
    id::{ConnectorName, IdentityId},
};

use super::{
    Sql,
    columns::{At, Json, Word},
    history,
    problem::Problem,
    row, values,
};
use crate::store::SourceRead;

pub(super) fn all(tx: &mut dyn Sql) -> Result<Vec<Identity>, Problem> {
    let mut records = records(tx)?;

    tx.all(
        "SELECT id, facts, absent_since, unreadable, unchanged FROM identity ORDER BY id",
        &[],
        |row| {
            let id = row.get::<Word<IdentityId>>(0)?.0;
            Ok(Identity {
                id,
                records: records.remove(&id).unwrap_or_default(),
                facts: row.get::<Json<_>>(1)?.0,
                absent_since: row.get::<Option<At>>(2)?.map(|at| at.0),
                unreadable: row.get::<Json<_>>(3)?.0,
                unchanged: row.get::<Json<_>>(4)?.0,
            })
        },
    )
}

fn records(tx: &mut dyn Sql) -> Result<BTreeMap<IdentityId, Vec<RecordKey>>, Problem> {
    let statement = "SELECT identity, source, key FROM identity_record ORDER BY identity, rank";
    let mut records: BTreeMap<_, Vec<_>> = BTreeMap::new();
    tx.each(statement, &[], &mut |row| {
        let record = RecordKey { source: row.get::<Word<ConnectorName>>(1)?.0, key: row.get(2)? };
        records.entry(row.get::<Word<IdentityId>>(0)?.0).or_default().push(record);
        Ok(())
    })?;
    Ok(records)
}

pub(super) fn source_reads(
    tx: &mut dyn Sql,
) -> Result<BTreeMap<ConnectorName, SourceRead>, Problem> {
    tx.all("SELECT source, keys, coverage, read_at FROM source_read", &[], |row| {
        let read = SourceRead {
            keys: row.get::<Json<_>>(1)?.0,
            coverage: row.get::<Json<_>>(2)?.0,
            read_at: row.get::<At>(3)?.0,
        };
        Ok((row.get::<Word<_>>(0)?.0, read))
    })
}

pub(super) fn record(
    tx: &mut dyn Sql,
    identities: &[Identity],
    reads: &BTreeMap<ConnectorName, SourceRead>,
    at: Timestamp,
) -> Result<(), Problem> {
    let forget = "DELETE FROM identity_record WHERE identity = $1";
    let keep = "INSERT INTO identity (id, facts, absent_since, known_at, unreadable, unchanged)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET facts = excluded.facts,
             absent_since = excluded.absent_since, known_at = excluded.known_at,
             unreadable = excluded.unreadable, unchanged = excluded.unchanged";
    let name = "INSERT INTO identity_record (identity, rank, source, key) VALUES ($1, $2, $3, $4)";
    // All are forgotten first: a record may have moved between two of them.
    tx.execute_each(forget, &mut identities.iter().map(|it| row![it.id.to_string()]))?;
    for identity in identities {
        history::keep(tx, identity, at)?;
        let Identity { id, records: _, facts, absent_since, unreadable, unchanged } = identity;
        let id = id.to_string();
        let row = values![
            &id,
            Json(facts),
            absent_since.map(At),
            At(at),
            Json(unreadable),
            Json(unchanged)
        ];
        tx.execute(keep, row)?;
    }
    let mut records = identities.iter().flat_map(|it| {
        let ranked = (0_i64..).zip(&it.records);
        ranked.map(move |(rank, record)| {
            row![it.id.to_string(), rank, record.source.as_str(), &record.key]
        })
    });
    tx.execute_each(name, &mut records)?;
    record_reads(tx, reads)
}

/// Somebody who never was anybody, with what was kept of them.
pub(super) fn undo(tx: &mut dyn Sql, identity: IdentityId) -> Result<(), Problem> {
    let id = identity.to_string();
    for sql in [
        "DELETE FROM past_fact WHERE identity = $1",
        "DELETE FROM own_fact WHERE identity = $1",
        "DELETE FROM request WHERE identity = $1",
        "DELETE FROM declined WHERE identity = $1",
        "DELETE FROM given_back WHERE identity = $1",
    ] {
        tx.execute(sql, values![&id])?;
    }
    forget(tx, identity)
}

/// Somebody who is nobody any longer; what was kept of them is another's now.
pub(super) fn forget(tx: &mut dyn Sql, identity: IdentityId) -> Result<(), Problem> {
    let id = identity.to_string();
    tx.execute("DELETE FROM absence WHERE identity = $1", values![&id])?;
    tx.execute("DELETE FROM identity_record WHERE identity = $1", values![&id])?;
    tx.execute("DELETE FROM identity WHERE id = $1", values![&id])?;
    Ok(())
}

/// A read that left something out is no measure for the next one.
fn record_reads(
    tx: &mut dyn Sql,
    reads: &BTreeMap<ConnectorName, SourceRead>,
) -> Result<(), Problem> {
    let statement =
        "INSERT INTO source_read (source, keys, coverage, read_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source) DO UPDATE SET keys = excluded.keys,
             coverage = excluded.coverage, read_at = excluded.read_at";
    for (source, read) in reads.iter().filter(|(_, read)| read.coverage.proves_absence()) {
        let SourceRead { keys, coverage, read_at } = read;
        let row = values![source.as_str(), Json(keys), Json(coverage), At(*read_at)];
        tx.execute(statement, row)?;
    }
    Ok(())
}
