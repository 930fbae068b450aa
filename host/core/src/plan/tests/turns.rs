//! Which account comes first.

use super::*;
use crate::id::OperationId;

/// Ada should have an account at both targets, and has none.
fn newcomer() -> Firm {
    let mut firm = Firm::new();
    firm.wants("crm", present(&[]));
    firm.wants("directory", present(&[]));
    firm
}

fn places(plan: &Plan) -> Vec<&str> {
    plan.operations.iter().map(|it| it.target.as_str()).collect()
}

#[test]
fn an_account_that_better_comes_later_does_so_and_needs_no_other() {
    let mut firm = newcomer();
    firm.file("crm").prefer_after = BTreeSet::from([named("directory")]);
    let plan = firm.plan();
    assert_eq!(places(&plan), ["directory", "crm"]);
    assert_eq!(plan.operations[1].prefer_after, [OperationId(0)]);
    assert_eq!(plan.operations[1].after, []);
}

#[test]
fn an_account_waits_for_the_one_that_comes_first_and_cannot_be_made() {
    let mut firm = newcomer();
    firm.file("crm").after = BTreeSet::from([named("directory")]);
    assert_eq!(places(&firm.plan()), ["directory", "crm"]);
    firm.can("directory").create = false;
    let plan = firm.plan();
    assert_eq!(plan.operations, []);
    let waits = "their account at directory comes first (`after` in [target.crm]), and there is \
                 none yet";
    assert!(told(&plan).contains(&waits), "{:?}", plan.notes);
}
