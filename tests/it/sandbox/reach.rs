//! What a connector reaches for and is not given.

use insta::assert_snapshot;
use lanyard::{
    config::permissions::AddressRange,
    connector::{Connector as _, Lookup},
};
use lanyard_core::{
    fault::{Fault, FaultKind},
    schema::CheckDepth,
    value::ObjectRef,
};

use super::{
    bench::{Bench, Setting, USER, create, list, to, told},
    recorder::Recorder,
};

fn without_port(text: &str, recorder: &Recorder) -> String {
    text.replace(&recorder.address().port().to_string(), "PORT")
}

async fn refused(bench: &Bench, setting: Setting) -> Fault {
    let fault = list(&bench.load(setting).await).await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Denied(_)), "{}", told(&fault));
    fault
}

#[tokio::test]
async fn a_server_that_is_not_permitted_is_never_called() {
    let test = "a_server_that_is_not_permitted_is_never_called";
    let Some(bench) = Bench::new(test) else { return };
    let forbidden = Recorder::start();
    let setting = Setting::of("calls-a-forbidden-host").forbidden(forbidden.address());
    let fault = refused(&bench, setting).await;
    assert_snapshot!(without_port(&told(&fault), &forbidden), @r#"
    denied: GET http://127.0.0.1:PORT is not permitted: the host refused it; GET http://127.0.0.1:PORT is refused; to permit it, write:
    [target.acme.permissions]
    hosts = ["http://127.0.0.1:PORT"]
    "#);
    assert_eq!(forbidden.seen(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_permitted_is_called() {
    let Some(bench) = Bench::new("a_server_that_is_permitted_is_called") else { return };
    let server = Recorder::start();
    let mut setting = Setting::of("calls-a-forbidden-host").forbidden(server.address());
    setting.permissions.requests.push(to(server.address()));
    list(&bench.load(setting).await).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_permitted_name_leads_to_no_private_address_unless_its_range_is_permitted() {
    let test = "a_permitted_name_leads_to_no_private_address_unless_its_range_is_permitted";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let setting = || Setting::of("calls-a-forbidden-host").named("localhost", server.address());
    let fault = refused(&bench, setting()).await;
    assert!(fault.message.contains("127.0.0.1"), "{}", fault.message);
    assert!(fault.message.ends_with("permit their range with `addresses`"), "{}", fault.message);
    assert_eq!(server.seen(), [""; 0]);

    let mut loopback = setting();
    let network = server.address().ip();
    loopback.permissions.addresses.push(AddressRange { network, prefix: 8 });
    list(&bench.load(loopback).await).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_stream_nobody_declared_is_not_opened() {
    let Some(bench) = Bench::new("a_stream_nobody_declared_is_not_opened") else { return };
    let fault = refused(&bench, Setting::of("opens-an-undeclared-stream")).await;
    assert_snapshot!(told(&fault), @r#"
    denied: the stream `back-door` is refused; to permit it, write:
    [target.acme.permissions]
    streams = { back-door = { host = "HOST", port = 636, protocol = "ldap", tls = "tls" } }
    "#);
}

#[tokio::test]
async fn there_are_no_sockets() {
    let Some(bench) = Bench::new("there_are_no_sockets") else { return };
    let server = Recorder::start();
    // Even where requests to that server are permitted.
    let mut setting = Setting::of("opens-a-socket").forbidden(server.address());
    setting.permissions.requests.push(to(server.address()));
    let fault = list(&bench.load(setting).await).await.unwrap_err();
    assert_snapshot!(told(&fault), @"unavailable: no socket: permission denied");
    assert_eq!(server.seen(), [""; 0]);
}

#[tokio::test]
async fn there_are_no_directories_but_those_permitted() {
    let test = "there_are_no_directories_but_those_permitted";
    let Some(bench) = Bench::new(test) else { return };
    let connector = bench.load(Setting::of("reads-foreign-directories")).await;
    assert_snapshot!(told(&list(&connector).await.unwrap_err()), @"unavailable: no directory is to be had");
}

#[tokio::test]
async fn planning_cannot_write_through_any_door() {
    let Some(bench) = Bench::new("planning_cannot_write_through_any_door") else { return };
    let server = Recorder::start();
    let setting = Setting::of("writes-while-planning").permitted(server.address());
    let connector = bench.load(setting).await;
    let ada = ObjectRef { object_type: USER.to_owned(), uid: "1".to_owned() };
    let faults = [
        list(&connector).await.unwrap_err(),
        connector.get(&ada).await.unwrap_err(),
        connector.find(USER, &Lookup::Name("ada".to_owned())).await.unwrap_err(),
        connector.check(CheckDepth::Authorize).await.unwrap_err(),
    ];
    for fault in &faults {
        assert!(matches!(fault.kind, FaultKind::Denied(_)), "{}", told(fault));
    }
    assert_snapshot!(without_port(&told(&faults[0]), &server), @r#"
    denied: POST http://127.0.0.1:PORT is not permitted: the host refused it; POST http://127.0.0.1:PORT/ is refused while planning; if it changes nothing, [target.acme.permissions]
    reads = [{ origin = "http://127.0.0.1:PORT", method = "POST", path = "/" }]
    "#);
    assert_eq!(server.seen(), [""; 0], "nothing reached the server");

    create(&connector).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "the same request passes in a journaled write");
    assert!(seen[0].starts_with("POST / "), "{}", seen[0]);
}

#[tokio::test]
async fn planning_sends_no_header_that_makes_a_read_a_write() {
    let test = "planning_sends_no_header_that_makes_a_read_a_write";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let setting = Setting::of("overrides-the-method").permitted(server.address());
    let fault = refused(&bench, setting).await;
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let said = format!("the header `{header}` is refused while planning");
        assert!(fault.message.contains(&said), "{}", fault.message);
    }
    assert_eq!(server.seen(), [""; 0]);
}

#[tokio::test]
async fn a_post_the_operator_calls_a_read_passes_while_planning() {
    let test = "a_post_the_operator_calls_a_read_passes_while_planning";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let mut setting = Setting::of("writes-while-planning").permitted(server.address());
    setting.permissions.reads.push(to(server.address()));
    list(&bench.load(setting).await).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}
