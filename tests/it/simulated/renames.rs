//! Renames: the new key, and what is cut off half-way.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lanyard::{
    reconcile::{self, Progress, Settling, Stop},
    store::StoreError,
};
use lanyard_core::fault::FaultKind;

use super::{
    firm::{Firm, unknown},
    pace::no_writes,
    system::Trick,
};

/// A run that gets Ctrl-C while it waits for the time of another attempt.
async fn stopped_while_it_waits(firm: &mut Firm) {
    let survey = firm.survey().await;
    let stop = firm.context.stop.clone();
    let asks = |progress| {
        if matches!(progress, Progress::Retrying { .. }) {
            let stop = stop.clone();
            tokio::spawn(async move { stop.ask() });
        }
    };
    let run = reconcile::execute(&firm.context, &survey, &BTreeSet::new(), &asks).await.unwrap();
    assert!(run.stopped);
    firm.context.stop = Stop::default();
}

#[tokio::test]
async fn a_rename_that_was_not_answered_is_found_under_the_new_key() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    firm.sent();
    firm.rename("Ada", "Augusta");
    firm.directory.trick("update", Trick::ApplyAndFail(unknown()));
    let summary = firm.run().await;
    assert!(summary.is_clean(), "{summary:?} {}", firm.told());
    assert_eq!(firm.sent(), ["directory update ada"]);
    let links = firm.links().await;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].account.uid, "augusta");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_rename_that_arrived_twice_is_found_under_the_new_key() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    firm.rename("Ada", "Augusta");
    // The second one finds nobody under the old key.
    firm.directory.trick("update", Trick::ApplyAndFail(FaultKind::NotFound));
    let summary = firm.run().await;
    assert!(summary.is_clean(), "{summary:?} {}", firm.told());
    assert_eq!(firm.links().await[0].account.uid, "augusta");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_rename_that_a_person_there_ends_later_is_found_under_the_new_key() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    firm.rename("Ada", "Augusta");
    firm.directory.trick("update", Trick::Pending(false, None));
    assert_eq!(firm.run().await.uncertain, 1);
    assert_eq!(firm.links().await[0].account.uid, "ada");
    firm.directory.ends_rename("ada", "augusta");
    assert_eq!(firm.settle().await.applied, 1);
    assert_eq!(firm.links().await[0].account.uid, "augusta");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn what_was_sent_before_the_clock_was_set_back_is_looked_for_all_the_same() {
    let broken = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&broken);
    let mut firm = Firm::beside(
        &[("Ada", "Support")],
        Box::new(move |side, method| {
            if (side, method) == ("before", "answer") && switch.load(Ordering::SeqCst) {
                return Err(StoreError::Damaged("as told".to_owned()));
            }
            Ok(())
        }),
    );
    let survey = firm.survey().await;
    firm.execute(&survey, &Stop::default()).await.unwrap_err();
    broken.store(false, Ordering::SeqCst);
    let earlier: jiff::Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || earlier);
    assert_eq!(firm.settle().await.applied, 1);
}

