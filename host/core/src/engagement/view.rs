//! Which facts are of which engagement.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    fact::{Fact, Identity, RecordKey},
    id::{ConnectorName, FactName},
    identity::facts_where,
    policy::Policy,
};

/// Facts in effect, by name.
pub(crate) type Facts<'a> = BTreeMap<FactName, &'a Fact>;

/// What begins and ends an engagement: each has its own.
const OWN: [&str; 3] = ["start", "end", "status"];

/// Somebody as one of their engagements shows them.
pub(crate) struct View<'a> {
    /// None: everything known is of the one they have.
    pub(crate) record: Option<&'a RecordKey>,
    pub(crate) facts: Facts<'a>,
}

/// One for each engagement, and one where there is none or only one.
///
/// A fact that another engagement gives does not count; one that no
/// engagement gives (of a source that only adds to them, of a target) counts
/// for each.  What a table says is of whoever points to its record.
pub(crate) fn views<'a>(policy: &Policy, identity: &'a Identity, now: Timestamp) -> Vec<View<'a>> {
    let records = records(policy, identity);
    if records.len() < 2 {
        return vec![View { record: None, facts: facts_where(identity, now, &|_| true) }];
    }
    let view = |record: &&'a RecordKey| View {
        record: Some(record),
        facts: facts(policy, identity, (record, &records), now),
    };
    records.iter().map(view).collect()
}

fn facts<'a>(
    policy: &Policy,
    identity: &'a Identity,
    (own, all): (&RecordKey, &BTreeSet<&RecordKey>),
    now: Timestamp,
) -> Facts<'a> {
    let is_others = |fact: &Fact| fact.record != *own && all.contains(&fact.record);
    let mut pointed: BTreeMap<&ConnectorName, Option<String>> = BTreeMap::new();
    let counts = |fact: &Fact, pointed: &BTreeMap<&ConnectorName, Option<String>>| {
        let source = &fact.record.source;
        let there = pointed.get(source).and_then(Option::as_ref);
        let of_table = policy.tables.contains_key(source);
        !is_others(fact) && (!of_table || there == Some(&fact.record.key))
    };
    // What one table gives may point into the next one.
    for (name, table) in &policy.tables {
        let so_far = facts_where(identity, now, &|fact| counts(fact, &pointed));
        let key = so_far.get(&table.key).and_then(|fact| fact.values.first());
        pointed.insert(name, key.map(ToString::to_string));
    }
    let mut facts = facts_where(identity, now, &|fact| counts(fact, &pointed));
    let of_it = facts_where(identity, now, &|fact| fact.record == *own);
    facts.extend(of_it.into_iter().filter(|(name, _)| OWN.contains(&name.as_str())));
    facts
}

/// The records that are an engagement each, where there are several: those of
/// the sources the file names, or of the one that says best when somebody
/// begins and ends.
fn records<'a>(policy: &Policy, identity: &'a Identity) -> BTreeSet<&'a RecordKey> {
    if identity.records.len() < 2 {
        return BTreeSet::new();
    }
    let named = &policy.lifecycle.engagements;
    let all = identity.facts.values().flatten().map(|fact| &fact.record);
    if !named.is_empty() {
        return all.filter(|record| named.contains(&record.source)).collect();
    }
    let facts = OWN.iter().filter_map(|name| identity.facts.get(*name)).flatten();
    let sources = facts.map(|fact| &fact.record.source);
    let sources = sources.filter(|source| policy.sources.contains_key(*source));
    let best = sources.min_by_key(|source| (policy.authority.place(source), *source));
    all.filter(|record| Some(&record.source) == best).collect()
}

/// The place of a source among those whose records are engagements, from 0.
pub(super) fn place(policy: &Policy, source: &ConnectorName) -> usize {
    let named = &policy.lifecycle.engagements;
    match named.iter().position(|it| it == source) {
        Some(place) => place,
        None => policy.authority.place(source),
    }
}

/// Whether a record of theirs, that would be an engagement, says nothing any
/// longer.
pub(crate) fn is_withdrawn(policy: &Policy, identity: &Identity) -> bool {
    let named = &policy.lifecycle.engagements;
    let speaks =
        |record: &RecordKey| identity.facts.values().flatten().any(|fact| fact.record == *record);
    identity.records.len() > 1
        && identity
            .records
            .iter()
            .any(|record| (named.is_empty() || named.contains(&record.source)) && !speaks(record))
}
