//! What a person names on the command line, and what they are shown of it.

use insta::assert_snapshot;
use lanyard_core::id::IdentityId;

use crate::desk::{Desk, PEOPLE, crm, with_target};

/// Two of them have one name, and one is called as another's key.
const NAMESAKES: &str = "E4,Ada,Example,Legal\nE5,E1,,Legal\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_found_by_any_of_its_names_and_never_guessed() {
    let test = "an_identity_is_found_by_any_of_its_names_and_never_guessed";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), ""));
    desk.write("people.csv", format!("{PEOPLE}{NAMESAKES}"));
    let applied = desk.run(&["apply", "--yes"]).await;
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    let id = IdentityId::first_seen(&"hr".parse().unwrap(), "E2").to_string();
    for name in [&id, &id[..8], "E2", "e2", "Ben Beispiel", "ben.beispiel"] {
        for verb in [&["explain"][..], &["identity", "show"], &["audit", "list", "--identity"]] {
            let said = desk.run(&[verb, &[name]].concat()).await;
            assert_eq!(said.status, Some(0), "{verb:?} {name}: {}", said.stderr);
            // The rest of it is taken for a digest at the desk.
            assert!(said.stdout.contains(&id[..23]), "{verb:?} {name}: {}", said.stdout);
        }
    }
    let several = desk.run(&["explain", "Ada Example"]).await.complaint();
    assert_snapshot!(without_ids(&several), @r"
    exit 2
    error: `Ada Example` could be 2 identities
      [id]  E4, Ada Example, ada.example
      [id]  E1, Ada Example, ada.example2
      hint: give the id
    ");
    let nobody = desk.run(&["explain", "Ben Beispil"]).await.complaint();
    assert_snapshot!(nobody, @r"
    exit 2
    error: no identity is called `Ben Beispil`
      hint: did you mean `Ben Beispiel`?
    ");
    for verb in [&["identity", "show"][..], &["audit", "list", "--identity"]] {
        for (name, told) in [("Ada Example", &several), ("Ben Beispil", &nobody)] {
            assert_eq!(desk.run(&[verb, &[name]].concat()).await.complaint(), *told, "{verb:?}");
        }
    }
    let e1 = desk.run(&["explain", "E1"]).await;
    assert_eq!(e1.status, Some(2), "a key of one is the label of another: {}", e1.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_there_is_told_with_the_nearest() {
    let Some(desk) = Desk::new("a_target_that_is_not_there_is_told_with_the_nearest") else {
        return;
    };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    let adopt = ["account", "adopt", "crn", "1", "--identity", "E1"];
    let told = desk.run(&["account", "list", "crn"]).await.complaint();
    assert_snapshot!(told, @r"
    exit 2
    error: there is no target `crn`
      hint: did you mean `crm`?
    ");
    for verb in [&["audit", "list", "--target", "crn"][..], &adopt] {
        assert_eq!(desk.run(verb).await.complaint(), told);
    }
    assert_snapshot!(desk.run(&["account", "list", "nope"]).await.complaint(), @r"
    exit 2
    error: there is no target `nope`
      hint: targets: crm
    ");
    assert_eq!(desk.run(&["account", "list", "crm"]).await.status, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_counts_people_and_accounts_in_words() {
    let Some(desk) = Desk::new("a_status_counts_people_and_accounts_in_words") else { return };
    let crm = crm(&desk, &[]).await;
    let one = "id,given_name,family_name,start\nE1,Ada,Example,2026-01-01\n";
    desk.configure(&with_target(crm.address(), "")).write("people.csv", one);
    assert_snapshot!(desk.run(&["status"]).await.stdout, @"people      nobody is known yet; `lanyard plan` reads the sources");
    desk.run(&["apply", "--yes"]).await;
    let status = desk.run(&["status"]).await.stdout;
    let (before, after) = status.split_once(" by ").unwrap();
    let (_user, after) = after.split_once(',').unwrap();
    assert_snapshot!(format!("{before} by [user],{after}"), @r"
    people      1: 1 active
    source      hr: 1 record, read 2026-06-01T08:00:00Z
    target      crm: 1 account, 1 ours, read 2026-06-01T08:00:00Z
    last run    1 of plan DIGEST by [user], began 2026-06-01T08:00:00Z, ended 2026-06-01T08:00:00Z
                1 done (1 verified)
    ");
    desk.write("people.csv", format!("{one}E2,Ben,Beispiel,2026-07-01\nE3,Cleo,Ejemplo,\n"));
    desk.run(&["apply", "--yes"]).await;
    let status = desk.run(&["status"]).await.stdout;
    assert_snapshot!(status.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    people      3: 2 active, 1 announced
    source      hr: 3 records, read 2026-06-01T08:00:00Z
    target      crm: 2 accounts, 2 ours, read 2026-06-01T08:00:00Z
    ");
}

/// Ids depend on nothing but their keys, and say nothing to a reader.
fn without_ids(text: &str) -> String {
    let words = text.split_inclusive(' ');
    words.map(|word| if word.matches('-').count() == 4 { "[id] " } else { word }).collect()
}
