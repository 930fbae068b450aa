mod authority;
mod cases;
mod correlate;
mod elsewhere;
mod lookup;
mod provided;
mod shrank;
mod spelling;
mod steady;
mod unreadable;
mod vanished;

use proptest::prelude::*;

use super::*;
use crate::{
    account::{Account, CoverageKind, Skipped},
    example::{at, facts, hired, id, named, noon, policy, reading, record, round, worker},
    fact::Reading,
    value::{Completeness, Value},
};

fn the_only(assembled: &Assembled) -> &Identity {
    assert_eq!(assembled.identities.len(), 1);
    &assembled.identities[0]
}

fn fact_text(identity: &Identity, name: &str) -> Option<String> {
    facts_now(identity, noon())
        .get(name)
        .map(|fact| fact.values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

fn held(assembled: &Assembled, key: &str) -> String {
    let holds = assembled.holds.get(&id(key)).into_iter().flatten();
    holds.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn without_templates_every_attribute_is_a_fact_under_a_plain_name() {
    let assembled = hired(
        &policy(),
        vec![record(
            "1",
            &[("Given Name", " Ada "), ("Town", ""), ("1st", "x"), ("end", "2026-03-31")],
        )],
    );
    let ada = the_only(&assembled);
    assert_eq!(ada.id, id("1"));
    assert_eq!(fact_text(ada, "given_name").as_deref(), Some("Ada"));
    assert_eq!(fact_text(ada, "town"), None);
    assert!(matches!(facts_now(ada, noon())["end"].values[0], Value::Date(_)));
    assert_eq!(
        assembled.problems,
        ["source `hr`: attribute `1st` cannot be the name of a fact; give it one in `facts`"]
    );
}

#[test]
fn templates_make_facts_and_tell_the_attributes_they_read() {
    let mut policy = policy();
    facts(
        &mut policy,
        &[
            ("title", "{{ job | split('#') | last }}"),
            ("start", "{{ record['Hired on'] | date('%d.%m.%Y') }}"),
            ("town", "{{ town }}"),
            ("given_name", "{{ first_name }}"),
        ],
    );
    let assembled = hired(
        &policy,
        vec![record(
            "1",
            &[("job", "9#CEO"), ("Hired on", "07.03.2024"), ("town", ""), ("First Name", "Ada")],
        )],
    );
    let ada = the_only(&assembled);
    assert_eq!(fact_text(ada, "title").as_deref(), Some("CEO"));
    assert_eq!(fact_text(ada, "start").as_deref(), Some("2024-03-07"));
    assert_eq!(fact_text(ada, "given_name").as_deref(), Some("Ada"));
    assert_eq!(fact_text(ada, "town"), None);
    let from = |name: &str| facts_now(ada, noon())[name].from.clone();
    assert_eq!(from("start"), ["Hired on"]);
    assert_eq!(from("given_name"), ["First Name"]);
}

#[test]
fn a_fact_that_cannot_be_computed_holds_and_keeps_what_was_known() {
    let mut policy = policy();
    facts(&mut policy, &[("start", "{{ hired | date('%d.%m.%Y') }}"), ("town", "{{ town }}")]);
    let before = hired(&policy, vec![record("1", &[("hired", "07.03.2024"), ("town", "A")])]);
    let after =
        round(&policy, vec![record("1", &[("hired", "soon"), ("town", "B")])], &before.identities);
    insta::assert_snapshot!(
        held(&after, "1"),
        @"fact `start` of record `1` in source `hr`: `{{ hired | date('%d.%m.%Y') }}` has text that is not a date of the format `%d.%m.%Y`"
    );
    assert_eq!(fact_text(the_only(&after), "start").as_deref(), Some("2024-03-07"));
    assert_eq!(fact_text(the_only(&after), "town").as_deref(), Some("B"));
}

#[test]
fn a_start_that_is_no_date_holds_without_showing_it() {
    let assembled = hired(&policy(), vec![record("1", &[("start", "next week")])]);
    insta::assert_snapshot!(
        held(&assembled, "1"),
        @"fact `start` of record `1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)"
    );
}

#[test]
fn an_unchanged_fact_keeps_the_time_it_was_learned() {
    let policy = policy();
    let mut first =
        reading("hr", vec![record("1", &[("a", "1"), ("b", "1")])], CoverageKind::Exhaustive);
    first.read_at = at("2026-01-01T00:00:00Z");
    let known = assemble(&policy, &[first], &[], &BTreeMap::new(), noon()).identities;
    let after = round(&policy, vec![record("1", &[("a", "1"), ("b", "2")])], &known);
    let facts = facts_now(the_only(&after), noon());
    assert_eq!(facts["a"].learned, at("2026-01-01T00:00:00Z"));
    assert_eq!(facts["b"].learned, noon());
}

#[test]
fn values_known_ahead_count_from_their_day() {
    let mut ada = record("1", &[("town", "A"), ("town", "B")]);
    ada.attributes[0].effective_until = Some(at("2026-07-01T00:00:00Z"));
    ada.attributes[1].effective_from = Some(at("2026-07-01T00:00:00Z"));
    let assembled = hired(&policy(), vec![ada]);
    let ada = the_only(&assembled);
    assert_eq!(fact_text(ada, "town").as_deref(), Some("A"));
    let later = facts_now(ada, at("2026-07-01T00:00:00Z"));
    assert_eq!(later["town"].values, [Value::Text("B".to_owned())]);
}

#[test]
fn a_template_reads_what_is_in_effect_and_nothing_that_is_to_come() {
    let mut policy = policy();
    facts(&mut policy, &[("town", "{{ town }}")]);
    let mut ada = record("1", &[("town", "A"), ("town", "B")]);
    ada.attributes[0].effective_until = Some(at("2026-07-01T00:00:00Z"));
    ada.attributes[1].effective_from = Some(at("2026-07-01T00:00:00Z"));
    let assembled = hired(&policy, vec![ada]);
    assert_eq!(fact_text(the_only(&assembled), "town").as_deref(), Some("A"));
}

#[test]
fn a_withheld_attribute_changes_nothing() {
    let policy = policy();
    let known = hired(&policy, vec![record("1", &[("town", "A")])]).identities;
    let mut ada = record("1", &[("town", "?")]);
    ada.attributes[0].completeness = Completeness::Withheld;
    let after = round(&policy, vec![ada], &known);
    assert_eq!(fact_text(the_only(&after), "town").as_deref(), Some("A"));
}

#[test]
fn a_withheld_attribute_behind_a_template_changes_nothing() {
    let mut policy = policy();
    facts(&mut policy, &[("town", "{{ town | default('') }}")]);
    let known = hired(&policy, vec![record("1", &[("town", "A")])]).identities;
    let mut ada = record("1", &[("town", "?")]);
    ada.attributes[0].completeness = Completeness::Withheld;
    let after = round(&policy, vec![ada], &known);
    assert_eq!(fact_text(the_only(&after), "town").as_deref(), Some("A"));
}

#[test]
fn records_with_one_key_are_one_identity_and_the_first_source_counts() {
    let policy = policy();
    let readings = [
        reading(
            "more",
            vec![record("1", &[("town", "B"), ("car", "C")])],
            CoverageKind::Exhaustive,
        ),
        reading("hr", vec![record("1", &[("town", "A")])], CoverageKind::Exhaustive),
    ];
    let assembled = assemble(&policy, &readings, &[], &BTreeMap::new(), noon());
    let ada = the_only(&assembled);
    assert_eq!(ada.id, id("1"));
    assert_eq!(fact_text(ada, "town").as_deref(), Some("A"));
    assert_eq!(fact_text(ada, "car").as_deref(), Some("C"));
}

#[test]
fn two_records_with_one_key_hold_and_are_reported() {
    let policy = policy();
    let known = hired(&policy, vec![record("1", &[("town", "A")])]).identities;
    let after = round(
        &policy,
        vec![record("1", &[("town", "B")]), record("1", &[("town", "C")]), record("2", &[])],
        &known,
    );
    assert_eq!(after.problems, ["source `hr`: more than one record has the key `1`"]);
    assert_eq!(after.holds.keys().collect::<Vec<_>>(), [&id("1")]);
    let ada = after.identities.iter().find(|identity| identity.id == id("1")).expect("is there");
    assert_eq!(fact_text(ada, "town").as_deref(), Some("A"));
    assert_eq!(ada.absent_since, None);
}

#[test]
fn absence_is_kept_from_its_first_proof_until_the_record_is_back() {
    let policy = policy();
    let ada = || vec![worker("1", ("Ada", "Example"), &[])];
    let known = hired(&policy, ada()).identities;
    let gone = round(&policy, vec![], &known);
    assert_eq!(the_only(&gone).absent_since, Some(noon()));
    let mut later = reading("hr", vec![], CoverageKind::Exhaustive);
    later.read_at = at("2026-06-02T00:00:00Z");
    let still = assemble(&policy, &[later], &gone.identities, &BTreeMap::new(), noon());
    assert_eq!(the_only(&still).absent_since, Some(noon()));
    let unread = assemble(&policy, &[], &still.identities, &BTreeMap::new(), noon());
    assert_eq!(unread.identities, still.identities);
    let back = round(&policy, ada(), &unread.identities);
    assert_eq!(back.identities, known, "a rehire has the id and the facts of before");
}

#[test]
fn somebody_is_absent_only_when_every_record_is() {
    let policy = policy();
    let both = [
        reading("hr", vec![record("1", &[])], CoverageKind::Exhaustive),
        reading("more", vec![record("1", &[])], CoverageKind::Exhaustive),
    ];
    let known = assemble(&policy, &both, &[], &BTreeMap::new(), noon()).identities;
    let absent = |hr: Option<CoverageKind>, more: Option<CoverageKind>| {
        let readings: Vec<Reading> = [("hr", hr), ("more", more)]
            .into_iter()
            .filter_map(|(source, kind)| Some(reading(source, vec![], kind?)))
            .collect();
        let after = assemble(&policy, &readings, &known, &BTreeMap::new(), noon());
        the_only(&after).absent_since.is_some()
    };
    assert!(absent(Some(CoverageKind::Exhaustive), Some(CoverageKind::Exhaustive)));
    assert!(!absent(Some(CoverageKind::Exhaustive), None));
    assert!(!absent(Some(CoverageKind::Exhaustive), Some(CoverageKind::Unstable)));
}

#[test]
fn a_source_that_left_the_file_keeps_nobody() {
    let mut policy = policy();
    let both = [
        reading("hr", vec![record("1", &[])], CoverageKind::Exhaustive),
        reading("more", vec![record("1", &[("town", "B")])], CoverageKind::Exhaustive),
    ];
    let known = assemble(&policy, &both, &[], &BTreeMap::new(), noon()).identities;
    policy.sources.remove("more");
    let there = round(&policy, vec![record("1", &[])], &known);
    assert_eq!(fact_text(the_only(&there), "town"), None);
    let gone = round(&policy, vec![], &known);
    assert_eq!(the_only(&gone).absent_since, Some(noon()));
}

#[test]
fn keys_that_differ_only_in_case_or_space_hold_both() {
    let policy = policy();
    let known = hired(&policy, vec![record("E1", &[("town", "A")])]).identities;
    let after = round(
        &policy,
        vec![record("E1", &[("town", "B")]), record("e1 ", &[]), record("E2", &[])],
        &known,
    );
    insta::assert_snapshot!(
        after.problems.join("\n"),
        @"source `hr`: the keys `E1`, `e1 ` differ only in case or in the space around them"
    );
    let held: BTreeSet<_> = after.holds.keys().copied().collect();
    assert_eq!(held, BTreeSet::from([id("E1"), id("e1 ")]));
    insta::assert_snapshot!(
        after.holds[&id("E1")][0].text,
        @"the keys `E1`, `e1 ` of source `hr` differ only in case or in the space around them: give each person one key, and write it in one way"
    );
    let ada = after.identities.iter().find(|identity| identity.id == id("E1")).expect("is there");
    assert_eq!(fact_text(ada, "town").as_deref(), Some("A"));
}

fn records() -> impl Strategy<Value = Vec<Account>> {
    proptest::collection::btree_map("[1-6]", "[a-c]{0,2}", 0..6).prop_map(|records| {
        records.iter().map(|(key, town)| record(key, &[("town", town)])).collect()
    })
}

proptest! {
    #[test]
    fn a_reading_that_proves_no_absence_never_makes_anybody_absent(
        before in records(),
        after in records(),
        truncated in any::<bool>(),
        skipped in any::<bool>(),
    ) {
        let policy = policy();
        let known = hired(&policy, before).identities;
        let kind = if truncated { CoverageKind::Truncated } else { CoverageKind::Unstable };
        let mut reading = reading("hr", after, kind);
        if skipped {
            reading.coverage.kind = CoverageKind::Exhaustive;
            reading.coverage.skipped.push(Skipped {
                what: "a line".to_owned(),
                why: "broken".to_owned(),
                count: None,
            });
        }
        let assembled = assemble(&policy, &[reading], &known, &BTreeMap::new(), noon());
        prop_assert!(assembled.identities.iter().all(|i| i.absent_since.is_none()));
        prop_assert!(assembled.identities.len() >= known.len());
    }

    #[test]
    fn the_order_of_readings_does_not_matter(before in records(), a in records(), b in records()) {
        let policy = policy();
        let known = hired(&policy, before).identities;
        let mut readings = vec![
            reading("hr", a, CoverageKind::Exhaustive),
            reading("more", b, CoverageKind::Exhaustive),
        ];
        let there = assemble(&policy, &readings, &known, &BTreeMap::new(), noon());
        readings.reverse();
        for reading in &mut readings {
            reading.records.reverse();
        }
        prop_assert_eq!(there, assemble(&policy, &readings, &known, &BTreeMap::new(), noon()));
    }
}
