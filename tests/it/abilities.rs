//! What the operator's page says that plugins and steps can do with credentials
//! is so.

use std::{fs, path::Path};

use crate::built;

/// The rows of the table under a line of titles, each as its cells.
fn table(titles: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(built::root().join("host/OPERATING.md")).unwrap();
    let (_, after) = text.split_once(&format!("\n{titles}\n")).unwrap();
    let rows = after.split("\n\n").next().unwrap().lines().skip(1);
    rows.map(|row| {
        row.trim_matches([' ', '|']).split('|').map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

fn source(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_plugin_can_do_with_credentials_what_the_operators_page_says() {
    let titles = "| plugin | `set-password` | `must-change` | `end-sessions` | `revoke-all` |";
    let rows = table(titles);
    let mut shown: Vec<String> = rows.iter().map(|row| row[0].replace('`', "")).collect();
    let plugins = fs::read_dir(built::root().join("plugins")).unwrap();
    let plugins = plugins.map(|it| it.unwrap().path()).filter(|it| it.join("src/lib.rs").is_file());
    let names = plugins.map(|it| it.file_name().unwrap().to_str().unwrap().to_owned());
    let mut there: Vec<String> = names.filter(|it| it != "sdk" && it != "template").collect();
    shown.sort();
    there.sort();
    assert_eq!(shown, there);
    for row in rows {
        let name = row[0].replace('`', "");
        let mut code = String::new();
        source(&built::root().join("plugins").join(&name).join("src"), &mut code);
        let abilities = ["SET_PASSWORD", "MUST_CHANGE", "END_SESSIONS", "REVOKE_ALL"];
        for (cell, ability) in row[1..].iter().zip(abilities) {
            let can = code.contains(&format!("CredentialAbilities::{ability}"));
            assert_eq!(cell != "no", can, "{name}: {ability}");
        }
    }
}

#[test]
fn what_becomes_of_a_step_that_a_target_cannot_do_is_played() {
    let titles = "| a step that asks for it where the connector lacks | `check` | the plan | the step \
                  | scenario |";
    let rows = table(titles);
    assert_eq!(rows.len(), 4);
    for row in rows {
        let name = row.last().unwrap().replace('`', "");
        let file = built::root().join(format!("tests/scenarios/{name}.txt"));
        let played = fs::read_to_string(file).unwrap();
        let word = row[2].trim_start_matches('`').split('`').next().unwrap();
        assert!(played.contains(&format!("\n    {word}, ")), "{name} has no note `{word}`");
    }
}
