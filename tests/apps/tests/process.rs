//! The applications as processes: started, killed, started again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use demo_apps::process::Process;

/// One request, by hand: the applications' own tests use real clients.
fn login_status(process: &Process, name: &str) -> String {
    post(process, "/login", &format!(r#"{{"userName":"{name}"}}"#))
}

fn post(process: &Process, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(process.address()).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer demo-token\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_killed_application_comes_back_with_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let start = || {
        let arguments = ["--state".as_ref(), state.as_os_str()];
        Process::start(Path::new(env!("CARGO_BIN_EXE_demo-crm")), arguments).unwrap()
    };
    let crm = start();
    assert_eq!(login_status(&crm, "ada"), "403");
    assert_eq!(post(&crm, "/Users", r#"{"userName":"ada"}"#), "201");
    drop(crm);
    let crm = start();
    assert_eq!(login_status(&crm, "ada"), "200");
}

#[test]
fn both_listen_on_loopback_only() {
    for program in [env!("CARGO_BIN_EXE_demo-crm"), env!("CARGO_BIN_EXE_demo-directory")] {
        let process = Process::start(Path::new(program), ["--port", "0"]).unwrap();
        assert!(process.address().ip().is_loopback());
    }
}

#[test]
fn an_application_that_cannot_start_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    std::fs::write(&state, "not a state").unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_demo-directory"));
    let arguments = ["--state".as_ref(), state.as_os_str()];
    let error = Process::start(program, arguments).unwrap_err();
    assert!(error.to_string().contains("did not start"), "{error}");
}
