//! Targets that are not called for a while, and a person who halts
//! everything.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use lanyard::{
    connector::Gate,
    reconcile::{self, Progress, Stop, Summary},
    store::{AuditEntry, Store, StoreError, sqlite::SqliteStore},
};
use lanyard_core::{
    fault::FaultKind,
    schedule::{Days, Halt, Hours, NoWrites, Pacing, Rate},
};

use super::{
    firm::{Firm, down},
    system::Trick,
};

type Clock = Arc<Mutex<Timestamp>>;

/// A firm in which time passes when somebody waits, and only then.
fn timed(firm: &mut Firm, pacing: &Pacing) -> Clock {
    let clock: Clock = Arc::new(Mutex::new("2027-01-01T00:00:00Z".parse().unwrap()));
    let telling = || {
        let clock = Arc::clone(&clock);
        Arc::new(move || *clock.lock().unwrap())
    };
    firm.context.clock = telling();
    for target in firm.context.connectors.targets.values_mut() {
        target.gate = Gate::new(pacing.clone(), telling());
    }
    let passing = Arc::clone(&clock);
    firm.context.stop = Stop::default().impatient(Arc::new(move |wait: Duration| {
        *passing.lock().unwrap() += SignedDuration::try_from(wait).unwrap();
    }));
    clock
}

/// All of this day nothing is written there.
pub(super) fn no_writes(firm: &mut Firm, target: &str, now: Timestamp) {
    let midnight = Time::midnight();
    let days = Days::NONE.with(now.to_zoned(TimeZone::UTC).weekday());
    let hours = vec![Hours { days, from: midnight, until: midnight }];
    let hours = NoWrites { hours, timezone: TimeZone::UTC, losing_access_waits: false };
    let pacing = Pacing { rate: None, no_writes: Some(hours) };
    let target = firm.context.connectors.targets.get_mut(target).unwrap();
    target.gate = Gate::new(pacing, Arc::new(move || now));
}

/// A run in the time of the firm.
async fn run(firm: &Firm) -> Summary {
    let survey = firm.survey().await;
    let report = |progress: Progress| firm.show(&progress);
    reconcile::execute(&firm.context, &survey, &BTreeSet::new(), &report).await.unwrap()
}

fn silent(firm: &Firm) {
    for kind in ["create", "disable", "grant", "revoke"] {
        for _ in 0..100 {
            firm.directory.trick(kind, Trick::Fail(down()));
        }
    }
}

#[tokio::test]
async fn a_dead_target_delays_nobody_else_and_is_not_asked_on_and_on() {
    let people: Vec<String> = (0..20).map(|number| format!("Person{number}")).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|name| (name.as_str(), "Sales")).collect();
    let mut firm = Firm::new(&people);
    timed(&mut firm, &Pacing::default());
    assert!(run(&firm).await.is_clean());
    firm.sent();
    firm.people(&[("Cyd", "Support")]);
    silent(&firm);
    let summary = run(&firm).await;
    let crm = firm.crm.shown();
    assert_eq!(crm.matches("disabled []").count(), 20, "{crm}");
    let asked = firm.sent().iter().filter(|line| line.starts_with("directory")).count();
    assert!((6..=9).contains(&asked), "it was asked {asked} times");
    assert!(summary.failed == 0 && summary.waiting > 20, "{summary:?}");
    let told = firm.told();
    assert!(
        told.contains("directory disable: waits: `directory` does not answer, and is not asked"),
        "{told}"
    );
    // Nothing of it is forgotten.
    firm.directory.inner().tricks.clear();
    timed(&mut firm, &Pacing::default());
    assert!(run(&firm).await.is_clean());
    assert_eq!(firm.directory.shown().matches("disabled").count(), 20);
    // What is deleted at once is so by the next plan.
    assert!(run(&firm).await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_target_that_is_back_after_a_while_is_gone_on_with_in_the_same_run() {
    let people: Vec<String> = (0..20).map(|number| format!("Person{number}")).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|name| (name.as_str(), "Support")).collect();
    let mut firm = Firm::new(&people);
    let clock = timed(&mut firm, &Pacing::default());
    // Five, and those that are under way when the fifth is not answered.
    for _ in 0..8 {
        firm.directory.trick("create", Trick::Fail(down()));
    }
    let began = *clock.lock().unwrap();
    assert!(run(&firm).await.is_clean());
    let took = clock.lock().unwrap().duration_since(began);
    assert!(took >= SignedDuration::from_secs(30) && took < SignedDuration::from_mins(2), "{took}");
    firm.assert_in_order().await;
}

#[tokio::test]
async fn no_more_calls_are_made_than_the_file_says_reads_with_them() {
    let mut firm = Firm::new(&[("Ada", "Support"), ("Ben", "Support"), ("Cyd", "Support")]);
    let rate = Rate { calls: 10, per: SignedDuration::from_mins(1) };
    let clock = timed(&mut firm, &Pacing { rate: Some(rate), no_writes: None });
    let began = *clock.lock().unwrap();
    assert!(run(&firm).await.is_clean());
    // Three reads of all, three creates, six grants, and each of them read back.
    let took = clock.lock().unwrap().duration_since(began);
    assert!(took >= SignedDuration::from_mins(2), "{took}");
}

