//! Mistakes of form, as an operator sees them.

use insta::assert_snapshot;

use super::{Folder, errors_with};

#[test]
fn five_mistakes_give_five_errors() {
    let text = r#"
[source.hr]
plugin = "csw"
shrink-limit = "20"

[target.github]
plugin = "scim"
acount = { name = "x" }

[rule.sales]
when = { expr = "country = 'DE'" }
accounts = ["gihub"]
"#;
    assert_snapshot!(Folder::new(text).errors(), @r#"
    error: unknown plugin `csw`
     --> lanyard.toml:3:10
      |
    3 | plugin = "csw"
      |          ^^^^^ no `csw.wasm` in `plugins`
      |
      = hint: did you mean `csv`?

    error: wrong type for `shrink-limit`
     --> lanyard.toml:4:16
      |
    4 | shrink-limit = "20"
      |                ^^^^ expected a whole number

    error: unknown key `acount`
     --> lanyard.toml:8:1
      |
    8 | acount = { name = *** }
      | ^^^^^^ `target.github` has no such key
      |
      = hint: did you mean `account`?

    error: bad expression in `expr`
      --> lanyard.toml:11:26
       |
    11 | when = { expr = "country = 'DE'" }
       |                          ^ unexpected input after expression

    error: unknown target `gihub`
      --> lanyard.toml:12:13
       |
    12 | accounts = ["gihub"]
       |             ^^^^^^^ no `[target.gihub]` in this file
       |
       = hint: did you mean `github`?
    "#);
}

#[test]
fn text_that_is_no_toml_is_shown_where_it_stops() {
    assert_snapshot!(errors_with("after = [\"a\"\nconfig = }"), @r#"
    error: this is not TOML
     --> lanyard.toml:7:1
      |
    7 | config = }
      | ^ missing comma between array elements, expected `,`
    "#);
}

#[test]
fn unknown_keys_name_the_nearest_or_all() {
    assert_snapshot!(errors_with("protcted = []\n[leaver]\nfoo = 1\n[tagret.x]\na = 1"), @r"
    error: unknown key `protcted`
     --> lanyard.toml:6:1
      |
    6 | protcted = []
      | ^^^^^^^^ `target.crm` has no such key
      |
      = hint: did you mean `protected`?

    error: unknown key `foo`
     --> lanyard.toml:8:1
      |
    8 | foo = ***
      | ^^^ `leaver` has no such key
      |
      = hint: keys here: delete-after, grants, retain, rehire

    error: unknown key `tagret`
     --> lanyard.toml:9:2
      |
    9 | [tagret.x]
      |  ^^^^^^ the file has no such key at its top
      |
      = hint: did you mean `target`?
    ");
}

#[test]
fn a_missing_key_and_a_wrong_type_are_told() {
    assert_snapshot!(
        errors_with("after = \"x\"\nlimits = { wall-time = 30, memory = \"64MB\", parallel = 0, page-size = -1 }\n[target.other]\nprotected = [1]"),
        @r#"
    error: wrong type for `after`
     --> lanyard.toml:6:9
      |
    6 | after = "x"
      |         ^^^ expected a list

    error: wrong type for `wall-time`
     --> lanyard.toml:7:24
      |
    7 | limits = { wall-time = 30, memory = "64MB", parallel = 0, page-size = -1 }
      |                        ^^ expected a duration like "30s", "5m", "24h" or "7d"

    error: bad value for `memory`
     --> lanyard.toml:7:37
      |
    7 | limits = { wall-time = 30, memory = "64MB", parallel = 0, page-size = -1 }
      |                                     ^^^^^^ needs a whole number with a unit: `512KiB`, `64MiB` or `1GiB`

    error: bad value for `parallel`
     --> lanyard.toml:7:56
      |
    7 | limits = { wall-time = 30, memory = "64MB", parallel = 0, page-size = -1 }
      |                                                        ^ needs a number from 1 to 1000

    error: wrong type for `page-size`
     --> lanyard.toml:7:71
      |
    7 | limits = { wall-time = 30, memory = "64MB", parallel = 0, page-size = -1 }
      |                                                                       ^^ expected a whole number from 0 to 4294967295

    error: `target.other` has no `plugin`
     --> lanyard.toml:8:9
      |
    8 | [target.other]
      |         ^^^^^ `plugin` is needed here

    error: wrong type for `protected`
     --> lanyard.toml:9:14
      |
    9 | protected = [1]
      |              ^ expected a string
    "#
    );
}

#[test]
fn names_have_rules() {
    assert_snapshot!(errors_with("[target.CRM]\nplugin = \"scim\"\n[rule.\"a b\"]\n"), @r#"
    error: bad name `CRM`
     --> lanyard.toml:6:9
      |
    6 | [target.CRM]
      |         ^^^ a name begins with a lower-case letter

    error: bad name `a b`
     --> lanyard.toml:8:7
      |
    8 | [rule."a b"]
      |       ^^^^^ a name has only lower-case letters, digits, `-` and `_`, not ` `
    "#);
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_told() {
    let folder = Folder::new("");
    std::fs::write(folder.path(), b"a = 1\nb = \"\xff\"").unwrap();
    let no_text = folder.errors();
    std::fs::remove_file(folder.path()).unwrap();
    assert_snapshot!(no_text + &folder.errors(), @r#"
    error: `lanyard.toml` is not UTF-8
      = the first byte that is not stands in line 2
    error: cannot read `lanyard.toml`
      = No such file or directory (os error 2)
      = hint: `--config FILE` names another; README.md begins with one to copy
    "#);
}

#[test]
fn columns_count_characters_also_behind_tabs_and_letters_of_all_kinds() {
    let more = "\tconfig = { \"é→\" = \"ü\" }\r\n\tprotected = [\"ärger\",\t5, true, [] ]\r\nafter = [\"é\"]\r\n";
    assert_snapshot!(errors_with(more), @r#"
    error: wrong type for `protected`
     --> lanyard.toml:7:24
      |
    7 |     protected = ["ärger",    5, true, [] ]
      |                              ^ expected a string

    error: wrong type for `protected`
     --> lanyard.toml:7:27
      |
    7 |     protected = ["ärger",    5, true, [] ]
      |                                 ^^^^ expected a string

    error: wrong type for `protected`
     --> lanyard.toml:7:33
      |
    7 |     protected = ["ärger",    5, true, [] ]
      |                                       ^^ expected a string

    error: unknown target `é`
     --> lanyard.toml:8:10
      |
    8 | after = ["é"]
      |          ^^^ no `[target.é]` in this file
      |
      = hint: targets here: crm
    "#);
}

#[test]
fn a_control_character_reaches_no_terminal() {
    let errors = errors_with("after = [\"\\u001b[31m\"]");
    assert!(errors.chars().all(|c| c == '\n' || !c.is_control()), "{errors:?}");
}

#[test]
fn a_long_line_is_shown_around_its_mistake() {
    let more = format!("protected = [{}[], \"b\"]", "\"someone\", ".repeat(60));
    let errors = errors_with(&more);
    assert!(errors.lines().all(|line| line.chars().count() < 200), "{errors}");
    assert!(errors.contains("[], \"b\"]"), "{errors}");
}

#[test]
fn another_kind_of_table_is_told_as_such() {
    let text = "source = 5\ntarget.crm = [1]\nrule = [{ accounts = [\"crm\"] }]\ntest = { a = 1 }\nlimits.removals.percent = -1\nleaver.delete-after = 30";
    assert_snapshot!(Folder::new(text).errors(), @r#"
    error: wrong type for `source`
     --> lanyard.toml:1:10
      |
    1 | source = 5
      |          ^ expected a table

    error: wrong type for `crm`
     --> lanyard.toml:2:14
      |
    2 | target.crm = [1]
      |              ^^^ expected a table

    error: wrong type for `rule`
     --> lanyard.toml:3:8
      |
    3 | rule = [{ accounts = ["crm"] }]
      |        ^^^^^^^^^^^^^^^^^^^^^^^^ expected a table

    error: wrong type for `test`
     --> lanyard.toml:4:8
      |
    4 | test = { a = 1 }
      |        ^^^^^^^^^ expected a list

    error: bad value for `percent`
     --> lanyard.toml:5:27
      |
    5 | limits.removals.percent = -1
      |                           ^^ needs a percentage from 0 to 100

    error: wrong type for `delete-after`
     --> lanyard.toml:6:23
      |
    6 | leaver.delete-after = 30
      |                       ^^ expected a duration like "30d", or "never"
    "#);
}

#[test]
fn a_key_that_was_misspelt_is_not_also_missing() {
    assert_snapshot!(errors_with("[target.x]\nplugim = \"csv\""), @r#"
    error: unknown key `plugim`
     --> lanyard.toml:7:1
      |
    7 | plugim = ***
      | ^^^^^^ `target.x` has no such key
      |
      = hint: did you mean `plugin`?
    "#);
}

#[test]
fn a_list_is_never_read_as_a_table() {
    let more = r#"[target.x.permissions]
reads = [["https://example.org", "POST", "/"]]
streams = { a = ["example.org", 1, "raw"], b = { host = "h", port = 1, protocol = "ldap", sign-in = { ldap-simple = ["dn", "hunter2"] } } }
[target]
y = ["scim"]
[leaver]
[limits]
removals = [1, 2, "1d"]
[[test]]
name = "t"
at = "2026-01-01"
expect = ["active"]"#;
    let errors = errors_with(more);
    assert!(!errors.contains("hunter2"), "{errors}");
    assert_eq!(errors.matches("expected a table").count(), 6, "{errors}");
}
