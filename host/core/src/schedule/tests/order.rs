//! What waits for what.

use std::collections::BTreeSet;

use super::*;
use crate::operation::CredentialVerb;

/// Operations at one target, each of another person, after these.
fn plan(after: &[&[u32]]) -> Plan {
    let operations = (0..).zip(after).map(|(id, after)| Operation {
        after: after.iter().copied().map(OperationId).collect(),
        ..operation(id, &format!("u{id}"), "directory", Event::Joiner)
    });
    Plan { operations: operations.collect(), ..Plan::default() }
}

fn taken(queue: &mut Queue) -> Option<u32> {
    match queue.next(at(0), |_| u32::MAX, &mut Paces::default()) {
        Next::Begin { operation, .. } => Some(operation.id.0),
        Next::Until(_) | Next::Nothing => None,
    }
}

/// Somebody is disabled, signed out and deleted.
fn closing() -> Plan {
    let mut plan = plan(&[&[], &[], &[]]);
    let account = user("u0");
    let changes = [
        Change::Disable { account: account.clone() },
        Change::Credentials { account: account.clone(), verb: CredentialVerb::Revoke },
        Change::Delete { account },
    ];
    let identity = plan.operations[0].identity;
    for (operation, change) in plan.operations.iter_mut().zip(changes) {
        (operation.identity, operation.change) = (identity, change);
    }
    plan
}

#[test]
fn what_somebody_is_signed_in_with_ends_beside_their_being_disabled() {
    let mut queue = Queue::new(&closing(), &BTreeSet::new());
    assert_eq!(taken(&mut queue), Some(0));
    assert_eq!(taken(&mut queue), None, "somebody could sign in again");
    // It is tried again later, for which nobody waits.
    queue.again(OperationId(0), at(9));
    assert_eq!(taken(&mut queue), Some(1));
    queue.succeeded(OperationId(1));
    assert_eq!(taken(&mut queue), None, "what comes after keeps its turn");
    queue.succeeded(OperationId(0));
    assert_eq!(taken(&mut queue), Some(2));
}

#[test]
fn nothing_is_done_twice_at_once_to_one_account() {
    let mut queue = Queue::new(&closing(), &BTreeSet::new());
    assert_eq!(taken(&mut queue), Some(0));
    queue.again(OperationId(0), at(0));
    // Both are ready now.
    let first = taken(&mut queue);
    assert_eq!((first, taken(&mut queue)), (Some(0), None));
}

#[test]
fn whoever_could_not_be_disabled_is_put_out_all_the_same() {
    let mut queue = Queue::new(&closing(), &BTreeSet::new());
    assert_eq!(taken(&mut queue), Some(0));
    assert!(queue.failed(OperationId(0)).is_empty());
    assert_eq!(taken(&mut queue), Some(1));
    let blocked = BTreeSet::from([OperationId(0)]);
    let mut queue = Queue::new(&closing(), &blocked);
    assert_eq!(taken(&mut queue), Some(1));
}

#[test]
fn one_that_failed_before_its_turn_ends_nobody_elses() {
    let mut queue = Queue::new(&plan(&[&[], &[], &[]]), &BTreeSet::new());
    queue.failed(OperationId(0));
    assert_eq!(taken(&mut queue), Some(1));
    assert_eq!(taken(&mut queue), Some(2));
    assert_eq!(taken(&mut queue), None);
}

#[test]
fn a_retry_of_one_that_is_out_ends_nobody_elses_turn() {
    let mut queue = Queue::new(&plan(&[&[], &[], &[0, 1]]), &BTreeSet::new());
    assert_eq!(taken(&mut queue), Some(0));
    let out = queue.failed(OperationId(0));
    assert_eq!(out.iter().map(|it| it.id.0).collect::<Vec<_>>(), [2]);
    queue.again(OperationId(0), at(0));
    assert_eq!(taken(&mut queue), Some(1));
    queue.succeeded(OperationId(1));
    assert_eq!(taken(&mut queue), None);
    assert!(queue.is_done());
}

#[test]
fn one_that_is_tried_again_waits_for_its_time_and_counts_its_attempts() {
    let mut queue = Queue::new(&plan(&[&[]]), &BTreeSet::new());
    assert_eq!(taken(&mut queue), Some(0));
    queue.again(OperationId(0), at(5));
    let mut paces = Paces::default();
    let next = queue.next(at(4), |_| 1, &mut paces);
    assert!(matches!(next, Next::Until(until) if until == at(5)), "{next:?}");
    let next = queue.next(at(5), |_| 1, &mut paces);
    assert!(matches!(next, Next::Begin { attempt: 2, .. }), "{next:?}");
}

#[test]
fn a_target_without_room_keeps_nobody_elses_from_beginning() {
    let operations = vec![
        operation(0, "ada", "crm", Event::Joiner),
        operation(1, "ben", "crm", Event::Joiner),
        operation(2, "ben", "directory", Event::Joiner),
    ];
    let mut queue = queue(operations);
    assert_eq!(begun(&mut queue, at(0), 1, &mut Paces::default()), [0, 2]);
}
