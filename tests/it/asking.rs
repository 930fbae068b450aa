//! What people ask at the desk: why, why not, and who.

use demo_apps::crm::{Crm, Options};
use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, TOKEN, with_target};

const PEOPLE: &str = "id,given_name,family_name,department\n\
     E1,Ada,Example,Sales\n\
     E2,=Ben,Beispiel,Sales\n\
     E3,Cleo,Ejemplo,Legal\n";

/// Without the lines that differ from one run to the next: who ran it, the
/// user of this machine, and the key that the application made.
fn nameless(text: &str) -> String {
    let same = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with("last touched") && !line.starts_with("account `ada.example` (user ")
    };
    text.lines().filter(same).collect::<Vec<_>>().join("\n")
}

/// Everybody has an account, and Sales a role that grants a team.
async fn desk(test: &str) -> Option<(Desk, Crm)> {
    let desk = Desk::new(test)?;
    let groups = vec!["Sales".to_owned()];
    let options = Options { token: TOKEN.to_owned(), groups, ..Options::default() };
    let crm = Crm::start(options).await.unwrap();
    let rules = "\n[rule.sales]\nwhen = { department = [\"Sales\"] }\nroles = [\"seller\"]\n\
                 \n[role.seller]\ndescription = \"sells\"\ngrants = { crm = [\"Sales\"] }\n\
                 \n[workflow.move]\non = { changed = [\"department\"] }\n\
                 steps = [{ id = \"pause\", wait = \"3d\" }]\n";
    desk.configure(&format!("{}{rules}", with_target(crm.address(), "")));
    desk.write("people.csv", PEOPLE);
    Some((desk, crm))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_is_explained_in_a_sentence_and_down_to_its_record() {
    let test = "one_thing_is_explained_in_a_sentence_and_down_to_its_record";
    let Some((desk, _crm)) = desk(test).await else { return };
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
    let said = desk.run(&["explain", "E1", "--account", "crm"]).await;
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    assert!(
        said.stdout
            .contains("last touched 2026-06-01T08:00:00Z: grant Sales, done, verified, run 1, by "),
        "{}",
        said.stdout
    );
    assert_snapshot!(nameless(&said.stdout), @r#"
    Ada Example has the account `ada.example` at crm, active, because rule `everyone` (line 17)
      should be enabled, as `ada.example`
        because rule `everyone` (line 17)
          its condition holds
            it has no condition: it is for everybody who works here
        because state active: no start is given
          hr has the record E1 of them
      department: "Sales"
        because fact department from hr record E1, column department
          department = "Sales" — hr record E1, column department, learned 2026-06-01T08:00:00Z
      displayName: "Ada Example"
        because fact given_name from hr record E1, column given_name
          given_name = "Ada" — hr record E1, column given_name, learned 2026-06-01T08:00:00Z
        because fact family_name from hr record E1, column family_name
          family_name = "Example" — hr record E1, column family_name, learned 2026-06-01T08:00:00Z
      name.familyName: "Example"
        because fact family_name from hr record E1, column family_name
          family_name = "Example" — hr record E1, column family_name, learned 2026-06-01T08:00:00Z
      name.givenName: "Ada"
        because fact given_name from hr record E1, column given_name
          given_name = "Ada" — hr record E1, column given_name, learned 2026-06-01T08:00:00Z
      `crm` was read 2026-06-01T08:00:00Z: accounts wholly, grants wholly
    "#);
    let said = desk.run(&["explain", "E3", "--entitlement", "crm/Sales"]).await;
    assert_snapshot!(said.stdout, @r#"
    Cleo Ejemplo does not hold `Sales` at crm: rule `sales` (line 20), role `seller` does not give it: `department` has to be "Sales" and it is "Legal"
      `crm` was read 2026-06-01T08:00:00Z: accounts wholly, grants wholly
      rule `sales` (line 20), role `seller` does not give it: `department` has to be "Sales" and it is "Legal"
        no: `department` has to be "Sales"
          department = "Legal" — hr record E3, column department, learned 2026-06-01T08:00:00Z
    "#);
    let said = desk.run(&["explain", "E3", "--step", "move/pause"]).await;
    assert_snapshot!(said.stdout, @r"
    Cleo Ejemplo is not in workflow `move`, so step `pause` is not due: it begins when one of `department` changes
      it begins when one of `department` changes
    ");
    let json = desk.run(&["explain", "E3", "--entitlement", "crm/Sales", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["sentence"].as_str().unwrap().contains("does not hold `Sales`"));
    let json = desk.run(&["explain", "E1", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["accounts"][0]["sentence"].as_str().unwrap().contains("has the account"));
    for (arguments, complaint) in [
        (["explain", "E1", "--account", "cmr"], "did you mean `crm`?"),
        (["explain", "E1", "--entitlement", "crm"], "write it as TARGET/NAME"),
        (["explain", "E1", "--step", "move/nothing"], "has a step `nothing`"),
    ] {
        let said = desk.run(&arguments).await;
        assert_eq!(said.status, Some(Exit::Usage as i32));
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_something_is_told_with_since_when_and_why() {
    let test = "who_has_something_is_told_with_since_when_and_why";
    let Some((desk, crm)) = desk(test).await else { return };
    let said = desk.run(&["plan"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
    let before = desk.run(&["who", "crm"]).await.stdout;
    assert!(before.starts_with("an account at crm: 0 have it, 3 should and do not"), "{before}");
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
    // It is what is recorded that is asked.
    drop(crm);
    let said = desk.run(&["who", "crm/Sales"]).await;
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(said.stdout, @r"
    `Sales` at crm: 2 have it, 0 should and do not, 0 accounts of nobody, read 2026-06-01T08:00:00Z

    have it
      =Ben Beispiel (E2, active) — `ben.beispiel`, active — granted by us 2026-06-01T08:00:00Z
        because rule `sales` (line 20)
        because fact department from hr record E2, column department
        because role `seller` (line 24)
      Ada Example (E1, active) — `ada.example`, active — granted by us 2026-06-01T08:00:00Z
        because rule `sales` (line 20)
        because fact department from hr record E1, column department
        because role `seller` (line 24)
    ");
    assert_snapshot!(desk.run(&["who", "role:seller"]).await.stdout, @r"
    the role `seller`: 2 have it, 0 should and do not, 0 accounts of nobody

    have it
      =Ben Beispiel (E2, active) — by rules
        because rule `sales` (line 20)
        because fact department from hr record E2, column department
        because role `seller` (line 24)
      Ada Example (E1, active) — by rules
        because rule `sales` (line 20)
        because fact department from hr record E1, column department
        because role `seller` (line 24)
    ");
    let csv = desk.run(&["who", "crm", "--csv"]).await.stdout;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.contains("\"'=Ben Beispiel\",E2,"), "{csv}");
    let json = desk.run(&["who", "crm", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["holders"][0]["how"], "created by us");
    for (what, complaint) in [
        ("crm/Saels", "the nearest name there is"),
        ("role:nobody", "there is no role `nobody`"),
        ("cmr", "did you mean `crm`?"),
    ] {
        let said = desk.run(&["who", what]).await;
        assert_eq!(said.status, Some(Exit::Usage as i32));
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_and_a_mapping_are_tried_on_somebody_with_each_value() {
    let test = "a_rule_and_a_mapping_are_tried_on_somebody_with_each_value";
    let Some((desk, _crm)) = desk(test).await else { return };
    let said = desk.run(&["plan"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}{}", said.stdout, said.stderr);
    let said = desk.run(&["rule", "test", "sales", "E3"]).await;
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(said.stdout, @r#"
    rule `sales` (line 20) does not apply to Cleo Ejemplo: its condition does not hold: `department` has to be "Sales" and it is "Legal"
      condition
        no: `department` has to be "Sales"
          department = "Legal" — hr record E3, column department, learned 2026-06-01T08:00:00Z
      would give
        role `seller`
    "#);
    let other = ["rule", "test", "sales", "E3", "--set", "department=Sales"];
    assert_snapshot!(desk.run(&other).await.stdout, @r#"
    rule `sales` (line 20) applies to Cleo Ejemplo: its condition holds
      condition
        yes: `department` has to be "Sales"
          department = "Sales" — supposed record by hand, learned 2026-06-01T08:00:00Z
      gives
        role `seller`
    "#);
    assert_snapshot!(desk.run(&["rule", "test", "--target", "crm", "E1"]).await.stdout, @r#"
    the mapping of crm makes `ada.example` of Ada Example
      crm: name `{{ given_name | ascii | slug }}.{{ family_name | ascii | slug }}` gives "ada.example"
        family_name = "Example" — hr record E1, column family_name, learned 2026-06-01T08:00:00Z
        given_name = "Ada" — hr record E1, column given_name, learned 2026-06-01T08:00:00Z
      login = "ada.example"
      department: "Sales"
        because fact department from hr record E1, column department
          department = "Sales" — hr record E1, column department, learned 2026-06-01T08:00:00Z
      displayName: "Ada Example"
        because fact given_name from hr record E1, column given_name
          given_name = "Ada" — hr record E1, column given_name, learned 2026-06-01T08:00:00Z
        because fact family_name from hr record E1, column family_name
          family_name = "Example" — hr record E1, column family_name, learned 2026-06-01T08:00:00Z
      name.familyName: "Example"
        because fact family_name from hr record E1, column family_name
          family_name = "Example" — hr record E1, column family_name, learned 2026-06-01T08:00:00Z
      name.givenName: "Ada"
        because fact given_name from hr record E1, column given_name
          given_name = "Ada" — hr record E1, column given_name, learned 2026-06-01T08:00:00Z
    "#);
    let nameless = ["rule", "test", "--target", "crm", "E1", "--set", "given_name="];
    let said = desk.run(&nameless).await.stdout;
    assert!(said.starts_with("the mapping of crm fails for"), "{said}");
    // Nothing of it is kept.
    let said = desk.run(&["rule", "test", "sales", "E3"]).await;
    assert!(said.stdout.contains("does not apply"), "{}", said.stdout);
    for (arguments, complaint) in [
        (vec!["rule", "test", "salse", "E3"], "did you mean `sales`?"),
        (vec!["rule", "test", "E3"], "a rule and a person"),
        (vec!["rule", "test", "sales", "E3", "--set", "x"], "write it as FACT=VALUE"),
        (
            vec!["rule", "test", "sales", "E3", "--set", "start=nonsense"],
            "fact `start` is no date like 2026-03-31",
        ),
    ] {
        let said = desk.run(&arguments).await;
        assert_eq!(said.status, Some(Exit::Usage as i32));
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
    }
}
