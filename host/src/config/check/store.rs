//! Where what Lanyard remembers is.

use super::Check;
use crate::config::{
    document::Place,
    report::ConfigError,
    store::{PostgresConfig, PostgresTls, StoreConfig},
    written::{self, File},
};

pub(super) fn store(check: &mut Check<'_, '_>, file: &File) -> StoreConfig {
    let place = Place::of(["store"]);
    let path = file.store.path.as_deref();
    let Some(postgres) = &file.store.postgres else {
        return StoreConfig::File(check.path(path.unwrap_or_default()));
    };
    let place = place.key("postgres");
    if path.is_some() {
        let error = ConfigError::new("`[store]` has a `path` and `postgres`")
            .label("what is remembered is in one place")
            .hint("take out one of them; `lanyard store copy` moves what is in the file");
        check.key(&place, error);
    }
    StoreConfig::Postgres(database(check, &place, postgres))
}

fn database(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &written::Postgres,
) -> PostgresConfig {
    let written::Postgres { host, port, database, user, password, tls, ca, connections } = written;
    let bad = |name: &str, label: &str| {
        ConfigError::new(format!("bad value for `{name}`")).label(label.to_owned())
    };
    let is_socket = host.starts_with('/');
    if host.is_empty() || !is_socket && host.contains(['/', '@', ' ']) {
        let needs = "needs a name, an address, or the absolute path of a socket's directory";
        check.value(&place.key("host"), bad("host", needs));
    }
    for (name, value) in [("database", database), ("user", user)] {
        if value.is_empty() {
            check.value(&place.key(name), bad(name, "is empty"));
        }
    }
    if *port == 0 {
        check.value(&place.key("port"), bad("port", "needs a number from 1 to 65535"));
    }
    if !(2..=64).contains(connections) {
        let needs = "needs a number from 2 to 64: one writes, the others read";
        check.value(&place.key("connections"), bad("connections", needs));
    }
    let default = if is_socket { PostgresTls::Off } else { PostgresTls::VerifyFull };
    let tls = tls.unwrap_or(default);
    if is_socket && tls != PostgresTls::Off {
        check.value(&place.key("tls"), bad("tls", "a socket of this machine has no TLS"));
    }
    if ca.is_some() && tls != PostgresTls::VerifyFull {
        let error = ConfigError::new("`ca` is for `tls = \"verify-full\"`")
            .label("nobody asks who the server is");
        check.key(&place.key("ca"), error);
    }
    PostgresConfig {
        host: host.clone(),
        port: *port,
        database: database.clone(),
        user: user.clone(),
        password: password
            .as_ref()
            .map(|secret| check.secret_source(&place.key("password"), "password", secret)),
        tls,
        ca: ca.as_ref().map(|ca| check.file(&place.key("ca"), "certificate authority", ca)),
        connections: usize::try_from(*connections).unwrap_or(usize::MAX),
    }
}
