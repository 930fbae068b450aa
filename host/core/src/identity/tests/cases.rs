//! What people decide about records: kept, replayed, taken back, and held
//! against what is sure.

use super::*;
use crate::{
    case::{About, Case, CaseDecision, Decisions, KeptCase, Whose, reopen},
    fact::RecordKey,
};

/// Keys say nothing, a badge is sure, a name asks.
fn tiers() -> Policy {
    let mut policy = policy();
    policy.authority.default = vec![named("hr"), named("more")];
    policy.correlation.key = false;
    policy.correlation.sure = vec![BTreeSet::from([named("badge")])];
    policy.correlation.ask = vec![BTreeSet::from([named("family_name")])];
    policy
}

/// Family name and badge, 0 for none.
type Who = (u8, u8);

fn records(people: &[Who]) -> Vec<Account> {
    let record = |(at, (name, badge)): (usize, &Who)| {
        let badge = if *badge == 0 { String::new() } else { badge.to_string() };
        record(&format!("k{at}"), &[("family_name", &format!("n{name}")), ("badge", &badge)])
    };
    people.iter().enumerate().map(record).collect()
}

fn look(hr: &[Who], more: &[Who], known: &[Identity], decisions: &Decisions) -> Assembled {
    let mut readings = vec![
        reading("hr", records(hr), CoverageKind::Exhaustive),
        reading("more", records(more), CoverageKind::Exhaustive),
    ];
    let policy = tiers();
    let assembled =
        assemble_decided(&policy, &readings, (known, decisions), &BTreeMap::new(), noon());
    readings.reverse();
    readings.iter_mut().for_each(|reading| reading.records.reverse());
    let turned: Vec<Identity> = known.iter().rev().cloned().collect();
    let other =
        assemble_decided(&policy, &readings, (&turned, decisions), &BTreeMap::new(), noon());
    assert_eq!(assembled, other, "whatever the order of sources, records and people");
    assembled
}

/// What is stored after a look, and with which decisions the next one begins.
fn settle(hr: &[Who], more: &[Who], answers: &[Option<u8>]) -> (Vec<Identity>, Decisions) {
    let before = look(hr, &[], &[], &Decisions::new()).to_record(false);
    let asked = look(hr, more, &before, &Decisions::new());
    let decisions = decided(&asked.cases, answers);
    let known = asked.to_record(false);
    (look(hr, more, &known, &decisions).to_record(false), decisions)
}

/// An answer for each case: none yet, somebody new, or one of the candidates.
fn decided(cases: &[Case], answers: &[Option<u8>]) -> Decisions {
    let answers = answers.iter().cycle();
    let decided = cases.iter().zip(answers).filter_map(|(case, answer)| {
        let About::Record(record) = &case.about;
        let candidate = case.candidates.get(usize::from((*answer)?));
        let whose = candidate.map_or(Whose::New, |it| Whose::Identity(it.identity));
        Some((record.clone(), whose))
    });
    decided.collect()
}

fn badge(identity: &Identity, record: &RecordKey) -> Option<String> {
    let mut facts = identity.facts.get("badge")?.iter().filter(|fact| fact.record == *record);
    facts.next()?.values.first().map(ToString::to_string)
}

fn firm() -> impl Strategy<Value = (Vec<Who>, Vec<Who>, Vec<Option<u8>>)> {
    let who = || (0..3_u8, 0..4_u8);
    let answers = proptest::collection::vec(proptest::option::of(0..3_u8), 1..4);
    (proptest::collection::vec(who(), 1..4), proptest::collection::vec(who(), 0..4), answers)
}

