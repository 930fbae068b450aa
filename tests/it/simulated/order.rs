//! Who comes first, who waits, and what a stop or a broken store leaves.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use lanyard::{
    reconcile::{self, Progress, Stop},
    store::StoreError,
};
use lanyard_core::fault::FaultKind;

use super::{
    firm::{Firm, unknown},
    system::Trick,
};

#[tokio::test]
async fn accounts_come_in_the_order_of_targets_and_grants_after_them() {
    let firm = Firm::new(&[("Ada", "Sales")]);
    assert!(firm.run().await.is_clean());
    let sent = firm.sent();
    let place = |text: &str| sent.iter().position(|line| line == text).unwrap();
    assert!(place("directory create ada") < place("crm create ada"), "{sent:?}");
    assert!(place("directory create ada") < place("directory grant ada staff"), "{sent:?}");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_mover_is_given_the_new_before_the_old_is_taken() {
    let firm = Firm::new(&[("Ada", "Sales")]);
    firm.run().await;
    firm.sent();
    firm.people(&[("Ada", "Support")]);
    assert!(firm.run().await.is_clean());
    let sent = firm.sent();
    let place = |text: &str| sent.iter().position(|line| line == text).unwrap();
    assert!(place("directory grant ada support") < place("directory revoke ada sales"), "{sent:?}");
}

#[tokio::test]
async fn a_grant_that_fails_keeps_no_old_one() {
    let firm = Firm::new(&[("Ada", "Sales")]);
    firm.run().await;
    firm.people(&[("Ada", "Support")]);
    firm.directory.trick("grant", Trick::Fail(FaultKind::PermissionDenied(None)));
    let summary = firm.run().await;
    assert_eq!(summary.failed, 1);
    assert_eq!(firm.directory.shown(), "ada active [staff]");
    assert_eq!(firm.crm.shown(), "ada disabled []");
}

#[tokio::test]
async fn what_fails_for_some_delays_nobody_else() {
    let firm = Firm::new(&[("Ada", "Sales"), ("Ben", "Sales")]);
    firm.run().await;
    firm.people(&[("Cyd", "Sales")]);
    for _ in 0..10 {
        firm.directory.trick("disable", Trick::Fail(FaultKind::Conflict(None)));
    }
    let summary = firm.run().await;
    assert_eq!(summary.failed, 2);
    assert_eq!(firm.crm.shown(), "ada disabled [], ben disabled [], cyd active []");
    assert!(firm.directory.shown().ends_with("cyd active [sales staff]"));
}

#[tokio::test]
async fn no_target_is_written_more_at_once_than_the_file_and_it_allow() {
    let people: Vec<String> = (0..40).map(|number| format!("Person{number}")).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|name| (name.as_str(), "Sales")).collect();
    let firm = Firm::new(&people);
    firm.crm.inner().max_concurrency = Some(2);
    // So many must come at the same time, however busy the machine is.
    firm.directory.inner().meet = 4;
    firm.crm.inner().meet = 2;
    let run = tokio::time::timeout(Duration::from_mins(1), firm.run()).await;
    assert!(run.expect("fewer are written at once than may be").is_clean());
    assert_eq!(firm.directory.inner().most, 4);
    assert_eq!(firm.crm.inner().most, 2);
}

#[tokio::test]
async fn a_target_that_names_a_time_is_left_alone_until_then() {
    let mut firm = Firm::new(&[("Ada", "Support")]);
    let began = Instant::now();
    let start: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || start + began.elapsed());
    let limited = FaultKind::RateLimited { retry_after_ms: Some(1_300) };
    firm.directory.trick("create", Trick::Fail(limited));
    assert!(firm.run().await.is_clean());
    assert!(began.elapsed() >= Duration::from_millis(1_300));
    firm.assert_in_order().await;
}

/// One that waited would end after twenty seconds at the earliest.
async fn soon<T>(run: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), run).await.unwrap()
}

