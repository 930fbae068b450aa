//! Workflows at the desk: looked at, begun and cancelled by a person.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, PEOPLE, crm, with_target};

const WORKFLOW: &str = r#"
[workflow.sabbatical]
on = "demand"
steps = [
  { id = "off", do = "disable-accounts", targets = ["crm"] },
  { id = "away", wait = "90d", after = ["off"] },
  { id = "back", do = "start", workflow = "welcome-back", after = ["away"] },
]

[workflow.welcome-back]
on = "demand"
steps = [ { id = "on", do = "enable-accounts", targets = ["crm"] } ]
"#;

async fn desk(test: &str) -> Option<(Desk, demo_apps::crm::Crm)> {
    let desk = Desk::new(test)?;
    let crm = crm(&desk, &[]).await;
    desk.configure(&format!("{}{WORKFLOW}", with_target(crm.address(), "")));
    desk.write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    Some((desk, crm))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_begun_for_somebody_waited_for_and_cancelled() {
    let test = "a_workflow_is_begun_for_somebody_waited_for_and_cancelled";
    let Some((desk, _crm)) = desk(test).await else { return };
    let run = desk.run(&["workflow", "run", "sabbatical", "E1"]).await;
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(desk.run(&["workflow", "run", "sabbatical", "E1"]).await.status, Some(2));
    let applied = desk.run(&["run", "once"]).await;
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    // What is closed is seen at the next look.
    assert_eq!(desk.run(&["plan"]).await.stdout, "nothing to do\n");
    assert_snapshot!(desk.run(&["workflow", "list"]).await.stdout, @"");
    assert_snapshot!(desk.run(&["workflow", "status"]).await.stdout, @"");
    let explained = desk.run(&["explain", "E1"]).await.stdout;
    assert!(explained.contains("because workflow `sabbatical`, step `off` (line "), "{explained}");
    assert!(explained.contains("step `away`: waits until"), "{explained}");

    let cancelled = desk.run(&["workflow", "cancel", "sabbatical", "E1"]).await;
    assert_eq!(cancelled.status, Some(0), "{}", cancelled.stderr);
    let plan = desk.run(&["plan"]).await.stdout;
    assert!(plan.contains("* enable crm `ada.example`"), "{plan}");
    let audit = desk.run(&["audit", "list", "--identity", "E1"]).await.stdout;
    for result in ["begun by a person", "cancelled"] {
        assert!(audit.contains(result), "{audit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_draws_itself_and_an_unknown_one_is_told() {
    let test = "a_workflow_draws_itself_and_an_unknown_one_is_told";
    let Some((desk, _crm)) = desk(test).await else { return };
    assert_snapshot!(desk.run(&["workflow", "show", "sabbatical"]).await.stdout, @"");
    assert_snapshot!(desk.run(&["workflow", "show", "sabatical"]).await.complaint(), @"");
    assert_snapshot!(desk.run(&["workflow", "cancel", "sabbatical", "E2"]).await.complaint(), @"");
}

#[tokio::test]
async fn mistakes_in_workflows_are_told_where_they_are() {
    let Some(desk) = Desk::new("mistakes_in_workflows_are_told_where_they_are") else { return };
    desk.configure(&format!(
        "{}{}",
        crate::desk::SOURCE,
        r#"
[workflow.leaver]
on = "gone"
steps = []

[workflow.joiner]
on = "active"
steps = [
  { id = "a", do = "disable-accounts", wait = "3d" },
  { id = "b", do = "delete-accounts", grants = { crm = ["x"] } },
  { id = "c", do = "start", workflow = "leavr" },
  { id = "d", wait = { until = "{{ end" } },
]

[workflow.mover]
on = { changed = ["department"] }
steps = [
  { id = "a", wait = "3d", after = ["b"] },
  { id = "b", wait = "3d", after = ["a"] },
]
"#
    ));
    let said = desk.run(&["check", "--offline"]).await;
    assert_snapshot!(said.complaint(), @"");
}