proptest! {
    /// P5: two records are one person by what is sure, or by a decision.
    #[test]
    fn nobody_is_joined_but_by_what_is_sure_or_by_a_decision((hr, more, answers) in firm()) {
        let (known, decisions) = settle(&hr, &more, &answers);
        for identity in &known {
            // Those with one badge are one by it; a decision ties them to others.
            let mut tied: BTreeMap<(Option<String>, Option<&RecordKey>), bool> = BTreeMap::new();
            for record in &identity.records {
                let badge = badge(identity, record);
                let alone = badge.is_none().then_some(record);
                *tied.entry((badge, alone)).or_default() |= decisions.contains_key(record);
            }
            prop_assert!(tied.values().filter(|said| !**said).count() <= 1, "{identity:?}");
        }
        // Every record is somebody's, or waits, and none is two people's.
        let mut seen = BTreeSet::new();
        prop_assert!(known.iter().flat_map(|it| &it.records).all(|record| seen.insert(record)));
    }

    #[test]
    fn a_decision_that_is_replayed_changes_nothing((hr, more, answers) in firm()) {
        let (known, decisions) = settle(&hr, &more, &answers);
        let again = look(&hr, &more, &known, &decisions);
        prop_assert_eq!(&again.to_record(false), &known);
        let later = look(&hr, &more, &again.to_record(false), &decisions);
        prop_assert_eq!(later, again);
    }

    #[test]
    fn what_is_reopened_and_decided_as_before_is_as_before((hr, more, answers) in firm()) {
        let (known, decisions) = settle(&hr, &more, &answers);
        for (record, whose) in &decisions {
            let Ok(reopened) = reopen::reopened(&kept(record, *whose), &known, &BTreeSet::new())
            else {
                continue;
            };
            let mut open = known.clone();
            match reopened {
                reopen::Reopened::Nothing => {}
                reopen::Reopened::Changed(identity) => {
                    for it in &mut open {
                        if it.id == identity.id {
                            it.clone_from(&identity);
                        }
                    }
                }
                reopen::Reopened::Forgotten(id) => open.retain(|it| it.id != id),
            }
            let mut without = decisions.clone();
            without.remove(record);
            let asked = look(&hr, &more, &open, &without);
            let again = look(&hr, &more, &asked.to_record(false), &decisions);
            let is_joined = |it: &Identity| it.records.contains(record);
            // By what is sure it may be somebody's without being asked about.
            if asked.to_record(false).iter().any(is_joined) {
                continue;
            }
            prop_assert_eq!(&again.to_record(false), &known);
        }
    }

    /// P12: whoever has a badge stays who they are under any keys and names.
    #[test]
    fn no_change_of_keys_and_names_makes_another_person(
        names in proptest::collection::vec((0..3_u8, 0..5_usize), 1..6),
    ) {
        let policy = tiers();
        let mut known: Vec<Identity> = Vec::new();
        for (name, key) in names {
            let key = format!("key{key}");
            let record = record(&key, &[("family_name", &format!("n{name}")), ("badge", "7")]);
            let readings = [reading("hr", vec![record], CoverageKind::Exhaustive)];
            let assembled = assemble(&policy, &readings, &known, &BTreeMap::new(), noon());
            known = assembled.to_record(false);
            prop_assert_eq!(known.len(), 1);
        }
    }
}

fn kept(record: &RecordKey, whose: Whose) -> KeptCase {
    let about = About::Record(record.clone());
    let case = Case {
        id: about.case(),
        about,
        newcomer: IdentityId::first_seen(&record.source, &record.key),
        label: String::new(),
        candidates: Vec::new(),
        because: String::new(),
        contradicted: false,
    };
    let decision = CaseDecision { whose, by: "operator".into(), at: noon(), reason: None };
    KeptCase { case, opened: noon(), open: false, decision: Some(decision) }
}

#[test]
fn a_decision_that_is_contradicted_before_it_was_followed_is_asked_again() {
    let hr = [(1, 1), (2, 2)];
    let known = look(&hr, &[], &[], &Decisions::new()).to_record(false);
    let asked = look(&hr, &[(1, 0)], &known, &Decisions::new());
    let decisions = decided(&asked.cases, &[Some(0)]);
    assert_eq!(decisions.len(), 1);
    let contradicted = look(&hr, &[(1, 2)], &known, &decisions);
    let [case] = contradicted.cases.as_slice() else { panic!("{:?}", contradicted.cases) };
    assert!(case.contradicted);
    assert_eq!(case.candidates.len(), 2);
    assert_eq!(contradicted.to_record(false).len(), 2);
    assert!(contradicted.doubted.is_empty());
}

#[test]
fn a_decision_that_was_followed_stays_and_its_contradiction_is_told() {
    let hr = [(1, 1), (2, 2)];
    let (known, decisions) = settle(&hr, &[(1, 0)], &[Some(0)]);
    let told = look(&hr, &[(1, 2)], &known, &decisions);
    assert_eq!((told.identities.len(), told.cases.len()), (2, 0));
    assert_eq!(told.doubted.iter().map(|it| it.0).collect::<Vec<_>>(), [id("k0")]);
    assert!(told.holds.is_empty());
}