#[tokio::test]
async fn a_target_that_asks_for_a_week_is_left_to_a_later_run() {
    let mut firm = Firm::new(&[("Ada", "Support"), ("Ben", "Support")]);
    let week = FaultKind::RateLimited { retry_after_ms: Some(7 * 24 * 3_600_000) };
    firm.directory.inner().max_concurrency = Some(1);
    firm.directory.trick("create", Trick::Fail(week));
    let summary = soon(firm.run()).await;
    assert_eq!((summary.failed, summary.skipped, summary.verified), (1, 2, 0));
    // It is for the target, and not for one operation there.
    assert_eq!(summary.waiting, 3);
    let told = firm.told();
    assert!(
        told.contains("directory create: waits: `directory` asks to be left alone until 2027-")
    );
    let failed = told.lines().find(|line| line.contains("failed:")).unwrap();
    assert!(
        failed.starts_with(
            "directory create: failed: as told; the target asks to be left alone until 2027-01-2"
        ) && failed.ends_with("so a later run tries it again"),
        "{failed}"
    );
    firm.begins_anew();
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_target_that_shows_a_write_only_after_a_day_is_not_waited_for() {
    let day = 24 * 3_600_000;
    let firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().visibility_delay_ms = day;
    let summary = soon(firm.run()).await;
    assert_eq!((summary.unverifiable, summary.failed), (3, 0));
    assert_eq!(firm.links().await.len(), 1);
    firm.assert_in_order().await;

    // A lost answer stays open until the day has passed, and then it is looked for.
    let mut firm = Firm::new(&[("Ada", "Support")]);
    firm.directory.inner().visibility_delay_ms = day;
    firm.directory.trick("create", Trick::ApplyAndFail(unknown()));
    assert_eq!(soon(firm.run()).await.uncertain, 1);
    assert_eq!(soon(firm.settle()).await.open.len(), 1);
    let later: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || later);
    assert_eq!(soon(firm.settle()).await.applied, 1);
    assert_eq!(firm.sent(), ["directory create ada"]);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_retry() {
    let mut firm = Firm::new(&[("Ada", "Support")]);
    let start: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    firm.context.clock = Arc::new(move || start);
    let limited = FaultKind::RateLimited { retry_after_ms: Some(240_000) };
    firm.directory.trick("create", Trick::Fail(limited));
    let stop = firm.context.stop.clone();
    let survey = firm.survey().await;
    let asks = |progress| {
        if matches!(progress, Progress::Retrying { .. }) {
            let stop = stop.clone();
            tokio::spawn(async move { stop.ask() });
        }
    };
    let none = BTreeSet::new();
    let run = reconcile::execute(&firm.context, &survey, &none, &asks);
    let summary = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap().unwrap();
    assert!(summary.stopped);
    assert_eq!(summary.skipped, 3);
}

#[tokio::test]
async fn a_stop_between_operations_loses_nothing() {
    let firm = Firm::new(&[("Ada", "Sales"), ("Ben", "Sales"), ("Cyd", "Support")]);
    let survey = firm.survey().await;
    let all = survey.stored.plan.operations.len();
    let stop = firm.context.stop.clone();
    let done = AtomicUsize::new(0);
    let asks = |progress| {
        if matches!(progress, Progress::Done { .. }) && done.fetch_add(1, Ordering::SeqCst) == 1 {
            stop.ask();
        }
    };
    let none = BTreeSet::new();
    let summary = reconcile::execute(&firm.context, &survey, &none, &asks).await.unwrap();
    assert!(summary.stopped);
    let sent = firm.sent();
    assert_eq!(summary.verified, sent.len(), "what was sent was answered: {sent:?}");
    assert_eq!(summary.verified + summary.skipped, all);
    assert!(summary.skipped > 0);
    assert_eq!(firm.settle().await, reconcile::Settled::default());
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.sent().len(), summary.skipped, "nothing was sent twice");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn when_the_store_fails_nothing_more_is_sent() {
    for failing in ["intend", "answer"] {
        let calls = AtomicUsize::new(0);
        let broken = Arc::new(Mutex::new(true));
        let switch = Arc::clone(&broken);
        let people: Vec<String> = (0..20).map(|number| format!("Person{number}")).collect();
        let people: Vec<(&str, &str)> =
            people.iter().map(|name| (name.as_str(), "Support")).collect();
        let firm = Firm::beside(
            &people,
            Box::new(move |side, method| {
                let third = side == "before"
                    && method == failing
                    && calls.fetch_add(1, Ordering::SeqCst) >= 2;
                if third && *switch.lock().unwrap() {
                    return Err(StoreError::Damaged("the disk is full".to_owned()));
                }
                Ok(())
            }),
        );
        let survey = firm.survey().await;
        let error = firm.execute(&survey, &Stop::default()).await.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the store is damaged: the disk is full");
        }
        // Two whole ones, and those that were under way at the same time.
        let sent = firm.sent().len();
        assert!(sent <= 2 + 4, "{failing}: {sent} were sent");
        *broken.lock().unwrap() = false;
        firm.settle().await;
        assert!(firm.run().await.is_clean());
        assert_eq!(firm.directory.inner().accounts.len(), 20);
        firm.assert_in_order().await;
    }
}
