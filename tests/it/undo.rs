//! A plan that was carried out is undone at the desk, by a plan like any.

use demo_apps::crm::{Crm, Options};
use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, TOKEN, with_target};

const PEOPLE: &str = "id,given_name,family_name,department,end\n\
     E1,Ada,Example,Sales,\n\
     E2,Ben,Beispiel,Sales,\n";

/// Ada is in another department by now, and Ben has left.
const LATER: &str = "id,given_name,family_name,department,end\n\
     E1,Ada,Example,Legal,\n\
     E2,Ben,Beispiel,Sales,2026-05-31\n";

/// The digest of the plan that was shown, as JSON has it.
async fn planned(desk: &Desk, arguments: &[&str]) -> String {
    let said = desk.run(arguments).await;
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    json["digest"].as_str().unwrap().to_owned()
}

async fn apply(desk: &Desk, digest: &str) {
    let said = desk.run(&["apply", digest, "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_did_is_undone_and_done_again() {
    let Some(desk) = Desk::new("what_a_plan_did_is_undone_and_done_again") else { return };
    let groups = vec!["Sales".to_owned()];
    let options = Options { token: TOKEN.to_owned(), groups, ..Options::default() };
    let crm = Crm::start(options).await.unwrap();
    let rules =
        "\n[rule.sales]\nwhen = { department = [\"Sales\"] }\ngrants = { crm = [\"Sales\"] }\n";
    desk.configure(&format!("{}{rules}", with_target(crm.address(), "")));
    desk.write("people.csv", PEOPLE);
    let first = planned(&desk, &["plan", "--json"]).await;
    let said = desk.run(&["undo", &first]).await;
    assert_eq!(said.status, Some(Exit::Usage as i32));
    assert!(said.stderr.contains("no run carried out plan"), "{}", said.stderr);
    apply(&desk, &first).await;
    desk.write("people.csv", LATER);
    let second = planned(&desk, &["plan", "--json"]).await;
    apply(&desk, &second).await;
    let said = desk.run(&["undo", &second]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    assert_snapshot!(said.stdout, @r#"
    what undoes plan DIGEST

    Ada Example (53878fad) — undo
      ~ update crm `ada.example`
          department: "Legal" → "Sales"
          because it undoes update #2 of plan DIGEST; the next plan takes it back: update, because fact department from hr record E1, column department
      + grant crm `ada.example` Sales
          because it undoes revoke #3 of plan DIGEST; the next plan takes it back: revoke, because nothing gives `Sales` any more, and we granted it

    Ben Beispiel (d4bde742) — undo
      * enable crm `ben.beispiel`
          because it undoes disable #0 of plan DIGEST; the next plan takes it back: disable, because state departed: end 2026-05-31 has passed
      + grant crm `ben.beispiel` Sales
          because it undoes revoke #1 of plan DIGEST; the next plan takes it back: revoke, because nothing gives `Sales` any more, and we granted it

    plan DIGEST: 4 operations (1 update, 1 enable, 2 grant)
    `lanyard apply DIGEST` does it
    "#);
    let back = planned(&desk, &["undo", &second, "--json"]).await;
    apply(&desk, &back).await;
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert_eq!(accounts.matches(" active ").count(), 2, "{accounts}");
    let holders = desk.run(&["who", "crm/Sales"]).await.stdout;
    assert!(holders.starts_with("`Sales` at crm: 2 have it"), "{holders}");
    // The rules say otherwise, as the lines of the plan told.
    let said = desk.run(&["plan"]).await.stdout;
    assert!(said.contains("! disable crm `ben.beispiel`"), "{said}");
    // It fits no more.
    let said = desk.run(&["apply", &back, "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Changed as i32), "{}", said.stderr);
    assert!(said.stderr.contains("`lanyard undo "), "{}", said.stderr);
    // What was undone is done again.
    let forth = planned(&desk, &["undo", &back, "--json"]).await;
    apply(&desk, &forth).await;
    assert_eq!(desk.run(&["plan"]).await.stdout, "nothing to do\n");
    let said = desk.run(&["undo", "0000000000"]).await;
    assert_eq!(said.status, Some(Exit::Usage as i32));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_by_an_ejection_is_undone_only_on_purpose() {
    let Some(desk) = Desk::new("what_was_done_by_an_ejection_is_undone_only_on_purpose") else {
        return;
    };
    let crm = crate::desk::crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    let first = planned(&desk, &["plan", "--json"]).await;
    apply(&desk, &first).await;
    let said = desk.run(&["eject", "E1", "--reason", "asked for"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    let gone = planned(&desk, &["plan", "--json"]).await;
    apply(&desk, &gone).await;
    let said = desk.run(&["undo", &gone]).await;
    assert_eq!(said.status, Some(Exit::Usage as i32));
    assert!(said.stderr.contains("`--eject` undoes that as well"), "{}", said.stderr);
    let said = desk.run(&["undo", &gone, "--eject"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    assert!(said.stdout.contains("* enable crm `ada.example`"), "{}", said.stdout);
    assert!(said.stdout.contains("the next plan takes it back: disable"), "{}", said.stdout);
}
