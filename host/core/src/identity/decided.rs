//! What people said of records, held against what is sure by now.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    correlate::{Correlating, case},
    likeness::{Likeness, Person, Verdict},
};
use crate::{
    case::{Candidate, Case, Whose},
    fact::{Identity, RecordKey},
    id::IdentityId,
};

/// What is sure says the opposite of a decision.
pub(super) struct Contradiction {
    /// Whose it is by the decision, and whose it would be.
    candidates: Vec<Candidate>,
    /// Whose it became by the decision already.
    owner: Option<IdentityId>,
}

const BECAUSE: &str = "a person said whose it is, and what is sure says otherwise";

impl Correlating<'_> {
    /// Decisions about records of this round that are contradicted.
    pub(super) fn contradictions(&self) -> BTreeMap<RecordKey, Contradiction> {
        let sure = &self.policy.correlation.sure;
        let is_read = |record: &RecordKey| {
            let read = self.reads.get(&record.source);
            read.is_some_and(|read| read.records.contains_key(record.key.as_str()))
        };
        let said: Vec<(&RecordKey, Whose)> = self
            .decisions
            .iter()
            .filter(|(record, _)| is_read(record))
            .map(|(record, whose)| (record, *whose))
            .collect();
        if sure.is_empty() || said.is_empty() {
            return BTreeMap::new();
        }
        let others = self.without_decided();
        let known = others.iter().map(|identity| (identity.id, identity)).collect();
        let around = Correlating { known: &known, ..*self };
        let mut people: Vec<Person> = Vec::new();
        for identity in &others {
            let records = identity.records.iter().cloned().collect();
            people.push(Person::of(&around, identity.id, &records));
        }
        for (record, _) in &said {
            // Nobody has this id, so that the record speaks for itself alone.
            let nobody = IdentityId::first_seen(&record.source, &format!("{}\n", record.key));
            people.push(Person::of(&around, nobody, &BTreeSet::from([(*record).clone()])));
        }
        let likeness = Likeness::of(sure, &people);
        let mut found = BTreeMap::new();
        for (at, (record, whose)) in said.iter().enumerate() {
            let at = others.len().saturating_add(at);
            let Some(person) = people.get(at) else { continue };
            let owner = self.owner(record);
            let theirs = match whose {
                Whose::Identity(id) => Some(*id),
                Whose::New => owner,
            };
            let alike = likeness.like(at, person).into_iter().filter_map(|it| people.get(it));
            let others = alike.filter(|other| {
                other.is_known
                    && Some(other.id) != theirs
                    && person.verdict(other, sure) == Verdict::Same
            });
            let mut candidates: Vec<Candidate> = others
                .map(|it| Candidate { identity: it.id, matched: person.equal_in(it, sure) })
                .collect();
            let own = people.iter().find(|it| it.is_known && Some(it.id) == theirs);
            let verdict = own.map_or(Verdict::Unknown, |own| person.verdict(own, sure));
            // Between those whom what is sure fits alike, a person's word decides.
            let settled = match whose {
                Whose::Identity(_) => verdict == Verdict::Same,
                Whose::New => candidates.len() != 1,
            };
            let nothing = candidates.is_empty() && verdict != Verdict::Different;
            if settled || nothing {
                continue;
            }
            candidates.extend(own.map(|own| Candidate { identity: own.id, matched: Vec::new() }));
            candidates.sort();
            found.insert((*record).clone(), Contradiction { candidates, owner });
        }
        found
    }

    /// What is not followed yet is asked again; what was is told.
    pub(super) fn told(
        &self,
        contradictions: BTreeMap<RecordKey, Contradiction>,
        records: &BTreeMap<IdentityId, BTreeSet<RecordKey>>,
    ) -> (BTreeMap<IdentityId, Case>, Vec<(IdentityId, String)>) {
        let mut cases = BTreeMap::new();
        let mut doubted = Vec::new();
        for (record, Contradiction { candidates, owner }) in contradictions {
            let id = IdentityId::first_seen(&record.source, &record.key);
            let mut case = case(id, record, candidates, BECAUSE);
            if let Some(owner) = owner {
                let text = format!(
                    "a person said whose {} is, and what is sure says otherwise by now; it stays \
                     theirs until `lanyard case reopen {}` or a correction at the source",
                    case.about.named(),
                    case.id
                );
                doubted.push((owner, text));
            } else if records.contains_key(&id) {
                case.contradicted = true;
                cases.insert(id, case);
            }
        }
        (cases, doubted)
    }

    fn owner(&self, record: &RecordKey) -> Option<IdentityId> {
        let mut known = self.known.values();
        known.find(|identity| identity.records.contains(record)).map(|identity| identity.id)
    }

    /// Everybody as they would be without the records people decided about.
    fn without_decided(&self) -> Vec<Identity> {
        let kept = |record: &RecordKey| !self.decisions.contains_key(record);
        let identities = self.known.values().map(|identity| {
            let mut identity = (*identity).clone();
            identity.records.retain(kept);
            for facts in identity.facts.values_mut() {
                facts.retain(|fact| kept(&fact.record));
            }
            identity
        });
        identities.collect()
    }
}
