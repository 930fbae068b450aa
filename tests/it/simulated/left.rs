//! What earlier processes left open, and what a person says of it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard::{
    reconcile::{self, Settled},
    store::AuditEntry,
};
use lanyard_core::{
    fault::FaultKind,
    id::IdentityId,
    observed::{Declined, Origin},
};

use super::{
    firm::{Firm, unknown},
    system::{Trick, user},
};

/// Every create is sent and lost, and cannot be looked for.
async fn lost_creates(people: &[(&str, &str)]) -> Firm {
    let firm = Firm::new(people);
    for _ in people {
        firm.directory.trick("create", Trick::ApplyAndFail(unknown()));
        firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
    }
    assert_eq!(firm.run().await.uncertain, people.len());
    firm
}

#[tokio::test]
async fn a_target_that_cannot_be_asked_is_asked_about_one_operation_only() {
    let firm = lost_creates(&[("Ada", "Support"), ("Ben", "Support"), ("Cyd", "Support")]).await;
    for _ in 0..3 {
        firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
    }
    assert_eq!(firm.settle().await.open, ["directory, 3 operations: not now"]);
    assert_eq!(firm.directory.inner().find_faults.len(), 2);
    firm.directory.inner().find_faults.clear();
    assert_eq!(firm.settle().await, Settled { applied: 3, ..Settled::default() });
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn what_is_open_at_a_retired_target_is_closed_by_the_file() {
    let mut firm = lost_creates(&[("Ada", "Support")]).await;
    let name = "directory".parse().unwrap();
    firm.context.connectors.targets.remove(&name);
    let open = ["directory: it is no longer in the file"];
    for _ in 0..2 {
        assert_eq!(firm.settle().await.open, open);
    }
    Arc::get_mut(&mut firm.context.policy).unwrap().retired_targets.insert(name);
    assert_eq!(firm.settle().await, Settled { retired: 1, ..Settled::default() });
    assert_eq!(firm.settle().await, Settled::default());
    assert_eq!(firm.audit().await.last().unwrap(), "create retired");
}

/// A person looked, and says what became of the only open operation.
async fn say(firm: &Firm, applied: bool) {
    let store = &firm.context.store;
    let open = store.unsettled(None).await.unwrap();
    let [open] = open.as_slice() else { panic!("{open:?}") };
    let account = open.operation.change.account();
    let by = ("operator", Timestamp::from_second(1_900_000_000).unwrap());
    for answer in reconcile::said_by_a_person(open, applied, account, by) {
        store.answer(&answer).await.unwrap();
    }
}

#[tokio::test]
async fn a_person_says_what_became_of_a_revoke_that_never_can_be_read() {
    for applied in [true, false] {
        let firm = Firm::new(&[("Ada", "Support")]);
        assert!(firm.run().await.is_clean());
        firm.people(&[("Ada", "Legal")]);
        let trick = if applied { Trick::ApplyAndFail(unknown()) } else { Trick::Fail(unknown()) };
        firm.directory.trick("revoke", trick);
        firm.directory.inner().grant_faults.push_back(FaultKind::InvalidCredentials);
        assert_eq!(firm.run().await.uncertain, 1);
        say(&firm, applied).await;
        assert_eq!(firm.settle().await, Settled::default());
        assert_eq!(firm.ledger().await.len(), if applied { 1 } else { 2 });
        let word = if applied { "revoke applied" } else { "revoke not-applied" };
        assert_eq!(firm.audit().await.last().unwrap(), word);
        assert!(firm.run().await.is_clean());
        assert_eq!(firm.directory.shown(), "ada active [staff]");
        firm.assert_in_order().await;
    }
}

#[tokio::test]
async fn a_person_says_what_became_of_a_grant() {
    for applied in [true, false] {
        let firm = Firm::new(&[("Ada", "Legal")]);
        assert!(firm.run().await.is_clean());
        firm.people(&[("Ada", "Support")]);
        let trick = if applied { Trick::ApplyAndFail(unknown()) } else { Trick::Fail(unknown()) };
        firm.directory.trick("grant", trick);
        firm.directory.inner().grant_faults.push_back(FaultKind::InvalidCredentials);
        assert_eq!(firm.run().await.uncertain, 1);
        say(&firm, applied).await;
        assert_eq!(firm.ledger().await.len(), if applied { 2 } else { 1 });
        assert!(firm.run().await.is_clean());
        assert_eq!(firm.directory.shown(), "ada active [staff support]");
        firm.assert_in_order().await;
    }
}

fn decision(action: &str, identity: IdentityId, uid: &str) -> AuditEntry {
    AuditEntry {
        at: Timestamp::UNIX_EPOCH,
        actor: "operator".to_owned(),
        action: action.to_owned(),
        identity: Some(identity),
        target: Some("directory".parse().unwrap()),
        account: Some(user(uid)),
        result: "done".to_owned(),
        verification: None,
        detail: BTreeMap::new(),
    }
}

#[tokio::test]
async fn whose_account_is_declined_gets_one_of_the_next_name() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.add("x1", "ada", None);
    let survey = firm.survey().await;
    let identity = survey.assembled.identities[0].id;
    assert_eq!(survey.stored.plan.adoptions.len(), 1);
    let target = "directory".parse().unwrap();
    let declined = Declined { identity, target, account: user("x1") };
    firm.context.store.decline(&declined, &decision("decline", identity, "x1")).await.unwrap();
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "ada active [], ada2 active [staff support]");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn an_account_that_is_released_is_offered_again_and_left_as_it_is() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.add("x1", "ada", None);
    let identity = firm.survey().await.assembled.identities[0].id;
    firm.adopt("x1", identity).await;
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "ada active [staff support]");
    assert_eq!(firm.links().await[0].origin, Origin::Adopted);
    firm.sent();

    let (store, target) = (&firm.context.store, "directory".parse().unwrap());
    store.release(&target, &user("x1"), &decision("release", identity, "x1")).await.unwrap();
    assert_eq!((firm.links().await.len(), firm.ledger().await.len()), (0, 0));
    // The anchor that we wrote there says whose it was.
    let survey = firm.survey().await;
    assert_eq!((survey.stored.plan.operations.len(), survey.stored.plan.adoptions.len()), (0, 1));
    firm.people(&[]);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), [""; 0], "nobody's accounts are not written, whoever leaves");
}
