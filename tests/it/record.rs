//! The audit: who did what and why, and nothing about the person.

use std::path::Path;

use lanyard::store::{Intent, NewRun, Store as _, StoredPlan, sqlite::SqliteStore};
use lanyard_core::id::{Digest, IdentityId};

use crate::desk::{Desk, PEOPLE, SOURCE, crm, with_target};

/// In every fact of the person there is one of these.
const MARKS: [&str; 3] = ["zq", "2019-03-07", "2031-04-08"];

/// Every fact that decides something, and some that do not.
const RULES: &str = r#"
[rule.everyone-in-a-department]
when = { department = ["zq-sales"], title = { present = true } }
accounts = ["crm"]

[target.crm.account]
name = "{{ given_name | lower }}.{{ family_name | lower }}"

[lifecycle]
status = { active = ["zq-active"], on-leave = ["zq-leave"], departed = ["zq-former"] }

[leaver]
delete-after = "0s"
"#;

const HEADER: &str = "id,given_name,family_name,department,title,mail,status,start,end\n";

fn person(title: &str, status: &str) -> String {
    format!(
        "{HEADER}zq-1,zqAda,zqExample,zq-sales,{title},zq@example.org,{status},2019-03-07,\
         2031-04-08\n"
    )
}

fn marked(text: &str) -> Vec<&str> {
    text.lines().filter(|line| MARKS.iter().any(|mark| line.contains(mark))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_a_fact_is_in_the_audit_or_in_a_log() {
    let Some(desk) = Desk::new("no_value_of_a_fact_is_in_the_audit_or_in_a_log") else { return };
    // Creates that fail, that are lost and that succeed, one after another.
    let faults = [
        r#"{"method": "POST", "path": "/Users", "status": 400, "times": 1}"#,
        r#"{"method": "POST", "path": "/Users", "drop": "after-applying", "times": 1}"#,
    ];
    let crm = crm(&desk, &faults).await;
    let file = with_target(crm.address(), "");
    let (file, _) = file.split_once("[rule.").unwrap();
    desk.configure(&format!("{file}{RULES}"));
    // A joiner, a mover, leave, a return, a leaver, and the deletion.
    let turns = [
        ("zq-seller", "zq-active"),
        ("zq-seller", "zq-active"),
        ("zq-head", "zq-active"),
        ("zq-head", "zq-leave"),
        ("zq-head", "zq-active"),
        ("zq-head", "zq-former"),
        ("zq-head", "zq-former"),
    ];
    for (title, status) in turns {
        desk.write("people.csv", person(title, status));
        let log = "lanyard=trace,guest=trace";
        let said = desk.run(&["--log", log, "apply", "--yes"]).await;
        // What is told to the person at the desk has names; the log has none.
        let log = said.stderr.lines().filter(|line| line.starts_with("20"));
        let log = log.collect::<Vec<_>>().join("\n");
        assert!(!log.is_empty(), "nothing was logged: {}", said.stderr);
        assert_eq!(marked(&log), [""; 0]);
    }
    let audit = desk.run(&["audit", "list", "--last", "1000", "--json"]).await.stdout;
    for action in ["create", "update", "disable", "enable", "delete"] {
        assert!(audit.contains(&format!("\"action\": \"{action}\"")), "{action}: {audit}");
    }
    assert!(audit.contains("\"because\": \"state departed"), "{audit}");
    assert!(audit.contains("rule `everyone-in-a-department` (line "), "{audit}");
    assert_eq!(marked(&audit), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_without_operations_is_done_and_is_in_the_audit() {
    let test = "a_release_without_operations_is_done_and_is_in_the_audit";
    let Some(desk) = Desk::new(test) else { return };
    let people = |count: u32| {
        let rows = (0..count).map(|number| format!("E{number},Ada\n"));
        format!("id,given_name\n{}", rows.collect::<String>())
    };
    desk.configure(SOURCE).write("people.csv", people(30));
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    desk.write("people.csv", people(15));
    let shrunk = desk.run(&["plan", "--out", "plan.json"]).await;
    assert!(shrunk.stdout.contains("source-shrank"), "{}", shrunk.stdout);

    let release = ["apply", "plan.json", "--yes", "--release", "source-shrank"];
    let released = desk.run(&release).await;
    assert_eq!(released.status, Some(0), "{}{}", released.stdout, released.stderr);
    let after = desk.run(&["plan"]).await;
    assert_eq!((after.status, after.stdout.as_str()), (Some(0), "nothing to do\n"));

    let audit = desk.run(&["audit", "list", "--json"]).await.stdout;
    let audit: serde_json::Value = serde_json::from_str(&audit).unwrap();
    let rows = audit.as_array().unwrap();
    assert_eq!(rows.len(), 1, "{audit}");
    let entry = &rows[0]["entry"];
    assert_eq!((&entry["action"], &entry["result"]), (&"release".into(), &"source-shrank".into()));
    assert!(entry["detail"]["plan"].is_string(), "{entry}");

    // What is kept elsewhere to see whether rows were taken off the end.
    let verified = desk.run(&["audit", "verify"]).await;
    let head = rows[0]["chain"].as_str().unwrap();
    assert_eq!(verified.stdout, format!("1 row, unbroken; head {head}\n"));
}

#[tokio::test]
async fn a_plan_in_a_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(desk) = Desk::new("a_plan_in_a_file_is_for_its_owner_alone") else { return };
    desk.configure(SOURCE).write("people.csv", "id,given_name\nE1,Ada\n");
    assert_eq!(desk.run(&["plan", "--out", "plan.json"]).await.status, Some(0));
    let mode = std::fs::metadata(desk.path("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_say_that_a_lost_create_made_no_account() {
    let Some(desk) = Desk::new("a_person_can_say_that_a_lost_create_made_no_account") else {
        return;
    };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan", "--out", "plan.json"]).await.status, Some(0));
    send_the_first_and_die(&desk.path("lanyard.db"), &desk.path("plan.json")).await;

    let settle = ["account", "settle", "crm", "--identity", "E1"];
    assert_eq!(desk.run(&settle).await.status, Some(2), "it must be said what became of it");
    let applied = desk.run(&[&settle[..], &["--applied"]].concat()).await;
    assert_eq!(applied.status, Some(2));
    assert!(applied.stderr.contains("create needs its account"), "{}", applied.stderr);
    let other = desk.run(&[&settle[..], &["--not-applied", "--operation", "9#9"]].concat()).await;
    assert_eq!(other.status, Some(2));

    let said = [&settle[..], &["--not-applied"]].concat();
    let first = desk.run(&said).await;
    assert_eq!(first.status, Some(0), "{}", first.stderr);
    let second = desk.run(&said).await;
    assert_eq!(second.status, Some(2));
    assert!(second.stderr.contains("is waiting for an answer"), "{}", second.stderr);
    let audit = desk.run(&["audit", "list"]).await.stdout;
    assert!(audit.contains("not-applied"), "{audit}");
    let applied = desk.run(&["apply", "--yes"]).await;
    assert_eq!(applied.status, Some(0), "{}", applied.stderr);
    assert_eq!(desk.run(&["plan"]).await.stdout, "nothing to do\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_exists_can_be_declined_adopted_and_released() {
    let Some(desk) = Desk::new("an_account_that_exists_can_be_declined_adopted_and_released")
    else {
        return;
    };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""))
        .write("people.csv", "id,given_name,family_name\nE1,Ada,Example\n");
    assert_eq!(desk.run(&["apply", "--yes"]).await.status, Some(0));
    let store = SqliteStore::open(&desk.path("lanyard.db")).unwrap();
    let uid = store.links().await.unwrap()[0].account.uid.clone();
    drop(store);

    // Ours is not released, and not declined for its owner.
    let refused = desk.run(&["account", "release", "crm", &uid]).await;
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("was created here, and not adopted"), "{}", refused.stderr);
    let refused = desk.run(&["account", "decline", "crm", &uid, "--identity", "E1"]).await;
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("is managed as theirs"), "{}", refused.stderr);

    // Without its store Lanyard does not know whose it is.
    for file in ["lanyard.db", "lanyard.db-wal", "lanyard.db-shm", "lanyard.db.lock"] {
        let _may_be_missing = std::fs::remove_file(desk.path(file));
    }
    assert!(desk.run(&["plan"]).await.stdout.contains("adopt? crm `ada.example`"));
    let about = |verb: &'static str| ["account", verb, "crm", uid.as_str(), "--identity", "E1"];
    assert_eq!(desk.run(&about("adopt")).await.status, Some(0));
    assert_eq!(desk.run(&["plan"]).await.stdout, "nothing to do\n");
    let released = desk.run(&["account", "release", "crm", &uid]).await;
    assert_eq!(released.status, Some(0), "{}", released.stderr);
    assert_eq!(desk.run(&about("decline")).await.status, Some(0));
    let plan = desk.run(&["plan"]).await.stdout;
    assert!(!plan.contains("adopt?") && plan.contains("create crm `ada.example2`"), "{plan}");
    let audit = desk.run(&["audit", "list"]).await.stdout;
    for action in ["adopt", "release", "decline"] {
        assert!(audit.contains(&format!("  {action} ")), "{audit}");
    }
    assert_eq!(desk.run(&["audit", "verify"]).await.status, Some(0));
}

/// As a process that is killed between the intent and its answer.
async fn send_the_first_and_die(store: &Path, plan: &Path) {
    let store = SqliteStore::open_exclusive(store).unwrap();
    let text = std::fs::read_to_string(plan).unwrap();
    let plan: StoredPlan = serde_json::from_str(&text).unwrap();
    let at = plan.made_at;
    let run = NewRun {
        plan: plan.digest,
        actor: "operator".to_owned(),
        released: Vec::new(),
        at,
        epoch: 1,
    };
    let run = store.begin_run(&run).await.unwrap();
    let e1 = IdentityId::first_seen(&"hr".parse().unwrap(), "E1");
    let operation = plan.plan.operations.into_iter().find(|it| it.identity == e1).unwrap();
    let intent = Intent {
        run,
        operation,
        key: "a key".to_owned(),
        attempt: 1,
        epoch: 1,
        permission: Digest::of("permission"),
        plugin: Digest::of("plugin"),
        at,
    };
    store.intend(&intent).await.unwrap();
}

#[tokio::test]
async fn a_plan_whose_text_was_changed_is_refused() {
    let Some(desk) = Desk::new("a_plan_whose_text_was_changed_is_refused") else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan", "--out", "plan.json"]).await.status, Some(0));
    let text = std::fs::read_to_string(desk.path("plan.json")).unwrap();
    desk.write("plan.json", text.replace("Ada Example", "Ben Beispiel"));
    let said = desk.run(&["apply", "plan.json", "--yes"]).await;
    insta::assert_snapshot!(said.complaint(), @r"
    exit 2
    error: `plan.json` was changed after it was written: its digest is another
      hint: `lanyard plan --out FILE` writes it anew; nothing was done
    ");
    assert_eq!(desk.run(&["account", "list"]).await.stdout, "");
}
