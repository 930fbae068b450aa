use std::slice;

use super::*;
use crate::{
    case::reopen::{CannotReopen, Reopened, reopened},
    example::{id, named, noon},
    fact::Identity,
};

fn kept(open: bool, decided: bool, contradicted: bool) -> KeptCase {
    let about = About::Record(RecordKey { source: named("more"), key: "1".to_owned() });
    let case = Case {
        id: about.case(),
        about,
        newcomer: id("1"),
        label: String::new(),
        candidates: Vec::new(),
        because: String::new(),
        contradicted,
    };
    let decision = decided.then(|| CaseDecision {
        whose: Whose::New,
        by: "grace".to_owned(),
        at: noon(),
        reason: None,
    });
    KeptCase { case, opened: noon(), open, decision }
}

#[test]
fn a_case_waits_while_it_is_open_and_not_decided_or_contradicted() {
    for (open, decided, contradicted, waits) in [
        (true, false, false, true),
        (true, false, true, true),
        (true, true, false, false),
        (true, true, true, true),
        (false, false, false, false),
        (false, true, true, false),
    ] {
        assert_eq!(
            kept(open, decided, contradicted).waits(),
            waits,
            "open {open}, decided {decided}, contradicted {contradicted}"
        );
    }
}

#[test]
fn a_case_is_over_when_its_source_was_read_and_no_longer_leads_to_it() {
    let policy = crate::example::policy();
    let more = named("more");
    let read = BTreeSet::from([&more]);
    let one = kept(true, false, false);
    let id = one.case.id.clone();
    let (all, found) = (slice::from_ref(&one), slice::from_ref(&one.case));
    assert_eq!(closed(all, &[], &policy, &read), BTreeSet::from([id]));
    // It is found again, its source was not read, or it was closed before.
    assert_eq!(closed(all, found, &policy, &read), BTreeSet::new());
    assert_eq!(closed(all, &[], &policy, &BTreeSet::new()), BTreeSet::new());
    assert_eq!(closed(&[kept(false, false, false)], &[], &policy, &read), BTreeSet::new());
    // Nobody will read a source again that left the file.
    let mut without = crate::example::policy();
    without.sources.remove("more");
    assert_eq!(closed(all, &[], &without, &BTreeSet::new()).len(), 1);
}

#[test]
fn a_decision_that_is_contradicted_is_told_of_whom_it_was_made() {
    let said = "the same `mail` as somebody else".to_owned();
    let mut assembled = Assembled::default();
    assembled.doubted.push((id("1"), said.clone()));
    let [note] = &notes(&assembled)[..] else { panic!("one note") };
    assert_eq!((note.identity, note.kind, &note.text), (Some(id("1")), NoteKind::Doubtful, &said));
    assert!(notes(&Assembled::default()).is_empty());
}

#[test]
fn whoever_was_new_by_a_decision_is_forgotten_with_it_unless_there_is_more_of_them() {
    let kept = kept(true, true, false);
    let About::Record(record) = &kept.case.about;
    let undone = |records: &[&RecordKey], begun: &[IdentityId]| {
        let identity = Identity {
            id: id("1"),
            records: records.iter().copied().cloned().collect(),
            facts: [].into(),
            absent_since: None,
            unreadable: Vec::new(),
            unchanged: [].into(),
        };
        reopened(&kept, &[identity], &begun.iter().copied().collect())
    };
    let other = RecordKey { source: named("hr"), key: "2".to_owned() };
    assert_eq!(undone(&[record], &[]), Ok(Reopened::Forgotten(id("1"))));
    assert_eq!(undone(&[record, &other], &[]), Err(CannotReopen::Joined));
    assert_eq!(undone(&[record], &[id("1")]), Err(CannotReopen::Begun));
    assert_eq!(undone(&[&other], &[]), Ok(Reopened::Nothing));
}
