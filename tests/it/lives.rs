//! Ejections and legal holds at the desk.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use demo_apps::crm::Options;

use crate::desk::{Desk, PEOPLE, TOKEN, with_target};

async fn desk(test: &str) -> Option<(Desk, demo_apps::crm::Crm)> {
    let desk = Desk::new(test)?;
    let options = Options {
        state: Some(desk.path("crm.json")),
        token: TOKEN.to_owned(),
        ..Options::default()
    };
    let crm = demo_apps::crm::Crm::start(options).await.unwrap();
    desk.configure(&with_target(crm.address(), "[leaver]\ndelete-after = \"0s\"\n"));
    desk.write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    Some((desk, crm))
}

/// Of Ada and Ben, as the target last said.
async fn states(desk: &Desk) -> Vec<String> {
    let accounts = desk.run(&["account", "list"]).await.stdout;
    let words = accounts.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut states: Vec<String> = words.map(|words| words[1..3].join(" ")).collect();
    states.retain(|it| it.starts_with("ada") || it.starts_with("ben"));
    states.sort();
    states
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ejection_is_shown_and_carried_out_for_one_person_alone() {
    let test = "an_ejection_is_shown_and_carried_out_for_one_person_alone";
    let Some((desk, _crm)) = desk(test).await else { return };
    // Ben's record has gone as well, which is no part of it.
    desk.write("people.csv", PEOPLE.replace("E2,Ben,Beispiel,Sales\n", ""));
    assert_eq!(desk.run(&["eject", "E1"]).await.status, Some(Exit::Usage as i32));
    let shown = desk.run(&["eject", "E1", "--reason", "keys were copied"]).await;
    assert_snapshot!(shown.stdout, @r"
    53878fad-7f2c-52f3-995a-DIGEST is ejected
    Ada Example (53878fad) — eject
      ! disable crm `ada.example`
          because state departed: ejected by a person: keys were copied

    plan DIGEST: 1 operation (1 disable)
    `lanyard apply` does it, and `lanyard eject` with `--yes` this alone
    ");
    let done = desk.run(&["eject", "E1", "--reason", "again", "--yes"]).await;
    assert_eq!(done.status, Some(Exit::Ok as i32), "{}{}", done.stdout, done.stderr);
    assert_eq!(states(&desk).await, ["ada.example disabled", "ben.beispiel active"]);
    assert!(desk.run(&["identity", "list"]).await.stdout.contains("departed"));
    let audit = desk.run(&["audit", "list", "--identity", "E1"]).await.stdout;
    assert!(audit.contains("eject") && !audit.contains("keys were copied"), "{audit}");
    let undone = desk.run(&["eject", "E1", "--undo"]).await;
    assert!(undone.stdout.contains("* enable crm `ada.example`"), "{}", undone.stdout);
    assert_eq!(desk.run(&["eject", "E1", "--undo"]).await.status, Some(Exit::Usage as i32));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_read_keeps_nobody_in_who_is_ejected() {
    let test = "a_source_that_cannot_be_read_keeps_nobody_in_who_is_ejected";
    let Some((desk, _crm)) = desk(test).await else { return };
    desk.write("people.csv", "");
    let done = desk.run(&["eject", "E1", "--reason", "keys were copied", "--yes"]).await;
    assert_eq!(done.status, Some(Exit::Connector as i32), "{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains("cannot read the source `hr`"), "{}", done.stderr);
    assert_eq!(states(&desk).await, ["ada.example disabled", "ben.beispiel active"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ejection_takes_access_before_any_system_is_read() {
    let test = "an_ejection_takes_access_before_any_system_is_read";
    let Some((desk, _crm)) = desk(test).await else { return };
    // Whatever comes after the at once is no part of it: nothing can be listed.
    let broken = crm_that_cannot_be_listed(&desk).await;
    desk.configure(&with_target(broken.address(), "[leaver]\ndelete-after = \"0s\"\n"));
    let done = desk.run(&["eject", "E1", "--reason", "keys were copied", "--yes"]).await;
    assert_eq!(done.status, Some(Exit::Connector as i32), "{}{}", done.stdout, done.stderr);
    assert_snapshot!(done.stdout, @r"
    53878fad-7f2c-52f3-995a-DIGEST is ejected
    at once, by what was read last:
    Ada Example (53878fad) — eject
      ! disable crm `ada.example`
          because state departed: ejected by a person: keys were copied

    plan DIGEST: 1 operation (1 disable)
    done: 1 verified

    not read, Ada Example (53878fad) at crm: `ada.example` is to be deleted; that stays open until it can be read

    plan DIGEST: nothing to do, 1 note, 1 left open
    ");
    // It is to be deleted as well, which waits until it has been looked at.
    let owed = desk.run(&["obligations"]).await.stdout;
    assert!(owed.contains("delete at crm") && !owed.contains("disable at crm"), "{owed}");
}

/// It has everybody that the first one has.
async fn crm_that_cannot_be_listed(desk: &Desk) -> demo_apps::crm::Crm {
    let list =
        r#"{"status": 503, "method": "GET", "path": "/ServiceProviderConfig", "times": null}"#;
    let state = Some(desk.path("crm.json"));
    let faults = vec![serde_json::from_str(list).unwrap()];
    let options = Options { state, token: TOKEN.to_owned(), faults, ..Options::default() };
    demo_apps::crm::Crm::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_ejected_while_a_system_is_down_is_owed_it_at_once() {
    let test = "who_is_ejected_while_a_system_is_down_is_owed_it_at_once";
    let Some((desk, crm)) = desk(test).await else { return };
    drop(crm);
    let done = desk.run(&["eject", "E1", "--reason", "keys were copied", "--yes"]).await;
    assert_eq!(done.status, Some(Exit::Connector as i32), "{}{}", done.stdout, done.stderr);
    let owed = desk.run(&["obligations"]).await;
    assert_eq!(owed.status, Some(Exit::Failed as i32));
    let said = ["disable at crm", "ejected by a person", "it does not answer", "tried 5 times"];
    for said in said {
        assert!(owed.stdout.contains(said), "{}", owed.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_hold_is_ordered_listed_and_released() {
    let test = "a_legal_hold_is_ordered_listed_and_released";
    let Some((desk, _crm)) = desk(test).await else { return };
    let add = ["hold", "add", "trial", "--who", "E1", "E2", "--reason", "asked for by a court"];
    let until = |date| [&add[..], &["--review", date]].concat();
    assert_eq!(desk.run(&until("soon")).await.status, Some(Exit::Usage as i32));
    let said = desk.run(&until("2026-06-01")).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    assert_eq!(desk.run(&until("2026-06-01")).await.status, Some(Exit::Usage as i32));
    let list = desk.run(&["hold", "list"]).await.stdout;
    assert!(list.starts_with("trial: Ada Example, Ben Beispiel; since 2026-06-01"), "{list}");
    assert!(list.ends_with("review 2026-06-01 (due): asked for by a court\n"), "{list}");
    let status = desk.run(&["status"]).await.stdout;
    assert!(status.contains("legal hold  trial, review 2026-06-01 (due)"), "{status}");
    let ejected = desk.run(&["eject", "E1", "--reason", "asked for", "--yes"]).await;
    assert_eq!(ejected.status, Some(Exit::Ok as i32), "{}", ejected.stderr);
    let held = desk.run(&["plan"]).await.stdout;
    assert!(held.contains("kept by the legal hold `trial`"), "{held}");
    assert!(desk.run(&["identity", "list"]).await.stdout.contains("held"));
    assert_snapshot!(desk.run(&["hold", "release", "trail"]).await.stderr, @r"
    error: there is no legal hold `trail`
      hint: did you mean `trial`?
    ");
    assert_eq!(desk.run(&["hold", "release", "trial"]).await.status, Some(Exit::Ok as i32));
    let released = desk.run(&["plan"]).await.stdout;
    assert!(released.contains("- delete crm `ada.example`"), "{released}");
}
