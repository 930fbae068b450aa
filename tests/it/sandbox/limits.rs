//! Each limit of the operator's file, kept: these fail when the key is
//! ignored.

use std::time::{Duration, Instant};

use lanyard::connector::{Connector as _, PageRequest};
use lanyard_core::fault::FaultKind;

use super::bench::{Bench, Setting, USER, list};

fn memory(mebibytes: u64) -> Setting {
    let mut setting = Setting::of("eats-memory").wanting(32);
    setting.limits.memory = mebibytes << 20;
    setting
}

#[tokio::test]
async fn memory_is_what_the_operator_says() {
    let Some(bench) = Bench::new("memory_is_what_the_operator_says") else { return };
    let small = bench.load(memory(16)).await;
    assert_eq!(list(&small).await.unwrap_err().kind, FaultKind::OutOfMemory);
    let large = bench.load(memory(64)).await;
    assert_eq!(list(&large).await.unwrap().items.len(), 1);
}

/// How long a call took that never ends by itself.
async fn stopped_after(bench: &Bench, behaviour: &'static str, wall_time: Duration) -> Duration {
    let mut setting = Setting::of(behaviour);
    setting.limits.wall_time = wall_time;
    let connector = bench.load(setting).await;
    let begun = Instant::now();
    let fault = list(&connector).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::TimedOut, "{}", fault.message);
    begun.elapsed()
}

#[tokio::test]
async fn wall_time_is_what_the_operator_says_in_the_guest_and_in_the_host() {
    let test = "wall_time_is_what_the_operator_says_in_the_guest_and_in_the_host";
    let Some(bench) = Bench::new(test) else { return };
    let (short, long) = (Duration::from_millis(300), Duration::from_millis(900));
    for behaviour in ["spins", "sleeps"] {
        let after = stopped_after(&bench, behaviour, short).await;
        assert!(after >= short && after < Duration::from_secs(20), "{behaviour}: {after:?}");
        let after = stopped_after(&bench, behaviour, long).await;
        assert!(after >= long && after < Duration::from_secs(20), "{behaviour}: {after:?}");
    }
}

/// How long two calls took together that both wait until they are stopped.
async fn two_at_once(bench: &Bench, parallel: u32) -> Duration {
    let mut setting = Setting::of("sleeps");
    setting.limits.wall_time = Duration::from_secs(1);
    setting.limits.parallel = parallel;
    let connector = bench.load(setting).await;
    let begun = Instant::now();
    let (one, other) = tokio::join!(list(&connector), list(&connector));
    assert!(one.is_err() && other.is_err());
    begun.elapsed()
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_the_operator_says() {
    let test = "no_more_calls_run_at_once_than_the_operator_says";
    let Some(bench) = Bench::new(test) else { return };
    assert!(two_at_once(&bench, 1).await >= Duration::from_secs(2));
    assert!(two_at_once(&bench, 2).await < Duration::from_secs(2));
}

#[tokio::test]
async fn a_page_is_bounded_by_what_was_asked_for() {
    let test = "a_page_is_bounded_by_what_was_asked_for";
    let Some(bench) = Bench::new(test) else { return };
    let connector = bench.load(Setting::of("answers-a-larger-page")).await;
    for limit in [1, 500] {
        let asked = PageRequest { cursor: None, limit };
        let fault = connector.list(USER, asked).await.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::BadAnswer(_)), "{}", fault.message);
    }
}
