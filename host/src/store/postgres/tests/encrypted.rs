//! A server that speaks TLS.

use std::process::Command;

use super::{PostgresStore, Server};
use crate::store::{
    Store as _, StoreError,
    postgres::{Settings, Tls},
};

/// None, after saying so, without OpenSSL's program.
fn encrypted() -> Option<Server> {
    let mut server = Server::start()?;
    let folder = server.folder().to_owned();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-keyout", "server.key", "-out", "server.crt", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(&folder)
        .output();
    let Ok(made) = made else {
        let reason = "openssl is not installed";
        assert!(std::env::var_os("LANYARD_REQUIRE_SERVERS").is_none(), "{reason}");
        eprintln!("not run: {reason}");
        return None;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    server.own("server.key");
    server.stop();
    server.serve();
    Some(server)
}

#[tokio::test]
async fn the_server_proves_who_it_is_where_that_is_asked_for() {
    let Some(server) = encrypted() else { return };
    let settings = server.fresh().await;
    let ca = Some(server.folder().join("server.crt"));
    for tls in [Tls::Require, Tls::VerifyFull { ca: ca.clone() }] {
        let store = PostgresStore::open(Settings { tls, ..settings.clone() }).await.unwrap();
        assert!(store.runs().await.unwrap().is_empty());
    }
    // Nobody whom the system trusts has signed it, and it is not for this name.
    for (host, ca) in [("127.0.0.1", None), ("localhost", ca)] {
        let tls = Tls::VerifyFull { ca };
        let host = host.to_owned();
        let refused = PostgresStore::open(Settings { host, tls, ..settings.clone() }).await;
        let Err(StoreError::Unreachable { .. }) = refused else { panic!("{refused:?}") };
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_in_the_clear() {
    let Some(server) = Server::start() else { return };
    let settings = server.fresh().await;
    let refused = PostgresStore::open(Settings { tls: Tls::Require, ..settings }).await;
    let Err(StoreError::Unreachable { .. }) = refused else { panic!("{refused:?}") };
}
