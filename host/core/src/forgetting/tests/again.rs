//! Records that say that somebody is here who was erased.

use super::*;
use crate::{
    account::Account,
    case::{About, Case, Decisions, Whose},
    identity::facts_now,
};

/// Ada, who left in June 2020, and began in 2019.
fn gone(key: &str, sources: &[&str]) -> Forgotten {
    let mut gone = forgotten(key, sources);
    let left = gone.people.get_mut(&id(key)).unwrap();
    left.departed = Some(at("2020-06-02T00:00:00Z"));
    left.started = Some(at("2019-01-01T00:00:00Z"));
    gone
}

fn of_hr(key: &str) -> RecordKey {
    RecordKey { source: named("hr"), key: key.to_owned() }
}

/// What is told of these records of HR, and the keys that are left of them.
fn hear(records: Vec<Account>, gone: &Forgotten, decisions: &Decisions) -> (Told, Vec<String>) {
    let mut readings = [reading("hr", records, CoverageKind::Exhaustive)];
    let told = set_aside(&policy(), &mut readings, (&[], gone, decisions), noon());
    let left = readings[0].records.iter().map(|it| it.reference.uid.clone()).collect();
    (told, left)
}

fn question(record: Account, gone: &Forgotten) -> Option<Case> {
    let (told, left) = hear(vec![record], gone, &Decisions::new());
    assert_eq!((told.again.len(), left.len()), (0, 0), "nothing of it is taken in");
    let open = told.notes().filter(|note| note.open).count();
    assert_eq!(open, told.cases.len());
    told.cases.into_iter().next()
}

#[test]
fn whether_somebody_erased_is_here_again_is_asked_once_and_the_same_for_what_is_said() {
    let gone = gone("1", &["hr"]);
    let ada = |more: &[(&str, &str)]| question(worker("1", ADA, more), &gone);
    let case = ada(&[]).unwrap();
    assert_eq!(gone.asked_about(&case), Some(id("1")));
    assert_eq!(case.about, About::Record(of_hr("1")));
    assert_ne!(case.newcomer, id("1"));
    assert!(!format!("{case:?}").contains("Ada"), "{case:?}");
    insta::assert_snapshot!(case.because, @"whoever had it was erased on 2026-06-01T12:00:00Z, departed since 2020-06-02T00:00:00Z, and it says that they are here, without a first day that is later and was never said before");
    assert_eq!(ada(&[]), Some(case.clone()));
    // What it says of something else is no other question.
    assert_eq!(ada(&[("department", "Sales")]).unwrap().id, case.id);
    for other in [("end", "2030-01-01"), ("start", "2001-01-01")] {
        assert_ne!(ada(&[other]).unwrap().id, case.id, "{other:?}");
    }
    assert_eq!(ada(&[("end", "2020-06-01")]), None, "they are not said to be here");
    let (told, _) = hear(vec![worker("1", ADA, &[])], &gone, &Decisions::new());
    let note = told.notes().next().unwrap().text;
    assert!(note.contains(&case.id) && !note.contains("`1`"), "{note}");
}

#[test]
fn what_a_person_said_is_so_until_the_record_says_something_else() {
    let mut gone = gone("1", &["hr"]);
    let case = question(worker("1", ADA, &[]), &gone).unwrap();
    let source = named("hr");
    let still = StillErased { identity: id("1"), source, by: "operator".to_owned(), at: noon() };
    gone.still.insert(case.id.clone(), still);
    assert_eq!(question(worker("1", ADA, &[]), &gone), None);
    let other = question(worker("1", ADA, &[("start", "2001-01-01")]), &gone).unwrap();
    assert_ne!(other.id, case.id);
    // Whoever is hired is somebody new, whatever was said before.
    let hired = worker("1", ADA, &[("start", "2026-05-01")]);
    assert_eq!(hear(vec![hired], &gone, &Decisions::new()).0.again.len(), 1);
}

#[test]
fn somebody_new_by_a_persons_word_begins_anew_also_while_a_source_is_not_read() {
    let gone = gone("1", &["hr", "more"]);
    let mut policy = policy();
    policy.sources.insert(named("more"), crate::policy::SourcePolicy::default());
    let new = Decisions::from([(of_hr("1"), Whose::New)]);
    for (decisions, begun) in [(Decisions::new(), 0), (new, 1)] {
        let mut readings = [reading("hr", vec![worker("1", ADA, &[])], CoverageKind::Exhaustive)];
        let told = set_aside(&policy, &mut readings, (&[], &gone, &decisions), noon());
        assert_eq!((told.again.len(), told.cases.len()), (begun, 0));
        assert_eq!(readings[0].records.len(), begun);
        for again in &told.again {
            assert_eq!(again.records, [of_hr("1")]);
            assert!(again.id != id("1") && facts_now(again, noon()).is_empty());
        }
    }
}

