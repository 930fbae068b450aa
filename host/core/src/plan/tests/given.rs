//! What is given, and what people asked for.

use super::*;
use crate::{
    access::{Side, Unmanaged},
    desired::RequestNow,
    example::at,
    request::{Request, RequestedBy},
};

#[test]
fn what_is_given_and_found_there_becomes_ours_and_is_not_taken_away() {
    let mut firm = Firm::new();
    firm.file("crm").access.unmanaged = Unmanaged::Remove;
    firm.wants("crm", present(&["sellers"]));
    firm.has("crm", "u1", AccountState::Active);
    firm.holds("crm", "u1", "sellers");
    let plan = firm.plan();
    assert_eq!(plan.operations, []);
    assert_eq!(plan.claims, [ours("crm", "u1", "sellers")]);
    // What nothing gives, nobody may hold there.
    firm.wants("crm", present(&[]));
    assert_eq!(kinds(&firm.plan()), [OperationKind::Revoke]);
}

/// A request for a role that nobody has to agree to any more, and that gives
/// nothing.
fn request(from: Option<&str>) -> RequestNow {
    let request = Request {
        id: "abc".to_owned(),
        identity: id("1"),
        access: Side::Role(named("seller")),
        from: from.map(at),
        until: None,
        reason: String::new(),
        by: RequestedBy::Step { workflow: named("welcome"), step: named("ask"), by: None },
        at: noon(),
        start: None,
        answer_by: None,
        asked: None,
        agreed: Vec::new(),
        given: Some(noon()),
        ended: None,
    };
    let waits = Some("it gives nothing yet".to_owned());
    RequestNow { request, waits, is_unasked: false, conflicts: Vec::new() }
}

#[test]
fn what_was_asked_for_later_is_not_told_to_wait_until_then() {
    let notes = |from| {
        let mut firm = Firm::new();
        firm.ada().access.requests.open = vec![request(from)];
        firm.plan().notes
    };
    assert_eq!(notes(Some("2026-07-01T00:00:00Z")), []);
    for from in [None, Some("2026-06-01T12:00:00Z")] {
        let notes = notes(from);
        let [note] = notes.as_slice() else { panic!("{notes:?}") };
        assert_eq!(note.kind, NoteKind::Waits);
        assert_eq!(note.text, "request abc for role `seller`: it gives nothing yet");
    }
}
