//! Plans that others have to agree to, at the desk.

use demo_apps::crm::{Crm, Options};
use insta::assert_snapshot;
use lanyard::{
    errors::Exit,
    store::{Store as _, sqlite::SqliteStore},
};

use crate::desk::{Desk, PEOPLE, TOKEN, with_target};

/// Who comes is agreed to, by two who come as well.
const EVERYTHING: &str = r#"
[approval.all]
when = { everything = true }
stages = [["E2"], ["E3"]]
expire = "2d"
"#;

const RELEASES: &str = r#"
[limits]
creates = { max = 2 }

[approval.releases]
when = { releases = ["mass-create"] }
stages = [["E3"]]
"#;

/// A desk that the first of the people runs.
async fn desk(test: &str, rules: &str) -> Option<(Desk, Crm)> {
    let desk = Desk::new(test)?;
    let user = std::process::Command::new("id").arg("--user").arg("--name").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    let actors = format!("\n[actors]\n{} = \"E1\"\n", user.trim());
    let options = Options { token: TOKEN.to_owned(), ..Options::default() };
    let crm = Crm::start(options).await.unwrap();
    desk.configure(&format!("{}{rules}{actors}", with_target(crm.address(), "")));
    Some((desk, crm))
}

/// Of every question there ever was.
async fn ids(desk: &Desk) -> Vec<String> {
    let store = SqliteStore::open(&desk.path("lanyard.db")).unwrap();
    store.plan_approvals().await.unwrap().into_iter().map(|it| it.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_people_is_asked_about_once_and_shown_whatever_became_of_it() {
    let test = "what_waits_for_people_is_asked_about_once_and_shown_whatever_became_of_it";
    let Some((desk, _crm)) = desk(test, EVERYTHING).await else { return };
    desk.write("people.csv", PEOPLE);
    let ran = desk.run(&["run", "once"]).await;
    assert_eq!(ran.status, Some(Exit::Blocked as i32), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("3 held back, 2 of them with nobody to ask"), "{}", ran.stdout);
    assert!(ran.stderr.contains("nobody is asked by `[approval.all]`"), "{}", ran.stderr);
    let ids = ids(&desk).await;
    let [id] = ids.as_slice() else { panic!("{ids:?}") };
    assert_snapshot!(desk.run(&["approval", "show", id]).await.stdout, @r#"
    DIGEST  1 operation of plan DIGEST, until 2026-06-03T08:00:00Z: 1 create for Ada Example
      Ben Beispiel is asked
    Ada Example (53878fad) — joiner
      + create crm `ada.example`
          department: "Sales"
          displayName: "Ada Example"
          name.familyName: "Example"
          name.givenName: "Ada"
          because rule `everyone` (line 17)
          because state active: no start is given
    "#);
    let said = desk.run(&["approval", "approve", id]).await.complaint();
    assert!(said.contains("nobody decides about themselves"), "{said}");
    let said = desk.run(&["approval", "ask", id]).await.complaint();
    assert!(said.contains("about a plan that was a no"), "{said}");
    let late = Some("2026-06-04T08:00:00Z");
    let shown = desk.run_at(late, &["approval", "show", id]).await.stdout;
    assert!(shown.contains("answered by nobody in time"), "{shown}");
    assert_eq!(desk.run_at(late, &["approval", "list"]).await.stdout, "");
    assert_snapshot!(desk.run_at(late, &["approval", "ask", id]).await.stdout, @"the next run asks anew");
    assert_eq!(desk.run_at(late, &["run", "once"]).await.status, Some(Exit::Blocked as i32));
    assert_eq!(self::ids(&desk).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_to_release_is_not_done_without_them() {
    let test = "what_others_have_to_release_is_not_done_without_them";
    let Some((desk, _crm)) = desk(test, RELEASES).await else { return };
    let (title, people) = PEOPLE.split_once('\n').unwrap();
    let (others, cleo) = people.split_at(people.find("E3").unwrap());
    desk.write("people.csv", format!("{title}\n{cleo}"));
    assert_eq!(desk.run(&["run", "once"]).await.status, Some(0));
    desk.write("people.csv", format!("{title}\n{others}{cleo}E4,Dora,Muster,Sales\n"));
    let json = desk.run(&["plan", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let plan = json["digest"].as_str().unwrap();
    let release = ["apply", plan, "--yes", "--release", "mass-create", "--release", "clock-jump"];
    let said = desk.run(&release).await;
    assert_eq!(said.status, Some(Exit::Blocked as i32), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("nothing was done"), "{}", said.stdout);
    assert!(said.stderr.contains("nothing is released as `clock-jump`"), "{}", said.stderr);
    let store = SqliteStore::open(&desk.path("lanyard.db")).unwrap();
    assert_eq!(store.runs().await.unwrap().len(), 1);
    let ids = ids(&desk).await;
    let [id] = ids.as_slice() else { panic!("{ids:?}") };
    let shown = desk.run(&["approval", "show", id]).await.stdout;
    assert!(shown.contains("held back (mass-create)"), "{shown}");
    assert!(!shown.contains("plan DIGEST:"), "{shown}");
    let late = Some("2026-06-08T08:00:00Z");
    let said = desk.run_at(late, &["approval", "ask", id]).await.stdout;
    assert_snapshot!(said, @"`lanyard apply DIGEST --release mass-create` asks anew");
}
