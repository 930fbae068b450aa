//! Facts that people have by what they point into: tables and trees.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Shrank,
    assemble::{by_authority, keep},
};
use crate::{
    account::Account,
    engagement::views,
    fact::{Fact, Hold, Identity, Reading, RecordKey, Unreadable},
    id::{ConnectorName, FactName, IdentityId},
    policy::{Policy, TablePolicy},
    value::Value,
};

/// One table as it was read.
struct Rows<'a> {
    name: &'a ConnectorName,
    policy: &'a TablePolicy,
    by_key: BTreeMap<&'a str, &'a Account>,
    /// Keys that more than one record has.
    twice: BTreeSet<&'a str>,
    read_at: Option<Timestamp>,
    /// Whether a key that is not there is certainly none.
    whole: bool,
    /// Keys of the last exhaustive read, and how many are lost, when these
    /// are more than the limit.
    shrank: Option<(usize, usize)>,
    /// Whether all of it was read at some time.
    ever_read: bool,
    now: Timestamp,
}

/// What a table says of somebody.
enum Told {
    Facts(BTreeMap<FactName, Fact>),
    /// It was not read so far; as before, if that is known.
    Unsaid(String),
}

/// What the tables of a round gave, besides facts.
#[derive(Default)]
pub(super) struct Looked {
    pub holds: BTreeMap<IdentityId, Vec<Hold>>,
    pub problems: BTreeSet<String>,
    pub shrank: Vec<Shrank>,
}

/// Gives everybody the facts of the tables they point into; `known` are the
/// same people as they were before.
pub(super) fn look_up(
    policy: &Policy,
    readings: &[Reading],
    baseline: &BTreeMap<ConnectorName, BTreeSet<String>>,
    (identities, known): (&mut [Identity], &BTreeMap<IdentityId, &Identity>),
    now: Timestamp,
) -> Looked {
    let mut looked = Looked::default();
    for (name, table) in &policy.tables {
        let rows = Rows::of((name, table), readings, baseline, now);
        let mut missing = BTreeSet::new();
        for identity in identities.iter_mut() {
            // Each engagement points where it points.
            let views = views(policy, identity, now).into_iter();
            let keys = views.filter_map(|view| view.facts.get(&table.key)?.values.first());
            let keys: BTreeSet<String> = keys.map(ToString::to_string).collect();
            for key in keys {
                let known = known.get(&identity.id).copied();
                if !rows.give(&key, (identity, known), &mut looked) {
                    missing.insert(identity.id);
                }
            }
            by_authority(policy, &mut identity.facts);
        }
        if let Some((before, lost)) = rows.shrank {
            let new = BTreeSet::new();
            let source = name.clone();
            looked.shrank.push(Shrank { source, renamed: None, before, lost, missing, new });
        }
    }
    looked
}

/// What a table said before of somebody who pointed to the same record.
fn facts_of(identity: &Identity, table: &ConnectorName, key: &str) -> BTreeMap<FactName, Fact> {
    let of_table = |fact: &&Fact| fact.record.source == *table && fact.record.key == key;
    let facts = identity.facts.iter();
    facts
        .filter_map(|(name, facts)| Some((name.clone(), facts.iter().find(of_table)?.clone())))
        .collect()
}

impl<'a> Rows<'a> {
    fn of(
        (name, policy): (&'a ConnectorName, &'a TablePolicy),
        readings: &'a [Reading],
        baseline: &BTreeMap<ConnectorName, BTreeSet<String>>,
        now: Timestamp,
    ) -> Self {
        let ever_read = baseline.contains_key(name);
        let reading = readings.iter().filter(|it| it.source == *name).max_by_key(|it| it.read_at);
        let mut by_key = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for record in reading.iter().flat_map(|reading| &reading.records) {
            let key = record.reference.uid.as_str();
            if by_key.insert(key, record).is_some() {
                twice.insert(key);
            }
        }
        let whole = reading.is_some_and(|reading| reading.coverage.proves_absence());
        let before = baseline.get(name).filter(|_| whole);
        let lost = |before: &BTreeSet<String>| {
            before.iter().filter(|key| !by_key.contains_key(key.as_str())).count()
        };
        let limit = usize::from(policy.shrink_limit_percent.min(100));
        let shrank = before
            .map(|before| (before.len(), lost(before)))
            .filter(|(before, lost)| lost.saturating_mul(100) > before.saturating_mul(limit));
        let read_at = reading.map(|reading| reading.read_at);
        let whole = whole && shrank.is_none();
        Self { name, policy, by_key, twice, read_at, whole, shrank, ever_read, now }
    }

