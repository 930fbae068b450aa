use std::collections::BTreeMap;

use super::*;
use crate::{
    account::{Account, Skipped},
    desired::desired,
    example::{hired, named, noon, observed, policy, reading, worker},
    identity::assemble,
};

fn ada() -> Account {
    worker("1", ("Ada", "Example"), &[])
}

fn ben() -> Account {
    worker("2", ("Ben", "Beispiel"), &[])
}

/// The notes after these readings, for a firm of Ada and Ben, who have
/// accounts.
fn noted(policy: &Policy, readings: &[Reading]) -> Vec<(String, bool)> {
    let mut world = observed(&[("ada.example", Some("1")), ("ben.beispiel", Some("2"))]);
    world.links.retain(|link| link.target == named("directory"));
    noted_with(policy, readings, &world)
}

fn noted_with(policy: &Policy, readings: &[Reading], world: &Observed) -> Vec<(String, bool)> {
    let known = hired(policy, vec![ada(), ben()]).identities;
    let assembled = assemble(policy, readings, &known, &BTreeMap::new(), noon());
    let desired = desired(policy, &assembled, world, noon());
    let notes = missing(policy, readings, &assembled, &desired, world);
    notes.into_iter().map(|note| (note.text, note.open)).collect()
}

/// A firm with one source.
fn hr_alone() -> Policy {
    let mut policy = policy();
    policy.sources.remove("more");
    policy
}

#[test]
fn a_source_that_was_not_read_wholly_is_told_and_open_while_somebody_missing_has_access() {
    let policy = hr_alone();
    let kinds = [
        (CoverageKind::Truncated, "was not read to its end"),
        (CoverageKind::Unstable, "changed while it was read"),
    ];
    for (kind, how) in kinds {
        assert_eq!(
            noted(&policy, &[reading("hr", vec![ada()], kind)]),
            [(
                format!(
                    "the source `hr` {how}, so nobody is taken to have left it, though 1 person \
                     may have (with an enabled account: 1)"
                ),
                true
            )]
        );
    }
    let mut gaps = reading("hr", vec![ada()], CoverageKind::Exhaustive);
    assert_eq!(noted(&policy, &[gaps.clone()]), []);
    gaps.coverage.skipped.push(Skipped {
        what: "a line".to_owned(),
        why: "broken".to_owned(),
        count: Some(1),
    });
    assert!(noted(&policy, &[gaps])[0].0.contains("was read with gaps"));
    let unread = &noted(&policy, &[])[0];
    assert!(unread.0.contains("was not read") && unread.1, "{}", unread.0);
}

#[test]
fn nobody_missing_or_nobody_with_access_leaves_nothing_open() {
    let policy = hr_alone();
    let whole = [reading("hr", vec![ada(), ben()], CoverageKind::Truncated)];
    assert_eq!(
        noted(&policy, &whole),
        [(
            "the source `hr` was not read to its end, so nobody is taken to have left it"
                .to_owned(),
            false
        )]
    );
    let cut = [reading("hr", vec![ada()], CoverageKind::Truncated)];
    let mut world = observed(&[("ada.example", Some("1")), ("ben.beispiel", Some("2"))]);
    for link in &mut world.links {
        link.disabled_since = Some(noon());
    }
    assert!(!noted_with(&policy, &cut, &world)[0].1);
    let mut keeps = hr_alone();
    keeps.sources.get_mut("hr").expect("is there").missing = WhenMissing::Keep;
    assert!(!noted(&keeps, &cut)[0].1, "missing from there means nothing");
}

#[test]
fn whoever_another_source_has_is_not_missing_and_a_note_says_where_they_are_gone_from() {
    let policy = policy();
    let more = || reading("more", vec![ada(), ben()], CoverageKind::Exhaustive);
    let cut = [reading("hr", vec![ada()], CoverageKind::Truncated), more()];
    assert!(!noted(&policy, &cut)[0].1);
    let gone = [reading("hr", vec![ada()], CoverageKind::Exhaustive), more()];
    assert_eq!(
        noted(&policy, &gone),
        [(
            "the source `hr` no longer has 1 person whom another source still has: they stay, by \
             what that one says (`2`)"
                .to_owned(),
            false
        )]
    );
    let left = worker("2", ("Ben", "Beispiel"), &[("end", "2026-05-01")]);
    let left = [gone[0].clone(), reading("more", vec![left], CoverageKind::Exhaustive)];
    assert_eq!(noted(&policy, &left), [], "they leave by what the other one says");
}
