//! An account that is there and stays.

use super::*;
use crate::{
    operation::Cause,
    value::{AttributeChange, ValueChange},
};

/// The plan for Ada, whose account at the CRM should be there and is.
fn planned(change: impl FnOnce(&mut Account)) -> Plan {
    let mut firm = Firm::new();
    firm.wants("crm", present(&[]));
    change(firm.has("crm", "u1", AccountState::Active));
    firm.plan()
}

#[test]
fn an_account_that_is_as_it_should_be_is_left_alone_and_nothing_is_said_of_it() {
    let plan = planned(|_| {});
    assert_eq!(plan.operations, []);
    assert_eq!(plan.notes, []);
}

#[test]
fn a_value_that_somebody_wrote_at_the_target_is_written_back() {
    let boss = Attribute::new("title", vec![text("Boss")]);
    let plan = planned(|account| account.attributes = vec![boss]);
    let [operation] = plan.operations.as_slice() else { panic!("{:?}", plan.operations) };
    let Change::Update { attributes, .. } = &operation.change else { panic!("{operation:?}") };
    let change = ValueChange::Replace(vec![text("Clerk")]);
    assert_eq!(*attributes, [AttributeChange { name: "title".to_owned(), change }]);
}

#[test]
fn an_account_that_the_target_locked_waits_for_a_person_who_is_told() {
    let plan = planned(|account| account.state = AccountState::Locked);
    assert_eq!(plan.operations, []);
    let [note] = plan.notes.as_slice() else { panic!("{:?}", plan.notes) };
    assert_eq!((note.identity, note.target.as_ref()), (Some(id("1")), Some(&named("crm"))));
    assert!(note.text.contains("`ada.example` is locked by the target"), "{}", note.text);
}

#[test]
fn an_account_that_somebody_else_disabled_is_enabled_and_the_plan_says_which() {
    let plan = planned(|account| account.state = AccountState::Disabled);
    assert_eq!(kinds(&plan), [OperationKind::Enable]);
    let because = "the account `ada.example` was disabled at the target, and not by us".to_owned();
    assert_eq!(plan.operations[0].causes, [Cause::Observed { because }]);
}
