//! What a read after a write shows.

mod firm;

use firm::*;
use lanyard_core::{
    account::{AccountState, Assignment},
    operation::{AccountPointer, Before, Change},
    run::Verification,
    schema::DeleteKind,
    value::{Attribute, AttributeChange, ValueChange},
    verify::{AccountRead, ReadBack, compare},
};

fn seen(state: AccountState) -> ReadBack {
    let mut account = account("ada", "c1", state);
    account.attributes.push(Attribute::new("tags", vec![text("A")]));
    ReadBack { account: AccountRead::Found(account), assignments: Ok(Vec::new()) }
}

fn drifted(what: &[&str]) -> Verification {
    Verification::Drifted(what.iter().map(|it| (*it).to_owned()).collect())
}

fn create(attributes: Vec<Attribute>) -> Change {
    Change::Create {
        object_type: "user".into(),
        name: "ADA.example".into(),
        anchor: identity("ada").to_string(),
        attributes,
        state: AccountState::Active,
    }
}

#[test]
fn a_create_is_compared_as_the_target_compares() {
    let mail = |mail| Attribute::new("mail", vec![text(mail)]);
    let pin = Attribute::new("pin", vec![text("1234")]);
    let check = |change: &Change, state| compare(change, &seen(state), &user_object());
    let active = AccountState::Active;
    assert_eq!(check(&create(vec![mail("ADA@example.org"), pin]), active), Verification::Verified);
    assert_eq!(check(&create(vec![mail("other@example.org")]), active), drifted(&["mail"]));
    assert_eq!(check(&create(vec![]), AccountState::Disabled), drifted(&["state"]));
    let mut other = create(vec![]);
    if let Change::Create { name, anchor, .. } = &mut other {
        *name = "else".into();
        *anchor = "else".into();
    }
    assert_eq!(check(&other, active), drifted(&["login", "external"]));
}

#[test]
fn an_update_is_compared_value_by_value() {
    let update = |change| Change::Update {
        account: user("c1"),
        name: None,
        anchor: None,
        attributes: vec![AttributeChange { name: "tags".into(), change }],
        before: Before::default(),
    };
    let modify = |add: &str, remove: &str| ValueChange::Modify {
        add: vec![text(add)],
        remove: vec![text(remove)],
    };
    let check = |change| compare(&update(change), &seen(AccountState::Active), &user_object());
    assert_eq!(check(modify("a", "b")), Verification::Verified);
    assert_eq!(check(modify("b", "c")), drifted(&["tags"]));
    assert_eq!(check(modify("a", "A")), drifted(&["tags"]));
    assert_eq!(check(ValueChange::Replace(vec![text("a")])), Verification::Verified);
    assert_eq!(check(ValueChange::Replace(vec![])), drifted(&["tags"]));
}

#[test]
fn states_after_disable_enable_and_delete() {
    let account = || user("c1");
    let (disable, enable, delete) = (
        Change::Disable { account: account() },
        Change::Enable { account: account() },
        Change::Delete { account: account() },
    );
    let ok = Verification::Verified;
    let cases = [
        (&disable, AccountState::Disabled, ok.clone()),
        (&disable, AccountState::SoftDeleted, ok.clone()),
        (&disable, AccountState::Active, drifted(&["state"])),
        (&disable, AccountState::Locked, drifted(&["state"])),
        (&enable, AccountState::Active, ok.clone()),
        (&enable, AccountState::Disabled, drifted(&["state"])),
        (&delete, AccountState::SoftDeleted, ok.clone()),
        (&delete, AccountState::Disabled, drifted(&["account"])),
    ];
    for (change, state, expected) in cases {
        assert_eq!(compare(change, &seen(state), &user_object()), expected, "{change:?} {state:?}");
    }
    let unknown = compare(&disable, &seen(AccountState::Unknown), &user_object());
    assert!(matches!(unknown, Verification::Unverifiable(_)));

    let mut closes_only = user_object();
    closes_only.capabilities.delete_kind = DeleteKind::SameAsDisable;
    assert_eq!(compare(&delete, &seen(AccountState::Disabled), &closes_only), ok);
    let gone = ReadBack { account: AccountRead::NotFound, assignments: Ok(Vec::new()) };
    assert_eq!(compare(&delete, &gone, &user_object()), ok);
    assert_eq!(compare(&disable, &gone, &user_object()), drifted(&["account"]));
    let unread = ReadBack {
        account: AccountRead::Unread("the target is away".into()),
        assignments: Err("the target is away".into()),
    };
    let why = Verification::Unverifiable("the target is away".into());
    assert_eq!(compare(&delete, &unread, &user_object()), why);
}

#[test]
fn grants_are_there_or_not() {
    let grant = Change::Grant {
        holder: AccountPointer::Created { object_type: "user".into() },
        entitlement: group("g1"),
        relation: String::new(),
        label: "Staff".into(),
    };
    let revoke = Change::Revoke {
        holder: user("c1"),
        entitlement: group("g1"),
        relation: String::new(),
        label: "Staff".into(),
    };
    let none = seen(AccountState::Active);
    let held = |direct| ReadBack {
        assignments: Ok(vec![Assignment {
            holder: user("c1"),
            entitlement: group("g1"),
            relation: "member".into(),
            direct,
        }]),
        ..none.clone()
    };
    let check = |change, after: &ReadBack| compare(change, after, &user_object());
    assert_eq!(check(&grant, &held(true)), Verification::Verified);
    assert_eq!(check(&grant, &none), drifted(&["grant"]));
    assert_eq!(check(&revoke, &none), Verification::Verified);
    assert_eq!(check(&revoke, &held(true)), drifted(&["grant"]));
    assert_eq!(check(&revoke, &held(false)), Verification::Verified);
    let unread = ReadBack { assignments: Err("no page came".into()), ..none.clone() };
    assert_eq!(check(&grant, &unread), Verification::Unverifiable("no page came".into()));
}
