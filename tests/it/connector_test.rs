//! `lanyard connector test`: the laws of the contract hold for what we ship,
//! and a connector that lies does not pass.

use std::process::Command;

use crate::built;

/// Exit status and standard output; none when something is not built.
fn tried(test: &str, plugin: &str, arguments: &[&str]) -> Option<(i32, String)> {
    let component = built::component(test, plugin)?;
    let output = Command::new(built::program(test, "lanyard")?)
        .args(["connector", "test"])
        .arg(component)
        .args(arguments)
        .env("LANYARD_CACHE", built::cache())
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
    insta::assert_snapshot!(said, @r#"
    dev.lanyard.csv 0.1.0 with {"file":"test","key":"test"}
    ok    describe: describe needs no configuration and no network, and answers the same twice
    ok    manifest: the manifest has an id, a version, a configuration schema and sound needs
    n/a   capabilities: what the schema declares and what the component exports are the same — discover needs a system that answers
    ok    file-missing/reads: reading answers an error and proves no absence when the file is missing
    ok    file-empty/reads: reading answers an error and proves no absence when the file is empty
    ok    file-noise/reads: reading answers an error and proves no absence when the file holds no text
    ok    file-directory/reads: reading answers an error and proves no absence when a directory is in its place
    ok    names: any name can be looked for, and different names are different questions
    ok    ids: an id is one segment of a path, whatever it holds
    ok    types: a type that does not exist is an error, and not an empty list
    ok    cursor: a cursor it did not make is an error or `stale-cursor`, and ends no listing
    n/a   content: pages of any size hold the same accounts once, and each is found again — no content was given with `--directory`
    n/a   reads-only: while reading, only requests that read reached the system — nothing it can do comes this far
    ok    reach: it asks for everything it tries to reach
    ok    secrets: no secret is in an answer, an error, a log line, a cursor or the journal
    12 passed, 0 failed, 3 not applicable
    "#);
    assert_eq!(status, 0);
}

#[test]
fn the_laws_hold_for_csv_with_people() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..20).map(|row| format!("e{row},Ada Example {row}")).collect();
    let people = format!("id,name\n{}\n", rows.join("\n"));
    std::fs::write(folder.path().join("people.csv"), people).unwrap();
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
    insta::assert_snapshot!(said, @r#"
    dev.lanyard.scim 0.1.0 with {"url":"https://system.test"}
    ok    describe: describe needs no configuration and no network, and answers the same twice
    ok    manifest: the manifest has an id, a version, a configuration schema and sound needs
    ok    capabilities: what the schema declares and what the component exports are the same
    ok    refused/reads: reading answers `unavailable` when nobody listens
    ok    refused/writes: writing answers `unavailable` when nobody listens
    ok    unauthorized/reads: reading answers `invalid-credentials` when the system answers 401
    ok    unauthorized/writes: writing answers `invalid-credentials` when the system answers 401
    ok    forbidden/reads: reading answers `permission-denied` or `invalid-credentials` when the system answers 403
    ok    forbidden/writes: writing answers `permission-denied` or `invalid-credentials` when the system answers 403
    ok    limited/reads: reading answers `rate-limited` with the 7000 ms it was asked to wait when the system answers 429 and `Retry-After: 7`
    ok    limited/writes: writing answers `rate-limited` with the 7000 ms it was asked to wait when the system answers 429 and `Retry-After: 7`
    ok    away/reads: reading answers `unavailable` when the system answers 503
    ok    away/writes: writing answers `unavailable` or `outcome-unknown` when the system answers 503
    ok    broken/reads: reading answers an error and proves no absence when the system answers 500
    ok    broken/writes: writing claims nothing, and answers `outcome-unknown` once a write was sent when the system answers 500
    ok    missing/reads: reading answers an error, or that it is not there when the system answers 404
    ok    missing/writes: writing answers an error, or that it is not there when the system answers 404
    ok    page/reads: reading answers an error and proves no absence when the system answers 200 and a page for people
    ok    page/writes: writing claims nothing, and answers `outcome-unknown` once a write was sent when the system answers 200 and a page for people
    ok    cut/reads: reading answers an error and proves no absence when the system answers 200 and half a document
    ok    cut/writes: writing claims nothing, and answers `outcome-unknown` once a write was sent when the system answers 200 and half a document
    ok    broken-off/reads: reading answers an error and proves no absence when the connection breaks in the answer
    ok    broken-off/writes: writing claims nothing, and answers `outcome-unknown` once a write was sent when the connection breaks in the answer
    ok    empty/reads: reading answers an error and proves no absence when the system answers 200 and nothing
    ok    empty/writes: writing never claims to have created when the system answers 200 and nothing
    ok    hollow/reads: reading answers an error and proves no absence when the system answers 200 and an empty object
    ok    hollow/writes: writing never claims to have created when the system answers 200 and an empty object
    ok    reset/reads: reading answers an error and proves no absence when the connection breaks before the answer
    ok    reset/writes: writing claims nothing, and answers `outcome-unknown` once a write was sent when the connection breaks before the answer
    ok    silent/reads: reading answers an error and proves no absence when the system never answers
    ok    silent/writes: writing claims nothing, and answers `outcome-unknown` once a write was sent when the system never answers
    ok    names: any name can be looked for, and different names are different questions
    ok    ids: an id is one segment of a path, whatever it holds
    ok    types: a type that does not exist is an error, and not an empty list
    ok    cursor: a cursor it did not make is an error or `stale-cursor`, and ends no listing
    n/a   content: pages of any size hold the same accounts once, and each is found again — no content was given with `--directory`
    ok    reads-only: while reading, only requests that read reached the system
    ok    reach: it asks for everything it tries to reach
    ok    secrets: no secret is in an answer, an error, a log line, a cursor or the journal
    38 passed, 0 failed, 1 not applicable
    "#);
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
    insta::assert_snapshot!(shown, @r#"
    ok    describe: describe needs no configuration and no network, and answers the same twice
    FAIL  manifest: the manifest has an id, a version, a configuration schema and sound needs
            expected an id like `org.example.acme`, but it is `lying`
            expected a semantic version, but it is `1`
            expected a JSON Schema of an object as `config-schema`
            expected upper-case methods, but they are `get POST`
    FAIL  refused/reads: reading answers `unavailable` when nobody listens
            list: it answered that nothing is there, for certain
            get: it answered `not-found` ("not with <secret>: false")
            find by anchor: it answered that nothing is there, for certain
            find by name: it answered that nothing is there, for certain
            find by idempotency key: it answered that nothing is there, for certain
    FAIL  refused/writes: writing answers `unavailable` when nobody listens
            create: it said `applied`
            create (second attempt): it said `applied`
            update: it said `applied`
            enable: it said `applied`
            disable: it said `unchanged`
            delete: it said `applied`
    FAIL  empty/reads: reading answers an error and proves no absence when the system answers 200 and nothing
            list: it answered that nothing is there, for certain
            get: it answered `not-found` ("not with <secret>: true")
            find by anchor: it answered that nothing is there, for certain
            find by name: it answered that nothing is there, for certain
            find by idempotency key: it answered that nothing is there, for certain
    FAIL  empty/writes: writing never claims to have created when the system answers 200 and nothing
            create: it said `applied`
            create (second attempt): it said `applied`
    FAIL  names: any name can be looked for, and different names are different questions
            expected two questions for `%41` and `A`, but they are the same: the name is not encoded
            expected two questions for `a#b` and `a`, but they are the same: the name is not encoded
    FAIL  ids: an id is one segment of a path, whatever it holds
            get `a/b`: expected a request like that for any id, but the id changed its path: it is not encoded
            get `a?b=c`: expected a request like that for any id, but the id changed its path: it is not encoded
    FAIL  reach: it asks for everything it tries to reach
            expected nothing to be refused, but GET https://elsewhere.test is refused; the connector's manifest does not ask for it, so the operator cannot permit it
    FAIL  secrets: no secret is in an answer, an error, a log line, a cursor or the journal
            expected no secret, but it was in the answer of get
    "#);
    insta::assert_snapshot!(said.lines().last().unwrap_or_default(), @"2 passed, 36 failed, 1 not applicable");
}

#[test]
fn a_configuration_the_connector_does_not_take_is_said_at_once() {
    let wrong = ["--config-json", r#"{ "uri": 5 }"#];
    let Some((status, said)) = tried("wrong configuration", "scim", &wrong) else { return };
    assert_eq!((status, said.as_str()), (2, ""));
}
