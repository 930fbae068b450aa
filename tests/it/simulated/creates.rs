//! A create whose outcome is not known is never followed by a blind second.

use std::sync::atomic::{AtomicUsize, Ordering};

use lanyard::{reconcile::Stop, store::StoreError};
use lanyard_core::{fault::FaultKind, schema::CreateSafety};

use super::{
    firm::{Firm, down, unknown},
    system::Trick,
};

const ADA: &[(&str, &str)] = &[("Ada", "Support")];

#[tokio::test]
async fn a_create_that_was_applied_and_not_answered_is_found_in_the_same_run() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::ApplyAndFail(unknown()));
    let summary = firm.run().await;
    assert!(summary.is_clean(), "{summary:?}");
    assert_eq!(
        firm.sent(),
        ["directory create ada", "directory grant ada staff", "directory grant ada support"]
    );
    assert_eq!(firm.audit().await[..2], ["create uncertain", "create done"]);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_create_that_was_not_applied_is_sent_again_with_the_same_key() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Fail(unknown()));
    let summary = firm.run().await;
    assert!(summary.is_clean(), "{summary:?}");
    let keys = firm.directory.inner().keys.clone();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].0, keys[1].0);
    assert_eq!((keys[0].1, keys[1].1), (1, 2));
    assert_eq!(firm.directory.shown(), "ada active [staff support]");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn nobody_found_where_the_target_cannot_tell_waits_for_a_person() {
    let firm = Firm::new(ADA);
    firm.directory.inner().safety = Some(CreateSafety::None);
    firm.directory.trick("create", Trick::Fail(unknown()));
    let summary = firm.run().await;
    assert_eq!((summary.uncertain, summary.skipped), (1, 2));
    assert_eq!(firm.sent(), ["directory create ada"]);
    insta::assert_snapshot!(firm.told(), @r"
    directory create: uncertain: whether the account was created is not known and this target cannot tell; look for it there: adopt it, or say that there is none (`lanyard account settle`)
    directory grant: skipped: an operation it needs failed
    directory grant: skipped: an operation it needs failed
    ");

    // However often it runs, no second create is sent.
    for _ in 0..2 {
        let settled = firm.settle().await;
        assert_eq!(settled.open.len(), 1, "{settled:?}");
        let survey = firm.survey().await;
        assert_eq!(survey.stored.plan.operations, []);
        assert_eq!(survey.stored.plan.left_open(), 1);
        assert!(firm.sent().is_empty());
    }

    // A person finds it there and adopts it.
    firm.directory.add("x1", "ada", None);
    let survey = firm.survey().await;
    let identity = survey.assembled.identities[0].id;
    firm.adopt("x1", identity).await;
    assert_eq!(firm.settle().await.applied, 1);
    firm.run().await;
    assert_eq!(firm.directory.shown(), "ada active [staff support]");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn an_account_of_somebody_else_with_the_name_is_left_alone() {
    let firm = Firm::new(ADA);
    let survey = firm.survey().await;
    firm.directory.add("x1", "ada", None);
    firm.directory.trick("create", Trick::Fail(FaultKind::AlreadyExists(None)));
    let summary = firm.execute(&survey, &Stop::default()).await.unwrap();
    assert_eq!((summary.failed, summary.skipped), (1, 2));
    insta::assert_snapshot!(firm.told().lines().next().unwrap(), @"directory create: failed: another account has this name already; adopt it or give the person another name");
    assert!(firm.links().await.is_empty());
    assert_eq!(firm.directory.shown(), "ada active []");
    // From here on it is a question to a person.
    let survey = firm.survey().await;
    assert_eq!((survey.stored.plan.operations.len(), survey.stored.plan.adoptions.len()), (0, 1));
}

#[tokio::test]
async fn several_accounts_with_one_key_wait_for_a_person() {
    let firm = Firm::new(ADA);
    let survey = firm.survey().await;
    let anchor = survey.desired.identities.keys().next().unwrap().to_string();
    firm.directory.add("x1", "ada", Some(&anchor));
    firm.directory.add("x2", "ada-old", Some(&anchor));
    firm.directory.trick("create", Trick::Fail(unknown()));
    let summary = firm.execute(&survey, &Stop::default()).await.unwrap();
    assert_eq!((summary.failed, summary.skipped), (1, 2));
    insta::assert_snapshot!(firm.told().lines().next().unwrap(), @"directory create: failed: several accounts carry this person's key; remove all but one");
    assert!(firm.links().await.is_empty());
}

#[tokio::test]
async fn a_name_that_stays_taken_is_not_tried_again_and_again() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Fail(FaultKind::AlreadyExists(None)));
    let summary = firm.run().await;
    assert_eq!(summary.failed, 1);
    assert_eq!(firm.sent(), ["directory create ada"]);
}

