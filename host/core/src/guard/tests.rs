use super::*;
use crate::{
    example::{id, named, observed},
    operation::Change,
    value::ObjectRef,
};

/// Both accounts at the crm are disabled.
fn disables(event: Event) -> Plan {
    let accounts = [("1", "ada"), ("2", "ben")].into_iter().zip(0..);
    let operations = accounts.map(|((key, name), number)| {
        let account = ObjectRef { object_type: "user".to_owned(), uid: format!("u-{name}") };
        Operation {
            id: OperationId(number),
            identity: id(key),
            target: named("crm"),
            change: Change::Disable { account },
            after: Vec::new(),
            prefer_after: Vec::new(),
            event,
            causes: Vec::new(),
        }
    });
    Plan { operations: operations.collect(), ..Plan::default() }
}

#[test]
fn whoever_is_ejected_goes_however_few_may_lose_access_at_once() {
    let observed = observed(&[("ada", Some("1")), ("ben", Some("2"))]);
    let settings =
        GuardSettings { removals_percent: 10, removals_floor: 1, ..GuardSettings::default() };
    let held_back = |event: Event| {
        let found = guard(&settings, &disables(event), &observed, &Lately::default(), &[]);
        let held_back = found.into_iter().filter(Finding::holds_back);
        held_back.map(|it| it.kind).collect::<Vec<_>>()
    };
    assert_eq!(held_back(Event::Leaver), [FindingKind::MassRemoval]);
    assert_eq!(held_back(Event::Eject), []);
}
