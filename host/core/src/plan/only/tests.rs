use std::collections::BTreeSet;

use crate::{
    id::{IdentityId, OperationId},
    operation::{Change, CredentialVerb, Event, Operation},
    plan::Plan,
    value::ObjectRef,
};

fn who(key: &str) -> IdentityId {
    IdentityId::first_seen(&"hr".parse().unwrap(), key)
}

fn user() -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: "u1".to_owned() }
}

fn operation(id: u32, key: &str, change: Change) -> Operation {
    Operation {
        id: OperationId(id),
        identity: who(key),
        target: "crm".parse().unwrap(),
        change,
        after: Vec::new(),
        prefer_after: Vec::new(),
        event: Event::Eject,
        causes: Vec::new(),
    }
}

fn numbers(plan: &Plan) -> Vec<u32> {
    plan.operations.iter().map(|it| it.id.0).collect()
}

#[test]
fn what_comes_first_is_told_by_its_new_number_or_not_at_all() {
    let disable = || Change::Disable { account: user() };
    let mut third = operation(2, "E1", disable());
    third.after = vec![OperationId(0), OperationId(1)];
    third.prefer_after = vec![OperationId(0), OperationId(1)];
    let operations = vec![operation(0, "E2", disable()), operation(1, "E1", disable()), third];
    let only = Plan { operations, ..Plan::default() }.only(who("E1"));
    assert_eq!(numbers(&only), [0, 1]);
    assert_eq!(only.operations[1].after, [OperationId(0)]);
    assert_eq!(only.operations[1].prefer_after, [OperationId(0)]);
}

#[test]
fn what_was_closed_a_moment_ago_is_not_deleted_with_it() {
    let delete = |uid: &str| Change::Delete {
        account: ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() },
    };
    let disable = Change::Disable { account: user() };
    let operations = vec![
        operation(0, "E1", delete("u1")),
        operation(1, "E1", delete("u2")),
        operation(2, "E1", disable),
    ];
    let closed = BTreeSet::from([("crm".parse().unwrap(), user())]);
    let plan = Plan { operations, ..Plan::default() }.without_deleting(&closed);
    let kinds: Vec<&str> = plan.operations.iter().map(|it| it.change.kind().word()).collect();
    assert_eq!(kinds, ["delete", "disable"]);
    assert_eq!(numbers(&plan), [0, 1]);
    assert_eq!(plan.operations[0].change, delete("u2"));
}

#[test]
fn at_once_is_what_an_ejection_takes_and_nothing_that_is_deleted() {
    let mut leaver = operation(3, "E1", Change::Disable { account: user() });
    leaver.event = Event::Leaver;
    let operations = vec![
        operation(0, "E1", Change::Delete { account: user() }),
        operation(1, "E1", Change::Enable { account: user() }),
        operation(2, "E1", Change::Disable { account: user() }),
        leaver,
        operation(4, "E2", Change::Disable { account: user() }),
        operation(
            5,
            "E1",
            Change::Credentials { account: user(), verb: CredentialVerb::EndSessions },
        ),
    ];
    let plan = Plan { operations, ..Plan::default() }.at_once(who("E1"));
    let kinds: Vec<&str> = plan.operations.iter().map(|it| it.change.kind().word()).collect();
    assert_eq!(kinds, ["disable", "end-sessions"]);
    assert_eq!(numbers(&plan), [0, 1]);
}
