//! Who is like whom, by the facts that the file says to look at.

use std::collections::{BTreeMap, BTreeSet};

use super::{correlate::Correlating, facts_now, record};
use crate::{
    correlation::Tier,
    fact::{Fact, RecordKey},
    id::{ConnectorName, FactName, IdentityId},
};

/// Combinations of values of one person that are looked up for one tier.
const MOST_KEYS: usize = 64;

/// An identity as it is recognised.
pub(super) struct Person {
    pub id: IdentityId,
    pub is_known: bool,
    pub records: BTreeSet<RecordKey>,
    /// Sources that have a record of theirs now: two people of one source
    /// are two.
    pub sources: BTreeSet<ConnectorName>,
    /// How far their sources are believed: the best place of them.
    pub place: usize,
    /// Values as they are compared; none is empty.
    values: BTreeMap<FactName, BTreeSet<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    /// A tier tells them apart, whatever a weaker one says.
    Different,
    Unknown,
}

impl Person {
    pub(super) fn of(
        around: &Correlating<'_>,
        id: IdentityId,
        records: &BTreeSet<RecordKey>,
    ) -> Self {
        let Correlating { policy, reads, known, decisions: _, now } = around;
        let correlation = &policy.correlation;
        let wanted = correlation.facts();
        let mut values: BTreeMap<FactName, BTreeSet<String>> = BTreeMap::new();
        let mut add = |name: &FactName, fact: &Fact| {
            let compare = correlation.compare(name);
            let texts = fact.values.iter().map(|value| compare.normal(&value.to_string()));
            let texts = texts.filter(|text| !text.is_empty());
            values.entry(name.clone()).or_default().extend(texts);
        };
        let mut sources = BTreeSet::new();
        let mut fresh = BTreeSet::new();
        for record in records {
            let Some(read) = reads.get(&record.source) else { continue };
            let Some(account) = read.records.get(record.key.as_str()) else { continue };
            sources.insert(record.source.clone());
            // What nobody can tell whose it is recognises nobody.
            if read.unclear.contains_key(record.key.as_str()) {
                continue;
            }
            fresh.insert(record);
            let said = record::facts(policy, read.source, account, read.reading.read_at, *now);
            for (name, facts) in said.facts.iter().filter(|(name, _)| wanted.contains(name)) {
                let in_effect = facts.iter().filter(|fact| fact.is_in_effect(*now));
                in_effect.for_each(|fact| add(name, fact));
            }
        }
        if let Some(identity) = known.get(&id) {
            for (name, fact) in facts_now(identity, *now) {
                if wanted.contains(&name) && !fresh.contains(&fact.record) {
                    add(&name, fact);
                }
            }
        }
        let places = records.iter().map(|it| policy.authority.place(&it.source));
        Self {
            id,
            is_known: known.contains_key(&id),
            records: records.clone(),
            sources,
            place: places.min().unwrap_or(usize::MAX),
            values,
        }
    }

    /// What the strongest tier says whose facts both have.
    pub(super) fn verdict(&self, other: &Self, tiers: &[Tier]) -> Verdict {
        let mut both = tiers.iter().filter(|tier| self.has(tier) && other.has(tier));
        match both.next() {
            None => Verdict::Unknown,
            Some(tier) if self.is_equal(other, tier) => Verdict::Same,
            Some(_) => Verdict::Different,
        }
    }

    /// The tiers in which both are equal, in words.
    pub(super) fn equal_in(&self, other: &Self, tiers: &[Tier]) -> Vec<String> {
        let equal = tiers
            .iter()
            .filter(|tier| self.has(tier) && other.has(tier) && self.is_equal(other, tier));
        equal.map(named).collect()
    }

    fn has(&self, tier: &Tier) -> bool {
        !tier.is_empty() && tier.iter().all(|fact| !self.values_of(fact).is_empty())
    }

    fn is_equal(&self, other: &Self, tier: &Tier) -> bool {
        tier.iter().all(|fact| !self.values_of(fact).is_disjoint(other.values_of(fact)))
    }

    fn values_of(&self, fact: &FactName) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        self.values.get(fact).unwrap_or(NONE)
    }

    /// Every combination of values for a tier.
    fn keys(&self, tier: &Tier) -> Vec<Vec<&str>> {
        if tier.is_empty() {
            return Vec::new();
        }
        let mut keys: Vec<Vec<&str>> = vec![Vec::new()];
        for fact in tier {
            let values = self.values_of(fact);
            let longer = keys.iter().flat_map(|key| {
                values.iter().map(|value| [key.as_slice(), &[value.as_str()]].concat())
            });
            keys = longer.take(MOST_KEYS).collect();
        }
        keys
    }
}

/// "given_name and family_name"
fn named(tier: &Tier) -> String {
    tier.iter().map(FactName::as_str).collect::<Vec<_>>().join(" and ")
}

/// People by what is equal; a person is their place in the list.
pub(super) struct Likeness<'a> {
    tiers: &'a [Tier],
    buckets: BTreeMap<(usize, Vec<&'a str>), Vec<usize>>,
    people: usize,
}

impl<'a> Likeness<'a> {
    pub(super) fn of(tiers: &'a [Tier], people: &'a [Person]) -> Self {
        let mut buckets: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, person) in people.iter().enumerate() {
            for (number, tier) in tiers.iter().enumerate() {
                for key in person.keys(tier) {
                    buckets.entry((number, key)).or_default().push(at);
                }
            }
        }
        Self { tiers, buckets, people: people.len() }
    }

    /// Those who are equal to one another, directly or by others; none alone.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        let mut of: Vec<usize> = (0..self.people).collect();
        for bucket in self.buckets.values() {
            let Some((first, rest)) = bucket.split_first() else { continue };
            let first = root(&mut of, *first);
            for other in rest {
                let other = root(&mut of, *other);
                if let Some(parent) = of.get_mut(other) {
                    *parent = first;
                }
            }
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for person in 0..self.people {
            groups.entry(root(&mut of, person)).or_default().push(person);
        }
        groups.into_values().filter(|group| group.len() > 1).collect()
    }

    /// Everybody who is equal to `person`, who is at `at`.
    pub(super) fn like(&self, at: usize, person: &'a Person) -> BTreeSet<usize> {
        let keys =
            self.tiers.iter().enumerate().flat_map(|(number, tier)| {
                person.keys(tier).into_iter().map(move |key| (number, key))
            });
        let found = keys.filter_map(|key| self.buckets.get(&key)).flatten().copied();
        found.filter(|other| *other != at).collect()
    }
}

/// Who stands for the group of `person`.
fn root(of: &mut [usize], mut person: usize) -> usize {
    while let Some(parent) = of.get(person).copied().filter(|parent| *parent != person) {
        let above = of.get(parent).copied().unwrap_or(parent);
        if let Some(own) = of.get_mut(person) {
            *own = above;
        }
        person = parent;
    }
    person
}
