//! Which records make which identity.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    decided::Contradiction,
    likeness::{Likeness, Person, Verdict},
    read::Read,
};
use crate::{
    case::{About, Candidate, Case, Decisions, Whose},
    fact::{Identity, RecordKey},
    id::{ConnectorName, IdentityId},
    policy::Policy,
};

/// The readings of a round.
pub(super) type Reads<'a> = BTreeMap<&'a ConnectorName, Read<'a>>;

/// Records by identity, and the newcomers a person has to decide about.
pub(super) struct Correlated {
    pub records: BTreeMap<IdentityId, BTreeSet<RecordKey>>,
    pub cases: BTreeMap<IdentityId, Case>,
    /// Decisions that were followed and that are contradicted by now.
    pub doubted: Vec<(IdentityId, String)>,
}

/// What is known before a round, and who is looked at in it.
pub(super) struct Correlating<'a> {
    pub policy: &'a Policy,
    pub reads: &'a Reads<'a>,
    pub known: &'a BTreeMap<IdentityId, &'a Identity>,
    pub decisions: &'a Decisions,
    pub now: Timestamp,
}

/// More that look alike than this are never one person: a value that stands
/// for none (`n/a`, `1900-01-01`).
const MOST_ALIKE: usize = 12;

impl Correlating<'_> {
    /// Records that are known stay whose they are; of the others a decision
    /// comes first, then the key, then what is sure, then what is asked.
    pub(super) fn correlate(&self) -> Correlated {
        let contradictions = self.contradictions();
        let (mut records, decided) = self.by_key(&contradictions);
        let (mut cases, doubted) = self.told(contradictions, &records);
        let tiers = &self.policy.correlation;
        let is_new = |id: &IdentityId| !self.known.contains_key(id) && !decided.contains(id);
        if tiers.has_tiers() && records.keys().any(is_new) {
            let mut people: Vec<Person> = records
                .iter()
                .filter(|(id, _)| !cases.contains_key(id))
                .map(|(id, records)| {
                    let mut person = Person::of(self, *id, records);
                    // Somebody a person said is new is as known as others.
                    person.is_known |= decided.contains(id);
                    person
                })
                .collect();
            self.join_sure(&mut people, &mut records, &mut cases);
            self.ask(&people, &mut cases);
        }
        Correlated { records, cases, doubted }
    }

    /// Those that are known or decided, and the same key; with it, who is new
    /// by a decision.
    fn by_key(
        &self,
        contradictions: &BTreeMap<RecordKey, Contradiction>,
    ) -> (BTreeMap<IdentityId, BTreeSet<RecordKey>>, BTreeSet<IdentityId>) {
        let shared = self.policy.correlation.key;
        let mut records: BTreeMap<IdentityId, BTreeSet<RecordKey>> = BTreeMap::new();
        let mut owners: BTreeMap<&RecordKey, IdentityId> = BTreeMap::new();
        let mut by_key: BTreeMap<&str, IdentityId> = BTreeMap::new();
        for (id, identity) in self.known {
            records.insert(*id, identity.records.iter().cloned().collect());
            for record in &identity.records {
                owners.entry(record).or_insert(*id);
                // A source under another name has the keys it had.
                if shared || self.is_dropped(&record.source) {
                    by_key.entry(&record.key).or_insert(*id);
                }
            }
        }
        let mut decided = BTreeSet::new();
        for (source, read) in self.reads {
            for key in read.records.keys() {
                let record = RecordKey { source: (*source).clone(), key: (*key).to_owned() };
                let first_seen = || IdentityId::first_seen(source, key);
                let id = match (owners.get(&record), self.decisions.get(&record)) {
                    (Some(owner), _) => *owner,
                    // It waits for a person, whatever it looks like.
                    (None, Some(_)) if contradictions.contains_key(&record) => first_seen(),
                    (None, Some(Whose::Identity(id))) if self.known.contains_key(id) => *id,
                    (None, Some(Whose::New)) => {
                        decided.insert(first_seen());
                        first_seen()
                    }
                    (None, _) if shared => *by_key.entry(key).or_insert_with(first_seen),
                    (None, _) => by_key.get(key).copied().unwrap_or_else(first_seen),
                };
                records.entry(id).or_default().insert(record);
            }
        }
        (records, decided)
    }

    fn is_dropped(&self, source: &ConnectorName) -> bool {
        !self.policy.sources.contains_key(source) && !self.policy.retired_sources.contains(source)
    }

    /// Whoever is new and is surely one of the others, and only one, is that
    /// one.
    fn join_sure(
        &self,
        people: &mut Vec<Person>,
        records: &mut BTreeMap<IdentityId, BTreeSet<RecordKey>>,
        cases: &mut BTreeMap<IdentityId, Case>,
    ) {
        let likeness = Likeness::of(&self.policy.correlation.sure, people);
        let mut joined = BTreeSet::new();
        let mut more = BTreeSet::new();
        for group in likeness.groups() {
            let group: Vec<&Person> = group.into_iter().filter_map(|it| people.get(it)).collect();
            if group.iter().all(|person| person.is_known) {
                continue;
            }
            if self.is_one(&group) {
                let one = group.iter().min_by_key(|person| (!person.is_known, person.id));
                let Some(one) = one.map(|person| person.id) else { continue };
                for other in group.iter().map(|person| person.id).filter(|id| *id != one) {
                    let moved = records.remove(&other).unwrap_or_default();
                    records.entry(one).or_default().extend(moved);
                    joined.insert(other);
                }
                more.insert(one);
                continue;
            }
            for person in group.iter().filter(|person| !person.is_known) {
                let others = group.iter().filter(|other| other.id != person.id);
                let alike = others.map(|other| (*other, self.sure_facts(person, other)));
                let because = "what is sure fits more than one, or says different things";
                cases.extend(case_about(person, alike.collect(), because));
            }
        }
        people.retain(|person| !joined.contains(&person.id));
        // They are recognised by all of their records from now on.
        for person in people.iter_mut().filter(|person| more.contains(&person.id)) {
            if let Some(records) = records.get(&person.id) {
                let is_known = person.is_known;
                *person = Person::of(self, person.id, records);
                person.is_known = is_known;
            }
        }
    }

    /// At most one of them is known, and nothing says that two are not one.
    fn is_one(&self, group: &[&Person]) -> bool {
        let known = group.iter().filter(|person| person.is_known).count();
        let sure = &self.policy.correlation.sure;
        let rest = |at: usize| group.iter().skip(at.saturating_add(1));
        let differ = || {
            group.iter().enumerate().any(|(at, one)| {
                rest(at).any(|other| one.verdict(other, sure) == Verdict::Different)
            })
        };
        known <= 1 && group.len() <= MOST_ALIKE && !differ()
    }

    fn sure_facts(&self, one: &Person, other: &Person) -> Vec<String> {
        one.equal_in(other, &self.policy.correlation.sure)
    }

    /// Whoever is new and may be one of the others waits for a person.  Of
    /// two who are both new, the one of the source that is believed less.
    fn ask(&self, people: &[Person], cases: &mut BTreeMap<IdentityId, Case>) {
        let correlation = &self.policy.correlation;
        let likeness = Likeness::of(&correlation.ask, people);
        for (at, person) in people.iter().enumerate() {
            if person.is_known || cases.contains_key(&person.id) {
                continue;
            }
            let alike = likeness.like(at, person).into_iter().filter_map(|it| people.get(it));
            let alike = alike.filter(|other| {
                person.verdict(other, &correlation.sure) != Verdict::Different
                    && person.sources.is_disjoint(&other.sources)
                    && (other.is_known || other.place < person.place)
            });
            let alike: Vec<(&Person, Vec<String>)> =
                alike.map(|other| (other, person.equal_in(other, &correlation.ask))).collect();
            if !alike.is_empty() {
                let because = "it looks like somebody, and nothing proves it";
                cases.extend(case_about(person, alike, because));
            }
        }
    }
}

fn case_about(
    person: &Person,
    alike: Vec<(&Person, Vec<String>)>,
    because: &str,
) -> Option<(IdentityId, Case)> {
    let record = person.records.first()?.clone();
    let mut candidates: Vec<Candidate> = alike
        .into_iter()
        .map(|(other, matched)| Candidate { identity: other.id, matched })
        .collect();
    candidates.sort();
    Some((person.id, case(person.id, record, candidates, because)))
}

/// Called by its record until the facts are looked at.
pub(super) fn case(
    newcomer: IdentityId,
    record: RecordKey,
    candidates: Vec<Candidate>,
    because: &str,
) -> Case {
    let label = record.key.clone();
    let about = About::Record(record);
    Case {
        id: about.case(),
        about,
        newcomer,
        label,
        candidates,
        because: because.to_owned(),
        contradicted: false,
    }
}
