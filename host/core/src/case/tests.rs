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
