//! Whoever is held by what a source says is held wherever one looks.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, crm, with_target};

const PEOPLE: &str = "id,given_name,family_name,department,start\n\
     E1,Ada,Example,Sales,2026-01-01\n\
     E2,Ben,Beispiel,Sales,2026-01-01\n";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_a_reading_holds_is_held_in_everything_that_is_asked_later() {
    let test = "whoever_a_reading_holds_is_held_in_everything_that_is_asked_later";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    assert_eq!(desk.run(&["status"]).await.status, Some(Exit::Ok as i32));
    desk.write("people.csv", PEOPLE.replacen("2026-01-01", "soon", 1));
    let plan = desk.run(&["plan"]).await;
    assert_eq!(plan.status, Some(Exit::Failed as i32));
    let status = desk.run(&["status"]).await;
    assert_eq!(status.status, Some(Exit::Failed as i32), "{}", status.stdout);
    let held: Vec<&str> = status.stdout.lines().filter(|it| it.starts_with("held")).collect();
    assert_snapshot!(held.join("\n"), @"held        Ada Example: fact `start` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)");
    assert_snapshot!(desk.run(&["explain", "E1"]).await.stdout, @r#"
    Ada Example (53878fad-7f2c-52f3-995a-DIGEST)
      announced: its state cannot be told: fact `start` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)
      held, nothing is changed: fact `start` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)

    crm
      account `ada.example` (user d3477aef-63ef-566b-b8bc-DIGEST): active, created by us, read 2026-06-01T08:00:00Z
      nothing is said about an account here

    facts
      department = "Sales" — hr record E1, column department, learned 2026-06-01T08:00:00Z
      family_name = "Example" — hr record E1, column family_name, learned 2026-06-01T08:00:00Z
      given_name = "Ada" — hr record E1, column given_name, learned 2026-06-01T08:00:00Z
      start = 2026-01-01 — hr record E1, column start, learned 2026-06-01T08:00:00Z
    "#);
    let account = desk.run(&["explain", "E1", "--account", "crm"]).await.stdout;
    assert!(account.starts_with("Ada Example cannot be evaluated"), "{account}");
    assert_snapshot!(desk.run(&["identity", "show", "E1"]).await.stdout, @r"
    Ada Example
      id     53878fad-7f2c-52f3-995a-DIGEST
      state  unclear: fact `start` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)
      held since 2026-06-01T08:00:00Z: fact `start` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)
      record E1 of hr
      department = Sales  (from hr, learned 2026-06-01T08:00:00Z)
      family_name = Example  (from hr, learned 2026-06-01T08:00:00Z)
      given_name = Ada  (from hr, learned 2026-06-01T08:00:00Z)
      start = 2026-01-01  (from hr, learned 2026-06-01T08:00:00Z)
    ");
    let ahead = desk.run(&["plan", "--at", "2026-07-01"]).await;
    assert_eq!(ahead.status, Some(Exit::Failed as i32));
    assert_snapshot!(ahead.stdout, @r"
    held, Ada Example (53878fad): fact `start` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)

    plan DIGEST: nothing to do, 1 note, 1 left open
    ");
    desk.write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan"]).await.status, Some(Exit::Ok as i32));
    assert_eq!(desk.run(&["status"]).await.status, Some(Exit::Ok as i32));
}
