//! Leavers stay closed, whatever becomes of the file; and where they do not,
//! the exit status says so.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, Said, crm, with_target};

const STATUS: &str = r#"
[lifecycle]
status = { active = ["Active"], on-leave = ["Leave"], departed = ["Former"] }
"#;

const HEADER: &str = "id,given_name,family_name,end,status\n";

/// Three people: key, last day, status.
fn people(rows: [(&str, &str); 3]) -> String {
    let names = ["E1,Ada,Example", "E2,Ben,Beispiel", "E3,Cleo,Ejemplo"];
    let rows =
        names.iter().zip(rows).map(|(name, (end, status))| format!("{name},{end},{status}\n"));
    format!("{HEADER}{}", rows.collect::<String>())
}

#[track_caller]
fn ends(said: &Said, exit: Exit) {
    assert_eq!(said.status, Some(exit as i32), "{}{}", said.stdout, said.stderr);
}

/// Accounts by name and state.
async fn accounts(desk: &Desk) -> String {
    let said = desk.run(&["account", "list", "crm"]).await;
    ends(&said, Exit::Ok);
    said.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_gone_opens_nobodys_account() {
    let Some(desk) = Desk::new("a_column_that_is_gone_opens_nobodys_account") else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    let rows = [("2026-05-20", ""), ("2026-12-31", ""), ("", "")];
    desk.write("people.csv", people(rows));
    ends(&desk.run_at(Some("2026-05-01T08:00:00Z"), &["apply", "--yes"]).await, Exit::Ok);
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    let before = accounts(&desk).await;

    desk.write(
        "people.csv",
        "id,given_name,family_name,status\nE1,Ada,Example,\nE2,Ben,Beispiel,\nE3,Cleo,Ejemplo,\n",
    );
    let said = desk.run(&["run", "once"]).await;
    assert_snapshot!(format!("{}{}", said.complaint(), said.stdout), @r#"
    exit 66
    warning: source `hr`: no record has `end` any more, which the fact `end` was made of; bring it back, or leave `end` out of the source's `facts`
    held, Ada Example (53878fad): source `hr`: no record has `end` any more, which the fact `end` was made of; bring it back, or leave `end` out of the source's `facts`
    held, Ben Beispiel (d4bde742): source `hr`: no record has `end` any more, which the fact `end` was made of; bring it back, or leave `end` out of the source's `facts`

    plan DIGEST: nothing to do, 2 notes, 1 left open
    "#);
    assert_eq!(accounts(&desk).await, before);

    // A leaving that was called off, while others still have a last day.
    desk.write("people.csv", people([("", ""), ("2026-12-31", ""), ("", "")]));
    let said = desk.run(&["run", "once"]).await;
    ends(&said, Exit::Ok);
    assert!(said.stdout.contains("1 operation (1 enable)"), "{}", said.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_status_opens_nobodys_account() {
    let Some(desk) = Desk::new("an_emptied_status_opens_nobodys_account") else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&format!("{}{STATUS}", with_target(crm.address(), "")));
    let rows = |first| [("", first), ("", "Active"), ("", "Active")];
    for status in ["Active", "Former"] {
        desk.write("people.csv", people(rows(status)));
        ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    }
    let before = accounts(&desk).await;
    desk.write("people.csv", people(rows("")));
    let said = desk.run(&["run", "once"]).await;
    // Nothing of hers is open.
    assert_snapshot!(format!("{}{}", said.complaint(), said.stdout), @r#"
    exit 0
    held, Ada Example (53878fad): there is no fact `status`; add a value, or say what none means with `""` in `[lifecycle] status`

    plan DIGEST: nothing to do, 1 note
    "#);
    assert_eq!(accounts(&desk).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_come_back_at_once_wait_for_a_person() {
    let Some(desk) = Desk::new("many_who_come_back_at_once_wait_for_a_person") else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&format!("{}{STATUS}", with_target(crm.address(), "")));
    let company = |status: &str| {
        let rows = (0..12).map(|number| format!("E{number},Ada,Example{number},,{status}\n"));
        format!("{HEADER}{}", rows.collect::<String>())
    };
    desk.write("people.csv", company("Leave"));
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    desk.write("people.csv", company("Active"));
    let said = desk.run(&["run", "once"]).await;
    ends(&said, Exit::Blocked);
    let finding = said.stdout.lines().find(|line| line.contains("held back")).unwrap();
    assert_snapshot!(finding, @"held back (mass-enable): 12 of 12 accounts at crm are disabled and would be enabled, where 10 are allowed (10 percent, at least 10). If that is right, `lanyard apply DIGEST --release mass-enable`");
    ends(&desk.run(&["plan", "--out", "plan.json"]).await, Exit::Blocked);
    let release = ["apply", "plan.json", "--yes", "--release", "mass-enable"];
    let released = desk.run(&release).await;
    ends(&released, Exit::Ok);
    let after = desk.run(&["plan"]).await;
    assert_eq!((after.status, after.stdout.as_str()), (Some(0), "nothing to do\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_after_a_long_leave_is_deleted_later_and_not_at_once() {
    let test = "who_leaves_after_a_long_leave_is_deleted_later_and_not_at_once";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&format!("{}{STATUS}", with_target(crm.address(), "")));
    let rows = |first| people([("", first), ("", "Active"), ("", "Active")]);
    desk.write("people.csv", rows("Leave"));
    ends(&desk.run_at(Some("2026-01-10T08:00:00Z"), &["run", "once"]).await, Exit::Ok);

    desk.write("people.csv", rows("Former"));
    for now in ["2026-06-01T08:00:00Z", "2026-07-01T07:59:59Z"] {
        let said = desk.run_at(Some(now), &["run", "once"]).await;
        assert_eq!((said.status, said.stdout.as_str()), (Some(0), "nothing to do\n"), "{now}");
    }
    let said = desk.run_at(Some("2026-07-01T08:00:00Z"), &["run", "once"]).await;
    ends(&said, Exit::Ok);
    let why = said.stdout.lines().find(|line| line.contains("leaver policy")).unwrap();
    assert_snapshot!(why.trim(), @"because leaver policy: disabled and no longer wanted since 2026-06-01T08:00:00Z, to be deleted from 2026-07-01T08:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_closed_though_a_date_is_wrong_and_one_who_is_not_ends_with_66() {
    let test = "a_leaver_is_closed_though_a_date_is_wrong_and_one_who_is_not_ends_with_66";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&format!("{}{STATUS}", with_target(crm.address(), "")));
    desk.write("people.csv", people([("", "Active"), ("", "Active"), ("", "Active")]));
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);

    desk.write("people.csv", people([("soon", "Former"), ("", "Active"), ("", "Active")]));
    let said = desk.run(&["run", "once"]).await;
    ends(&said, Exit::Ok);
    assert_snapshot!(said.stdout, @r#"
    Ada Example (53878fad) — leaver
      ! disable crm `ada.example`
          because state departed: status is `Former`

    doubtful, Ada Example (53878fad): fact `end` of record `E1` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)

    plan DIGEST: 1 operation (1 disable), 1 note
    done: 1 verified
    "#);

    desk.write("people.csv", people([("", "Former"), ("soon", "Active"), ("", "Gone")]));
    let planned = desk.run(&["plan"]).await;
    ends(&planned, Exit::Failed);
    assert_snapshot!(planned.stdout, @"
    held, Cleo Ejemplo (c58e5af1): status `Gone` is none of `active`, `former`, `leave`; add it to `[lifecycle] status`
    held, Ben Beispiel (d4bde742): fact `end` of record `E2` in source `hr` is no date like 2026-03-31 (`| date('%d.%m.%Y')` in `facts` reads other forms)

    plan DIGEST: nothing to do, 2 notes, 2 left open
    ");
    for command in [&["apply", "--yes"][..], &["run", "once"]] {
        ends(&desk.run(command).await, Exit::Failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_names_the_leaver_whom_a_target_that_is_down_leaves_open() {
    let test = "a_status_names_the_leaver_whom_a_target_that_is_down_leaves_open";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    let rows = |end: &str| format!("{HEADER}E1,Ada,Example,,\nE2,Ben,Beispiel,{end},\n");
    desk.write("people.csv", rows(""));
    ends(&desk.run(&["run", "once"]).await, Exit::Ok);
    ends(&desk.run(&["status"]).await, Exit::Ok);
    drop(crm);
    desk.write("people.csv", rows("2026-05-01"));
    ends(&desk.run(&["run", "once"]).await, Exit::Connector);
    let said = desk.run(&["status"]).await;
    ends(&said, Exit::Failed);
    let open = said.stdout.lines().find(|line| line.starts_with("open")).unwrap();
    assert_snapshot!(open, @"open        Ben Beispiel has departed, and has access at crm");
    let explained = desk.run(&["explain", "E2"]).await.stdout;
    let owed = explained.lines().skip_while(|line| !line.contains("to lose")).take(4);
    assert_snapshot!(owed.collect::<Vec<_>>().join("\n"), @r"
    to lose, open for 30d 8h: disable
      due since 2026-05-02T00:00:00Z: state departed: end 2026-05-01 has passed
      it could not be read: GET http://127.0.0.1:PORT/ServiceProviderConfig was not sent: nothing answers there (connection refused)
      looked at by every run
    ");
    let explained = desk.run(&["explain", "E1"]).await.stdout;
    assert!(!explained.contains("to lose"), "{explained}");
}