#[tokio::test]
async fn a_target_that_refuses_for_a_time_is_called_no_more_until_then() {
    let people: Vec<String> = (0..20).map(|number| format!("Person{number}")).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|name| (name.as_str(), "Support")).collect();
    let mut firm = Firm::new(&people);
    let clock = timed(&mut firm, &Pacing::default());
    let limited = FaultKind::RateLimited { retry_after_ms: Some(60_000) };
    firm.directory.trick("create", Trick::Fail(limited));
    let began = *clock.lock().unwrap();
    let waited = Mutex::new(Vec::new());
    let survey = firm.survey().await;
    let report = |progress: Progress| {
        if let Progress::Done { .. } = progress {
            waited.lock().unwrap().push(clock.lock().unwrap().duration_since(began));
        }
    };
    let none = BTreeSet::new();
    let summary = reconcile::execute(&firm.context, &survey, &none, &report).await.unwrap();
    assert!(summary.is_clean(), "{summary:?}");
    let waited = waited.into_inner().unwrap();
    let minute = SignedDuration::from_mins(1);
    let early = waited.iter().filter(|at| **at < minute).count();
    // Those that were under way at that moment, and nobody after them.
    assert!(early <= 4, "{waited:?}");
}

fn entry() -> AuditEntry {
    AuditEntry {
        at: Timestamp::UNIX_EPOCH,
        actor: "another".to_owned(),
        action: "halt".to_owned(),
        identity: None,
        target: None,
        account: None,
        result: "ordered".to_owned(),
        verification: None,
        detail: [].into(),
    }
}

/// As another process does it, while the first has the store.
fn halt_from_beside(path: std::path::PathBuf) {
    let beside = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = SqliteStore::open(&path).unwrap();
        let halt = Halt { at: Timestamp::UNIX_EPOCH, by: "another".to_owned(), reason: None };
        assert!(runtime.block_on(store.halt(&halt, &entry())).unwrap());
    });
    beside.join().unwrap();
}

#[tokio::test]
async fn when_another_process_halts_everything_no_further_call_is_made() {
    let people: Vec<String> = (0..20).map(|number| format!("Person{number}")).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|name| (name.as_str(), "Support")).collect();
    let mut firm = Firm::new(&people);
    firm.context.stop = Stop::looking(Arc::clone(&firm.context.store), Duration::ZERO);
    let survey = firm.survey().await;
    let done = AtomicUsize::new(0);
    let path = firm.path();
    let report = |progress| {
        if matches!(progress, Progress::Done { .. }) && done.fetch_add(1, Ordering::SeqCst) == 1 {
            halt_from_beside(path.clone());
        }
    };
    let none = BTreeSet::new();
    let summary = reconcile::execute(&firm.context, &survey, &none, &report).await.unwrap();
    assert!(summary.stopped && summary.skipped > 40, "{summary:?}");
    let sent = firm.sent().len();
    assert!(sent <= 2 + 4, "{sent} were sent");
    // Nothing is looked at either, not even to settle what was under way.
    let error = reconcile::survey(&firm.context).await.unwrap_err();
    insta::assert_snapshot!(error, @"everything is halted since 1970-01-01T00:00:00Z, by another");
    reconcile::settle(&firm.context, reconcile::Settling::Finishing).await.unwrap_err();
    assert!(firm.context.store.resume(Timestamp::UNIX_EPOCH, &entry()).await.unwrap());
    firm.context.stop = Stop::default();
    firm.settle().await;
    assert!(firm.run().await.is_clean());
    assert_eq!(firm.directory.inner().accounts.len(), 20);
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_run_that_waits_for_its_turn_is_ended_by_a_halt() {
    let mut firm = Firm::new(&[("Ada", "Support")]);
    firm.context.stop = Stop::looking(Arc::clone(&firm.context.store), Duration::from_millis(5));
    let limited = FaultKind::RateLimited { retry_after_ms: Some(120_000) };
    firm.directory.trick("create", Trick::Fail(limited));
    let survey = firm.survey().await;
    let path = firm.path();
    let report = |progress| {
        if matches!(progress, Progress::Retrying { .. }) {
            let path = path.clone();
            // By then it waits.
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(200));
                halt_from_beside(path);
            });
        }
    };
    let none = BTreeSet::new();
    let run = reconcile::execute(&firm.context, &survey, &none, &report);
    let ended = tokio::time::timeout(Duration::from_secs(30), run).await;
    let summary = ended.expect("it waits on, although everything is halted").unwrap();
    assert!(summary.stopped && summary.skipped > 0, "{summary:?}");
}

/// As when a database server is restarted.
#[tokio::test]
async fn a_store_that_cannot_be_read_for_a_moment_ends_no_run() {
    let fails = Arc::new(AtomicUsize::new(0));
    let left = Arc::clone(&fails);
    let away = move |side: &str, method: &str| {
        let less = |left: usize| left.checked_sub(1);
        let fails = (side, method) == ("before", "halted")
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
        if fails { Err(StoreError::Damaged("away".to_owned())) } else { Ok(()) }
    };
    let mut firm = Firm::beside(&[("Ada", "Support"), ("Ben", "Sales")], Box::new(away));
    firm.context.stop = Stop::looking(Arc::clone(&firm.context.store), Duration::ZERO);
    let survey = firm.survey().await;
    let first = AtomicUsize::new(0);
    let report = |progress| {
        if matches!(progress, Progress::Done { .. }) && first.fetch_add(1, Ordering::SeqCst) == 0 {
            fails.store(12, Ordering::SeqCst);
        }
    };
    let none = BTreeSet::new();
    let summary = reconcile::execute(&firm.context, &survey, &none, &report).await.unwrap();
    assert_eq!(fails.load(Ordering::SeqCst), 0);
    assert!(!summary.stopped && summary.is_clean(), "{summary:?}");
    firm.assert_in_order().await;
}
