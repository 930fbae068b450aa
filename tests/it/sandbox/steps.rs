//! A component that carries out steps, and misbehaves.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use insta::assert_snapshot;
use lanyard::{
    connector::{StepCall, StepComponent as _, WriteContext},
    wasm::WasmConnector,
};
use lanyard_core::{
    fault::{Applied, Fault, FaultKind},
    workflow::StepRequest,
};

use super::{
    bench::{Bench, NoJournal, Setting, told},
    recorder::Recorder,
};

fn call() -> StepCall {
    StepCall {
        workflow: "leaver".parse().unwrap(),
        ordinal: 1,
        step: "hand".parse().unwrap(),
        request: StepRequest { with: BTreeMap::new(), facts: BTreeMap::new() },
    }
}

fn context() -> WriteContext {
    WriteContext {
        idempotency_key: "key".to_owned(),
        attempt: 1,
        trace_id: "trace".to_owned(),
        reason: None,
        expect_revision: None,
        journal: Arc::new(NoJournal),
    }
}

fn brief(behaviour: &'static str) -> Setting {
    let mut setting = Setting::of(behaviour);
    setting.limits.wall_time = Duration::from_millis(300);
    setting
}

#[tokio::test]
async fn nothing_is_written_by_asking_what_a_step_would_do_or_what_became_of_it() {
    let test = "nothing_is_written_by_asking_what_a_step_would_do_or_what_became_of_it";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let setting = Setting::of("writes-while-planning").permitted(server.address());
    let component = bench.load(setting).await;
    let faults: [Fault; 2] = [
        component.plan(&call()).await.unwrap_err(),
        component.poll(context(), "ticket").await.unwrap_err(),
    ];
    for fault in &faults {
        assert!(matches!(fault.kind, FaultKind::Denied(_)), "{}", told(fault));
    }
    assert_eq!(server.seen(), [""; 0], "nothing reached the server");
    component.run(context(), &call()).await.unwrap();
    assert_eq!(server.seen().len(), 1, "the same request passes when the step is carried out");
}

#[tokio::test]
async fn a_step_that_never_ends_or_crashes_is_stopped_and_may_have_had_an_effect() {
    let test = "a_step_that_never_ends_or_crashes_is_stopped_and_may_have_had_an_effect";
    let Some(bench) = Bench::new(test) else { return };
    let mut report = String::new();
    for setting in
        [brief("spins"), Setting::of("traps-in-create"), Setting::of("eats-memory").wanting(100)]
    {
        let component: WasmConnector = bench.load(setting).await;
        let fault = component.run(context(), &call()).await.unwrap_err();
        assert_eq!(fault.applied(), Applied::Maybe);
        report.push_str(&told(&fault));
        report.push('\n');
    }
    assert_snapshot!(report, @r"
    timed-out: `acme` did not answer within 0.3 s (its limit `wall-time`)
    trapped: `acme` crashed: wasm trap: wasm `unreachable` instruction executed
    out-of-memory: `acme` wanted more than 64 MiB (its limit `memory`)
    ");
    let component = bench.load(brief("spins")).await;
    assert_eq!(component.plan(&call()).await.unwrap_err().kind, FaultKind::TimedOut);
}

#[tokio::test]
async fn what_a_component_says_it_would_do_is_bounded() {
    let Some(bench) = Bench::new("what_a_component_says_it_would_do_is_bounded") else { return };
    let component = bench.load(Setting::of("answers-too-much").wanting(1)).await;
    let lines = component.plan(&call()).await.unwrap();
    assert_eq!(lines.len(), 21);
    assert!(lines.iter().all(|line| line.chars().count() <= 201));
    assert_eq!(lines[20], "… and 1004 lines more");
}
