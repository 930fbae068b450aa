//! What the pages tell people to write works as it stands.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output, Stdio},
};

use demo_apps::process::Process;

use crate::built;

/// The first block of TOML on a page.
fn toml_of(page: &str) -> String {
    let text = fs::read_to_string(built::root().join(page)).unwrap();
    let (_, after) = text.split_once("```toml\n").unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

fn lanyard(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("CRM_TOKEN", "demo-token")
        .env("LANYARD_CACHE", folder.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Standard output of a command that must end well.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn the_ten_lines_of_the_readme_work_from_check_to_an_empty_second_plan() {
    let text = toml_of("README.md");
    assert_eq!(text.lines().count(), 10);
    let Some((programs, plugins)) =
        built::all("readme", &["lanyard", "demo-crm"], &["csv", "scim"])
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("crm.json");
    let crm = Process::start(&programs.join("demo-crm"), ["--state".as_ref(), state.as_os_str()])
        .unwrap();
    let address = format!("http://{}", crm.address());
    let text = text
        .replace("https://crm.example.org/scim/v2", &address)
        .replace("https://crm.example.org", &address);
    fs::write(folder.path().join("lanyard.toml"), text).unwrap();
    symlink(&plugins, folder.path().join("plugins")).unwrap();
    let people = "employee_id,given_name,family_name\nE1,Ada,Example\nE2,Zoë,Placeholder\n";
    fs::write(folder.path().join("people.csv"), people).unwrap();
    let run =
        |arguments: &[&str]| told(&lanyard(&programs.join("lanyard"), folder.path(), arguments));
    run(&["check"]);
    assert!(run(&["plan"]).contains("2 operations (2 create)"));
    run(&["apply", "--yes"]);
    assert_eq!(run(&["plan"]).trim(), "nothing to do");
    let state = fs::read_to_string(state).unwrap();
    for name in ["ada.example", "zoe.placeholder"] {
        assert!(state.contains(&format!("\"userName\": \"{name}\"")), "{state}");
    }
}

#[test]
fn the_file_on_the_operators_page_is_valid_and_its_test_passes() {
    let Some((programs, plugins)) = built::all("operating", &["lanyard"], &["csv", "ldap"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lanyard.toml"), toml_of("host/OPERATING.md")).unwrap();
    symlink(&plugins, folder.path().join("plugins")).unwrap();
    for name in ["hr", "secrets"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("secrets/ldap"), "secret").unwrap();
    let output = lanyard(&programs.join("lanyard"), folder.path(), &["check", "--offline"]);
    let text = told(&output);
    insta::assert_snapshot!(text);
}

#[test]
fn the_messages_on_the_operators_page_go_with_its_file() {
    let Some((programs, plugins)) = built::all("messages", &["lanyard"], &["csv", "ldap"]) else {
        return;
    };
    let page = fs::read_to_string(built::root().join("host/OPERATING.md")).unwrap();
    let block = page.split("```toml\n").find(|block| block.starts_with("[notify]")).unwrap();
    let block = block.split("```").next().unwrap().replace("\"no_mail\"", "\"status\"");
    let folder = tempfile::tempdir().unwrap();
    // Facts of that file's people, so that every name is held against them.
    let file = format!("{}\n{block}", toml_of("host/OPERATING.md"));
    fs::write(folder.path().join("lanyard.toml"), file).unwrap();
    symlink(&plugins, folder.path().join("plugins")).unwrap();
    for name in ["hr", "secrets"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("secrets/ldap"), "secret").unwrap();
    told(&lanyard(&programs.join("lanyard"), folder.path(), &["check", "--offline"]));
}

#[test]
fn who_only_looks_needs_no_secrets() {
    let Some((programs, plugins)) = built::all("secrets", &["lanyard"], &["csv", "scim"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lanyard.toml"), toml_of("README.md")).unwrap();
    symlink(&plugins, folder.path().join("plugins")).unwrap();
    for arguments in
        [&["status"][..], &["identity", "list"], &["account", "list"], &["audit", "list"]]
    {
        let output = Command::new(programs.join("lanyard"))
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("CRM_TOKEN")
            .output()
            .unwrap();
        told(&output);
    }
}

#[test]
fn every_scenario_that_the_operators_page_names_is_played() {
    let text = fs::read_to_string(built::root().join("host/OPERATING.md")).unwrap();
    let (_, after) = text.split_once("\n| Entra | here | scenario |\n").unwrap();
    let table = after.split_once("\n\n").unwrap().0;
    let mut named = 0;
    for row in table.lines().skip(1) {
        let scenarios = row.trim_end_matches('|').rsplit('|').next().unwrap();
        for name in scenarios.split('`').skip(1).step_by(2) {
            let file = built::root().join(format!("tests/scenarios/{name}.txt"));
            assert!(file.is_file(), "{row}\nthere is no {}", file.display());
            named += 1;
        }
        let unsaid = row.contains("not yet");
        assert!(
            unsaid || scenarios.contains('`'),
            "no scenario, and not said to be missing: {row}"
        );
    }
    assert!(named > 15, "{named}");
}

/// Every file of `host/examples`, by name.
fn examples() -> Vec<(String, String)> {
    let folder = fs::read_dir(built::root().join("host/examples")).unwrap();
    let mut found: Vec<(String, String)> = folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_ten_lines_of_the_readme_are_the_simple_example() {
    let simple = fs::read_to_string(built::root().join("host/examples/simple.toml")).unwrap();
    let lines = simple.lines().filter(|line| !line.starts_with('#'));
    assert!(lines.eq(toml_of("README.md").lines()), "{simple}");
}

#[test]
fn each_example_is_valid_and_its_tests_pass() {
    let plugins = ["csv", "ldap", "scim", "handover"];
    let Some((programs, plugins)) = built::all("examples", &["lanyard"], &plugins) else {
        return;
    };
    let names: Vec<String> = examples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["advanced.toml", "growing.toml", "simple.toml"]);
    for (name, text) in examples() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("lanyard.toml"), &text).unwrap();
        symlink(&plugins, folder.path().join("plugins")).unwrap();
        fs::create_dir(folder.path().join("hr")).unwrap();
        let mut check = Command::new(programs.join("lanyard"));
        check.args(["check", "--offline"]).current_dir(folder.path());
        check.env("LANYARD_CACHE", built::cache()).stdin(Stdio::null());
        for variable in text.split("env = \"").skip(1) {
            check.env(variable.split('"').next().unwrap(), "example-secret");
        }
        let told = told(&check.output().unwrap());
        let tests = text.matches("[[test]]").count();
        assert_eq!(told.matches("ok    test: ").count(), tests, "{name}: {told}");
        assert_eq!(told.matches("ok    ").count(), tests + 1, "{name}: {told}");
    }
}

#[test]
fn each_example_is_played_by_scenarios_and_linked_from_the_pages() {
    let folder = fs::read_dir(built::root().join("tests/scenarios")).unwrap();
    let scenarios: Vec<String> =
        folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let pages = ["README.md", "host/OPERATING.md"];
    let pages = pages.map(|page| fs::read_to_string(built::root().join(page)).unwrap());
    for (name, _) in examples() {
        let statement = format!("example {name}");
        let played = scenarios.iter().flat_map(|text| text.lines());
        assert!(played.into_iter().any(|line| line == statement), "no scenario plays {name}");
        for page in &pages {
            assert!(page.contains(&format!("examples/{name})")), "{name} is not linked");
        }
    }
}

/// Names of scenarios and of tests, in the last column of a page's tables.
fn shown_by(page: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(built::root().join(page)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let mut shown = Vec::new();
    for row in rows.filter(|row| !row.starts_with("| what")) {
        let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{page}: nothing shows {row}");
        shown.extend(names.into_iter().map(|name| (row.to_owned(), name.to_owned())));
    }
    shown
}

/// The sources of every room, in one piece.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    text
}

#[test]
fn every_failure_has_a_scenario_or_a_test_that_is_there() {
    let root = built::root();
    let sources: String = ["host/core/src", "host/core/tests", "host/src", "tests/it"]
        .map(|folder| sources(&root.join(folder)))
        .concat();
    let named = shown_by("host/FAILURES.md");
    assert!(named.len() > 50, "{}", named.len());
    for (row, name) in named {
        let scenario = root.join(format!("tests/scenarios/{name}.txt")).is_file();
        let test = name.rsplit("::").next().unwrap();
        let test = sources.contains(&format!("fn {test}("));
        assert!(scenario || test, "there is no `{name}`: {row}");
    }
}

#[test]
fn every_property_that_contributors_are_told_of_is_tested() {
    let root = built::root();
    let text = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let (_, table) = text.split_once("| property | test in `core` |").unwrap();
    let table = table.split_once("\n\n").unwrap().0;
    let sources =
        ["host/core/src", "host/core/tests"].map(|folder| sources(&root.join(folder))).concat();
    let tests = table.split('`').skip(1).step_by(2).filter_map(|name| name.rsplit_once("::"));
    let mut named = 0;
    for (_, test) in tests.filter(|(path, _)| !path.starts_with("it") && !path.ends_with("tests")) {
        assert!(sources.contains(&format!("fn {test}(")), "there is no `{test}`");
        named += 1;
    }
    assert!(named > 15, "{named}");
}
