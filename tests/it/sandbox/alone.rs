//! What stops each misbehaviour, and that nobody else notices.

use insta::assert_snapshot;
use lanyard::connector::Connector as _;
use lanyard_core::{
    fault::{Applied, Fault, FaultKind},
    value::ObjectRef,
};

use super::bench::{Bench, Setting, USER, create, list, told};

/// Lists with that behaviour while a healthy connector lists too, all on one
/// thread: a guest that does not give way would starve it.
async fn beside_a_healthy_one(bench: &Bench, setting: Setting) -> Fault {
    let bad = bench.load(setting).await;
    let healthy = bench.load(Setting::of("behaves")).await;
    let (stopped, alive) = tokio::join!(list(&bad), list(&healthy));
    assert_eq!(alive.unwrap().items.len(), 1, "the healthy connector answers");
    assert_eq!(list(&healthy).await.unwrap().items.len(), 1, "and again, after it");
    stopped.unwrap_err()
}

fn within(setting: Setting, milliseconds: u64) -> Setting {
    let mut setting = setting;
    setting.limits.wall_time = std::time::Duration::from_millis(milliseconds);
    setting
}

#[tokio::test]
async fn a_misbehaving_connector_is_stopped_and_a_healthy_one_beside_it_answers() {
    let test = "a_misbehaving_connector_is_stopped_and_a_healthy_one_beside_it_answers";
    let Some(bench) = Bench::new(test) else { return };
    let mut report = String::new();
    for (name, setting) in [
        ("spins", within(Setting::of("spins"), 300)),
        ("sleeps", within(Setting::of("sleeps"), 300)),
        ("eats-memory", Setting::of("eats-memory").wanting(100)),
        ("recurses", Setting::of("recurses")),
        ("traps-in-list", Setting::of("traps-in-list")),
        ("answers-a-larger-page", Setting::of("answers-a-larger-page")),
        ("answers-an-invalid-date", Setting::of("answers-an-invalid-date")),
        ("fails-with-control-characters", Setting::of("fails-with-control-characters")),
    ] {
        let fault = beside_a_healthy_one(&bench, setting).await;
        report.push_str(&format!("{name}\n    {}\n", told(&fault)));
    }
    assert_snapshot!(report, @r"
    spins
        timed-out: `acme` did not answer within 0.3 s (its limit `wall-time`)
    sleeps
        timed-out: `acme` did not answer within 0.3 s (its limit `wall-time`)
    eats-memory
        out-of-memory: `acme` wanted more than 64 MiB (its limit `memory`)
    recurses
        trapped: `acme` crashed: wasm trap: out of bounds memory access
    traps-in-list
        trapped: `acme` crashed: wasm trap: wasm `unreachable` instruction executed
    answers-a-larger-page
        bad-answer: a page of at most 10 items has 11
    answers-an-invalid-date
        bad-answer: `acme` answered what the contract does not allow: user 1: attribute `born`: what is called a date is none (YYYY-MM-DD)
    fails-with-control-characters
        unavailable:  [2Jall is well  ok: nothing failed
    ");
}

#[tokio::test]
async fn an_answer_larger_than_the_host_copies_is_refused() {
    let test = "an_answer_larger_than_the_host_copies_is_refused";
    let Some(bench) = Bench::new(test) else { return };
    let mut setting = Setting::of("answers-too-much").wanting(150);
    setting.limits.memory = 512 << 20;
    let fault = beside_a_healthy_one(&bench, setting).await;
    assert_snapshot!(told(&fault), @"trapped: `acme` crashed: a host call failed: too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted");
}

#[tokio::test]
async fn a_crash_while_writing_may_have_changed_something_and_quotes_nobody() {
    let test = "a_crash_while_writing_may_have_changed_something_and_quotes_nobody";
    let Some(bench) = Bench::new(test) else { return };
    let connector = bench.load(Setting::of("traps-in-create")).await;
    let fault = create(&connector).await.unwrap_err();
    assert_eq!((fault.kind.clone(), fault.applied()), (FaultKind::Trapped, Applied::Maybe));
    assert!(!fault.message.contains("ada.example"), "{}", fault.message);
    assert_eq!(list(&connector).await.unwrap().items.len(), 1, "its next call is a fresh one");
}

#[tokio::test]
async fn an_answer_about_another_account_is_not_taken() {
    let test = "an_answer_about_another_account_is_not_taken";
    let Some(bench) = Bench::new(test) else { return };
    let wanted = ObjectRef { object_type: USER.to_owned(), uid: "1".to_owned() };
    let liar = bench.load(Setting::of("answers-another-id")).await;
    assert_snapshot!(told(&liar.get(&wanted).await.unwrap_err()), @"bad-answer: it was asked for one account and answered another");
    let honest = bench.load(Setting::of("behaves")).await;
    assert_eq!(honest.get(&wanted).await.unwrap().reference, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_remembered_from_one_call_to_the_next() {
    let test = "nothing_is_remembered_from_one_call_to_the_next";
    let Some(bench) = Bench::new(test) else { return };
    let connector = bench.load(Setting::of("keeps-state")).await;
    for _ in 0..25 {
        let calls = tokio::join!(list(&connector), list(&connector), list(&connector));
        for answer in [calls.0, calls.1, calls.2] {
            let remembered = answer.unwrap().items[0].reference.uid.clone();
            assert_eq!(remembered, "1", "it has seen this call and no other");
        }
    }
}
