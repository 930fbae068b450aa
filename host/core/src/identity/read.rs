//! Readings, ready to be asked for a record.

use std::collections::{BTreeMap, BTreeSet};

use super::{Shrank, spelling::fold};
use crate::{
    account::Account,
    fact::{Identity, Reading},
    id::{ConnectorName, IdentityId},
    policy::{Policy, SourcePolicy},
    value::{Attribute, Completeness, Value},
};

/// One source's reading, its records by key.
pub(super) struct Read<'a> {
    pub source: (&'a ConnectorName, &'a SourcePolicy),
    pub reading: &'a Reading,
    pub records: BTreeMap<&'a str, &'a Account>,
    /// Every attribute that a record has, and whether one of them has a value.
    pub attributes: BTreeMap<&'a str, bool>,
    /// Keys of which nobody can tell whose they are, and why.
    pub unclear: BTreeMap<&'a str, String>,
    /// The keys of the last exhaustive read, when it lost more of them than
    /// its limit; and whose read that was.
    pub shrank_from: Option<Measure<'a>>,
}

/// The keys of an exhaustive read of this source.
type Measure<'a> = (&'a ConnectorName, &'a BTreeSet<String>);

impl Read<'_> {
    /// Whether a key of a shrunk reading was not in the one before.
    pub(super) fn doubts(&self, key: &str) -> bool {
        self.shrank_from.is_some_and(|(_, before)| !before.contains(key))
    }
}

/// Readings in the order of the policy, whatever order they arrived in.
pub(super) fn by_source<'a>(
    policy: &'a Policy,
    readings: &'a [Reading],
    baseline: &'a BTreeMap<ConnectorName, BTreeSet<String>>,
    problems: &mut BTreeSet<String>,
) -> BTreeMap<&'a ConnectorName, Read<'a>> {
    let mut reads: BTreeMap<&ConnectorName, Read<'_>> = BTreeMap::new();
    for reading in readings {
        if policy.tables.contains_key(&reading.source) {
            continue;
        }
        let Some(source) = policy.sources.get_key_value(&reading.source) else {
            problems.insert(format!("`{}` was read, but is no source", reading.source));
            continue;
        };
        if reads.get(source.0).is_some_and(|read| read.reading.read_at >= reading.read_at) {
            continue;
        }
        let mut read = Read {
            source,
            reading,
            records: BTreeMap::new(),
            attributes: BTreeMap::new(),
            unclear: BTreeMap::new(),
            shrank_from: None,
        };
        for attribute in reading.records.iter().flat_map(|record| &record.attributes) {
            *read.attributes.entry(&attribute.name).or_default() |= has_value(attribute);
        }
        for record in &reading.records {
            let key = record.reference.uid.as_str();
            if key.is_empty() {
                problems.insert(format!("source `{}`: a record has no key", source.0));
            } else if read.records.insert(key, record).is_some() {
                read.unclear.insert(
                    key,
                    format!("more than one record of source `{}` has the key `{key}`", source.0),
                );
                problems.insert(format!(
                    "source `{}`: more than one record has the key `{key}`",
                    source.0
                ));
            }
        }
        twins(&mut read, problems);
        read.shrank_from = measure(policy, &read, baseline).filter(|(_, before)| {
            reading.coverage.proves_absence()
                && shrinks(before.len(), lost(before, &read), source.1.shrink_limit_percent)
        });
        reads.insert(source.0, read);
    }
    reads
}

/// What is withheld has a value that is not for us.
fn has_value(attribute: &Attribute) -> bool {
    let blank = |value: &Value| matches!(value, Value::Text(text) if text.trim().is_empty());
    attribute.completeness == Completeness::Withheld
        || attribute.values.iter().any(|value| !blank(value))
}

/// Keys that differ only in case or in the space around them are most likely
/// one person written in two ways: neither is believed.
fn twins(read: &mut Read<'_>, problems: &mut BTreeSet<String>) {
    let source = read.source.0;
    let mut spellings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for key in read.records.keys() {
        spellings.entry(fold(key)).or_default().push(key);
    }
    for keys in spellings.into_values().filter(|keys| keys.len() > 1) {
        let named: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        let named = named.join(", ");
        problems.insert(format!(
            "source `{source}`: the keys {named} differ only in case or in the space around them"
        ));
        for key in keys {
            read.unclear.entry(key).or_insert_with(|| {
                format!(
                    "the keys {named} of source `{source}` differ only in case or in the space \
                     around them: give each person one key, and write it in one way"
                )
            });
        }
    }
}

/// What a reading is measured by.  A source that was never read may be one
/// that left the file, under a new name: the one it resembles most.
fn measure<'a>(
    policy: &Policy,
    read: &Read<'_>,
    baseline: &'a BTreeMap<ConnectorName, BTreeSet<String>>,
) -> Option<Measure<'a>> {
    let own = baseline.get_key_value(read.source.0);
    let is_dropped = |(source, before): &Measure<'_>| {
        !policy.sources.contains_key(*source)
            && !policy.retired_sources.contains(*source)
            && !before.is_empty()
    };
    own.or_else(|| baseline.iter().filter(is_dropped).min_by_key(|(_, before)| lost(before, read)))
}

/// How many of the keys of `before` a reading no longer has.
fn lost(before: &BTreeSet<String>, read: &Read<'_>) -> usize {
    before.iter().filter(|key| !read.records.contains_key(key.as_str())).count()
}

fn shrinks(before: usize, lost: usize, limit_percent: u8) -> bool {
    let percent = |part: usize, percent: u8| part.saturating_mul(usize::from(percent));
    percent(lost, 100) > percent(before, limit_percent.min(100))
}

/// The sources that shrank, who is missing from them, and which of the
/// `unconfirmed` they brought.
pub(super) fn shrank(
    reads: &BTreeMap<&ConnectorName, Read<'_>>,
    identities: &[Identity],
    unconfirmed: &BTreeSet<IdentityId>,
) -> Vec<Shrank> {
    let with_record = |source: &ConnectorName, wanted: &dyn Fn(&str) -> bool| {
        let has = |identity: &&Identity| {
            identity.records.iter().any(|it| it.source == *source && wanted(&it.key))
        };
        identities.iter().filter(has).map(|identity| identity.id).collect::<BTreeSet<_>>()
    };
    let shrank = |(source, read): (&&ConnectorName, &Read<'_>)| {
        let (from, before) = read.shrank_from?;
        let there = |key: &str| read.records.contains_key(key);
        let brought = with_record(source, &there);
        // Whoever is there under another key is not missing.
        let mut missing = with_record(source, &|key| before.contains(key) && !there(key));
        missing.retain(|identity| !brought.contains(identity));
        let is_missing = |identity: &&Identity| missing.contains(&identity.id);
        let lost: BTreeSet<&str> = (identities.iter().filter(is_missing))
            .flat_map(|identity| &identity.records)
            .filter(|it| it.source == **source && before.contains(&it.key))
            .map(|it| it.key.as_str())
            .collect();
        let new: BTreeSet<_> = brought.intersection(unconfirmed).copied().collect();
        let renamed = (from != *source).then(|| from.clone());
        let lost = if renamed.is_some() { self::lost(before, read) } else { lost.len() };
        if !shrinks(before.len(), lost, read.source.1.shrink_limit_percent) {
            return None;
        }
        // Under another name nobody is missing from it: they are held.
        (renamed.is_none() || !new.is_empty()).then(|| Shrank {
            source: (*source).clone(),
            renamed,
            before: before.len(),
            lost,
            missing,
            new,
        })
    };
    reads.iter().filter_map(shrank).collect()
}
