//! Targets that are away, slow, broken, or do not know us.

use std::net::{Ipv4Addr, SocketAddr};

use insta::assert_snapshot;
use tokio::net::TcpSocket;

use crate::desk::{Desk, PEOPLE, Said, crm, with_target};

/// Plans against the application with these faults.
async fn plan_against(test: &str, faults: &[&str], more: &str) -> Option<Said> {
    let desk = Desk::new(test)?;
    let crm = crm(&desk, faults).await;
    desk.configure(&with_target(crm.address(), more)).write("people.csv", PEOPLE);
    Some(desk.run(&["plan"]).await)
}

/// A port that nobody listens on, and that nobody else gets while it is held.
fn closed_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    socket
}

#[tokio::test]
async fn a_target_that_is_down_is_told_and_nothing_is_planned_for_it() {
    let test = "a_target_that_is_down_is_told_and_nothing_is_planned_for_it";
    let Some(desk) = Desk::new(test) else { return };
    let closed = closed_port();
    desk.configure(&with_target(closed.local_addr().unwrap(), "")).write("people.csv", PEOPLE);
    let said = desk.run(&["plan"]).await;
    assert!(!said.stdout.contains("create"), "{}", said.stdout);
    assert_snapshot!(said.complaint(), @r"
    exit 67
    warning: `crm` could not be read, so nothing is planned for it: GET http://127.0.0.1:PORT/ServiceProviderConfig was not sent: nothing answers there (connection refused) (unavailable)
      hint: see that the system is up and that the file names it rightly, then try again
    ");
    let checked = desk.run(&["check"]).await;
    assert_snapshot!(format!("exit {}\n{}", checked.status.unwrap_or(-1), checked.stdout), @r"
    exit 67
    ok    lanyard.toml is valid
    ok    crm: SCIM 2.0 service 0.1.0 (DIGEST)
            asks for requests to {config.url} below / (GET POST PUT PATCH DELETE): users and groups
            asks for authorization `default` (any): signs requests in
    FAIL  crm: unavailable: GET http://127.0.0.1:PORT/ServiceProviderConfig was not sent: nothing answers there (connection refused); see that the system is up and that the file names it rightly, then try again
    ok    hr: CSV file 0.1.0 (DIGEST)
            asks for directory `data` (read): reads the file
    ok    hr: file `people.csv`: 3 people, 4 columns
    ok    every fact that is asked for is given by a source
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_slow_is_cut_off_by_wall_time() {
    let slow = r#"{"method": "GET", "delay-ms": 3600000, "times": null}"#;
    let limit = "limits = { wall-time = \"1s\" }";
    let test = "a_target_that_is_slow_is_cut_off_by_wall_time";
    let Some(said) = plan_against(test, &[slow], limit).await else { return };
    assert_snapshot!(said.complaint(), @r"
    exit 67
    warning: `crm` could not be read, so nothing is planned for it: `crm` did not answer within 1 s (its limit `wall-time`) (timed-out)
      hint: if the system is only slow, raise `wall-time` in its `limits`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_answers_a_web_page_is_not_believed() {
    let html = r#"{"html": true, "path": "/Users", "times": null}"#;
    let test = "a_target_that_answers_a_web_page_is_not_believed";
    let Some(said) = plan_against(test, &[html], "").await else { return };
    assert_snapshot!(said.complaint(), @r"
    exit 67
    warning: `crm` could not be read, so nothing is planned for it: GET http://127.0.0.1:PORT/Users answered 200 with a page for people (HTML) (unavailable)
      hint: see that the system is up and that the file names it rightly, then try again
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_breaks_off_is_no_list() {
    let half = r#"{"half": true, "path": "/Users", "times": null}"#;
    let test = "a_list_that_breaks_off_is_no_list";
    let Some(said) = plan_against(test, &[half], "").await else { return };
    assert_snapshot!(said.complaint(), @r"
    exit 67
    warning: `crm` could not be read, so nothing is planned for it: GET http://127.0.0.1:PORT/Users got no whole answer: the system closed the connection (unavailable)
      hint: see that the system is up and that the file names it rightly, then try again
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_told() {
    let refused = r#"{"status": 401, "times": null}"#;
    let test = "refused_credentials_are_told";
    let Some(said) = plan_against(test, &[refused], "").await else { return };
    assert!(!said.stderr.contains(crate::desk::TOKEN));
    assert_snapshot!(said.complaint(), @r"
    exit 67
    warning: `crm` could not be read, so nothing is planned for it: GET http://127.0.0.1:PORT/ServiceProviderConfig answered 401 (invalid-credentials)
      hint: its secret is wrong or expired: mend it where the file says it is read
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_asks_for_patience_gets_it() {
    let busy = r#"{"status": 429, "retry-after": 1, "path": "/Users", "times": 2}"#;
    let test = "a_target_that_asks_for_patience_gets_it";
    let begun = std::time::Instant::now();
    let Some(said) = plan_against(test, &[busy], "").await else { return };
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{}", said.stdout);
    assert!(begun.elapsed().as_secs_f64() >= 2.0, "it was asked to wait a second, twice");
    assert!(said.stdout.contains("create"), "{}", said.stdout);
}

/// Applies against the application with a fault in creating, and answers
/// what was created.
async fn apply_with(test: &str, fault: &str) -> Option<(Said, Vec<String>)> {
    let desk = Desk::new(test)?;
    let crm = crm(&desk, &[fault]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    let log = std::fs::read_to_string(desk.path("crm.log")).unwrap_or_default();
    let created = log.lines().filter(|line| line.contains("POST")).map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {}", line["name"].as_str().unwrap_or_default(), line["status"])
    });
    let mut created: Vec<String> = created.collect();
    created.sort();
    let again = desk.run(&["plan"]).await;
    assert_eq!(again.status, Some(0), "{}{}", again.stdout, again.stderr);
    assert!(!again.stdout.contains("create"), "the second plan is empty: {}", again.stdout);
    Some((said, created))
}

const EACH_ONCE: [&str; 3] = ["ada.example 201", "ben.beispiel 201", "cleo.ejemplo 201"];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_create_that_breaks_off_makes_no_second_account() {
    let half = r#"{"half": true, "method": "POST", "path": "/Users", "times": 1}"#;
    let test = "an_answer_to_a_create_that_breaks_off_makes_no_second_account";
    let Some((said, created)) = apply_with(test, half).await else { return };
    assert_eq!(said.status, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(created, EACH_ONCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_closed_after_a_create_makes_no_second_account() {
    let gone = r#"{"drop": "after-applying", "method": "POST", "path": "/Users", "times": 1}"#;
    let test = "a_connection_closed_after_a_create_makes_no_second_account";
    let Some((said, created)) = apply_with(test, gone).await else { return };
    assert_eq!(said.status, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(created, EACH_ONCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_for_a_create_leaves_nobody_without_an_account() {
    let html = r#"{"html": true, "method": "POST", "path": "/Users", "times": 1}"#;
    let test = "a_web_page_for_a_create_leaves_nobody_without_an_account";
    let Some((said, created)) = apply_with(test, html).await else { return };
    assert_eq!(said.status, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(created, EACH_ONCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_put_off_is_done_later() {
    let busy = r#"{"status": 429, "retry-after": 1, "method": "POST", "times": 1}"#;
    let Some((said, created)) = apply_with("a_create_put_off_is_done_later", busy).await else {
        return;
    };
    assert_eq!(said.status, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(created, EACH_ONCE);
}