#[tokio::test]
async fn a_rename_that_was_cut_off_is_ended_by_the_connector_itself() {
    // In the same run.
    let firm = Firm::new(&[("Ada", "Support")]);
    assert!(firm.run().await.is_clean());
    firm.sent();
    firm.rename("Ada", "Augusta");
    firm.directory.trick("update", Trick::ApplyAndFail(unknown()));
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent(), ["directory update ada", "directory update augusta"]);
    firm.assert_in_order().await;

    // By the next process.
    let broken = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&broken);
    let firm = Firm::beside(
        &[("Ada", "Support")],
        Box::new(move |side, method| {
            if (side, method) == ("before", "answer") && switch.load(Ordering::SeqCst) {
                return Err(StoreError::Damaged("as told".to_owned()));
            }
            Ok(())
        }),
    );
    assert!(firm.run().await.is_clean());
    firm.sent();
    firm.rename("Ada", "Augusta");
    let survey = firm.survey().await;
    broken.store(true, Ordering::SeqCst);
    firm.execute(&survey, &Stop::default()).await.unwrap_err();
    broken.store(false, Ordering::SeqCst);
    assert_eq!(firm.settle().await.applied, 1);
    assert_eq!(firm.sent(), ["directory update ada", "directory update augusta"]);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn what_follows_a_rename_is_about_the_new_key() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "ada active [staff support]");
    firm.sent();
    firm.rename_and_move("Ada", "Augusta", "Legal");
    let summary = firm.run().await;
    assert!(summary.is_clean(), "{summary:?} {}", firm.told());
    assert_eq!(firm.sent(), ["directory update ada", "directory revoke augusta support"]);
    assert_eq!(firm.directory.shown(), "augusta active [staff]");
    let held: Vec<String> = firm.ledger().await.into_iter().map(|it| it.holder.uid).collect();
    assert_eq!(held, ["augusta"]);
    firm.assert_in_order().await;

    firm.rename("Ada", "Gusta");
    let summary = firm.run().await;
    assert!(summary.is_clean(), "{summary:?} {}", firm.told());
    assert_eq!(firm.directory.shown(), "gusta active [staff support]");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_revoke_under_a_key_that_may_be_old_is_not_taken_for_done() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    // The rename is applied, and nobody can tell.
    firm.rename_and_move("Ada", "Augusta", "Legal");
    firm.directory.trick("update", Trick::ApplyAndFail(unknown()));
    firm.directory.inner().find_faults.push_back(FaultKind::InvalidCredentials);
    let summary = firm.run().await;
    assert_eq!((summary.uncertain, summary.unproven), (1, 1), "{}", firm.told());
    assert_eq!(firm.ledger().await.len(), 2);
    assert_eq!(firm.directory.shown(), "augusta active [staff support]");
    assert_eq!(firm.settle().await.applied, 1);
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "augusta active [staff]");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_rename_that_was_stopped_while_it_waited_is_ended_by_the_next_process() {
    let mut firm = Firm::new(&[("Ada", "Support")]);
    let start: jiff::Timestamp = "2027-01-20T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || start);
    assert!(firm.run().await.is_clean());
    firm.sent();
    // Its answer is lost, and Ctrl-C comes while it waits for its time.
    firm.rename("Ada", "Augusta");
    firm.directory.trick("update", Trick::ApplyAndFail(unknown()));
    stopped_while_it_waits(&mut firm).await;
    assert_eq!(firm.sent(), ["directory update ada"]);

    let looked = reconcile::settle(&firm.context, Settling::Looking).await.unwrap();
    assert_eq!(looked.open, ["directory: a rename was cut off; the next `apply` ends it"]);
    assert_eq!(firm.settle().await.applied, 1);
    assert_eq!(firm.sent(), ["directory update augusta"]);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_rename_that_was_refused_and_stopped_is_left_to_the_next_plan() {
    let mut firm = Firm::new(&[("Ada", "Support")]);
    let start: jiff::Timestamp = "2027-01-20T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || start);
    assert!(firm.run().await.is_clean());
    firm.rename("Ada", "Augusta");
    let limited = FaultKind::RateLimited { retry_after_ms: Some(240_000) };
    firm.directory.trick("update", Trick::Fail(limited));
    stopped_while_it_waits(&mut firm).await;
    firm.begins_anew();
    let settled = firm.settle().await;
    assert_eq!((settled.not_applied, settled.open.len()), (1, 0));
    assert_eq!(firm.settle().await, reconcile::Settled::default());
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.shown(), "augusta active [staff support]");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_renamed_account_that_is_not_surely_the_same_waits_for_a_person() {
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().renameable = true;
    assert!(firm.run().await.is_clean());
    firm.rename("Ada", "Augusta");
    let survey = firm.survey().await;
    // Hers went away, and somebody else came under the new name.
    firm.directory.inner().accounts.clear();
    firm.directory.add("augusta", "augusta", None);
    firm.directory.trick("update", Trick::Fail(unknown()));
    firm.told();
    let summary = firm.execute(&survey, &Stop::default()).await.unwrap();
    assert_eq!(summary.failed, 1);
    insta::assert_snapshot!(firm.told(), @"directory update: failed: an account has the new name, but whether it is the renamed one is not known; adopt it if it is");
}

#[tokio::test]
async fn looking_ends_no_rename_that_was_cut_off() {
    let broken = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&broken);
    let firm = Firm::beside(
        &[("Ada", "Support")],
        Box::new(move |side, method| {
            if (side, method) == ("before", "answer") && switch.load(Ordering::SeqCst) {
                return Err(StoreError::Damaged("as told".to_owned()));
            }
            Ok(())
        }),
    );
    assert!(firm.run().await.is_clean());
    firm.rename("Ada", "Augusta");
    let survey = firm.survey().await;
    broken.store(true, Ordering::SeqCst);
    firm.execute(&survey, &Stop::default()).await.unwrap_err();
    broken.store(false, Ordering::SeqCst);
    firm.sent();
    let looked = reconcile::settle(&firm.context, Settling::Looking).await.unwrap();
    assert_eq!(looked.open, ["directory: a rename was cut off; the next `apply` ends it"]);
    assert_eq!(firm.sent(), [""; 0], "planning writes nothing");
    let ended = reconcile::settle(&firm.context, Settling::Finishing).await.unwrap();
    assert_eq!((ended.applied, ended.open.len()), (1, 0));
    assert_eq!(firm.sent(), ["directory update augusta"]);
}

#[tokio::test]
async fn a_rename_that_was_cut_off_is_not_ended_while_nothing_is_written_there() {
    let mut firm = Firm::new(&[("Ada", "Support")]);
    let start: jiff::Timestamp = "2027-01-20T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || start);
    assert!(firm.run().await.is_clean());
    firm.sent();
    firm.rename("Ada", "Augusta");
    firm.directory.trick("update", Trick::ApplyAndFail(unknown()));
    stopped_while_it_waits(&mut firm).await;
    firm.sent();

    no_writes(&mut firm, "directory", start);
    let kept = firm.settle().await;
    assert_eq!(
        kept.open,
        ["directory: a rename was cut off; the next `apply` ends it, after \
          2027-01-21T00:00:00Z: until then nothing is written there"]
    );
    assert_eq!(firm.sent(), [""; 0]);
    firm.begins_anew();
    assert_eq!(firm.settle().await.applied, 1);
    assert_eq!(firm.sent(), ["directory update augusta"]);
    firm.assert_in_order().await;
}
