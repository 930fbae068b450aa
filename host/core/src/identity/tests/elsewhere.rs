//! People whom one source no longer has and another does.

use super::*;
use crate::policy::WhenMissing;

/// Ada, in both sources: contracted by `alpha`, hired by `hr`.
fn in_both() -> (Policy, Vec<Identity>) {
    let mut policy = policy();
    let like = policy.sources.remove("more").expect("is there");
    policy.sources.insert(named("alpha"), like);
    let readings = [
        reading("hr", vec![record("1", &[("town", "B")])], CoverageKind::Exhaustive),
        reading(
            "alpha",
            vec![record("1", &[("town", "A"), ("end", "2026-05-31")])],
            CoverageKind::Exhaustive,
        ),
    ];
    let known = assemble(&policy, &readings, &[], &BTreeMap::new(), noon()).identities;
    assert_eq!(fact_text(&known[0], "town").as_deref(), Some("A"));
    (policy, known)
}

fn after(policy: &Policy, known: &[Identity], hr: &[Account]) -> Assembled {
    let readings = [
        reading("hr", hr.to_vec(), CoverageKind::Exhaustive),
        reading("alpha", vec![], CoverageKind::Exhaustive),
    ];
    assemble(policy, &readings, known, &BTreeMap::new(), noon())
}

#[test]
fn what_a_record_that_is_gone_said_does_not_count_beside_one_that_is_there() {
    let (policy, known) = in_both();
    let there = after(&policy, &known, &[record("1", &[("town", "C")])]);
    let ada = the_only(&there);
    assert_eq!(fact_text(ada, "town").as_deref(), Some("C"));
    assert_eq!(fact_text(ada, "end"), None, "they are not departed by what is over");
    assert_eq!(ada.absent_since, None);
    assert_eq!(there.elsewhere, BTreeMap::from([(named("alpha"), BTreeSet::from([ada.id]))]));
}

#[test]
fn what_a_record_that_is_gone_said_counts_while_nothing_believed_speaks_of_them() {
    let (mut policy, known) = in_both();
    let facts = |assembled: &Assembled| fact_text(the_only(assembled), "town");
    let gone = after(&policy, &known, &[]);
    assert_eq!(facts(&gone).as_deref(), Some("A"), "gone from both");
    assert!(gone.elsewhere.is_empty());
    let twice = [record("1", &[("town", "C")]), record("1", &[("town", "D")])];
    assert_eq!(facts(&after(&policy, &known, &twice)).as_deref(), Some("A"), "nobody can tell");

    // A source that shrank is not believed.
    let baseline = BTreeMap::from([(named("alpha"), BTreeSet::from(["1".to_owned()]))]);
    let readings = [
        reading("hr", vec![record("1", &[("town", "C")])], CoverageKind::Exhaustive),
        reading("alpha", vec![], CoverageKind::Exhaustive),
    ];
    let shrunk = assemble(&policy, &readings, &known, &baseline, noon());
    assert_eq!(shrunk.shrank.len(), 1);
    assert_eq!(facts(&shrunk).as_deref(), Some("A"));

    // Missing means nothing, so what was said stays.
    policy.sources.get_mut("alpha").expect("is there").missing = WhenMissing::Keep;
    let kept = after(&policy, &known, &[record("1", &[("town", "C")])]);
    assert_eq!(facts(&kept).as_deref(), Some("A"));
    assert!(kept.elsewhere.is_empty());
}

#[test]
fn somebody_new_waits_for_a_source_that_may_know_them_and_for_no_other() {
    let (policy, known) = in_both();
    let there = || vec![record("1", &[("town", "B")]), record("2", &[("town", "B")])];
    let of_hr = |known: &[Identity]| round(&policy, there(), known);
    let after = of_hr(&known);
    insta::assert_snapshot!(held(&after, "2"), @"they are new in source `hr`, and source `alpha`, which knows some of the same people, was not read: it may say more of them, so they wait until it is");
    assert_eq!(held(&after, "1"), "");
    assert_eq!(after.to_record(true).len(), 1);
    assert_eq!(of_hr(&after.to_record(false)).holds, after.holds, "and goes on to wait");

    let alone = hired(&policy, vec![record("1", &[])]).identities;
    assert_eq!(held(&of_hr(&alone), "2"), "", "the sources have nobody in common");
    let alpha = reading("alpha", vec![record("1", &[])], CoverageKind::Truncated);
    let both = [reading("hr", there(), CoverageKind::Exhaustive), alpha];
    let read = assemble(&policy, &both, &known, &BTreeMap::new(), noon());
    assert_eq!(held(&read, "2"), "", "it was read, and says nothing of them");
}
