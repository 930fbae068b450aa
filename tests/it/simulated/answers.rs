//! Answers that say less than they should, or name what they must not.

use lanyard_core::{account::AccountState, fault::FaultKind};

use super::{
    firm::{Firm, unknown},
    system::Trick,
};

const ADA: &[(&str, &str)] = &[("Ada", "Support")];

#[tokio::test]
async fn a_create_that_is_pending_without_an_account_is_looked_for_and_never_sent_again() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Pending(false, None));
    let summary = firm.run().await;
    assert_eq!((summary.uncertain, summary.skipped, summary.verified), (1, 2, 0));
    insta::assert_snapshot!(firm.told(), @"
    directory create: uncertain: the target has not finished yet
    directory grant: skipped: an operation it needs failed
    directory grant: skipped: an operation it needs failed
    ");
    assert!(firm.links().await.is_empty());
    // The next process looks, and the one after it; nothing is sent.
    for _ in 0..2 {
        assert_eq!(firm.settle().await.open.len(), 1);
        let survey = firm.survey().await;
        assert_eq!((survey.stored.plan.operations.len(), survey.stored.plan.left_open()), (0, 1));
    }
    assert_eq!(firm.sent(), ["directory create ada"]);

    // While it cannot be searched, that it is pending is not forgotten.
    firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
    assert_eq!(firm.settle().await.open.len(), 1);
    assert_eq!(firm.settle().await.not_applied, 0);

    // Somebody accepts.
    let anchor = firm.survey().await.desired.identities.keys().next().unwrap().to_string();
    firm.directory.add("u9", "ada", Some(&anchor));
    assert_eq!(firm.settle().await.applied, 1);
    assert_eq!(firm.links().await[0].account.uid, "u9");
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent()[0], "directory update ada");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_create_that_is_pending_and_there_is_found_in_the_same_run() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Pending(true, None));
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.links().await.len(), 1);
    assert_eq!(firm.sent().len(), 3);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_pending_create_whose_time_is_over_is_sent_again() {
    let firm = Firm::new(ADA);
    let over = "2027-01-15T08:30:00Z".parse().unwrap();
    firm.directory.trick("create", Trick::Pending(false, Some(over)));
    assert_eq!(firm.run().await.uncertain, 1);
    // A minute passes at every look at the clock.
    let mut looks = 0;
    while firm.settle().await.not_applied == 0 {
        looks += 1;
        assert!(looks < 60, "its time is never over");
    }
    assert!(looks > 3, "its time was over too early");
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent().iter().filter(|line| line.contains("create")).count(), 2);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_create_done_in_part_without_an_account_is_looked_for() {
    let firm = Firm::new(ADA);
    firm.directory.trick("create", Trick::Partial);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.audit().await[..2], ["create uncertain", "create done"]);
    assert_eq!(firm.links().await.len(), 1);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_create_answered_with_an_account_that_was_there_links_nobody() {
    let other = "00000000-0000-0000-0000-000000000000";
    for anchor in [None, Some(other)] {
        let firm = Firm::new(ADA);
        firm.directory.add("x1", "root", anchor);
        firm.directory.trick("create", Trick::Name("x1"));
        let summary = firm.run().await;
        assert_eq!((summary.failed, summary.skipped, summary.verified), (1, 2, 0));
        insta::allow_duplicates! {
            insta::assert_snapshot!(firm.told().lines().next().unwrap(), @"directory create: failed: the target answered with the account `x1`, which was there before and is nobody's; if it is theirs: `lanyard account adopt directory x1 --identity 9dd4f3fc-91f9-5f0a-a9a2-05f67aeb6ea1`");
        }
        assert!(firm.links().await.is_empty());
        assert!(firm.ledger().await.is_empty());
        assert_eq!(firm.directory.shown(), "root active []", "nothing was granted to it");
        assert!(firm.run().await.is_clean(), "an honest answer later is taken");
    }
}

#[tokio::test]
async fn a_rename_answered_with_an_account_that_was_there_gives_it_to_nobody() {
    let firm = Firm::new(ADA);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    firm.directory.add("x1", "root", None);
    firm.rename("Ada", "Augusta");
    firm.directory.trick("update", Trick::Name("x1"));
    firm.told();
    let summary = firm.run().await;
    assert_eq!((summary.failed, summary.verified), (1, 0));
    insta::assert_snapshot!(firm.told(), @"directory update: failed: the target answered with the account `x1`, which was there before and is nobody's; look at both there");
    assert_eq!(firm.links().await[0].account.uid, "ada");
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "augusta active [staff support], root active []");
}

#[tokio::test]
async fn a_disable_answered_with_another_account_is_verified_by_the_one_it_was_sent_for() {
    let firm = Firm::new(ADA);
    assert!(firm.run().await.is_clean());
    firm.directory.add("x1", "old", None);
    firm.directory.inner().accounts.get_mut("x1").unwrap().state = AccountState::Disabled;
    firm.people(&[]);
    firm.directory.trick("disable", Trick::Name("x1"));
    let summary = firm.run().await;
    assert_eq!(summary.drifted, 1, "{}", firm.told());
    assert_eq!(firm.links().await[0].disabled_since, None);
}

#[tokio::test]
async fn a_lost_create_is_not_found_in_an_account_that_was_there() {
    for later in [false, true] {
        let firm = Firm::new(ADA);
        firm.directory.add("x1", "root", None);
        firm.directory.inner().by_key = Some("x1".to_owned());
        firm.directory.trick("create", Trick::Fail(unknown()));
        if later {
            firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
        }
        let summary = firm.run().await;
        let settled = firm.settle().await;
        let (in_the_run, afterwards) = if later { (0, 1) } else { (1, 0) };
        assert_eq!((summary.failed, settled.parked), (in_the_run, afterwards), "{}", firm.told());
        assert!(firm.links().await.is_empty());
        assert_eq!(firm.sent(), ["directory create ada"]);
    }
}
