//! Readings, ready to be asked for a record.

use std::collections::{BTreeMap, BTreeSet};

use super::Shrank;
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
    /// Keys that more than one record has.
    pub duplicates: BTreeSet<&'a str>,
    /// Every attribute that a record has, and whether one of them has a value.
    pub attributes: BTreeMap<&'a str, bool>,
    /// Whether it lost more records than its limit.
    pub shrank: bool,
}

/// Readings in the order of the policy, whatever order they arrived in.
pub(super) fn by_source<'a>(
    policy: &'a Policy,
    readings: &'a [Reading],
    baseline: &BTreeMap<ConnectorName, u64>,
    problems: &mut BTreeSet<String>,
) -> BTreeMap<&'a ConnectorName, Read<'a>> {
    let mut reads: BTreeMap<&ConnectorName, Read<'_>> = BTreeMap::new();
    for reading in readings {
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
            duplicates: BTreeSet::new(),
            attributes: BTreeMap::new(),
            shrank: false,
        };
        for attribute in reading.records.iter().flat_map(|record| &record.attributes) {
            *read.attributes.entry(&attribute.name).or_default() |= has_value(attribute);
        }
        for record in &reading.records {
            let key = record.reference.uid.as_str();
            if key.is_empty() {
                problems.insert(format!("source `{}`: a record has no key", source.0));
            } else if read.records.insert(key, record).is_some() {
                read.duplicates.insert(key);
                problems.insert(format!(
                    "source `{}`: more than one record has the key `{key}`",
                    source.0
                ));
            }
        }
        read.shrank = baseline.get(source.0).is_some_and(|before| {
            reading.coverage.proves_absence()
                && shrinks(*before, count(reading), source.1.shrink_limit_percent)
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

fn count(reading: &Reading) -> u64 {
    u64::try_from(reading.records.len()).unwrap_or(u64::MAX)
}

fn shrinks(before: u64, now: u64, limit_percent: u8) -> bool {
    let kept = u128::from(100 - limit_percent.min(100));
    u128::from(now) * 100 < u128::from(before) * kept
}

/// The sources that shrank, and who is missing from them.
pub(super) fn shrank(
    reads: &BTreeMap<&ConnectorName, Read<'_>>,
    known: &BTreeMap<IdentityId, &Identity>,
    baseline: &BTreeMap<ConnectorName, u64>,
) -> Vec<Shrank> {
    let missing = |source: &ConnectorName, read: &Read<'_>| {
        known
            .values()
            .filter(|identity| identity.absent_since.is_none())
            .filter(|identity| {
                identity.records.iter().any(|record| {
                    record.source == *source && !read.records.contains_key(record.key.as_str())
                })
            })
            .map(|identity| identity.id)
            .collect()
    };
    reads
        .iter()
        .filter(|(_, read)| read.shrank)
        .map(|(source, read)| Shrank {
            source: (*source).clone(),
            before: baseline.get(*source).copied().unwrap_or_default(),
            now: count(read.reading),
            missing: missing(source, read),
        })
        .collect()
}