#[test]
fn a_record_that_a_person_gave_to_somebody_who_is_known_is_theirs() {
    let gone = gone("1", &["hr"]);
    let bela = left(&policy(), &["2"], "2030-01-01").identities;
    let decided = Decisions::from([(of_hr("1"), Whose::Identity(id("2")))]);
    for (known, left) in [(bela.as_slice(), 1), (&[], 0)] {
        let mut readings = [reading("hr", vec![worker("1", ADA, &[])], CoverageKind::Exhaustive)];
        let told = set_aside(&policy(), &mut readings, (known, &gone, &decided), noon());
        assert_eq!((told.again.len(), readings[0].records.len()), (0, left));
    }
}

/// Whose a key is, of somebody erased who had another.
fn known_by(key: &str, now: &str) -> bool {
    let mut gone = forgotten(key, &["hr"]);
    let digest = respelt_digest(&gone.salt, &of_hr(key));
    gone.respelt.insert(digest, BTreeSet::from([id(key)]));
    gone.whose(&of_hr(now)) == Some(&BTreeSet::from([id(key)]))
}

#[test]
fn a_record_is_known_again_however_its_key_is_spelt() {
    for (key, now) in [
        ("00123", "123"),
        ("123", "00123"),
        ("AB-1", "ab-1"),
        ("ab 1", " AB1 "),
        ("Ｅ１", "e1"),
        ("E\u{301}1", "é1"),
        ("000", "000"),
    ] {
        assert!(known_by(key, now), "{key:?} and {now:?}");
    }
    for (key, now) in [("123", "124"), ("123", "1230"), ("a0", "a00"), ("0", "00"), ("0a", "a")] {
        assert!(!known_by(key, now), "{key:?} and {now:?}");
    }
    let other = RecordKey { source: named("more"), key: "1".to_owned() };
    assert_eq!(gone("1", &["hr"]).whose(&other), None);
}

#[test]
fn who_is_somebody_else_under_a_key_that_is_spelt_otherwise_is_asked() {
    let mut gone = gone("1", &["hr"]);
    gone.respelt.insert(respelt_digest(&gone.salt, &of_hr("1")), BTreeSet::from([id("1")]));
    let case = question(worker("001", ADA, &[]), &gone).unwrap();
    assert_eq!(case.about, About::Record(of_hr("001")));
    let (told, left) =
        hear(vec![worker("001", ADA, &[("start", "2026-05-01")])], &gone, &Decisions::new());
    assert_eq!((told.again.len(), left), (1, vec!["001".to_owned()]));
}

#[test]
fn a_login_name_goes_from_what_is_kept_when_nobody_is_kept_from_it_any_more() {
    let mut policy = policy();
    let mut gone = forgotten("1", &["hr"]);
    let digest = name_digest(&gone.salt, "ada.example");
    let seen = at("2025-06-01T12:00:00Z");
    gone.names.insert(named("crm"), BTreeMap::from([(digest.clone(), seen)]));
    let free = |policy: &Policy, now: &str| gone.free_names(policy, at(now)).len();
    let year = Some(SignedDuration::from_hours(24 * 365));
    let (early, late) = ("2026-06-01T11:59:59Z", "2026-06-01T12:00:00Z");
    assert_eq!(free(&policy, late), 0, "for ever");
    policy.targets.get_mut("crm").unwrap().reuse_names_after = year;
    assert_eq!((free(&policy, early), free(&policy, late)), (0, 1));
    assert_eq!(gone.free_names(&policy, at(late)), [(named("crm"), digest)]);
    // Where names are shared they are kept as long as at any of them.
    let directory = policy.targets.get_mut("directory").unwrap();
    directory.unique_with.insert(named("crm"));
    assert_eq!(free(&policy, late), 0);
    policy.targets.get_mut("directory").unwrap().reuse_names_after = year;
    assert_eq!(free(&policy, late), 1);
    // Of a target that left the file they are kept until it is retired.
    policy.targets.clear();
    assert_eq!(free(&policy, late), 0);
    policy.retired_targets.insert(named("crm"));
    assert_eq!(free(&policy, early), 1);
}
