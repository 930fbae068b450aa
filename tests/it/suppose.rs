//! Looking ahead and aside: a calendar of what comes, a plan as of another
//! day, and what another file would do.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::desk::{Desk, crm, with_target};

const PEOPLE: &str = "id,given_name,family_name,department,start,end\n\
     E1,Ada,Example,Sales,2026-01-01,2026-08-31\n\
     E2,Ben,Beispiel,Sales,2026-07-01,\n\
     E3,Cleo,Ejemplo,Legal,2026-01-01,\n";

/// Cleo and Ada have accounts; everything after that is time.
async fn desk(test: &str) -> Option<(Desk, demo_apps::crm::Crm)> {
    let desk = Desk::new(test)?;
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Ok as i32), "{}", said.stderr);
    assert_eq!(desk.run(&["plan"]).await.stdout, "nothing to do\n");
    Some((desk, crm))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_is_a_calendar_of_what_comes_and_calls_nobody() {
    let test = "a_simulation_is_a_calendar_of_what_comes_and_calls_nobody";
    let Some((desk, crm)) = desk(test).await else { return };
    // Whatever it said, it said from what is stored.
    drop(crm);
    let said = desk.run(&["simulate", "--until", "2027-06-01"]).await;
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(said.stdout, @r"
    2026-06-24 Wednesday
      00:00 Ben Beispiel (d4bde742), prehire — joiner
          + create crm `ben.beispiel`, disabled

    2026-07-01 Wednesday
      00:00 Ben Beispiel (d4bde742), active — joiner
          * enable crm `ben.beispiel`

    2026-09-01 Tuesday
      00:00 Ada Example (53878fad), departed — leaver
          ! disable crm `ada.example`

    2026-10-01 Thursday
      00:00 Ada Example (53878fad), departed — leaver
          - delete crm `ada.example`

    4 operations (1 create, 1 enable, 1 disable, 1 delete) for 2 people on 4 days
    ");
    let ben =
        ["simulate", "--until", "2027-06-01", "--from", "2026-07-01", "--who", "Ben Beispiel"];
    assert_snapshot!(desk.run(&ben).await.stdout, @r"
    2026-07-01 Wednesday
      00:00 Ben Beispiel (d4bde742), active — joiner
          * enable crm `ben.beispiel`

    1 operation (1 enable) for 1 person on 1 day
    ");
    let json = desk.run(&["simulate", "--until", "2027-06-01", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["people"][0]["operations"][0]["change"]["create"]["name"], "ben.beispiel");
    for (until, complaint) in [("2026-05-01", "is past"), ("soon", "is no date")] {
        let said = desk.run(&["simulate", "--until", until]).await;
        assert_eq!(said.status, Some(Exit::Usage as i32));
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
    }
    // Nothing of it happened.
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert!(!accounts.contains("ben.beispiel"), "{accounts}");
    assert_eq!(accounts.matches(" active ").count(), 2, "{accounts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_as_of_another_day_is_shown_and_not_kept() {
    let Some((desk, _crm)) = desk("a_plan_as_of_another_day_is_shown_and_not_kept").await else {
        return;
    };
    let said = desk.run(&["plan", "--at", "2026-09-01"]).await;
    assert_eq!(said.status, Some(0));
    assert_snapshot!(format!("{}{}", said.stderr, said.stdout), @r#"
    note: as of 2026-09-01T00:00:00Z, from what was recorded; it is not kept and cannot be applied
    Ada Example (53878fad) — leaver
      ! disable crm `ada.example`
          because state departed: end 2026-08-31 has passed

    Ben Beispiel (d4bde742) — joiner
      + create crm `ben.beispiel`
          department: "Sales"
          displayName: "Ben Beispiel"
          name.familyName: "Beispiel"
          name.givenName: "Ben"
          because rule `everyone` (line 17)
          because state active: start 2026-07-01 has come

    plan DIGEST: 2 operations (1 create, 1 disable)
    "#);
    let json = desk.run(&["plan", "--at", "2026-09-01", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let digest = json["digest"].as_str().unwrap();
    let said = desk.run(&["apply", digest, "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Usage as i32), "{}{}", said.stdout, said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_file_would_do_is_told_by_person() {
    let Some((desk, crm)) = desk("what_another_file_would_do_is_told_by_person").await else {
        return;
    };
    let file = with_target(crm.address(), "");
    let plugins = std::fs::read_to_string(desk.path("lanyard.toml")).unwrap();
    let plugins = plugins.lines().next().unwrap().to_owned();
    let narrower =
        file.replace("[rule.everyone]", "[rule.sales]\nwhen = { department = [\"Sales\"] }");
    desk.write("other.toml", format!("{plugins}\n{narrower}"));
    let said = desk.run(&["plan", "--against", "other.toml"]).await;
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert_snapshot!(said.stdout, @r"
    Cleo Ejemplo (c58e5af1)
      only with `other.toml`
        ! disable crm `cleo.ejemplo`
            because leaver policy: no rule gives this account any longer

    1 person differs: only with `other.toml` 1 operation (1 disable); only with the present file 0 operations; 0 operations are the same
    ");
    // On her last day Ada goes by either.
    let said = desk.run(&["plan", "--against", "other.toml", "--at", "2026-09-01"]).await;
    assert_snapshot!(said.stdout.lines().last().unwrap(), @"1 person differs: only with `other.toml` 1 operation (1 disable); only with the present file 0 operations; 2 operations are the same");
    let said = desk.run(&["plan", "--against", "lanyard.toml"]).await;
    assert_snapshot!(said.stdout, @"no difference: 0 operations are the same");
    desk.write("other.toml", "[rule.x]\naccounts = [\"nowhere\"]\n");
    assert_eq!(desk.run(&["plan", "--against", "other.toml"]).await.status, Some(64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_another_file_calls_otherwise_is_the_same_one() {
    let test = "a_source_that_another_file_calls_otherwise_is_the_same_one";
    let Some((desk, _crm)) = desk(test).await else { return };
    let file = std::fs::read_to_string(desk.path("lanyard.toml")).unwrap();
    desk.write("other.toml", file.replace("[source.hr]", "[source.personnel]"));
    let said = desk.run(&["plan", "--against", "other.toml"]).await;
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert_snapshot!(format!("{}{}", said.stderr, said.stdout), @r"
    note: source `hr` is called `personnel` in `other.toml` (the same plugin and config), and is compared as if it always had been; keys have to stay the same
    no difference: 0 operations are the same
    ");
    // Another file is another source, and who is known by the former one alone
    // is held.
    let other = file.replace("[source.hr]", "[source.personnel]");
    desk.write("other.toml", other.replace("people.csv", "staff.csv"));
    let said = desk.run(&["plan", "--against", "other.toml"]).await;
    assert!(!said.stderr.contains("is called"), "{}", said.stderr);
    assert!(said.stdout.contains("held"), "{}", said.stdout);
}
