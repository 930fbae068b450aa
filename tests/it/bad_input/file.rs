//! The operator's own file.

use insta::assert_snapshot;

use crate::desk::{Desk, PEOPLE, SOURCE, crm, with_target};

const FIVE_MISTAKES: &str = r#"
[source.hr]
plugin = "csw"
config = { file = "people.csv", key = "id" }
missing = "gone"
shrink-limit = "20"

[rule.sales]
when = { expr = "department == " }
acounts = ["crm"]
"#;

#[tokio::test]
async fn five_mistakes_are_told_at_once_each_with_its_place() {
    let test = "five_mistakes_are_told_at_once_each_with_its_place";
    let Some(desk) = Desk::new(test) else { return };
    desk.configure(FIVE_MISTAKES);
    assert_snapshot!(desk.run(&["check"]).await.complaint(), @r#"
    exit 64
    error: unknown plugin `csw`
     --> lanyard.toml:4:10
      |
    4 | plugin = "csw"
      |          ^^^^^ no `csw.wasm` in `[plugins]`
      |
      = hint: did you mean `csv`?

    error: unknown choice for `missing`
     --> lanyard.toml:6:11
      |
    6 | missing = "gone"
      |           ^^^^^^ expected `departed` or `keep`

    error: wrong type for `shrink-limit`
     --> lanyard.toml:7:16
      |
    7 | shrink-limit = "20"
      |                ^^^^ expected a whole number

    error: bad expression in `expr`
      --> lanyard.toml:10:29
       |
    10 | when = { expr = "department == " }
       |                             ^^ unexpected end of input, expected expression

    error: unknown key `acounts`
      --> lanyard.toml:11:1
       |
    11 | acounts = [***]
       | ^^^^^^^ `rule.sales` has no such key
       |
       = hint: did you mean `accounts`?
    "#);
}

#[tokio::test]
async fn what_a_file_names_and_is_not_there_is_told_at_once() {
    let test = "what_a_file_names_and_is_not_there_is_told_at_once";
    let Some(desk) = Desk::new(test) else { return };
    let dangling = r#"
[target.crm]
plugin = "scimm"
config = { url = "https://crm.example.org" }
after = ["directry"]
[target.crm.permissions]
hosts = ["https://crm.example.org"]
secrets = { token = { env = "NOT_SET_ANYWHERE" } }
authorization = { default = { bearer = "tokn" } }

[rule.sales]
when = { expr = "department == " }
accounts = ["crn"]
"#;
    desk.configure(&format!("{SOURCE}{dangling}"));
    assert_snapshot!(desk.run(&["check"]).await.complaint(), @r#"
    exit 64
    error: unknown plugin `scimm`
     --> lanyard.toml:9:10
      |
    9 | plugin = "scimm"
      |          ^^^^^^^ no `scimm.wasm` in `[plugins]`
      |
      = hint: did you mean `scim`?

    error: unknown target `directry`
      --> lanyard.toml:11:10
       |
    11 | after = ["directry"]
       |          ^^^^^^^^^^ no `[target.directry]` in this file
       |
       = hint: targets here: crm

    error: secret `token` is not there
      --> lanyard.toml:14:29
       |
    14 | secrets = { token = { env = "NOT_SET_ANYWHERE" } }
       |                             ^^^^^^^^^^^^^^^^^^ the environment variable `NOT_SET_ANYWHERE` is not set

    error: unknown secret in `bearer`
      --> lanyard.toml:15:40
       |
    15 | authorization = { default = { bearer = *** } }
       |                                        ^^^ no such name in `target.crm.permissions.secrets`
       |
       = hint: did you mean `token`?

    error: bad expression in `expr`
      --> lanyard.toml:18:29
       |
    18 | when = { expr = "department == " }
       |                             ^^ unexpected end of input, expected expression

    error: unknown target `crn`
      --> lanyard.toml:19:13
       |
    19 | accounts = ["crn"]
       |             ^^^^^ no `[target.crn]` in this file
       |
       = hint: did you mean `crm`?
    "#);
}

#[tokio::test]
async fn a_file_that_is_no_toml_is_told_with_the_line() {
    let Some(desk) = Desk::new("a_file_that_is_no_toml_is_told_with_the_line") else { return };
    desk.write("lanyard.toml", "[source.hr\nplugin = \"csv\"\n");
    assert_snapshot!(desk.run(&["plan"]).await.complaint(), @r"
    exit 64
    error: this is not TOML
     --> lanyard.toml:1:11
      |
    1 | [***
      |     ^ unclosed table, expected `]`
    ");
}

#[tokio::test]
async fn a_file_that_is_missing_is_named_with_what_to_do() {
    let Some(desk) = Desk::new("a_file_that_is_missing_is_named_with_what_to_do") else { return };
    assert_snapshot!(desk.run(&["plan"]).await.complaint(), @r"
    exit 64
    error: cannot read `lanyard.toml`
      = No such file or directory (os error 2)
      = hint: `--config FILE` names another; README.md begins with one to copy
    ");
}

/// The smallest target, that nobody answers for.
const TARGET: &str = r#"
[target.crm]
plugin = "scim"
"#;

#[tokio::test]
async fn what_a_connector_is_told_wrongly_is_told_at_its_place_by_every_command() {
    let test = "what_a_connector_is_told_wrongly_is_told_at_its_place_by_every_command";
    let Some(desk) = Desk::new(test) else { return };
    let source = SOURCE.replace("key = \"id\"", "kee = \"id\", delimiter = 7");
    desk.configure(&format!("{source}{TARGET}")).write("people.csv", PEOPLE);
    let checked = desk.run(&["check"]).await;
    assert_snapshot!(checked.complaint(), @r#"
    exit 64
    error: unknown key `kee`
     --> lanyard.toml:5:33
      |
    5 | config = { file = "people.csv", kee = ***, delimiter = 7 }
      |                                 ^^^ the connector's `config` has no such key
      |
      = hint: did you mean `key`?

    error: wrong type for `delimiter`
     --> lanyard.toml:5:57
      |
    5 | config = { file = "people.csv", kee = ***, delimiter = 7 }
      |                                                        ^ expected text

    error: `target.crm.config` has no `url`
     --> lanyard.toml:8:9
      |
    8 | [target.crm]
      |         ^^^ `url` is needed here
      |
      = hint: `url`: base address of the service, for example https://crm.example.org/scim/v2
    "#);
    for verb in [&["check", "--offline"][..], &["plan"], &["apply", "--yes"], &["run", "once"]] {
        assert_eq!(desk.run(verb).await.complaint(), checked.complaint(), "{verb:?}");
    }
    assert!(!desk.path("lanyard.db").exists(), "nothing was begun");
}

#[tokio::test]
async fn a_check_names_every_fact_that_no_source_gives() {
    let test = "a_check_names_every_fact_that_no_source_gives";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let account = r#"
[target.crm.account]
name = "{{ givn_name }}"
attributes = { title = "{{ job | default('none') }}" }
"#;
    let file = with_target(crm.address(), account)
        .replace("[rule.everyone]", "[rule.everyone]\nwhen = { departmnt = \"Sales\" }");
    desk.configure(&file).write("people.csv", PEOPLE);
    let checked = desk.run(&["check"]).await;
    let failed: Vec<&str> =
        checked.stdout.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert_snapshot!(failed.join("\n"), @r"
    FAIL  rule `everyone` (line 21) asks for the fact `departmnt`, which no source gives; did you mean `department`?
    FAIL  `name` of the accounts at `crm` asks for the fact `givn_name`, which no source gives; did you mean `given_name`?
    ");
    assert_eq!(checked.status, Some(64));
    assert!(!desk.path("lanyard.db").exists(), "a check leaves nothing behind");
    assert_eq!(desk.run(&["plan"]).await.status, Some(64));
    let account = account.replace("givn_name", "given_name");
    let file = with_target(crm.address(), &account);
    desk.configure(&file);
    let checked = desk.run(&["check"]).await;
    assert_eq!(checked.status, Some(0), "{}", checked.stdout);
}

#[tokio::test]
async fn an_authorization_that_is_missing_is_told_ready_to_paste() {
    let test = "an_authorization_that_is_missing_is_told_ready_to_paste";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let file = with_target(crm.address(), "");
    let lines = file.lines().filter(|line| !["secrets", "authorization"].contains(&word(line)));
    desk.configure(&lines.collect::<Vec<_>>().join("\n")).write("people.csv", PEOPLE);
    let said = desk.run(&["check"]).await;
    assert_eq!(said.status, Some(67));
    let (_, told) = said.stdout.split_once("signs requests in\n").unwrap();
    let (told, _) = told.split_once("FAIL").unwrap();
    assert_snapshot!(told, @r#"
          the authorization `default` is not permitted; to permit it, write:
    [target.crm.permissions]
    secrets = { token = { env = "CRM_TOKEN" } }
    authorization = { default = { bearer = "token" } }
    "#);
    let (_, paste) = told.split_once(":\n").unwrap();
    let pasted = file.replace("[target.crm.permissions]", "");
    let lines =
        pasted.lines().filter(|line| !["secrets", "authorization", "hosts"].contains(&word(line)));
    let hosts = format!("hosts = [\"http://{}\"]\n", crm.address());
    let pasted = format!("{}\n{paste}{hosts}", lines.collect::<Vec<_>>().join("\n"));
    desk.configure(&pasted);
    let said = desk.run(&["check"]).await;
    assert_eq!(said.status, Some(0), "{}{}", said.stdout, said.stderr);
}

fn word(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}
