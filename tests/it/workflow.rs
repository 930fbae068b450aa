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
    assert_snapshot!(desk.run(&["workflow", "list"]).await.stdout, @r"
    sabbatical when a person or another workflow says so; 3 steps, 1 person in it
    welcome-back when a person or another workflow says so; 1 step, 0 people in it
    ");
    assert_snapshot!(desk.run(&["workflow", "status"]).await.stdout, @r"
    Ada Example: `sabbatical` since 2026-06-01T08:00:00Z
      step `away`: waits until 2026-08-30T08:00:00Z
    ");
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
    assert_snapshot!(desk.run(&["workflow", "show", "sabbatical"]).await.stdout, @r#"
    flowchart TD
      begin(["when a person or another workflow says so"])
      s_off["off: disable accounts at crm"]
      s_away{{"away: wait 90d"}}
      s_back["back: begin welcome-back"]
      begin --> s_off
      s_off --> s_away
      s_away --> s_back
    "#);
    assert_snapshot!(desk.run(&["workflow", "show", "sabatical"]).await.complaint(), @r"
    exit 2
    error: there is no workflow `sabatical`
      hint: did you mean `sabbatical`?
    ");
    assert_snapshot!(desk.run(&["workflow", "cancel", "sabbatical", "E2"]).await.complaint(), @r"
    exit 2
    error: d4bde742-74f6-5696-8094-DIGEST is not in `sabbatical`
      hint: `lanyard workflow status` shows who is in which
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_in_which_a_step_begins_another_workflow_is_the_same_an_hour_later() {
    let test = "a_plan_in_which_a_step_begins_another_workflow_is_the_same_an_hour_later";
    let Some(desk) = Desk::new(test) else { return };
    let next = "[workflow.moved]\non = { changed = [\"department\"] }\n\
         steps = [ { id = \"go\", do = \"start\", workflow = \"next\" } ]\n\
         [workflow.next]\non = \"demand\"\nsteps = [ { id = \"w\", wait = \"3d\" } ]\n";
    desk.configure(&format!("{}{next}", crate::desk::SOURCE));
    desk.write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    desk.write("people.csv", PEOPLE.replace("Ada,Example,Sales", "Ada,Example,Legal"));
    let (nine, ten) = (Some("2026-06-01T09:00:00Z"), Some("2026-06-01T10:00:00Z"));
    desk.run_at(nine, &["plan", "--out", "plan.json"]).await;
    let applied = desk.run_at(ten, &["apply", "plan.json", "--yes"]).await;
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    let status = desk.run_at(ten, &["workflow", "status"]).await.stdout;
    assert!(status.contains("waits until 2026-06-04T10:00:00Z"), "{status}");
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
    assert_snapshot!(said.complaint(), @r#"
    exit 64
    error: bad value for `on`
     --> lanyard.toml:9:6
      |
    9 | on = "gone"
      |      ^^^^^^ needs a lifecycle state like "departed", an offset like "14d before start" or "7d after end", "demand", `{ changed = ["department"] }`, or `{ unused = "90d" }`

    error: step `a` needs one of `do`, `wait` and `run`
      --> lanyard.toml:15:3
       |
    15 |   { id = "a", do = "disable-accounts", wait = "3d" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: a step does one thing

    error: `grants` does nothing in a step with `delete-accounts`
      --> lanyard.toml:16:39
       |
    16 |   { id = "b", do = "delete-accounts", grants = { crm = ["x"] } },
       |                                       ^^^^^^
       |
       = hint: keys of `delete-accounts`: targets

    error: unknown workflow `leavr`
      --> lanyard.toml:17:40
       |
    17 |   { id = "c", do = "start", workflow = "leavr" },
       |                                        ^^^^^^^ no `[workflow.leavr]` in this file

    error: bad template in `until`
      --> lanyard.toml:18:36
       |
    18 |   { id = "d", wait = { until = "{{ end" } },
       |                                    ^^^ unexpected end of input, expected end of variable block

    error: steps wait for each other in a circle: `a` after `b` after `a`
      --> lanyard.toml:24:3
       |
    24 |   { id = "a", wait = "3d", after = ["b"] },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn every_workflow_to_copy_can_be_loaded_and_names_only_what_it_brings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanyard.toml");
    std::fs::create_dir(folder.path().join("plugins")).unwrap();
    std::fs::write(folder.path().join("plugins/csv.wasm"), []).unwrap();
    for (name, text) in lanyard::workflows::DEFAULTS {
        let notify = "from = \"lanyard@example.org\"\nsmtp = { host = \"mail.example.org\" }";
        let whole = format!("[source.hr]\nplugin = \"csv\"\n{text}\n[notify]\n{notify}\n");
        std::fs::write(&file, whole).unwrap();
        let loaded = lanyard::config::load(&file, &|_variable| None);
        let loaded = loaded.unwrap_or_else(|errors| panic!("{}", errors.render()));
        let workflows = &loaded.config.policy.workflows;
        let names: Vec<&str> = workflows.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, [name]);
    }
}
