//! Since when somebody has left, and when their account goes.

use jiff::SignedDuration;

use super::*;
use crate::{
    account::CoverageKind, example::reading, identity::assemble, lifecycle::LifecycleState,
};

type Row = &'static [(&'static str, &'static str)];

#[test]
fn deleting_counts_from_the_departure_however_long_the_account_was_disabled() {
    let policy = policy();
    let leave = at("2026-01-10T00:00:00Z");
    // What the file says, since when nobody wanted the account, and when it
    // is due.
    let cases: [(Row, Option<Timestamp>, &str); 5] = [
        // On leave since January: first seen to have left now, or before.
        (&[("end", "2026-02-28")], None, "2026-07-01T12:00:00Z"),
        (&[("end", "2026-05-31")], Some(leave), "2026-07-01T00:00:00Z"),
        (&[("end", "2026-05-20")], Some(at("2026-05-25T00:00:00Z")), "2026-06-24T00:00:00Z"),
        // Nothing gives the account any longer, and no fact says since when.
        (&[("department", "")], Some(at("2026-05-25T00:00:00Z")), "2026-06-24T00:00:00Z"),
        (&[("department", "")], None, "2026-07-01T12:00:00Z"),
    ];
    for (facts, unwanted, due) in cases {
        let assembled = hired(&policy, vec![worker("1", ADA, facts)]);
        let mut observed = observed(&[("ada.example", Some("1"))]);
        for link in &mut observed.links {
            link.disabled_since = Some(leave);
            link.unwanted_since = unwanted;
        }
        let due = at(due);
        let is_deleted = |observed: &Observed, now: Timestamp| {
            told(&desired(&policy, &assembled, observed, now), "1")
                .contains("directory: gone: deleted")
        };
        assert!(!is_deleted(&observed, noon()), "{facts:?} {unwanted:?}");
        // As it is kept from the first time on.
        for link in &mut observed.links {
            link.unwanted_since = link.unwanted_since.or(Some(noon()));
        }
        let deleted = |now: Timestamp| is_deleted(&observed, now);
        assert!(!deleted(due - SignedDuration::from_secs(1)), "{facts:?} {unwanted:?}");
        assert!(deleted(due), "{facts:?} {unwanted:?}");
    }
}

#[test]
fn since_when_an_account_is_unwanted_is_kept_until_it_is_wanted() {
    let policy = policy();
    let before = Some(at("2026-05-01T00:00:00Z"));
    let cases: [(Row, Option<Timestamp>, Option<Timestamp>); 9] = [
        (&[], None, None),
        (&[], before, None),
        (&[("end", "2026-05-31")], None, Some(noon())),
        (&[("end", "2026-05-31")], before, before),
        (&[("department", "")], None, Some(noon())),
        (&[("status", "Leave")], before, None),
        // Somebody announced comes, or comes back.
        (&[("start", "2026-09-01")], before, None),
        // A hold says neither.
        (&[("status", "?")], before, before),
        (&[("status", "?")], None, None),
    ];
    for (facts, kept, expected) in cases {
        let assembled = hired(&policy, vec![worker("1", ADA, facts)]);
        let mut observed = observed(&[("ada.example", Some("1"))]);
        observed.links.retain(|link| link.target == named("directory"));
        observed.links[0].unwanted_since = kept;
        let desired = desired(&policy, &assembled, &observed, noon());
        let changed = unwanted(&assembled, &desired, &observed.links, noon());
        let now = changed.first().map_or(kept, |link| link.unwanted_since);
        assert_eq!(now, expected, "{facts:?} {kept:?}");
        assert_eq!(changed.is_empty(), kept == expected, "only what changed is written");
    }
}

#[test]
fn a_target_that_could_not_be_read_still_ends_being_unwanted() {
    let policy = policy();
    let assembled = hired(&policy, vec![worker("1", ADA, &[])]);
    let mut observed = observed(&[("ada.example", Some("1"))]);
    observed.targets.clear();
    observed.links.iter_mut().for_each(|link| link.unwanted_since = Some(noon()));
    let desired = desired(&policy, &assembled, &observed, noon());
    let changed = unwanted(&assembled, &desired, &observed.links, noon());
    assert_eq!(changed.len(), 2);
    assert!(changed.iter().all(|link| link.unwanted_since.is_none()));
}

#[test]
fn whoever_a_shrunk_source_forgot_is_not_unwanted_yet() {
    let policy = policy();
    let known = hired(&policy, vec![worker("1", ADA, &[]), worker("2", ADA, &[])]).identities;
    let readings = [reading("hr", vec![worker("2", ADA, &[])], CoverageKind::Exhaustive)];
    let keys = ["1", "2"].map(str::to_owned).into();
    let baseline = [(named("hr"), keys)].into();
    let assembled = assemble(&policy, &readings, &known, &baseline, noon());
    let observed = observed(&[("ada.example", Some("1"))]);
    let desired = desired(&policy, &assembled, &observed, noon());
    assert!(told(&desired, "1").contains("gone: disabled"));
    assert_eq!(unwanted(&assembled, &desired, &observed.links, noon()), []);
}

#[test]
fn a_leaver_by_status_is_closed_though_a_date_cannot_be_read() {
    let mut policy = policy();
    policy.lifecycle.status.insert("former".to_owned(), LifecycleState::Departed);
    let with = |more: &[(&str, &str)]| {
        let desired =
            now(&policy, vec![worker("1", ADA, more)], &observed(&[("ada.example", Some("1"))]));
        let mut lines = vec![told(&desired, "1")];
        let doubts = of(&desired, "1").state.doubts;
        lines.extend(doubts.iter().map(|doubt| format!("  doubtful: {doubt}")));
        lines.join("\n")
    };
    insta::assert_snapshot!(with(&[("status", "Former"), ("end", "soon")]), @"
    Ada Example: departed
      crm: gone: disabled
      directory: gone: disabled
      doubtful: fact `end` of record `1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)
    ");
    insta::assert_snapshot!(with(&[("status", "Active"), ("end", "soon")]), @"
    Ada Example: announced
      held: fact `end` of record `1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)
    ");
}
