//! `LANYARD_NOW`: what is tried out is not taken for what was seen.

use lanyard::errors::Exit;

use crate::desk::{Desk, PEOPLE, crm, with_target};

/// Long before the store was made, so that everything would be due at once.
const LONG_AGO: Option<&str> = Some("2001-01-01T00:00:00Z");

async fn stored(desk: &Desk) -> String {
    let mut all = String::new();
    let looks: [&[&str]; 4] =
        [&["status"], &["identity", "list", "--json"], &["account", "list"], &["explain", "E1"]];
    for look in looks {
        let said = desk.run_at(None, look).await;
        assert_eq!(said.status, Some(0), "{}", said.stderr);
        all.push_str(&said.stdout);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_another_time_leaves_nothing_in_a_store_that_keeps_to_the_real_one() {
    let test = "a_plan_for_another_time_leaves_nothing_in_a_store_that_keeps_to_the_real_one";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let company = (2..=10).map(|number| format!("E{number},Ben{number},Beispiel\n"));
    let company = company.collect::<String>();
    let header = "id,given_name,family_name\n";
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", format!("{header}E1,Ada,Example\n{company}"));
    let real = desk.run_at(None, &["apply", "--yes"]).await;
    assert_eq!(real.status, Some(0), "{}{}", real.stdout, real.stderr);
    let before = stored(&desk).await;

    // Ada's record is gone; the plan for then says what follows.
    desk.write("people.csv", format!("{header}{company}"));
    let tried = desk.run_at(LONG_AGO, &["plan"]).await;
    assert_eq!(tried.status, Some(0), "{}{}", tried.stdout, tried.stderr);
    assert!(tried.stdout.contains("disable"), "{}", tried.stdout);
    assert!(tried.stderr.contains("nothing of this is recorded"), "{}", tried.stderr);
    assert_eq!(stored(&desk).await, before);

    let changes: [&[&str]; 2] = [&["apply", "--yes"], &["run", "once"]];
    for change in changes {
        let said = desk.run_at(LONG_AGO, change).await;
        assert_eq!(said.status, Some(Exit::Usage as i32), "{}{}", said.stdout, said.stderr);
    }
    assert_eq!(stored(&desk).await, before);

    // Ada is disabled, and deleted a month after today.
    let real = desk.run_at(None, &["apply", "--yes"]).await;
    assert_eq!(real.status, Some(0), "{}{}", real.stdout, real.stderr);
    assert!(!real.stdout.contains("delete crm"), "{}", real.stdout);
    assert!(!stored(&desk).await.contains("2001-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_for_trying_out_is_not_believed_by_a_real_run() {
    let Some(desk) = Desk::new("a_store_for_trying_out_is_not_believed_by_a_real_run") else {
        return;
    };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    let tried = desk.run_at(LONG_AGO, &["apply", "--yes"]).await;
    assert_eq!(tried.status, Some(0), "{}{}", tried.stdout, tried.stderr);
    let real = desk.run_at(None, &["plan"]).await;
    insta::assert_snapshot!(real.complaint(), @r"
    exit 69
    error: the store `lanyard.db` is one for trying out
      hint: it was made under LANYARD_NOW, and its times are not to be believed without it
      hint: name another file under `[store] path`
    ");
    // Those for whom the clock stands go on with it.
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
}

#[tokio::test]
async fn a_clock_that_cannot_be_read_is_a_wrong_command() {
    let Some(desk) = Desk::new("a_clock_that_cannot_be_read_is_a_wrong_command") else { return };
    for now in ["yesterday", "", "2026-06-01"] {
        let said = desk.run_at(Some(now), &["schema"]).await;
        assert_eq!(said.status, Some(2), "{now}: {}", said.stdout);
        assert!(said.stderr.contains("`LANYARD_NOW` is no instant"), "{now}: {}", said.stderr);
        assert_eq!(said.stdout, "");
    }
}
