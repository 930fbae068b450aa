//! `lanyard connector test`: the laws of the contract hold for what we ship,
//! and a connector that lies does not pass.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A folder of what was built: named by the variable, else where xtask puts it.
fn built(variable: &str, folder: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(folder),
        PathBuf::from,
    )
}

/// Exit status and standard output; none when the component is not built.
fn tried(test: &str, plugin: &str, arguments: &[&str]) -> Option<(i32, String)> {
    let component = built("LANYARD_PLUGINS", "plugins").join(format!("{plugin}.wasm"));
    if !component.is_file() {
        let required = std::env::var_os("LANYARD_REQUIRE_SERVERS").is_some_and(|it| it == "1");
        assert!(!required, "{test}: `{}` is missing", component.display());
        println!("not run: {test}: `{}` is missing", component.display());
        return None;
    }
    let cache = tempfile::tempdir().unwrap();
    let output = Command::new(built("LANYARD_PROGRAMS", "debug").join("lanyard"))
        .args(["connector", "test"])
        .arg(component)
        .args(arguments)
        .env("LANYARD_CACHE", cache.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains("canary"), "the report shows the secret");
    Some((output.status.code().unwrap(), said))
}

/// Lines that begin so.
fn lines(said: &str, beginning: &str) -> String {
    said.lines().filter(|line| line.starts_with(beginning)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_laws_hold_for_csv_without_a_file() {
    let Some((status, said)) = tried("laws for csv", "csv", &[]) else { return };
    insta::assert_snapshot!(said, @r"");
    assert_eq!(status, 0);
}

#[test]
fn the_laws_hold_for_csv_with_people() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..20).map(|row| format!("e{row},Ada Example {row}\n")).collect();
    std::fs::write(folder.path().join("people.csv"), format!("id,name\n{rows}")).unwrap();
    let directory = format!("data={}", folder.path().display());
    let config = r#"{ "file": "people.csv", "key": "id", "name": "name" }"#;
    let arguments = ["--config-json", config, "--directory", &directory];
    let Some((status, said)) = tried("laws for csv", "csv", &arguments) else { return };
    assert_eq!((status, lines(&said, "FAIL")), (0, String::new()));
    insta::assert_snapshot!(lines(&said, "ok    content"), @"ok    content: pages of any size hold the same accounts once, and each is found again");
}

#[test]
fn the_laws_hold_for_scim() {
    let Some((status, said)) = tried("laws for scim", "scim", &[]) else { return };
    insta::assert_snapshot!(said, @r"");
    assert_eq!(status, 0);
}

#[test]
fn the_laws_hold_for_ldap_and_for_the_template() {
    for plugin in ["ldap", "template"] {
        let Some((status, said)) = tried("laws", plugin, &[]) else { continue };
        assert_eq!((status, lines(&said, "FAIL")), (0, String::new()), "{plugin}");
    }
}

/// Nobody listens at port 1: only a script can have answered 401 or 429.
#[test]
fn no_network_is_touched() {
    let config = r#"{ "url": "http://127.0.0.1:1/scim" }"#;
    let tried = tried("no network", "scim", &["--config-json", config]);
    let Some((status, said)) = tried else { return };
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("ok    limited/reads"), "{said}");
}

#[test]
fn a_connector_that_lies_is_found_out() {
    let Some((status, said)) = tried("lying", "lying", &[]) else { return };
    assert_eq!(status, 67);
    let kept = ["describe", "manifest", "refused/", "empty/", "names", "ids", "reach", "secrets"];
    let mut shown = String::new();
    let mut keep = false;
    for line in said.lines() {
        let law = line.get(6..).unwrap_or_default();
        let continues = line.starts_with("        ");
        keep = if continues { keep } else { kept.iter().any(|name| law.starts_with(name)) };
        if keep {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    insta::assert_snapshot!(shown, @r"");
    insta::assert_snapshot!(said.lines().last().unwrap_or_default(), @"");
}

#[test]
fn a_configuration_the_connector_does_not_take_is_said_at_once() {
    let wrong = ["--config-json", r#"{ "uri": 5 }"#];
    let Some((status, said)) = tried("wrong configuration", "scim", &wrong) else { return };
    assert_eq!((status, said.as_str()), (2, ""));
}
