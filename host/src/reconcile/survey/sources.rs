//! What the sources say.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use lanyard_core::{
    fact::{Identity, Reading, RecordKey},
    fault::Fault,
    id::ConnectorName,
    identity::{Assembled, UnknownFact, unknown_facts},
    policy::Policy,
};

use crate::{
    connector::Connectors,
    reconcile::{ReconcileError, Stop, read},
    store::SourceRead,
};

/// What the sources of a file say together.
#[derive(Debug)]
pub struct SourcesRead {
    pub readings: Vec<Reading>,
    /// Names of what they give: attributes, and facts made of them.
    pub columns: BTreeSet<String>,
    /// What is asked for and none of those that were read gives.
    pub unknown: Vec<UnknownFact>,
    /// Those that could not be read, and why.
    pub unread: BTreeMap<ConnectorName, Fault>,
}

impl SourcesRead {
    /// Why nothing can be planned, when something asks for a fact that nobody
    /// gives.
    pub(super) fn trouble(&mut self) -> Option<ReconcileError> {
        let unknown = self.unknown.drain(..).next()?;
        // It may be given by a source that was not read.
        Some(match self.unread.pop_first() {
            Some((source_name, fault)) => ReconcileError::Source { source_name, fault },
            None => ReconcileError::Fact { unknown, known: std::mem::take(&mut self.columns) },
        })
    }
}

/// Reads every source, and looks whether they give what is asked for; facts
/// of the identities `known` from before count as given.
///
/// One that cannot be read delays nobody of the others.
///
/// # Errors
/// When none of them can be read.
pub async fn read_sources(
    policy: &Policy,
    connectors: &Connectors,
    known: &[Identity],
    (now, stop): (Timestamp, &Stop),
) -> Result<SourcesRead, ReconcileError> {
    let reads = connectors.sources.iter().map(|(name, source)| async move {
        (name.clone(), read::source(name, source, now, stop).await)
    });
    let mut readings = Vec::new();
    let mut columns = BTreeSet::new();
    let mut unread = BTreeMap::new();
    for (name, read) in join_all(reads).await {
        match read {
            Ok((reading, declared)) => {
                readings.push(reading);
                columns.extend(declared);
            }
            Err(fault) => {
                tracing::warn!(source = %name, kind = fault.kind.word(), "not read: {fault}");
                unread.insert(name, fault);
            }
        }
    }
    if readings.is_empty()
        && let Some((source_name, fault)) = unread.pop_first()
    {
        return Err(ReconcileError::Source { source_name, fault });
    }
    let unknown = unknown_facts(policy, &columns, &readings, known);
    let mapped = policy.sources.values().flat_map(|source| source.facts.keys());
    columns.extend(mapped.map(ToString::to_string));
    Ok(SourcesRead { readings, columns, unknown, unread })
}

/// Readings that count as the measure of later ones: a shrunk one only when a
/// person says so.
pub(in crate::reconcile) fn believed(
    assembled: &Assembled,
    readings: &[Reading],
) -> BTreeMap<ConnectorName, SourceRead> {
    let shrank: BTreeSet<&ConnectorName> =
        assembled.shrank.iter().map(|shrank| &shrank.source).collect();
    let mut reads = proving(readings);
    reads.retain(|source, _| !shrank.contains(source));
    reads
}

/// The keys by which it is told whether a source lost too many: those of its
/// last reading that proves absence, and of whoever was learned from it since,
/// by readings that prove none.
pub(super) fn measure(
    policy: &Policy,
    reads: BTreeMap<ConnectorName, SourceRead>,
    known: &[Identity],
) -> BTreeMap<ConnectorName, BTreeSet<String>> {
    let read_at: BTreeMap<ConnectorName, Timestamp> =
        reads.iter().map(|(name, read)| (name.clone(), read.read_at)).collect();
    let mut keys: BTreeMap<ConnectorName, BTreeSet<String>> =
        reads.into_iter().map(|(name, read)| (name, read.keys)).collect();
    for fact in known.iter().flat_map(|identity| identity.facts.values().flatten()) {
        let RecordKey { source, key } = &fact.record;
        let is_source = policy.sources.contains_key(source);
        if is_source && read_at.get(source).is_none_or(|read_at| fact.learned > *read_at) {
            keys.entry(source.clone()).or_default().insert(key.clone());
        }
    }
    keys
}

pub(super) fn proving(readings: &[Reading]) -> BTreeMap<ConnectorName, SourceRead> {
    readings
        .iter()
        .filter(|reading| reading.coverage.proves_absence())
        .map(|reading| (reading.source.clone(), source_read(reading)))
        .collect()
}

fn source_read(reading: &Reading) -> SourceRead {
    let keys = reading.records.iter().map(|record| record.reference.uid.clone());
    SourceRead {
        keys: keys.filter(|key| !key.is_empty()).collect(),
        coverage: reading.coverage.clone(),
        read_at: reading.read_at,
    }
}
