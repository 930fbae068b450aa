//! Who comes first, and what passes what.

use jiff::{civil::time, tz::TimeZone};

use super::*;
use crate::schedule::{Days, Hours, NoWrites, Reason, Why};

/// Nothing is written at any hour of these tests.
fn closed(losing_access_waits: bool) -> Pacing {
    let hours = Hours { days: Days::ALL, from: time(0, 0, 0, 0), until: time(23, 59, 59, 0) };
    let no_writes = NoWrites { hours: vec![hours], timezone: TimeZone::UTC, losing_access_waits };
    Pacing { rate: None, no_writes: Some(no_writes) }
}

/// One of each class, the least urgent first in the plan, each of somebody
/// else.
fn one_of_each() -> Vec<Operation> {
    vec![
        operation(0, "a", "crm", Event::Drift),
        operation(1, "b", "crm", Event::Mover),
        operation(2, "c", "crm", Event::Joiner),
        disable(3, "d", "crm", Event::Mover),
        disable(4, "e", "crm", Event::Leaver),
        disable(5, "f", "crm", Event::Eject),
    ]
}

#[test]
fn the_most_urgent_come_first_and_then_the_order_of_the_plan() {
    let mut operations = one_of_each();
    operations.push(disable(6, "g", "crm", Event::Leaver));
    let mut queue = queue(operations);
    assert_eq!(begun(&mut queue, at(0), 9, &mut Paces::default()), [5, 4, 6, 3, 2, 1, 0]);
}

#[test]
fn whoever_left_is_disabled_everywhere_at_once_before_anything_else() {
    let targets = ["crm", "directory", "mail", "wiki"];
    let leaves = (0..).zip(targets).map(|(id, target)| disable(id, "ada", target, Event::Leaver));
    let begins = (4..).zip(targets).map(|(id, it)| operation(id, "ben", it, Event::Joiner));
    let mut queue = queue(leaves.chain(begins).collect());
    assert_eq!(begun(&mut queue, at(0), 1, &mut Paces::default()), [0, 1, 2, 3]);
}

#[test]
fn what_something_urgent_waits_for_is_as_urgent() {
    let mut queue = queue(vec![
        operation(0, "a", "crm", Event::Joiner),
        operation(1, "b", "crm", Event::Mover),
        disable(2, "b", "crm", Event::Mover),
    ]);
    assert_eq!(begun(&mut queue, at(0), 1, &mut Paces::default()), [1]);
    queue.succeeded(OperationId(1));
    assert_eq!(begun(&mut queue, at(0), 1, &mut Paces::default()), [2]);
}

#[test]
fn in_hours_without_writes_only_what_takes_access_away_goes() {
    let mut paces = Paces::of([("crm", closed(false))]);
    let mut queue = queue(one_of_each());
    assert_eq!(begun(&mut queue, at(0), 9, &mut paces), [5, 4, 3]);
    for waiting in queue.waiting(at(0), &paces) {
        assert!(matches!(waiting.reason, Reason::Shut(Shut { why: Why::NoWrites, .. })));
    }
}

#[test]
fn where_the_file_has_that_wait_too_only_ejections_go() {
    let mut paces = Paces::of([("crm", closed(true))]);
    let mut queue = queue(one_of_each());
    assert_eq!(begun(&mut queue, at(0), 9, &mut paces), [5]);
}

#[test]
fn losing_access_passes_what_may_not_be_written_and_comes_before_it() {
    let mut paces = Paces::of([("crm", closed(false))]);
    let mut given =
        queue(vec![operation(0, "a", "crm", Event::Mover), disable(1, "a", "crm", Event::Mover)]);
    assert_eq!(begun(&mut given, at(0), 9, &mut paces), [1]);
    // Where it needs the other, it waits for it.
    let mut needed = disable(1, "a", "crm", Event::Mover);
    needed.after = vec![OperationId(0)];
    let mut needing = queue(vec![operation(0, "a", "crm", Event::Mover), needed]);
    assert_eq!(begun(&mut needing, at(0), 9, &mut paces), [0_u32; 0]);
}

#[test]
fn whatever_is_urgent_the_least_urgent_has_its_turn_in_the_end() {
    let mut operations = vec![operation(0, "low", "crm", Event::Drift)];
    operations.extend((1..50).map(|id| disable(id, &format!("u{id}"), "crm", Event::Eject)));
    let mut queue = queue(operations);
    let mut paces = Paces::default();
    let mut now = at(0);
    let mut tried = 0;
    loop {
        match queue.next(now, |_| 1, &mut paces) {
            Next::Begin { operation, .. } if operation.id == OperationId(0) => break,
            // Whatever is urgent fails as often as it may.
            Next::Begin { operation, attempt, .. } if attempt < 5 => {
                queue.again(operation.id, now + SignedDuration::from_secs(1));
            }
            Next::Begin { operation, .. } => drop(queue.failed(operation.id)),
            Next::Until(until) => now = until,
            Next::Nothing => panic!("the least urgent never has its turn"),
        }
        tried += 1;
    }
    assert!(tried <= 49 * 5 * 2, "{tried}");
}