#[tokio::test]
async fn while_it_cannot_be_searched_nothing_is_created_and_then_it_is_settled() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::ApplyAndFail(unknown()));
    firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
    let summary = firm.run().await;
    assert_eq!((summary.uncertain, summary.skipped), (1, 2));
    assert_eq!(firm.sent(), ["directory create ada"]);

    // Nor is one created that a lagging list does not show yet.
    let account = firm.directory.inner().accounts.pop_first().unwrap();
    firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
    assert_eq!(firm.settle().await.open, ["directory: not now"]);
    firm.told();
    let survey = firm.survey().await;
    assert_eq!((survey.stored.plan.operations.len(), survey.stored.plan.left_open()), (0, 1));
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), [""; 0]);

    firm.directory.inner().accounts.insert(account.0, account.1);
    let settled = firm.settle().await;
    assert_eq!((settled.applied, settled.open.len()), (1, 0));
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), ["directory grant ada staff", "directory grant ada support"]);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_search_that_answers_not_found_found_nobody() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Fail(unknown()));
    for _ in 0..2 {
        firm.directory.inner().find_faults.push_back(FaultKind::NotFound);
    }
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn an_answer_without_the_account_is_looked_up() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Nameless);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.links().await.len(), 1);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn an_answer_with_somebody_elses_account_fails_alone() {
    let firm = Firm::new(ADA);
    assert!(firm.run().await.is_clean());
    firm.people(&[("Ada", "Support"), ("Ben", "Support"), ("Cyd", "Support")]);
    firm.directory.trick("create", Trick::Name("u1"));
    let survey = firm.survey().await;
    firm.told();
    let summary = firm.execute(&survey, &Stop::default()).await.unwrap();
    assert_eq!((summary.failed, summary.skipped, summary.verified), (1, 2, 3));
    assert!(firm.told().contains("an account that belongs to another identity"));
    assert_eq!(firm.links().await.len(), 2);
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn an_attempt_that_breaks_off_takes_nobody_with_it() {
    let firm = Firm::new(&[("Ada", "Support"), ("Ben", "Support"), ("Cyd", "Support")]);
    for _ in 0..2 {
        firm.directory.trick("create", Trick::Panic);
    }
    firm.directory.inner().max_concurrency = Some(1);
    let summary = firm.run().await;
    assert_eq!((summary.uncertain, summary.skipped, summary.verified), (2, 4, 3));
    assert!(!summary.stopped);
    assert_eq!(firm.settle().await.not_applied, 2);
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_grant_on_an_account_of_its_own_plan_is_settled_by_the_next_process() {
    let calls = AtomicUsize::new(0);
    let firm = Firm::beside(
        ADA,
        Box::new(move |side, method| {
            // The create is answered; the grant is sent, and its answer lost.
            let second =
                (side, method) == ("before", "answer") && calls.fetch_add(1, Ordering::SeqCst) == 1;
            if second { Err(StoreError::Damaged("as told".to_owned())) } else { Ok(()) }
        }),
    );
    let survey = firm.survey().await;
    firm.execute(&survey, &Stop::default()).await.unwrap_err();
    assert_eq!(firm.sent(), ["directory create ada", "directory grant ada staff"]);
    let settled = firm.settle().await;
    assert_eq!((settled.applied, settled.open.len()), (1, 0));
    assert_eq!(firm.ledger().await.len(), 1);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), ["directory grant ada support"]);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_target_that_stays_down_is_given_up_and_planned_again() {
    let firm = Firm::new(ADA);
    for _ in 0..5 {
        firm.directory.trick("create", Trick::Fail(down()));
    }
    let summary = firm.run().await;
    assert_eq!((summary.failed, summary.skipped), (1, 2));
    assert_eq!(firm.sent().len(), 5);
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}