    /// Adds what the record of that key says; false when that is not known.
    fn give(
        &self,
        key: &str,
        (identity, known): (&mut Identity, Option<&Identity>),
        looked: &mut Looked,
    ) -> bool {
        let before = known.map(|it| facts_of(it, self.name, key)).unwrap_or_default();
        let (told, is_known) = match self.tell(key, &mut looked.problems) {
            Told::Facts(facts) => (facts, true),
            Told::Unsaid(why) => {
                if before.is_empty()
                    && let Some(hold) = self.hold(key, why, known)
                {
                    let record = RecordKey { source: self.name.clone(), key: key.to_owned() };
                    keep(&mut identity.unreadable, record, hold.clone(), known, self.now);
                    looked.holds.entry(identity.id).or_default().push(hold);
                }
                (before.clone(), false)
            }
        };
        for (name, mut fact) in told {
            if let Some(old) = before.get(&name).filter(|it| it.values == fact.values) {
                fact.learned = old.learned;
            }
            identity.facts.entry(name).or_default().push(fact);
        }
        is_known
    }

    /// Why somebody is held of whom a table says nothing; none when it is
    /// known that it had nothing for them, and was not read since.
    fn hold(&self, key: &str, why: String, known: Option<&Identity>) -> Option<Hold> {
        let hold = Hold { fact: Some(self.policy.key.clone()), text: why };
        let Some(known) = known.filter(|_| self.read_at.is_none()) else { return Some(hold) };
        let is_it = |it: &&Unreadable| it.record.source == *self.name && it.record.key == key;
        if let Some(before) = known.unreadable.iter().find(is_it) {
            return Some(before.hold.clone());
        }
        let pointed = known.facts.get(&self.policy.key).into_iter().flatten();
        let mut pointed = pointed.filter_map(|fact| fact.values.first());
        let is_known = self.ever_read && pointed.any(|value| value.to_string() == key);
        (!is_known).then_some(hold)
    }

    fn tell(&self, key: &str, problems: &mut BTreeSet<String>) -> Told {
        let Self { name, policy, .. } = self;
        let fact = &policy.key;
        let Some(read_at) = self.read_at else {
            return Told::Unsaid(format!(
                "the table `{name}` was not read, and `{fact}` is `{key}`, of which it was never \
                 known what it means"
            ));
        };
        if self.twice.contains(key) {
            return Told::Unsaid(format!(
                "more than one record of the table `{name}` has the key `{key}`, which is `{fact}`"
            ));
        }
        let row = self.by_key.get(key);
        if row.is_none() && !self.whole {
            return Told::Unsaid(format!(
                "the table `{name}` was not read wholly, and `{key}`, which is `{fact}`, was not \
                 in it"
            ));
        }
        if row.is_none() {
            problems
                .insert(format!("the table `{name}` has no `{key}`, which is somebody's `{fact}`"));
        }
        let give = |values: Vec<Value>, from: &str| Fact {
            values,
            record: RecordKey { source: (*name).clone(), key: key.to_owned() },
            from: vec![from.to_owned()],
            learned: read_at,
            effective_from: None,
            effective_until: None,
        };
        let mut facts = BTreeMap::new();
        for (fact, attribute) in &policy.facts {
            let values = row.map(|row| texts(row, attribute)).unwrap_or_default();
            if !values.is_empty() {
                facts.insert(fact.clone(), give(values, attribute));
            }
        }
        if let Some(tree) = &policy.tree {
            match self.above(key, &tree.parent, problems) {
                Ok(keys) => {
                    let keys = keys.into_iter().map(Value::Text).collect();
                    facts.insert(tree.within.clone(), give(keys, &tree.parent));
                }
                Err(missing) => {
                    return Told::Unsaid(format!(
                        "the table `{name}` was not read wholly, and `{missing}`, which is above \
                         `{key}`, was not in it"
                    ));
                }
            }
        }
        Told::Facts(facts)
    }

    /// A key and all those above it, nearest first.
    ///
    /// # Errors
    /// One that was not read, when that proves nothing.
    fn above(
        &self,
        key: &str,
        parent: &str,
        problems: &mut BTreeSet<String>,
    ) -> Result<Vec<String>, String> {
        let mut keys = vec![key.to_owned()];
        let mut at = key.to_owned();
        loop {
            let Some(row) = self.by_key.get(at.as_str()) else {
                return if self.whole { Ok(keys) } else { Err(at) };
            };
            let Some(next) = texts(row, parent).first().map(ToString::to_string) else {
                return Ok(keys);
            };
            if keys.contains(&next) {
                problems.insert(format!(
                    "the table `{}` goes round in a circle: `{next}` is above itself",
                    self.name
                ));
                return Ok(keys);
            }
            keys.push(next.clone());
            at = next;
        }
    }
}

/// Values of an attribute as text, none of them empty.
fn texts(row: &Account, attribute: &str) -> Vec<Value> {
    let values = row.attributes.iter().filter(|it| it.name == attribute).flat_map(|it| &it.values);
    let texts = values.map(|value| value.to_string().trim().to_owned());
    texts.filter(|text| !text.is_empty()).map(Value::Text).collect()
}
