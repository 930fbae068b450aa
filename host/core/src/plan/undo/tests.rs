//! What is as before, and what the next plan makes of it.

use super::*;
use crate::{
    account::AccountState,
    example::{id, named},
    operation::AccountPointer,
    plan::{
        Adoption,
        tests::{Firm, group, user},
    },
};

fn adoption(uid: &str) -> Adoption {
    Adoption {
        identity: id("1"),
        target: named("crm"),
        account: user(uid),
        name: "ada.example".to_owned(),
        matched: "name".to_owned(),
        doubt: None,
    }
}

#[test]
fn an_account_that_was_adopted_stays_so_and_the_way_back_says_how_to_give_it_back() {
    let mut firm = Firm::new();
    firm.has("crm", "u1", AccountState::Active);
    let was = Plan { adopted: vec![adoption("u1")], ..Plan::default() };
    let notes = beside(&was, &firm.observed);
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert_eq!(note.identity, Some(id("1")));
    assert!(note.text.starts_with("the account `ada.example` stays adopted"), "{}", note.text);
    // What was only asked about, and nobody adopted, is nothing to undo.
    let was = Plan { adoptions: vec![adoption("u9")], ..Plan::default() };
    assert_eq!(beside(&was, &firm.observed), []);
}

#[test]
fn the_next_plan_takes_back_the_same_thing_and_not_another() {
    let grant = |uid: &str| Change::Grant {
        holder: AccountPointer::Known(user("u1")),
        entitlement: group(uid),
        relation: String::new(),
        label: uid.to_owned(),
    };
    let revoke = |uid: &str| Change::Revoke {
        holder: user("u1"),
        entitlement: group(uid),
        relation: String::new(),
        label: uid.to_owned(),
    };
    assert!(takes_back(&grant("sellers"), &revoke("sellers")));
    assert!(!takes_back(&grant("sellers"), &revoke("dept-ops")));
    assert!(!takes_back(&grant("sellers"), &grant("sellers")));
    let enable = Change::Enable { account: user("u1") };
    let disable = Change::Disable { account: user("u1") };
    assert!(takes_back(&enable, &disable));
    assert!(!takes_back(&enable, &revoke("sellers")));
}

#[test]
fn what_was_done_to_an_account_that_is_no_longer_ours_is_not_undone_at_another_one() {
    let mut firm = Firm::new();
    firm.has("crm", "u2", AccountState::Disabled);
    let operation = |change| Operation {
        id: OperationId(0),
        identity: id("1"),
        target: named("crm"),
        change,
        after: Vec::new(),
        prefer_after: Vec::new(),
        event: Event::Mover,
        causes: Vec::new(),
    };
    let back = |uid: &str| {
        let operation = operation(Change::Disable { account: user(uid) });
        let plan = Plan { operations: vec![operation.clone()], ..Plan::default() };
        let made_anew = BTreeSet::new();
        let fits = Fits {
            observed: &firm.observed,
            plan: &plan,
            operation: &operation,
            made_anew: &made_anew,
        };
        fits.back()
    };
    let why = "no account of theirs there is ours any more".to_owned();
    assert_eq!(back("u1"), (None, vec![why]));
    assert_eq!(back("u2"), (Some(Change::Enable { account: user("u2") }), Vec::new()));
}
