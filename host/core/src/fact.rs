//! Facts: what a source said of an identity, and when we learned it.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Coverage},
    id::{ConnectorName, FactName, IdentityId},
    value::Value,
};

/// Everything one source answered in one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub source: ConnectorName,
    pub records: Vec<Account>,
    pub coverage: Coverage,
    pub read_at: Timestamp,
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    pub source: ConnectorName,
    /// The record's stable key in the source.
    pub key: String,
}

/// The values of one fact with its provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub values: Vec<Value>,
    pub record: RecordKey,
    /// The source attributes the value was computed from, for `explain`.
    pub from: Vec<String>,
    pub learned: Timestamp,
    pub effective_from: Option<Timestamp>,
    pub effective_until: Option<Timestamp>,
}

impl Fact {
    /// When its value began to count: known and in effect.
    pub(crate) fn taken_up(&self) -> Timestamp {
        self.effective_from.map_or(self.learned, |from| from.max(self.learned))
    }

    /// Whether it has a value that counts now.
    pub fn is_in_effect(&self, now: Timestamp) -> bool {
        self.effective_from.is_none_or(|from| from <= now)
            && self.effective_until.is_none_or(|until| now < until)
            && !self.values.is_empty()
    }
}

/// An identity with the facts known of it.
///
/// `facts` holds, per name, every fact of every source (several with ranges
/// of effect, or from several sources); which one counts is decided by
/// [`crate::identity`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub id: IdentityId,
    /// The records that make this identity, best source first.
    pub records: Vec<RecordKey>,
    pub facts: BTreeMap<FactName, Vec<Fact>>,
    /// Since when every record of it has been missing from reads that prove
    /// absence; none while at least one is there.
    pub absent_since: Option<Timestamp>,
    /// What nobody could tell of its records when they were last read.
    #[serde(default)]
    pub unreadable: Vec<Unreadable>,
    /// Since when the value that counts has been the same, of facts whose
    /// changes begin workflows, where another source tells it by now.
    #[serde(default)]
    pub unchanged: BTreeMap<FactName, Timestamp>,
}

impl Identity {
    /// Why nothing of it may be changed, as of the last readings.
    pub fn holds(&self) -> Vec<Hold> {
        self.unreadable.iter().map(|it| it.hold.clone()).collect()
    }
}

/// A record of which something cannot be told, until it is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Of a source, or of a table.
    pub record: RecordKey,
    pub hold: Hold,
    pub since: Timestamp,
}

impl Identity {
    /// As if everything had been read from sources of other names.
    pub fn rename_sources(&mut self, by_now: &impl Fn(ConnectorName) -> ConnectorName) {
        let facts = self.facts.values_mut().flatten().map(|it| &mut it.record);
        let unreadable = self.unreadable.iter_mut().map(|it| &mut it.record);
        for record in self.records.iter_mut().chain(facts).chain(unreadable) {
            record.source = by_now(record.source.clone());
        }
    }
}

/// Why nothing of an identity may be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The fact nobody can tell; none: it is about the record.
    pub fact: Option<FactName>,
    pub text: String,
}

impl Hold {
    /// Whether it is about that fact.
    pub fn is_about(&self, name: &str) -> bool {
        self.fact.as_ref().is_some_and(|fact| fact.as_str() == name)
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
