//! Questions at the desk: asked by a plan, answered by who the file says
//! somebody is.

use insta::assert_snapshot;
use lanyard::store::sqlite::SqliteStore;

use crate::desk::{Desk, SOURCE};

const WORKFLOW: &str = r#"
[workflow.badge]
on = "demand"
steps = [
  { id = "ok", do = "approve", by = ["manager"], reason = "a badge for {{ given_name }}" },
  { id = "note", do = "set-fact", fact = "badge", value = "yes", after = ["ok"] },
]
"#;

const PEOPLE: &str = "id,given_name,family_name,manager\n\
     E1,Ada,Example,E2\n\
     E2,Grace,Example,\n";

/// A desk where Ada's badge is asked for, and whoever runs it is `key`.
async fn asked(test: &str, key: &str) -> Option<Desk> {
    let desk = Desk::new(test)?;
    let user = std::process::Command::new("id").arg("--user").arg("--name").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    let actors = format!("[actors]\n{} = \"{key}\"\n", user.trim());
    desk.configure(&format!("{SOURCE}{WORKFLOW}{actors}"));
    desk.write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    Some(desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_began_it_does_not_decide_about_it() {
    let Some(desk) = asked("who_began_it_does_not_decide_about_it", "E2").await else { return };
    assert_eq!(desk.run(&["workflow", "run", "badge", "E1"]).await.status, Some(0));
    let applied = desk.run(&["run", "once"]).await;
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    assert_snapshot!(applied.stdout, @r"
    Ada Example (53878fad): step `ok`
      ? ask Grace Example (d4bde742) to agree within 5d: a badge for Ada
          because workflow `badge`, step `ok` (line 8)

    plan DIGEST: nothing to do, 1 step
    done: 0 verified, 1 step carried out
    ");
    let listed = desk.run(&["approval", "list"]).await.stdout;
    assert_snapshot!(listed, @"DIGEST  Ada Example, `badge` step `ok`, until 2026-06-06T08:00:00Z: a badge for Ada");
    let id = id(&desk).await;
    assert_snapshot!(desk.run(&["approval", "show", &id]).await.stdout, @r"
    DIGEST  Ada Example, `badge` step `ok`, until 2026-06-06T08:00:00Z: a badge for Ada
      Grace Example is asked
    ");
    assert_snapshot!(desk.run(&["approval", "approve", &id]).await.complaint(), @r"
    exit 2
    error: whoever began it does not decide about it
    ");
    assert_snapshot!(desk.run(&["approval", "deny", "zzzz"]).await.complaint(), @r"
    exit 2
    error: there is no open approval `zzzz`
      hint: `lanyard approval list` shows those that are open
    ");
    let audit = desk.run(&["audit", "list", "--identity", "E1"]).await.stdout;
    assert!(audit.contains("answer refused"), "{audit}");
    assert_snapshot!(desk.run(&["workflow", "status"]).await.stdout, @r"
    Ada Example: `badge` since 2026-06-01T08:00:00Z
      step `ok`: waits for approval DIGEST, no longer than until 2026-06-06T08:00:00Z
    ");
    assert_snapshot!(desk.run(&["workflow", "done", "badge", "E1", "ok"]).await.complaint(), @r"
    exit 2
    error: `badge` has no step `ok` that has failed or waits for somebody
      hint: `lanyard workflow status` shows who is in which
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_at_is_asked_an_hour_later_and_answered_by_who_is_asked() {
    let test = "what_was_looked_at_is_asked_an_hour_later_and_answered_by_who_is_asked";
    let Some(desk) = asked(test, "E2").await else { return };
    // Begun by a change, and so by nobody in person.
    let file = std::fs::read_to_string(desk.path("lanyard.toml")).unwrap();
    let moved = "[workflow.moved]\non = { changed = [\"manager\"] }\n\
         steps = [ { id = \"ok\", do = \"approve\", by = [\"manager\"] } ]\n";
    desk.write("lanyard.toml", format!("{file}{moved}"));
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    desk.write("people.csv", PEOPLE.replace("Ada,Example,E2", "Ada,Example,E3"));
    let (ten, eleven) = (Some("2026-06-01T10:00:00Z"), Some("2026-06-01T11:00:00Z"));
    desk.run_at(ten, &["plan"]).await;
    desk.write("people.csv", PEOPLE);
    let planned = desk.run_at(ten, &["plan", "--out", "plan.json"]).await;
    assert!(planned.stdout.contains("ask Grace Example"), "{}", planned.stdout);
    let applied = desk.run_at(eleven, &["apply", "plan.json", "--yes"]).await;
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    let id = id(&desk).await;
    let approved = desk.run_at(eleven, &["approval", "approve", &id, "--reason", "fine"]).await;
    assert_snapshot!(approved.stdout, @"approved; the next plan goes on");
    assert_eq!(desk.run_at(eleven, &["approval", "list"]).await.stdout, "");
}

/// Of the only open approval.
async fn id(desk: &Desk) -> String {
    let store = SqliteStore::open(&desk.path("lanyard.db")).unwrap();
    let now = "2026-06-01T08:00:00Z".parse().unwrap();
    let open = lanyard::reconcile::open_approvals(&store, now).await.unwrap();
    assert_eq!(open.len(), 1);
    open[0].id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_to_copy_are_listed_and_printed_without_a_file() {
    let Some(desk) = Desk::new("workflows_to_copy_are_listed_and_printed_without_a_file") else {
        return;
    };
    assert_snapshot!(desk.run(&["workflow", "default"]).await.stdout, @r"
    prehire          A week before the first day: the manager is told.
    joiner           The first day: a welcome to the new colleague, and word to the manager.
    mover            Another department: the new manager confirms, and both are told.
    leave            A long leave: the manager is told who is away.
    leaver           The last day is over: accounts are closed at once, and deleted 30 days after the handover.
    eject            Somebody was ejected, and everything is closed already: security and the manager are told, and what they have is collected.
    rehire           Somebody is back: their manager is told that access is given anew.
    contractor-end   Two weeks before a contractor's last day: does the contract go on?
    ");
    let leaver = desk.run(&["workflow", "default", "leaver"]).await.stdout;
    assert!(leaver.contains("[workflow.leaver]"), "{leaver}");
    assert_snapshot!(desk.run(&["workflow", "default", "leavr"]).await.complaint(), @r"
    exit 2
    error: there is no default `leavr`
      hint: did you mean `leave`?
    ");
}
