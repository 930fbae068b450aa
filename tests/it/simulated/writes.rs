//! Every other write: drift, deletions, revokes.

use std::time::Duration;

use lanyard::reconcile::Stop;
use lanyard_core::{account::AccountState, fault::FaultKind};

use super::{
    firm::{Firm, unknown},
    system::Trick,
};

/// Ada has an account; then she leaves.
async fn leaver() -> Firm {
    let firm = Firm::new(&[("Ada", "Support")]);
    assert!(firm.run().await.is_clean());
    firm.people(&[]);
    firm.sent();
    firm.told();
    firm
}

/// She left, and her account is to be deleted.
async fn deleted() -> Firm {
    let firm = leaver().await;
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "ada disabled []");
    firm.sent();
    firm.told();
    firm
}

#[tokio::test]
async fn a_disable_that_does_not_show_is_told_and_not_taken_for_done() {
    let firm = leaver().await;
    firm.directory.trick("disable", Trick::Ignore);
    let summary = firm.run().await;
    assert_eq!(summary.drifted, 1);
    assert!(!summary.is_clean());
    insta::assert_snapshot!(firm.told().lines().next().unwrap(), @"directory disable: drifted");
    assert_eq!(firm.links().await[0].disabled_since, None);
    let summary = firm.run().await;
    assert!(summary.is_clean());
    assert_eq!(firm.directory.shown(), "ada disabled []");
}

#[tokio::test]
async fn an_account_that_was_enabled_meanwhile_is_not_deleted() {
    let firm = deleted().await;
    let survey = firm.survey().await;
    let enable = |firm: &Firm| {
        firm.directory.inner().accounts.values_mut().next().unwrap().state = AccountState::Active;
    };
    enable(&firm);
    let summary = firm.execute(&survey, &Stop::default()).await.unwrap();
    assert_eq!(summary.failed, 1);
    assert_eq!(firm.sent(), [""; 0]);
    insta::assert_snapshot!(firm.told(), @"directory delete: failed: the account was enabled after the plan was made, so it is not deleted; plan again");
}

#[tokio::test]
async fn a_delete_that_was_applied_and_not_answered_is_done() {
    for fault in [unknown(), FaultKind::NotFound, FaultKind::TimedOut] {
        let firm = deleted().await;
        firm.directory.trick("delete", Trick::ApplyAndFail(fault));
        assert!(firm.run().await.is_clean());
        assert_eq!(firm.sent(), ["directory delete ada"]);
        assert!(firm.links().await.iter().all(|link| link.gone));
        firm.assert_in_order().await;
    }
}

#[tokio::test]
async fn writes_that_may_be_sent_twice_are_looked_for_first() {
    for kind in ["grant", "disable", "revoke"] {
        for applied in [true, false] {
            let firm =
                if kind == "grant" { Firm::new(&[("Ada", "Support")]) } else { leaver().await };
            firm.directory.trick(
                kind,
                if applied { Trick::ApplyAndFail(unknown()) } else { Trick::Fail(unknown()) },
            );
            assert!(firm.run().await.is_clean(), "{kind} {applied}");
            let sent = firm.sent();
            let first = sent.iter().find(|line| line.contains(kind)).unwrap();
            let times = sent.iter().filter(|line| *line == first).count();
            assert_eq!(times, if applied { 1 } else { 2 }, "{sent:?}");
        }
    }
}

#[tokio::test]
async fn a_read_before_a_delete_that_fails_is_tried_again() {
    let firm = deleted().await;
    firm.directory.inner().get_faults.push_back(Some(FaultKind::TimedOut));
    assert!(firm.run().await.is_clean());
    let mut audit = firm.audit().await;
    audit.retain(|row| row.starts_with("delete"));
    assert_eq!(audit.last_chunk(), Some(&["delete refused", "delete done"].map(String::from)));
    assert_eq!(firm.sent(), ["directory delete ada"]);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn an_account_restored_after_it_was_deleted_is_closed_and_deleted_again() {
    let firm = deleted().await;
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "");
    firm.assert_in_order().await;
    firm.sent();

    // By hand, under its old key.
    firm.directory.add("u1", "ada", None);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), ["directory disable ada"]);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), ["directory delete ada"]);
    firm.assert_in_order().await;

    // Restored, and she came back meanwhile.
    let anchor = firm.links().await[0].identity.to_string();
    firm.directory.add("u1", "ada", Some(&anchor));
    firm.people(&[("Ada", "Support")]);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "ada active [staff support]");
    assert!(firm.links().await.iter().all(|link| !link.gone));
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_delete_that_cannot_be_read_back_stays_on_the_books() {
    let firm = deleted().await;
    // The read before it succeeds, the one after it does not.
    firm.directory.inner().get_faults.extend([None, Some(FaultKind::InvalidCredentials)]);
    let summary = firm.run().await;
    assert_eq!((summary.unverifiable, summary.unproven), (1, 1));
    assert!(!summary.is_clean());
    assert!(firm.links().await.iter().all(|link| !link.gone));
    // The next reading proves it.
    firm.assert_in_order().await;
    assert!(firm.links().await.iter().all(|link| link.gone));
}

#[tokio::test]
async fn a_revoke_that_cannot_be_read_back_stays_on_the_books() {
    let firm = leaver().await;
    firm.directory.inner().grant_faults.push_back(FaultKind::InvalidCredentials);
    let before = firm.ledger().await.len();
    let summary = firm.run().await;
    assert_eq!((summary.unverifiable, summary.unproven), (1, 1));
    assert!(!summary.is_clean());
    assert_eq!((before, firm.ledger().await.len()), (2, 1), "only the verified one is off");
}

#[tokio::test]
async fn a_stop_ends_the_wait_of_a_read_that_was_asked_for_patience() {
    let stop = Stop::default();
    let asks = stop.clone();
    let firm = Firm::beside(
        &[("Ada", "Support")],
        Box::new(move |side, method| {
            if (side, method) == ("after", "intend") {
                asks.ask();
            }
            Ok(())
        }),
    );
    let patience = FaultKind::RateLimited { retry_after_ms: Some(100_000) };
    firm.directory.inner().get_faults.push_back(Some(patience));
    let survey = firm.survey().await;
    let run = firm.execute(&survey, &stop);
    let summary = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap().unwrap();
    assert!(summary.stopped);
    assert_eq!((summary.unverifiable, summary.skipped), (1, 2), "it was sent, and only that");
    assert_eq!(firm.links().await.len(), 1);
}
