//! One person at other times.

use lanyard::errors::Exit;

use crate::desk::{Desk, crm, with_target};

const COLUMNS: &str = "id,given_name,family_name,title,start,end\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_on_a_day_and_what_was_known_on_one_are_told() {
    let test = "what_counts_on_a_day_and_what_was_known_on_one_are_told";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", format!("{COLUMNS}E1,Ada,Example,Cleric,2026-01-01,\n"));
    assert_eq!(desk.run(&["apply", "--yes"]).await.status, Some(0));
    desk.write("people.csv", format!("{COLUMNS}E1,Ada,Example,Clerk,2026-01-01,2026-08-31\n"));
    let later = Some("2026-06-10T08:00:00Z");
    assert_eq!(desk.run_at(later, &["plan"]).await.status, Some(0));

    let show = async |more: &[&str]| {
        let said = desk.run_at(later, &[&["identity", "show", "E1"], more].concat()).await;
        assert_eq!(said.status, Some(0), "{}", said.stderr);
        said.stdout
    };
    let now = show(&["--at", "2026-09-01"]).await;
    assert!(now.contains("departed: end 2026-08-31 has passed"), "{now}");
    assert!(now.contains("title = Clerk"), "{now}");
    let then = show(&["--at", "2026-09-01", "--as-known", "2026-06-05"]).await;
    assert!(then.contains("active: start 2026-01-01 has come"), "{then}");
    assert!(then.contains("title = Cleric") && !then.contains("2026-08-31"), "{then}");
    let never = show(&["--as-known", "2026-05-31"]).await;
    assert!(never.contains("nobody knew"), "{never}");
    let json = show(&["--as-known", "2026-06-05", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["state"], "active");
    assert_eq!(json["facts"]["title"]["record"]["key"], "E1");
    assert_eq!(json["facts"]["end"], serde_json::Value::Null);

    let said = desk.run_at(later, &["identity", "show", "E1", "--at", "soon"]).await;
    assert_eq!(said.status, Some(Exit::Usage as i32));
    // Neither the audit nor a log has a value of it.
    let audit = desk.run_at(later, &["audit", "list", "--json"]).await.stdout;
    assert!(!audit.contains("Cleric") && !audit.contains("Clerk"), "{audit}");
}
