use std::slice;

use super::*;
use crate::example::{id, named, noon};

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
