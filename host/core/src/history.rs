//! What was known of somebody at another time: every value has a time at
//! which it takes effect, and one from which on we knew it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    fact::{Fact, Identity, RecordKey},
    id::{FactName, IdentityId},
    identity::by_authority,
    policy::Policy,
};

/// A value that a source no longer gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastFact {
    pub name: FactName,
    pub fact: Fact,
    /// From then on we knew better.
    pub forgotten: Timestamp,
}

type Facts = BTreeMap<FactName, Vec<Fact>>;

/// What is past once somebody who was known by the facts `before` is known by
/// others, at `at`.
pub fn past(before: &Facts, now: &Facts, at: Timestamp) -> Vec<PastFact> {
    let stays = |name: &FactName, fact: &Fact| {
        now.get(name).is_some_and(|facts| facts.iter().any(|it| is_same(it, fact)))
    };
    let mut past = Vec::new();
    for (name, facts) in before {
        for fact in facts.iter().filter(|fact| !stays(name, fact)) {
            past.push(PastFact { name: name.clone(), fact: fact.clone(), forgotten: at });
        }
    }
    past
}

/// What is past of the first days of those who were `known`, once they are
/// known so, at `at`.
pub fn past_starts(
    known: &[Identity],
    now: &[Identity],
    at: Timestamp,
) -> BTreeMap<IdentityId, Vec<PastFact>> {
    let known: BTreeMap<IdentityId, &Identity> = known.iter().map(|it| (it.id, it)).collect();
    let start = |it: &Identity| -> Facts {
        it.facts.get_key_value("start").into_iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let changed = now.iter().filter_map(|now| {
        let before = known.get(&now.id)?;
        if before.facts.get("start") == now.facts.get("start") {
            return None;
        }
        Some((now.id, past(&start(before), &start(now), at)))
    });
    changed.filter(|(_, past)| !past.is_empty()).collect()
}

fn is_same(one: &Fact, other: &Fact) -> bool {
    let Fact { values, record, from: _, learned, effective_from, effective_until } = one;
    (values, record, learned) == (&other.values, &other.record, &other.learned)
        && (effective_from, effective_until) == (&other.effective_from, &other.effective_until)
}

/// Somebody as they were known then; without any fact when nobody knew them.
#[must_use]
pub fn as_known(
    policy: &Policy,
    identity: &Identity,
    past: &[PastFact],
    then: Timestamp,
) -> Identity {
    let mut facts = Facts::new();
    let still =
        identity.facts.iter().flat_map(|(name, facts)| facts.iter().map(move |it| (name, it)));
    let gone = past.iter().filter(|it| then < it.forgotten).map(|it| (&it.name, &it.fact));
    for (name, fact) in still.chain(gone).filter(|(_, fact)| fact.learned <= then) {
        facts.entry(name.clone()).or_default().push(fact.clone());
    }
    for facts in facts.values_mut() {
        facts.sort_by_key(|fact| fact.effective_from);
    }
    by_authority(policy, &mut facts);
    let known = |record: &RecordKey| facts.values().flatten().any(|fact| fact.record == *record);
    Identity {
        id: identity.id,
        records: identity.records.iter().filter(|record| known(record)).cloned().collect(),
        absent_since: identity.absent_since.filter(|since| *since <= then),
        unchanged: [].into(),
        unreadable: identity.unreadable.iter().filter(|it| it.since <= then).cloned().collect(),
        facts,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        account::CoverageKind,
        example::{noon, policy, reading, worker},
        identity::{assemble, facts_now},
    };

    fn hour(hour: usize) -> Timestamp {
        noon() + SignedDuration::from_hours(i64::try_from(hour).expect("is small"))
    }

    proptest! {
        #[test]
        fn what_was_known_then_is_what_was_recorded_then(
            titles in proptest::collection::vec(prop::option::of("[ABC]"), 1..8),
        ) {
            let policy = policy();
            let mut known: Vec<Identity> = Vec::new();
            let mut all = Vec::new();
            let mut shown = Vec::new();
            for (hours, title) in titles.iter().enumerate() {
                let title: Vec<(&str, &str)> = title.iter().map(|it| ("title", it.as_str())).collect();
                let record = worker("1", ("Ada", "Example"), &title);
                let mut reading = reading("hr", vec![record], CoverageKind::Exhaustive);
                reading.read_at = hour(hours);
                let next = assemble(&policy, &[reading], &known, &[].into(), hour(hours)).identities;
                if let (Some(before), Some(now)) = (known.first(), next.first()) {
                    all.extend(past(&before.facts, &now.facts, hour(hours)));
                }
                known = next;
                shown.push(known.clone());
            }
            let last = known.first().expect("is known");
            for (hours, recorded) in shown.iter().enumerate() {
                let then = as_known(&policy, last, &all, hour(hours));
                prop_assert_eq!(&then, recorded.first().expect("is known"));
            }
            let before = as_known(&policy, last, &all, hour(0) - SignedDuration::from_secs(1));
            prop_assert!(before.facts.is_empty() && before.records.is_empty());
        }
    }

    #[test]
    fn a_value_for_a_later_day_is_known_before_it_counts() {
        let policy = policy();
        let record = worker("1", ("Ada", "Example"), &[("title", "Clerk")]);
        let known = assemble(
            &policy,
            &[reading("hr", vec![record], CoverageKind::Exhaustive)],
            &[],
            &[].into(),
            noon(),
        );
        let mut ada = known.identities.into_iter().next().expect("is known");
        let title = ada.facts.get_mut("title").expect("is given");
        let mut later = title[0].clone();
        later.values = vec![crate::value::Value::Text("Boss".to_owned())];
        later.effective_from = Some(hour(48));
        later.learned = hour(24);
        title.push(later);
        let shown = |at: usize, known: usize| {
            let then = as_known(&policy, &ada, &[], hour(known));
            facts_now(&then, hour(at)).get("title").map(|fact| fact.values[0].to_string())
        };
        assert_eq!(shown(48, 23).as_deref(), Some("Clerk"));
        assert_eq!(shown(47, 24).as_deref(), Some("Clerk"));
        assert_eq!(shown(48, 24).as_deref(), Some("Boss"));
    }
}
