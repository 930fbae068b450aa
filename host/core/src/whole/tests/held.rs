//! Names that somebody had, once a plan is done.

use super::*;
use crate::{
    id::OperationId,
    observed::HeldName,
    operation::{Change, Event},
};

#[test]
fn whoever_loses_an_account_has_had_every_name_of_theirs_once() {
    let mut observed = able(&[("ada.example", Some("1"))]);
    let earlier = at("2026-01-01T00:00:00Z");
    let held = |name: &str, last_seen: Timestamp| HeldName {
        name: name.to_owned(),
        identity: id("1"),
        last_seen,
    };
    let names = vec![held("ada.young", earlier), held("ada.example", earlier)];
    observed.names.insert(named("crm"), names);
    let account = observed.targets["crm"].accounts[0].reference.clone();
    let delete = Operation {
        id: OperationId(0),
        identity: id("1"),
        target: named("crm"),
        change: Change::Delete { account },
        after: Vec::new(),
        prefer_after: Vec::new(),
        event: Event::Leaver,
        causes: Vec::new(),
    };
    let plan = Plan { operations: vec![delete], ..Plan::default() };
    let done = applied(&observed, &plan, |_| true, noon());
    assert_eq!(done.names["crm"], [held("ada.young", earlier), held("ada.example", noon())]);
}
