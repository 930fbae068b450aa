//! What becomes of plans and of the store once somebody was erased, at the
//! desk.

use lanyard::errors::Exit;
use rusqlite::Connection;

use crate::{
    built,
    desk::{Desk, Said, crm, with_target},
};

const THEN: &str = "2026-06-01T08:00:00Z";
/// More than 30 days after Ada left.
const LATER: &str = "2026-08-01T08:00:00Z";
const ADA_LEFT: &str = "id,given_name,family_name,department,end\n\
     E1,Ada,Example,Sales,2026-05-31\n\
     E2,Ben,Beispiel,Sales,\n";

async fn desk(test: &str, retain: &str) -> Option<(Desk, demo_apps::crm::Crm)> {
    let desk = Desk::new(test)?;
    let crm = crm(&desk, &[]).await;
    let leaver = format!("[leaver]\ndelete-after = \"0s\"\n{retain}");
    desk.configure(&with_target(crm.address(), &leaver));
    Some((desk, crm))
}

fn fine(said: &Said) {
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
}

/// Plans and applies, and answers the digest.
async fn apply(desk: &Desk, now: &str) -> String {
    let digest = digest(&desk.run_at(Some(now), &["plan", "--json"]).await);
    let said = desk.run_at(Some(now), &["apply", &digest, "--yes"]).await;
    assert!(matches!(said.status, Some(0 | 66)), "{}{}", said.stdout, said.stderr);
    digest
}

fn digest(said: &Said) -> String {
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    json["digest"].as_str().unwrap().to_owned()
}

