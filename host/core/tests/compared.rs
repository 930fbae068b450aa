//! What one file would do that another does not.

mod firm;

use firm::*;
use insta::assert_snapshot;
use lanyard_core::{
    account::AccountState,
    compare::{Comparison, compare},
    desired::{Desired, Presence},
    guard::{Finding, GuardSettings, Lately, guard},
    lifecycle::LifecycleState,
    observed::Observed,
    plan::{Plan, plan},
};

/// Ada has an account at both targets; one of nobody looks like Ben's.
fn world() -> Observed {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", AccountState::Active);
    ours(&mut observed, "ada", "directory", "d1", AccountState::Active);
    let mut alike = account("ben", "c2", AccountState::Active);
    (alike.anchor, alike.name) = (None, "bb".to_owned());
    there(&mut observed, "crm").accounts.push(alike);
    observed
}

/// Everybody in both; Ben wants an account that may be his.
fn present_file() -> Desired {
    wanting([
        person(
            "ada",
            LifecycleState::Active,
            [
                ("crm", present(content("ada", &["Sales"]))),
                ("directory", present(content("ada", &["staff"]))),
            ],
        ),
        person("ben", LifecycleState::Active, [("crm", present(content("ben", &[])))]),
    ])
}

/// Ada's account at the crm goes, Ben is in the directory alone and cannot
/// be judged, Cleo comes.
fn other_file() -> Desired {
    let (ben, mut held) = person("ben", LifecycleState::Active, []);
    held.holds.push("`level` is not a number".into());
    wanting([
        person(
            "ada",
            LifecycleState::Active,
            [
                ("crm", closed(Presence::Disabled)),
                ("directory", present(content("ada", &["staff"]))),
            ],
        ),
        (ben, held),
        person("cleo", LifecycleState::Active, [("directory", present(content("cleo", &[])))]),
    ])
}

fn judged(desired: &Desired) -> (Plan, Vec<Finding>) {
    let observed = world();
    let plan = plan(&File::new().settings(), desired, &observed, now());
    let settings =
        GuardSettings { removals_percent: 10, removals_floor: 0, ..GuardSettings::default() };
    let findings = guard(&settings, &plan, &observed, &Lately::default(), &[]);
    (plan, findings)
}

fn between(this: &Desired, other: &Desired) -> Comparison {
    let (this, mine) = judged(this);
    let (other, theirs) = judged(other);
    compare((&this, &mine), (&other, &theirs))
}

#[test]
fn what_each_file_does_alone_is_told_by_person_and_what_both_do_is_counted() {
    let comparison = between(&present_file(), &other_file());
    assert_eq!(comparison.both, 1, "Ada joins Staff by either");
    assert_snapshot!(comparison.render("other.toml", &world().targets), @r"
    cleo Example (656776a6)
      only with other.toml
        + create directory `cleo.example`
            because rule `everyone` (line 12)

    ada Example (c0777372)
      only with the present file
        + grant crm `ada.example` Sales
            because rule `staff` (line 20)
      only with other.toml
        ! disable crm `ada.example`
            because state departed: end 2026-02-28 has passed

    ben Example (d801e4ee)
      only with the present file
        adopt? crm `bb`: same attribute mail
      only with other.toml
        held: `level` is not a number

    only with other.toml
      mass-removal at crm: 1 operation blocked

    3 people differ: only with other.toml 2 operations (1 create, 1 disable); only with the present file 1 operation (1 grant); 1 operation is the same
    ");
}

#[test]
fn the_other_way_round_the_two_sides_change_places() {
    let (forth, back) =
        (between(&present_file(), &other_file()), between(&other_file(), &present_file()));
    assert_eq!((&forth.this, &forth.other), (&back.other, &back.this));
    assert_eq!(forth.both, back.both);
    for (there, here) in forth.people.iter().zip(&back.people) {
        assert_eq!((&there.this, &there.other), (&here.other, &here.this));
    }
    assert_eq!(forth.people.len(), back.people.len());
}

#[test]
fn two_files_that_do_the_same_do_not_differ() {
    let comparison = between(&other_file(), &other_file());
    assert_snapshot!(comparison.render("other.toml", &world().targets), @"no difference: 3 operations are the same");
}
