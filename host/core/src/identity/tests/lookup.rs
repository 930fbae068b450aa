//! Facts by what people point into.

use super::*;
use crate::policy::{TablePolicy, Tree};

fn tree() -> Policy {
    let mut policy = policy();
    let table = TablePolicy {
        key: named("orgnum"),
        facts: BTreeMap::from([(named("unit"), "name".to_owned())]),
        tree: Some(Tree { parent: "parent".to_owned(), within: named("within") }),
        shrink_limit_percent: 50,
    };
    policy.tables.insert(named("orgs"), table);
    policy
}

fn orgs(kind: CoverageKind, rows: &[(&str, &str, &str)]) -> Reading {
    let row = |(key, name, parent): &(&str, &str, &str)| {
        record(key, &[("name", name), ("parent", parent)])
    };
    reading("orgs", rows.iter().map(row).collect(), kind)
}

fn people(policy: &Policy, org: &str, orgs: &[Reading], known: &[Identity]) -> Assembled {
    let ada = worker("1", ("Ada", "Example"), &[("orgnum", org)]);
    let mut readings = vec![reading("hr", vec![ada], CoverageKind::Exhaustive)];
    readings.extend_from_slice(orgs);
    assemble(policy, &readings, known, &BTreeMap::new(), noon())
}

const ROWS: [(&str, &str, &str); 3] = [("1", "Firm", ""), ("2", "IT", "1"), ("3", "Ops", "2")];

#[test]
fn people_have_the_facts_of_their_record_and_are_within_all_above_it() {
    let all = orgs(CoverageKind::Exhaustive, &ROWS);
    let assembled = people(&tree(), "3", &[all], &[]);
    let ada = the_only(&assembled);
    assert_eq!(fact_text(ada, "unit").as_deref(), Some("Ops"));
    assert_eq!(fact_text(ada, "within").as_deref(), Some("3, 2, 1"));
    assert_eq!((&assembled.problems[..], assembled.holds.len()), (&[][..], 0));
}

#[test]
fn a_key_that_is_not_there_is_told_and_gives_nothing() {
    let all = orgs(CoverageKind::Exhaustive, &ROWS);
    let assembled = people(&tree(), "9", &[all], &[]);
    assert_eq!(fact_text(the_only(&assembled), "unit"), None);
    assert_eq!(assembled.problems, ["the table `orgs` has no `9`, which is somebody's `orgnum`"]);
}

#[test]
fn a_tree_that_goes_round_is_told_and_ends() {
    let round = orgs(CoverageKind::Exhaustive, &[("1", "Firm", "2"), ("2", "IT", "1")]);
    let assembled = people(&tree(), "2", &[round], &[]);
    assert_eq!(fact_text(the_only(&assembled), "within").as_deref(), Some("2, 1"));
    assert_eq!(
        assembled.problems,
        ["the table `orgs` goes round in a circle: `2` is above itself"]
    );
}

#[test]
fn a_table_that_is_not_read_keeps_what_it_said() {
    let policy = tree();
    let all = orgs(CoverageKind::Exhaustive, &ROWS);
    let known = people(&policy, "3", &[all], &[]).identities;
    for unread in [vec![], vec![orgs(CoverageKind::Truncated, &[("1", "Firm", "")])]] {
        let assembled = people(&policy, "3", &unread, &known);
        assert_eq!(fact_text(the_only(&assembled), "within").as_deref(), Some("3, 2, 1"));
        assert!(assembled.holds.is_empty());
        let moved = people(&policy, "2", &unread, &known);
        assert!(held(&moved, "1").starts_with("the table `orgs` was not read"));
    }
}

#[test]
fn what_a_table_says_as_before_is_known_since_then_and_what_is_new_since_now() {
    let policy = tree();
    let known = people(&policy, "3", &[orgs(CoverageKind::Exhaustive, &ROWS)], &[]).identities;
    let renamed = [("1", "Firm", ""), ("2", "IT", "1"), ("3", "Operations", "2")];
    let mut later = orgs(CoverageKind::Exhaustive, &renamed);
    later.read_at = at("2026-06-02T12:00:00Z");
    let after = people(&policy, "3", &[later], &known);
    let facts = facts_now(the_only(&after), noon());
    assert_eq!(facts["within"].learned, noon());
    assert_eq!(facts["unit"].learned, at("2026-06-02T12:00:00Z"));
}

#[test]
fn a_table_that_lost_most_of_its_records_takes_nothing_away() {
    let policy = tree();
    let known = people(&policy, "3", &[orgs(CoverageKind::Exhaustive, &ROWS)], &[]).identities;
    let baseline = BTreeMap::from([(
        named("orgs"),
        ROWS.iter().map(|(key, ..)| (*key).to_owned()).collect::<BTreeSet<_>>(),
    )]);
    let ada = worker("1", ("Ada", "Example"), &[("orgnum", "3")]);
    let readings = [
        reading("hr", vec![ada], CoverageKind::Exhaustive),
        orgs(CoverageKind::Exhaustive, &ROWS[..1]),
    ];
    let assembled = assemble(&policy, &readings, &known, &baseline, noon());
    assert_eq!(fact_text(the_only(&assembled), "unit").as_deref(), Some("Ops"));
    let [shrank] = assembled.shrank.as_slice() else { panic!("{:?}", assembled.shrank) };
    assert_eq!((shrank.before, shrank.lost, shrank.missing.len()), (3, 2, 1));
}
