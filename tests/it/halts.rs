//! What is said while everything else is wrong, and who hears it.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

use lanyard::errors::Exit;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::desk::{Desk, PEOPLE, Said, crm, with_target};

#[track_caller]
fn ends(said: &Said, exit: Exit) {
    assert_eq!(said.status, Some(exit as i32), "{}{}", said.stdout, said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_there_keeps_nothing_from_going_on_but_what_is_signed() {
    let test = "a_key_that_is_not_there_keeps_nothing_from_going_on_but_what_is_signed";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.write("people.csv", PEOPLE);
    for key in ["file = \"gone\"", "env = \"LANYARD_NOSUCH\""] {
        let more = with_target(crm.address(), "");
        desk.configure(&format!("{more}\n[signing]\nkey = {{ {key} }}\n"));
        for verb in [
            &["run", "once"][..],
            &["halt"],
            &["resume"],
            &["status"],
            &["obligations"],
            &["audit", "verify"],
        ] {
            ends(&desk.run(verb).await, Exit::Ok);
        }
        ends(&desk.run(&["leaver", "key"]).await, Exit::Usage);
        let checked = desk.run(&["check", "--offline"]).await;
        ends(&checked, Exit::Config);
        assert!(checked.stderr.contains("lanyard.toml:"), "{}", checked.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_opens_the_key_that_signs() {
    let Some(desk) = Desk::new("a_check_opens_the_key_that_signs") else { return };
    desk.write("people.csv", PEOPLE);
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    desk.configure(&format!("{}\n[signing]\nkey = {{ file = \"key\" }}\n", crate::desk::SOURCE));
    let check = async |text: &str, mode: u32| {
        desk.write("key", text);
        std::fs::set_permissions(desk.path("key"), Permissions::from_mode(mode)).unwrap();
        desk.run(&["check", "--offline"]).await
    };
    ends(&check(key, 0o600).await, Exit::Ok);
    let shared = check(key, 0o644).await;
    ends(&shared, Exit::Config);
    insta::assert_snapshot!(shared.stderr, @r#"
    error: nothing can be signed with `key`
     --> lanyard.toml:9:7
      |
    9 | key = { file = "key" }
      |       ^^^^^^^^^^^^^^^^ the key `key` may be read by others (mode 644)
    "#);
    let none = check("tulip\n", 0o600).await;
    ends(&none, Exit::Config);
    assert!(none.stderr.contains("is none: it is 32 bytes in base64"), "{}", none.stderr);
    assert!(!none.stderr.contains("tulip"), "{}", none.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wrong_elsewhere_halts_everything_and_lets_it_go_on() {
    let test = "a_file_that_is_wrong_elsewhere_halts_everything_and_lets_it_go_on";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.write("people.csv", PEOPLE);
    let store = "[store]\npath = \"ours.db\"\n";
    let sound = format!("{store}{}", with_target(crm.address(), ""));
    desk.configure(&sound);
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    let wrong = format!("{store}{}\n[sauce.hr]\n", with_target(crm.address(), "rate = \"x\""));
    desk.configure(&wrong);
    ends(&desk.run(&["run", "once"]).await, Exit::Config);
    let halted = desk.run(&["halt"]).await;
    ends(&halted, Exit::Ok);
    assert!(halted.stderr.contains("sauce") && halted.stderr.contains("`rate`"), "{halted:?}");
    assert!(halted.stderr.contains("warning: the file is wrong"), "{halted:?}");
    desk.configure(&sound);
    ends(&desk.run(&["run", "once"]).await, Exit::Halted);
    desk.configure(&wrong);
    ends(&desk.run(&["resume"]).await, Exit::Ok);
    desk.configure(&sound);
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    // Of a store that is written wrongly nobody knows where it is.
    for wrong in [("path = ", "pth = "), ("[store]", "[stor]"), ("ours.db\"", "new.db\"\n[sauce]")]
    {
        desk.configure(&sound.replace(wrong.0, wrong.1));
        ends(&desk.run(&["halt"]).await, Exit::Config);
    }
}

/// A system that asks to be left alone for long, and during whose first call
/// somebody halts everything.
async fn halted_meanwhile(desk: &Desk, now: Option<&str>, command: &[&str]) -> Said {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    desk.configure(&with_target(listener.local_addr().unwrap(), ""));
    let halting = async {
        let mut first = true;
        loop {
            let (mut stream, _from) = listener.accept().await.unwrap();
            let mut some = [0; 1024];
            let _read = stream.read(&mut some).await.unwrap();
            if std::mem::take(&mut first) {
                ends(&desk.run_at(None, &["halt"]).await, Exit::Ok);
            }
            let away: &[u8] = b"HTTP/1.1 503 Away\r\nRetry-After: 100\r\n\
                Connection: close\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(away).await.unwrap();
        }
    };
    tokio::select! {
        said = desk.run_at(now, command) => said,
        () = halting => unreachable!("it listens on"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halt_that_is_said_while_systems_are_read_ends_whatever_reads_them() {
    let test = "a_halt_that_is_said_while_systems_are_read_ends_whatever_reads_them";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.write("people.csv", PEOPLE);
    desk.configure(&with_target(crm.address(), ""));
    ends(&desk.run_at(None, &["run", "once"]).await, Exit::Ok);
    let ejected = desk.run_at(None, &["eject", "E1", "--reason", "copied keys", "--yes"]).await;
    ends(&ejected, Exit::Ok);
    let later = Some("2099-01-01T00:00:00Z");
    for (now, command) in [
        (None, &["plan"][..]),
        (later, &["plan"]),
        (None, &["run", "once"]),
        (None, &["leaver", "E1", "--look"]),
        (None, &["eject", "E2", "--reason", "copied keys", "--yes"]),
        (None, &["xray"]),
        (None, &["check"]),
    ] {
        let said = halted_meanwhile(&desk, now, command).await;
        assert_eq!(said.status, Some(Exit::Halted as i32), "{command:?} {now:?}: {said:?}");
        ends(&desk.run_at(None, &["resume"]).await, Exit::Ok);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_could_not_read_everything_does_not_end_well() {
    let test = "a_look_that_could_not_read_everything_does_not_end_well";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.write("people.csv", PEOPLE);
    desk.configure(&with_target(crm.address(), ""));
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    let ejected = desk.run(&["eject", "E1", "--reason", "copied keys", "--yes"]).await;
    ends(&ejected, Exit::Ok);
    ends(&desk.run(&["leaver", "E1", "--look"]).await, Exit::Ok);
    drop(crm);
    let said = desk.run(&["leaver", "E1", "--look"]).await;
    assert_ne!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_from_another_time_shows_what_it_saw() {
    let Some(desk) = Desk::new("a_look_from_another_time_shows_what_it_saw") else { return };
    let crm = crm(&desk, &[]).await;
    desk.write("people.csv", PEOPLE);
    desk.configure(&with_target(crm.address(), ""));
    ends(&desk.run_at(None, &["run", "once"]).await, Exit::Ok);
    let ejected = desk.run_at(None, &["eject", "E1", "--reason", "copied keys", "--yes"]).await;
    ends(&ejected, Exit::Ok);
    let before = desk.run_at(None, &["leaver", "E1"]).await.stdout;
    let later = Some("2099-01-01T00:00:00Z");
    let looked = desk.run_at(later, &["leaver", "E1", "--look"]).await;
    ends(&looked, Exit::Failed);
    assert!(looked.stdout.contains("Z: the next run does it"), "{before}\n{}", looked.stdout);
    assert!(!looked.stdout.contains("no run has looked at it since"), "{}", looked.stdout);
    // And the store is as it was.
    assert_eq!(desk.run_at(None, &["leaver", "E1"]).await.stdout, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_that_no_reading_fits_into_is_warned_of() {
    let Some(desk) = Desk::new("a_rate_that_no_reading_fits_into_is_warned_of") else { return };
    let crm = crm(&desk, &[]).await;
    desk.write("people.csv", PEOPLE);
    for (rate, is_warned_of) in [("3/h", true), ("30/h", false)] {
        desk.configure(&with_target(crm.address(), &format!("rate = \"{rate}\"")));
        let checked = desk.run(&["check", "--offline"]).await;
        ends(&checked, Exit::Ok);
        let warned = checked.stderr.contains("warning: `crm` can never be read: its `rate`");
        assert_eq!(warned, is_warned_of, "{rate}: {}", checked.stderr);
    }
}