/// Ada and Ben are hired, and Ada leaves and is deleted; answers the digests
/// of the plan that made both and of one that changed Ben.
async fn ada_left(desk: &Desk) -> (String, String) {
    let both = ADA_LEFT.replace("2026-05-31", "");
    desk.write("people.csv", &both);
    let made = apply(desk, THEN).await;
    desk.write("people.csv", both.replace("Beispiel,Sales", "Beispiel,Legal"));
    let changed = apply(desk, THEN).await;
    desk.write("people.csv", ADA_LEFT.replace("Beispiel,Sales", "Beispiel,Legal"));
    apply(desk, THEN).await;
    apply(desk, THEN).await;
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert!(!accounts.contains("ada.example"), "{accounts}");
    (made, changed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_undone_after_a_run_that_erased_somebody() {
    let test = "a_plan_is_undone_after_a_run_that_erased_somebody";
    let Some((desk, _crm)) = desk(test, "retain = \"30d\"\n").await else { return };
    let (made, changed) = ada_left(&desk).await;
    let erased = apply(&desk, LATER).await;
    let audit = desk.run_at(Some(LATER), &["audit", "list"]).await.stdout;
    assert!(audit.contains("erase"), "{audit}");
    // What was of others is undone, and what was theirs is left out.
    let back = desk.run_at(Some(LATER), &["undo", &changed]).await;
    fine(&back);
    assert!(back.stdout.contains("department: \"Legal\" → \"Sales\""), "{}", back.stdout);
    let back = desk.run_at(Some(LATER), &["undo", &made]).await;
    fine(&back);
    assert!(back.stdout.contains("! disable crm `ben.beispiel`"), "{}", back.stdout);
    assert!(!back.stdout.contains("ada"), "{}", back.stdout);
    // Nothing of what the run did can be taken back.
    let back = desk.run_at(Some(LATER), &["undo", &erased]).await;
    assert!(!back.stdout.contains("operation"), "{}{}", back.stdout, back.stderr);
    let undone = desk.run_at(Some(LATER), &["undo", &changed, "--json"]).await;
    let undone = digest(&undone);
    fine(&desk.run_at(Some(LATER), &["apply", &undone, "--yes"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_could_not_be_swept_are_told_until_they_are() {
    let test = "bytes_that_could_not_be_swept_are_told_until_they_are";
    let Some((desk, _crm)) = desk(test, "").await else { return };
    ada_left(&desk).await;
    let reads = Connection::open(desk.path("lanyard.db")).unwrap();
    reads.execute_batch("BEGIN; SELECT count(*) FROM audit").unwrap();
    let order = ["identity", "erase", "E1", "--reason", "asked for", "--yes"];
    let said = desk.run(&order).await;
    assert_eq!(said.status, Some(Exit::Failed as i32), "{}{}", said.stdout, said.stderr);
    let told = |said: &Said| said.stdout.lines().any(|line| line.starts_with("unswept"));
    let status = desk.run(&["status"]).await;
    assert!(told(&status), "{}", status.stdout);
    assert_eq!(status.status, Some(Exit::Failed as i32));
    reads.execute_batch("COMMIT").unwrap();
    drop(reads);
    // The next command that changes the store does it, whatever it is about.
    desk.write("people.csv", "id,given_name,family_name,department,end\nE2,Ben,Beispiel,Legal,\n");
    desk.run(&["apply", "--yes"]).await;
    let status = desk.run(&["status"]).await;
    assert!(!told(&status), "{}", status.stdout);
    fine(&status);
    let bytes = std::fs::read(desk.path("lanyard.db")).unwrap();
    let found = bytes.windows(11).any(|it| it.eq_ignore_ascii_case(b"ada.example"));
    assert!(!found, "something of her is in the file");
}

/// Byte for byte: digests are part of it.
fn record_of(test: &str, desk: &Desk, arguments: &[&str]) -> String {
    let printed = std::process::Command::new(built::program(test, "lanyard").unwrap())
        .args(arguments)
        .current_dir(desk.path("."))
        .env("LANYARD_NOW", THEN)
        .output()
        .unwrap();
    let complaint = String::from_utf8(printed.stderr).unwrap();
    assert!(printed.status.success(), "{complaint}");
    String::from_utf8(printed.stdout).unwrap()
}

/// Details that rows about somebody have, and those of others.
fn details(opened: &str, who: &str) -> (usize, usize) {
    let (mut theirs, mut others) = (0, 0);
    for line in opened.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let details = row["entry"]["detail"].as_object().unwrap().len();
        let counted = if row["entry"]["identity"] == who { &mut theirs } else { &mut others };
        *counted += details;
    }
    (theirs, others)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_record_forgets_whoever_is_erased_and_its_chain_holds() {
    let test = "a_sealed_record_forgets_whoever_is_erased_and_its_chain_holds";
    let Some((desk, _crm)) = desk(test, "").await else { return };
    ada_left(&desk).await;
    fine(&desk.run(&["audit", "head", "--out", "heads.jsonl"]).await);
    let export = ["audit", "export", "--format", "sealed"];
    let sealed = record_of(test, &desk, &export);
    assert!(!sealed.contains("because"), "{sealed}");
    desk.write("record.sealed", &sealed);
    let part = desk.run(&["audit", "export", "--format", "sealed", "--target", "crm"]).await;
    assert_eq!(part.status, Some(Exit::Usage as i32), "{}", part.stdout);

    let hers = record_of(test, &desk, &["audit", "export", "--identity", "E1"]);
    let hers: serde_json::Value = serde_json::from_str(hers.lines().next().unwrap()).unwrap();
    let open = ["audit", "open", "record.sealed", "--heads", "heads.jsonl"];
    let ada = hers["entry"]["identity"].as_str().unwrap();
    let before = details(&record_of(test, &desk, &open), ada);
    assert!(before.0 > 0 && before.1 > 0, "{before:?}");
    let order = ["identity", "erase", "E1", "--reason", "asked for", "--yes"];
    fine(&desk.run(&order).await);
    assert_eq!(details(&record_of(test, &desk, &open), ada), (0, before.1));

    // Nobody changes it unseen, with or without the store.
    desk.write("record.sealed", sealed.replacen("\"create\"", "\"adopt\"", 1));
    let changed = desk.run(&open).await;
    assert_eq!(changed.status, Some(Exit::Store as i32));
    assert!(changed.stderr.contains("audit row 1: "), "{}", changed.stderr);
    let (rest, _last) = sealed.trim_end().rsplit_once('\n').unwrap();
    desk.write("record.sealed", format!("{rest}\n"));
    let cut = desk.run(&open).await;
    assert_eq!(cut.status, Some(Exit::Store as i32));
    assert!(cut.stderr.contains("it is missing"), "{}", cut.stderr);
}
