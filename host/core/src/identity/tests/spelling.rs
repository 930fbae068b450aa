//! One key, written in two ways.

use super::*;

fn holds(assembled: &Assembled) -> Vec<String> {
    let holds = assembled.holds.values().flatten();
    holds.map(|hold| hold.text.clone()).collect()
}

/// Without what could not be read of them.
fn read(mut people: Vec<Identity>) -> Vec<Identity> {
    for person in &mut people {
        person.unreadable.clear();
    }
    people
}

#[test]
fn a_key_written_differently_holds_both_until_it_is_written_as_before() {
    let policy = policy();
    let staff = |first: &str| {
        let others = (1..10).map(|n| record(&format!("E{n}"), &[]));
        std::iter::once(record(first, &[("town", "A")])).chain(others).collect::<Vec<_>>()
    };
    let known = hired(&policy, staff("E0")).identities;
    for spelling in ["e0", "E0 "] {
        let after = round(&policy, staff(spelling), &known);
        assert_eq!(
            after.holds.keys().copied().collect::<BTreeSet<_>>(),
            BTreeSet::from([id("E0"), id(spelling)])
        );
        for hold in holds(&after) {
            for part in ["`E0`", &format!("`{spelling}`"), "write it as before, `E0`, or"] {
                assert!(hold.contains(part), "{hold}");
            }
        }
        // Whatever is stored, the next round says the same, and mending it
        // leaves nothing of it.
        for released in [false, true] {
            let stored = after.to_record(released);
            assert_eq!(read(stored.clone()), known);
            assert_eq!(round(&policy, staff(spelling), &stored).holds, after.holds);
            assert_eq!(round(&policy, staff("E0"), &stored).identities, known);
            assert!(round(&policy, staff("E0"), &stored).holds.is_empty());
        }
    }
}

#[test]
fn keys_of_two_sources_that_differ_only_in_case_hold_both() {
    let policy = policy();
    let both = |more: &str| {
        [
            reading("hr", vec![record("E1", &[]), record("E2", &[])], CoverageKind::Exhaustive),
            reading("more", vec![record(more, &[])], CoverageKind::Exhaustive),
        ]
    };
    let known = hired(&policy, vec![record("E1", &[]), record("E2", &[])]).identities;
    for known in [known, Vec::new()] {
        let after = assemble(&policy, &both("e1"), &known, &BTreeMap::new(), noon());
        assert_eq!(after.holds.len(), 2);
        insta::allow_duplicates! {
            insta::assert_snapshot!(after.holds[&id("E1")][0].text, @"the keys `E1` of source `hr` and `e1` of source `more` differ only in case or in the space around them: write one person's key in one way everywhere, and give different people keys that differ in more");
        }
        let mended =
            assemble(&policy, &both("E1"), &after.to_record(false), &BTreeMap::new(), noon());
        assert!(mended.holds.is_empty());
        assert_eq!(mended.identities.len(), 2);
    }
}

#[test]
fn the_people_of_a_retired_source_stand_in_nobodys_way() {
    let mut policy = policy();
    let known = hired(&policy, vec![record("E1", &[])]).identities;
    policy.sources.remove("hr");
    let readings = [reading("more", vec![record("e1", &[])], CoverageKind::Exhaustive)];
    let held =
        |policy: &Policy| assemble(policy, &readings, &known, &BTreeMap::new(), noon()).holds.len();
    assert_eq!(held(&policy), 2);
    policy.retired_sources.insert(named("hr"));
    assert_eq!(held(&policy), 0);
}

#[test]
fn one_of_two_spellings_in_one_reading_is_not_taken_for_a_person_later() {
    let policy = policy();
    let both = hired(&policy, vec![record("E1", &[]), record("e1", &[])]);
    assert_eq!(both.holds.len(), 2);
    let known = hired(&policy, vec![record("E1", &[])]).identities;
    let both = round(&policy, vec![record("E1", &[]), record("e1", &[])], &known);
    assert_eq!(both.to_record(false)[0].unreadable.len(), 1, "why she is held is remembered");
    assert_eq!(read(both.to_record(false)), known);
    let one = round(&policy, vec![record("e1", &[])], &both.to_record(false));
    assert_eq!(one.holds.len(), 2, "the one that was known is missed");
}
