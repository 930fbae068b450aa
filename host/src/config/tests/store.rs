//! Where what is remembered is.

use insta::assert_snapshot;

use super::{errors_with, with};
use crate::config::store::{PostgresTls, StoreConfig};

fn postgres(more: &str) -> crate::config::store::PostgresConfig {
    let folder = with(&format!("[store]\npostgres = {{ {more} }}\n"));
    match folder.loaded().config.store {
        StoreConfig::Postgres(postgres) => postgres,
        StoreConfig::File(path) => panic!("{}", path.display()),
    }
}

#[test]
fn a_server_needs_no_more_than_its_name() {
    let named = postgres("host = \"db.example.org\"");
    assert_eq!((named.port, named.connections, named.tls), (5432, 4, PostgresTls::VerifyFull));
    assert_eq!((named.database.as_str(), named.user.as_str()), ("lanyard", "lanyard"));
    let socket = postgres("host = \"/run/postgresql\"");
    assert_eq!(socket.tls, PostgresTls::Off);
}

#[test]
fn without_anything_it_is_a_file_beside_this_one() {
    let folder = with("");
    let StoreConfig::File(path) = folder.loaded().config.store else { panic!("no file") };
    assert!(path.ends_with("lanyard.db"));
}

#[test]
fn every_mistake_in_it_is_told() {
    assert_snapshot!(errors_with("[store]\npath = \"lanyard.db\"\n[store.postgres]\nhost = \"user@db/x\"\nport = 0\ndatabase = \"\"\nuser = \"\"\nconnections = 1\ntls = \"require\"\nca = \"ca.pem\"\n"), @r#"
    error: `[store]` has a `path` and `postgres`
     --> lanyard.toml:8:8
      |
    8 | [store.postgres]
      |        ^^^^^^^^ what is remembered is in one place
      |
      = hint: take out one of them; `lanyard store copy` moves what is in the file

    error: bad value for `host`
     --> lanyard.toml:9:8
      |
    9 | host = "user@db/x"
      |        ^^^^^^^^^^^ needs a name, an address, or the absolute path of a socket's directory

    error: bad value for `port`
      --> lanyard.toml:10:8
       |
    10 | port = 0
       |        ^ needs a number from 1 to 65535

    error: bad value for `database`
      --> lanyard.toml:11:12
       |
    11 | database = ""
       |            ^^ is empty

    error: bad value for `user`
      --> lanyard.toml:12:8
       |
    12 | user = ""
       |        ^^ is empty

    error: bad value for `connections`
      --> lanyard.toml:13:15
       |
    13 | connections = 1
       |               ^ needs a number from 2 to 64: one writes, the others read

    error: `ca` is for `tls = "verify-full"`
      --> lanyard.toml:15:1
       |
    15 | ca = "ca.pem"
       | ^^ nobody asks who the server is

    error: certificate authority cannot be read
      --> lanyard.toml:15:6
       |
    15 | ca = "ca.pem"
       |      ^^^^^^^^ no such file
       |
       = hint: paths are relative to this file
    "#);
}

#[test]
fn so_is_what_does_not_fit_a_socket_or_is_no_place() {
    assert_snapshot!(errors_with("[store.postgres]\nhost = \"/run/postgresql\"\ntls = \"require\"\n"), @r#"
    error: bad value for `tls`
     --> lanyard.toml:8:7
      |
    8 | tls = "require"
      |       ^^^^^^^^^ a socket of this machine has no TLS
    "#);
    assert_snapshot!(errors_with("[store.postgres]\nhost = \"db\"\npassword = \"tulip\"\npool = 3\ntls = \"maybe\"\n"), @r#"
    error: bad value for `password`
     --> lanyard.toml:8:12
      |
    8 | password = ***
      |            ^^^ a secret is named here, never written: needs `{ env = "NAME" }` or `{ file = "path" }`

    error: unknown key `pool`
     --> lanyard.toml:9:1
      |
    9 | pool = ***
      | ^^^^ `store.postgres` has no such key
      |
      = hint: keys here: host, port, database, user, password, tls, ca, connections

    error: unknown choice for `tls`
      --> lanyard.toml:10:7
       |
    10 | tls = "maybe"
       |       ^^^^^^^ expected one of `off`, `require`, `verify-full`
    "#);
    assert_snapshot!(errors_with("[store]\npostgres = [\"db\"]\n"), @r#"
    error: wrong type for `postgres`
     --> lanyard.toml:7:12
      |
    7 | postgres = ["db"]
      |            ^^^^^^ expected a table
    "#);
}

#[test]
fn what_the_operators_page_shows_is_valid() {
    let page = include_str!("../../../OPERATING.md");
    let block = page.split("```toml\n").find(|it| it.starts_with("[store.postgres]")).unwrap();
    let block = block.split("```").next().unwrap().replace("LANYARD_DATABASE", "CRM_TOKEN");
    let StoreConfig::Postgres(postgres) = with(&block).loaded().config.store else {
        panic!("{block}");
    };
    assert_eq!(postgres.host, "db.example.org");
}
