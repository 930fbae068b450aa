//! Whoever is held by what a source says is held wherever one looks.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, PEOPLE, crm, with_target};

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
    desk.write("people.csv", format!("{PEOPLE}E1,Ada,Example,Legal\n"));
    let plan = desk.run(&["plan"]).await;
    assert_eq!(plan.status, Some(Exit::Failed as i32));
    let status = desk.run(&["status"]).await;
    assert_eq!(status.status, Some(Exit::Failed as i32), "{}", status.stdout);
    let held: Vec<&str> = status.stdout.lines().filter(|it| it.starts_with("held")).collect();
    assert_snapshot!(held.join("\n"), @"");
    assert_snapshot!(desk.run(&["explain", "E1"]).await.stdout, @"");
    assert_snapshot!(desk.run(&["explain", "E1", "--account", "crm"]).await.stdout, @"");
    assert_snapshot!(desk.run(&["identity", "show", "E1"]).await.stdout, @"");
    let ahead = desk.run(&["plan", "--at", "2026-07-01"]).await;
    assert_eq!(ahead.status, Some(Exit::Failed as i32));
    assert_snapshot!(ahead.stdout, @"");
    desk.write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan"]).await.status, Some(Exit::Ok as i32));
    assert_eq!(desk.run(&["status"]).await.status, Some(Exit::Ok as i32));
}
