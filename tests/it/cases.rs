//! Cases at an operator's desk: what is shown, decided, refused and recorded.

use insta::assert_snapshot;
use lanyard_core::{case::About, fact::RecordKey};

use crate::desk::{Desk, PEOPLE, SOURCE};

const TRAVEL: &str = r#"
[source.travel]
plugin = "csv"
missing = "keep"
config = { file = "travel.csv", key = "id" }
permissions = { directories = { data = { path = ".", access = "read" } } }

[correlate]
key = false
ask = [["family_name", "given_name"]]
"#;

fn desk(test: &str) -> Option<Desk> {
    let desk = Desk::new(test)?;
    desk.configure(&format!("{SOURCE}{TRAVEL}"));
    desk.write("people.csv", PEOPLE);
    desk.write("travel.csv", "id,given_name,family_name\nx1,ADA,Example\nx2,Ben,Beispiel\n");
    Some(desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_listed_decided_once_and_kept_with_who_and_why() {
    let Some(desk) = desk("a_case_is_listed_decided_once_and_kept_with_who_and_why") else {
        return;
    };
    let planned = desk.run(&["plan"]).await;
    assert_eq!(planned.status, Some(66), "{}", planned.stderr);
    let listed: serde_json::Value =
        serde_json::from_str(&desk.run(&["case", "list", "--json"]).await.stdout).unwrap();
    let keys: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|case| case["key"].as_str()).collect();
    assert_eq!(keys.len(), 2, "{listed}");
    // What the desk shows of it is taken for a digest there.
    let id = |key: &str| {
        let record = RecordKey { source: "travel".parse().unwrap(), key: key.to_owned() };
        About::Record(record).case()
    };
    let (ada, ben) = (id("x1"), id("x2"));
    let status = desk.run(&["status"]).await;
    assert_eq!(status.status, Some(66));
    assert!(status.stdout.contains("record `x1` of `travel`, ADA Example"), "{}", status.stdout);

    for (arguments, told) in [
        (vec!["show", "ffffffff"], "there is no case `ffffffff`"),
        (vec!["decide", ada.as_str(), "--link", "Nobody"], "no identity is called `Nobody`"),
        (vec!["decide", ada.as_str(), "--none"], "it is about a record"),
        (vec!["reopen", ada.as_str()], "nothing was decided of it"),
    ] {
        let refused = desk.run(&[&["case"], arguments.as_slice()].concat()).await;
        assert_eq!(refused.status, Some(2), "{arguments:?}");
        assert!(refused.stderr.contains(told), "{arguments:?}: {}", refused.stderr);
    }
    let short = &ada[..6];
    let decided =
        desk.run(&["case", "decide", short, "--link", "E1", "--reason", "it is her"]).await;
    assert_eq!(decided.status, Some(0), "{}", decided.stderr);
    let again = desk.run(&["case", "decide", &ada, "--new"]).await;
    assert_eq!(again.status, Some(2));
    assert!(again.stderr.contains("was decided by"), "{}", again.stderr);
    assert_eq!(desk.run(&["case", "decide", &ben, "--new"]).await.status, Some(0));
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    assert_eq!(desk.run(&["case", "list"]).await.stdout, "");
    let all = desk.run(&["case", "list", "--all"]).await.stdout;
    assert!(all.contains("is Ada Example") && all.contains("is somebody new"), "{all}");
    let shown = desk.run(&["case", "show", &ada]).await.stdout;
    assert!(shown.contains("reason: it is her"), "{shown}");
    let audit = desk.run(&["audit", "list", "--json"]).await.stdout;
    assert!(!audit.contains("it is her") && !audit.contains("ADA"), "{audit}");
    let people = desk.run(&["identity", "list"]).await.stdout;
    assert_eq!(people.lines().count(), 4, "{people}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_merged_is_found_by_the_id_they_had() {
    let Some(desk) = desk("whoever_was_merged_is_found_by_the_id_they_had") else { return };
    desk.run(&["plan"]).await;
    let e2 = desk.run(&["identity", "show", "E2", "--json"]).await.stdout;
    let e2: serde_json::Value = serde_json::from_str(&e2).unwrap();
    let id = e2["id"].as_str().unwrap();
    let merged = desk.run(&["identity", "merge", "E1", "E2", "--reason", "one person"]).await;
    assert_eq!(merged.status, Some(0), "{}", merged.stderr);
    for name in [id, &id[..8], "E2"] {
        let found = desk.run(&["identity", "show", name]).await;
        assert_eq!(found.status, Some(0), "{name}: {}", found.stderr);
        assert!(found.stdout.contains("record E1 of hr"), "{}", found.stdout);
    }
    let twice = desk.run(&["identity", "merge", "E1", "E2", "--reason", "one person"]).await;
    assert_snapshot!(twice.complaint(), @r"
    exit 2
    error: they are one already
      hint: there is nothing to do
    ");
    let none = desk.run(&["identity", "split", "E1", "E9", "--reason", "two"]).await;
    assert_snapshot!(none.complaint(), @r"
    exit 2
    error: they have no record `E9`
      hint: theirs: `E1` of `hr`, `E2` of `hr`
    ");
    let split = desk.run(&["identity", "split", "E1", "E2", "--reason", "two"]).await;
    assert_eq!(split.status, Some(0), "{}", split.stderr);
    let found = desk.run(&["identity", "show", id]).await;
    assert!(!found.stdout.contains("record E1 of hr"), "{}", found.stdout);
}
