//! What somebody who left still has, and the document that says that they
//! have nothing: at the desk, and verified where there is no desk.

use std::{path::Path, process::Stdio};

use lanyard::errors::Exit;
use tokio::process::Command;

use crate::{
    built,
    desk::{Desk, PEOPLE, crm, with_target},
};

/// `leaver verify`, where nothing is but the file.
async fn verify(test: &str, file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let nowhere = tempfile::tempdir().unwrap();
    let output = Command::new(built::program(test, "lanyard").unwrap())
        .args(["leaver", "verify"])
        .arg(file)
        .args(more)
        .current_dir(nowhere.path())
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_interim_until_all_is_closed_and_verified_without_store_and_file() {
    let test = "a_receipt_is_interim_until_all_is_closed_and_verified_without_store_and_file";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    let stays = desk.run(&["leaver", "E1"]).await;
    assert_eq!(stays.status, Some(Exit::Usage as i32), "{}", stays.stderr);
    assert!(stays.stderr.contains("has not left: they are active"), "{}", stays.stderr);
    assert_eq!(desk.run(&["obligations"]).await.status, Some(Exit::Ok as i32));

    // Ordered, and not carried out.
    desk.run(&["eject", "E1", "--reason", "keys were copied"]).await;
    let open = desk.run(&["obligations"]).await;
    assert_eq!(open.status, Some(Exit::Failed as i32));
    assert!(open.stdout.contains("Ada Example: disable at crm (`ada.example`)"), "{}", open.stdout);
    let status = desk.run(&["status"]).await;
    assert_eq!(status.status, Some(Exit::Failed as i32));
    assert!(status.stdout.contains("owed        1 loss of access is due"), "{}", status.stdout);
    let interim = desk.run(&["leaver", "E1", "--receipt", "interim.txt"]).await;
    assert_eq!(interim.status, Some(Exit::Failed as i32), "{}", interim.stderr);
    let (status, told) = verify(test, &desk.path("interim.txt"), &[]).await;
    assert_eq!(status, Some(Exit::Ok as i32), "{told}");
    assert!(
        told.contains("made for trying out, by a clock that somebody set, with 1 open"),
        "{told}"
    );

    let done = desk.run(&["run", "once"]).await;
    assert_eq!(done.status, Some(Exit::Ok as i32), "{}{}", done.stdout, done.stderr);
    assert_eq!(desk.run(&["obligations"]).await.status, Some(Exit::Ok as i32));
    let key = desk.run(&["leaver", "key"]).await.stdout.trim().to_owned();
    for form in ["text", "json", "html"] {
        let name = format!("receipt.{form}");
        let made = desk.run(&["leaver", "E1", "--receipt", &name, "--format", form]).await;
        assert_eq!(made.status, Some(Exit::Ok as i32), "{}", made.stderr);
        let (status, told) = verify(test, &desk.path(&name), &["--key", &key]).await;
        assert_eq!(status, Some(Exit::Ok as i32), "{told}");
        assert!(
            told.contains("made for trying out, by a clock that somebody set, with 0 open"),
            "{told}"
        );
        let document = std::fs::read_to_string(desk.path(&name)).unwrap();
        desk.write("changed", document.replacen("operator", "Operator", 1).replacen('.', ",", 1));
        let (status, told) = verify(test, &desk.path("changed"), &[]).await;
        assert_eq!(status, Some(Exit::Failed as i32), "{form}: {told}");
        let mut bytes = document.into_bytes();
        let middle = bytes.len() / 2;
        bytes[middle] = 0xff;
        desk.write("changed", bytes);
        let (status, told) = verify(test, &desk.path("changed"), &[]).await;
        assert_eq!(status, Some(Exit::Failed as i32), "{form}: {told}");
    }
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let (status, told) = verify(test, &desk.path("receipt.json"), &["--key", other]).await;
    assert_eq!(status, Some(Exit::Failed as i32), "{told}");
    let audit = desk.run(&["audit", "list", "--identity", "E1"]).await.stdout;
    assert!(audit.contains("receipt") && audit.contains("obligation"), "{audit}");
    assert_eq!(desk.run(&["audit", "verify"]).await.status, Some(Exit::Ok as i32));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_measured_and_closed_by_a_person() {
    let test = "what_is_owed_is_measured_and_closed_by_a_person";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    desk.run(&["apply", "--yes"]).await;
    desk.run(&["eject", "E1", "--reason", "keys were copied"]).await;
    let metrics = desk.run(&["metrics"]).await.stdout;
    let open = "lanyard_obligations_open{target=\"crm\",loss=\"disabled\"} 1\n";
    assert!(metrics.contains(open), "{metrics}");
    let unsaid = desk.run(&["obligations", "close", "1", "--reason", " "]).await;
    assert_eq!(unsaid.status, Some(Exit::Usage as i32), "{}", unsaid.stderr);
    let nowhere = desk.run(&["obligations", "--target", "crmm"]).await;
    assert_eq!(nowhere.status, Some(Exit::Usage as i32), "{}", nowhere.stdout);
    assert!(nowhere.stderr.contains("did you mean `crm`?"), "{}", nowhere.stderr);
    let one_of = desk.run(&["obligations", "close", "1", "9999", "--reason", "seen there"]).await;
    assert_eq!(one_of.status, Some(Exit::Usage as i32), "{}", one_of.stderr);
    assert_eq!(desk.run(&["obligations"]).await.status, Some(Exit::Failed as i32));
    let closed = desk.run(&["obligations", "close", "1", "--reason", "seen there"]).await;
    assert_eq!(closed.status, Some(Exit::Ok as i32), "{}", closed.stderr);
    let twice = desk.run(&["obligations", "close", "1", "--reason", "seen there"]).await;
    assert_eq!(twice.status, Some(Exit::Usage as i32), "{}", twice.stderr);
    let all = desk.run(&["obligations", "--all"]).await;
    assert!(all.stdout.contains("seen there"), "{}", all.stdout);
    let json = desk.run(&["obligations", "--all", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["obligations"][0]["loss"], "disabled");
    let written = desk.run(&["metrics", "--out", "lanyard.prom"]).await;
    assert_eq!(written.status, Some(Exit::Ok as i32), "{}", written.stderr);
    let metrics = std::fs::read_to_string(desk.path("lanyard.prom")).unwrap();
    assert!(metrics.contains("lanyard_time_to_revoke_seconds_count{target=\"crm\"} 1\n"));
    assert!(!metrics.contains("Ada") && !metrics.contains("ada"), "{metrics}");
    // The next look sees that she can still sign in.
    desk.run(&["plan"]).await;
    assert_eq!(desk.run(&["obligations"]).await.status, Some(Exit::Failed as i32));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_an_earlier_departure_closed_makes_a_receipt_of_a_later_one() {
    let test = "nothing_that_an_earlier_departure_closed_makes_a_receipt_of_a_later_one";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    let eject = ["eject", "E1", "--reason", "keys were copied", "--yes"];
    let at = async |hour: u32, arguments: &[&str], exit: Exit| {
        let said = desk.run_at(Some(&format!("2026-06-01T{hour:02}:00:00Z")), arguments).await;
        assert_eq!(said.status, Some(exit as i32), "{arguments:?}: {}{}", said.stdout, said.stderr);
        said.stdout
    };
    at(8, &["run", "once"], Exit::Ok).await;
    at(9, &eject, Exit::Ok).await;
    at(10, &["eject", "E1", "--undo", "--yes"], Exit::Ok).await;
    at(11, &["halt"], Exit::Ok).await;
    at(12, &eject, Exit::Halted).await;
    let owed = at(12, &["obligations"], Exit::Failed).await;
    assert!(owed.contains("disable at crm"), "{owed}");
    let halted = desk.run_at(Some("2026-06-01T12:00:00Z"), &["obligations"]).await.stderr;
    assert!(halted.starts_with("everything is halted since 2026-06-01T11:00:00Z"), "{halted}");
    let told = at(12, &["leaver", "E1"], Exit::Failed).await;
    assert!(told.contains("[!] disable"), "{told}");
    // Where nothing opened it, the reading in between says so.
    at(13, &["obligations", "close", "2", "--reason", "seen there"], Exit::Ok).await;
    at(13, &["leaver", "E1"], Exit::Ok).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_of_which_nobody_knows_keeps_a_receipt_open() {
    let test = "a_create_of_which_nobody_knows_keeps_a_receipt_open";
    let Some(desk) = Desk::new(test) else { return };
    let lost = r#"{"drop": "after-applying", "method": "POST", "path": "/Users", "times": null}"#;
    let away = r#"{"status": 503, "method": "GET", "path": "/Users", "skip": 1, "times": null}"#;
    let crm = crm(&desk, &[lost, away]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    let said = desk.run(&["run", "once"]).await;
    assert_eq!(said.status, Some(Exit::Failed as i32), "{}{}", said.stdout, said.stderr);
    desk.run(&["eject", "E1", "--reason", "keys were copied"]).await;
    let told = desk.run(&["leaver", "E1"]).await;
    assert_eq!(told.status, Some(Exit::Failed as i32), "{}", told.stdout);
    assert!(told.stdout.contains("[!] create in doubt"), "{}", told.stdout);
}
