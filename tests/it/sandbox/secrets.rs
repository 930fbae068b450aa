//! Secrets a connector uses and never sees.

use std::{fs, path::PathBuf};

use insta::assert_snapshot;
use lanyard::connector::Connector as _;
use lanyard_core::fault::FaultKind;
use tempfile::TempDir;

use super::{
    bench::{Bench, Setting, USER, list, page, told},
    recorder::Recorder,
};

const SECRET: &str = "open-sesame-4711";

fn secret_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, SECRET).unwrap();
    (folder, file)
}

/// The value of the header the connector puts secrets into.
fn token(request: &str) -> &str {
    request.lines().find_map(|line| line.strip_prefix("x-token: ")).unwrap()
}

#[tokio::test]
async fn the_permitted_server_gets_the_secret_and_the_connector_a_placeholder() {
    let test = "the_permitted_server_gets_the_secret_and_the_connector_a_placeholder";
    let Some(bench) = Bench::new(test) else { return };
    let (_folder, file) = secret_file();
    let server = Recorder::start();
    let setting = Setting::of("uses-a-secret").permitted(server.address()).secret("token", &file);
    list(&bench.load(setting).await).await.unwrap();
    assert_eq!(token(&server.seen()[0]), format!("Key {SECRET}"));
}

#[tokio::test]
async fn a_placeholder_is_worth_nothing_in_another_place_or_at_another_server() {
    let test = "a_placeholder_is_worth_nothing_in_another_place_or_at_another_server";
    let Some(bench) = Bench::new(test) else { return };
    let (_folder, file) = secret_file();
    let (server, forbidden) = (Recorder::start(), Recorder::start());
    let setting = Setting::of("leaks-a-secret")
        .permitted(server.address())
        .forbidden(forbidden.address())
        .secret("token", &file);
    let fault = list(&bench.load(setting).await).await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Denied(_)), "{}", told(&fault));
    let seen = server.seen();
    assert!(seen[0].starts_with("GET /?token=lanyard-secret-"), "{}", seen[0]);
    assert!(!seen.concat().contains(SECRET));
    assert_eq!(forbidden.seen(), [""; 0]);
    assert!(!fault.message.contains(SECRET), "{}", fault.message);
}

#[tokio::test]
async fn a_placeholder_kept_for_another_call_is_worth_nothing() {
    let test = "a_placeholder_kept_for_another_call_is_worth_nothing";
    let Some(bench) = Bench::new(test) else { return };
    let (_folder, file) = secret_file();
    let server = Recorder::start();
    let setting =
        Setting::of("keeps-a-placeholder").permitted(server.address()).secret("token", &file);
    let connector = bench.load(setting).await;
    let kept = list(&connector).await.unwrap().next.unwrap();
    connector.list(USER, page(Some(&kept))).await.unwrap();
    assert_eq!(token(&server.seen()[0]), kept);
}

#[tokio::test]
async fn a_secret_is_shown_to_nobody_who_was_not_permitted_to_see_it() {
    let test = "a_secret_is_shown_to_nobody_who_was_not_permitted_to_see_it";
    let Some(bench) = Bench::new(test) else { return };
    let (_folder, file) = secret_file();
    for (behaviour, name) in [("reveals-a-secret", "pin"), ("reveals-what-it-may-use", "token")] {
        let connector = bench.load(Setting::of(behaviour).secret(name, &file)).await;
        let fault = list(&connector).await.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Denied(_)), "{}", told(&fault));
        if name == "pin" {
            assert_snapshot!(told(&fault), @r#"
            denied: the secret `pin` is not permitted; the secret `pin` is refused; to permit it, write:
            [target.acme.permissions]
            reveal = ["pin"]
            "#);
        } else {
            assert_snapshot!(told(&fault), @"denied: the secret `token` is not permitted; the secret `token` is refused; the connector's manifest does not ask for it");
        }
    }
}

#[tokio::test]
async fn a_secret_is_shown_where_the_operator_says_so() {
    let Some(bench) = Bench::new("a_secret_is_shown_where_the_operator_says_so") else { return };
    let (_folder, file) = secret_file();
    let mut setting = Setting::of("reveals-a-secret").secret("pin", &file);
    setting.permissions.reveal.insert("pin".to_owned());
    let fault = list(&bench.load(setting).await).await.unwrap_err();
    assert_eq!(fault.message, format!("`pin` has {} bytes", SECRET.len()));
}
