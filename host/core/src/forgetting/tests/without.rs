//! Plans without somebody who was erased.

use super::*;
use crate::{
    id::OperationId,
    operation::{Change, Event, Operation, OperationKind},
    plan::Note,
    value::ObjectRef,
};

fn disable(number: u32, key: &str, uid: &str) -> Operation {
    let account = ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() };
    Operation {
        id: OperationId(number),
        identity: id(key),
        target: named("crm"),
        change: Change::Disable { account },
        after: Vec::new(),
        prefer_after: Vec::new(),
        event: Event::Leaver,
        causes: vec![Cause::Leaver { because: format!("nothing gives {uid}") }],
    }
}

#[test]
fn of_whoever_is_erased_a_plan_keeps_what_was_done_and_not_of_whom() {
    let note = |key: &str, text: &str| Note {
        identity: Some(id(key)),
        target: None,
        kind: NoteKind::Waits,
        text: text.to_owned(),
        open: true,
    };
    let mut plan = Plan {
        operations: vec![disable(0, "1", "ada.example"), disable(1, "2", "ben.beispiel")],
        notes: vec![note("1", "Ada Example waits"), note("2", "Ben Beispiel waits")],
        labels: BTreeMap::from([
            (id("1"), "Ada Example".to_owned()),
            (id("2"), "Ben Beispiel".to_owned()),
        ]),
        ..Plan::default()
    };
    let mut findings = [(0, "of ada.example"), (1, "of ben.beispiel")].map(|(number, text)| {
        let blocks = vec![OperationId(number)];
        Finding { kind: FindingKind::MassRemoval, target: None, text: text.to_owned(), blocks }
    });
    let whole = plan.clone();
    let gone = Gone { ids: BTreeSet::from([id("1")]), ..Gone::default() };
    plan.without(&mut findings, &gone);
    let left = serde_json::to_string(&plan).unwrap();
    assert!(!left.contains("ada.example") && !left.contains("Ada Example"), "{left}");
    let emptied = &plan.operations[0];
    assert_eq!((emptied.identity, emptied.change.kind()), (id("1"), OperationKind::Disable));
    assert_eq!(plan.operations[1..], whole.operations[1..]);
    assert_eq!(plan.notes, whole.notes[1..]);
    assert_eq!(plan.labels, BTreeMap::from([(id("2"), "Ben Beispiel".to_owned())]));
    assert_eq!((findings[0].text.as_str(), findings[1].text.as_str()), (ERASED, "of ben.beispiel"));
}
