//! Access that people ask for, at the desk.

use lanyard::store::{Store as _, sqlite::SqliteStore};

use crate::desk::{Desk, SOURCE};

const FILE: &str = r#"
[role.payer]
requestable = true

[role.buyer]
requestable = true
longest = "90d"
approval = { stages = [["manager"]] }

[sod.four-eyes]
conflict = ["payer", "buyer"]
"#;

const PEOPLE: &str = "id,given_name,family_name,manager\n\
     E1,Ada,Example,E2\n\
     E2,Grace,Example,\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_listed_shown_and_taken_back() {
    let test = "what_is_asked_for_is_listed_shown_and_taken_back";
    let Some(desk) = Desk::new(test) else { return };
    desk.configure(&format!("{SOURCE}{FILE}"));
    desk.write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    let ask = |access: &'static str, more: &[&'static str]| {
        [&["request", "add", "E1", access, "--reason", "a project"], more].concat()
    };
    let said = desk.run(&ask("buyr", &[])).await.complaint();
    assert!(said.contains("nobody can ask for `buyr`"), "{said}");
    assert!(said.contains("did you mean `buyer`?"), "{said}");
    let said = desk.run(&ask("buyer", &[])).await.complaint();
    assert!(said.contains("needs an end, at most 90d after it begins"), "{said}");
    let made = desk.run(&ask("buyer", &["--until", "2026-06-30"])).await;
    assert!(made.stdout.contains("others have to agree"), "{}{}", made.stdout, made.stderr);
    let made = desk.run(&ask("payer", &["--from", "2026-06-10"])).await;
    assert!(made.stdout.contains("nobody has to agree"), "{}{}", made.stdout, made.stderr);
    let listed = desk.run(&["request", "list"]).await.stdout;
    assert!(listed.contains("Ada Example, role `buyer`: waits for approval"), "{listed}");
    assert!(listed.contains("role `payer`: begins at 2026-06-10T00:00:00Z"), "{listed}");
    let shown = desk.run(&["identity", "show", "E1"]).await.stdout;
    assert!(shown.contains("for role `buyer`: requested by"), "{shown}");
    let json = desk.run(&["request", "list", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(2));

    let store = SqliteStore::open(&desk.path("lanyard.db")).unwrap();
    let requests = store.kept().await.unwrap().requests;
    let requests: Vec<_> = requests.into_values().flatten().collect();
    let (buyer, payer) = (&requests[0].id, &requests[1].id);
    let day = Some("2026-06-10T12:00:00Z");
    let shown = desk.run_at(day, &["request", "show", buyer]).await.stdout;
    assert!(shown.contains("answered by nobody in time"), "{shown}");
    let shown = desk.run(&["approval", "show", buyer]).await.stdout;
    assert!(shown.contains("Grace Example is asked"), "{shown}");
    let removed = desk.run(&["request", "remove", payer, "--reason", "a slip"]).await;
    assert!(removed.stdout.contains("is ended"), "{}{}", removed.stdout, removed.stderr);
    let said = desk.run(&["request", "remove", payer, "--reason", "a slip"]).await.complaint();
    assert!(said.contains("there is no request"), "{said}");
    let all = desk.run(&["request", "list", "--all"]).await.stdout;
    assert!(all.contains("a slip"), "{all}");
    let audit = desk.run(&["audit", "list", "--json"]).await.stdout;
    assert!(audit.contains("\"made\"") && audit.contains("\"removed\""), "{audit}");
    assert!(!audit.contains("a project") && !audit.contains("a slip"), "{audit}");
}
