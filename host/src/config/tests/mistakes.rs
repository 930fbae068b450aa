//! Each kind of mistake, as an operator sees it.

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
    8 | acount = { name = "x" }
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

    error: this is not TOML
     --> lanyard.toml:7:1
      |
    7 | config = }
      | ^^^^^^ string values must be quoted, expected literal string

    error: this is not TOML
     --> lanyard.toml:7:8
      |
    7 | config = }
      |        ^ unexpected `=` in array, expected value, `]`

    error: this is not TOML
     --> lanyard.toml:7:10
      |
    7 | config = }
      |          ^ missing comma between array elements, expected `,`

    error: this is not TOML
     --> lanyard.toml:7:10
      |
    7 | config = }
      |          ^ missing inline table opening, expected `{`

    error: this is not TOML
     --> lanyard.toml:7:11
      |
    7 | config = }
      |           ^ unclosed array, expected `]`
    "#);
}

#[test]
fn unknown_keys_name_the_nearest_or_all() {
    assert_snapshot!(errors_with("protcted = []\n[leaver]\nfoo = 1\n[tagret.x]\na = 1"), @r#"
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
    8 | foo = 1
      | ^^^ `leaver` has no such key
      |
      = hint: keys here: delete-after, grants

    error: unknown key `tagret`
     --> lanyard.toml:9:2
      |
    9 | [tagret.x]
      |  ^^^^^^ the file has no such key at its top
      |
      = hint: did you mean `target`?
    "#);
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
    error: `CRM` cannot be used here
     --> lanyard.toml:6:9
      |
    6 | [target.CRM]
      |         ^^^ a name begins with a lower-case letter

    error: `a b` cannot be used here
     --> lanyard.toml:8:7
      |
    8 | [rule."a b"]
      |       ^^^^^ a name has only lower-case letters, digits, `-` and `_`, not ` `
    "#);
}

#[test]
fn targets_that_are_not_there_are_told_everywhere() {
    let more = r#"after = ["crm", "erp"]
[rule.a]
accounts = ["cmr"]
grants = { crn = ["x"] }
[[test]]
name = "t"
at = "2026-01-01"
expect = { accounts = ["cmr"], grants = { zzzzzz = [] } }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `crm` cannot wait for itself
     --> lanyard.toml:6:10
      |
    6 | after = ["crm", "erp"]
      |          ^^^^^ is this target

    error: unknown target `erp`
     --> lanyard.toml:6:17
      |
    6 | after = ["crm", "erp"]
      |                 ^^^^^ no `[target.erp]` in this file
      |
      = hint: targets here: crm

    error: unknown target `cmr`
     --> lanyard.toml:8:13
      |
    8 | accounts = ["cmr"]
      |             ^^^^^ no `[target.cmr]` in this file
      |
      = hint: did you mean `crm`?

    error: unknown target `crn`
     --> lanyard.toml:9:12
      |
    9 | grants = { crn = ["x"] }
      |            ^^^ no `[target.crn]` in this file
      |
      = hint: did you mean `crm`?

    error: unknown target `cmr`
      --> lanyard.toml:13:24
       |
    13 | expect = { accounts = ["cmr"], grants = { zzzzzz = [] } }
       |                        ^^^^^ no `[target.cmr]` in this file
       |
       = hint: did you mean `crm`?

    error: unknown target `zzzzzz`
      --> lanyard.toml:13:43
       |
    13 | expect = { accounts = ["cmr"], grants = { zzzzzz = [] } }
       |                                           ^^^^^^ no `[target.zzzzzz]` in this file
       |
       = hint: targets here: crm
    "#);
}

#[test]
fn a_broken_target_is_not_also_an_unknown_one() {
    let errors = errors_with("[target.ldap]\n[rule.a]\naccounts = [\"ldap\"]");
    assert!(!errors.contains("unknown target"), "{errors}");
}

#[test]
fn targets_cannot_wait_for_each_other() {
    let more = "after = [\"b\"]\n[target.b]\nplugin = \"scim\"\nafter = [\"c\"]\n[target.c]\nplugin = \"ldap\"\nafter = [\"crm\"]";
    assert_snapshot!(errors_with(more), @r#"
    error: targets wait for each other
     --> lanyard.toml:9:9
      |
    9 | after = ["c"]
      |         ^^^^^ b → c → crm → b
      |
      = hint: take one of these out of its `after`
    "#);
}

#[test]
fn a_bad_template_is_marked_within_the_line() {
    let more = "account = { name = \"{{ given_name | asci }}\", attributes = { sn = [\"ok\", '{{ x'] } }\n[rule.a]\ngrants = { crm = [\"dept-{{ a b }}\"] }";
    assert_snapshot!(errors_with(more), @r#"
    error: bad template in `name`
     --> lanyard.toml:6:37
      |
    6 | account = { name = "{{ given_name | asci }}", attributes = { sn = ["ok", '{{ x'] } }
      |                                     ^^^^ unknown filter `asci`

    error: bad template in `sn`
     --> lanyard.toml:6:78
      |
    6 | account = { name = "{{ given_name | asci }}", attributes = { sn = ["ok", '{{ x'] } }
      |                                                                              ^ unexpected end of input, expected end of variable block

    error: bad template in `crm`
     --> lanyard.toml:8:30
      |
    8 | grants = { crm = ["dept-{{ a b }}"] }
      |                              ^ unexpected identifier, expected end of variable block
    "#);
}

#[test]
fn facts_that_no_source_gives_are_told_when_all_are_known() {
    let text = r#"
[source.hr]
plugin = "csv"
facts = { given_name = "{{ first }}", department = "{{ dept }}" }
[target.crm]
plugin = "scim"
account = { name = "{{ given_name }}{{ suffix }}", attributes = { a = "{{ departmnt }}", b = "{{ login }}" } }
[rule.a]
when = { dept = "x", expr = "given_name == 'x' and level" }
accounts = ["crm"]
"#;
    assert_snapshot!(Folder::new(text).errors(), @r#"
    error: unknown fact `departmnt`
     --> lanyard.toml:7:75
      |
    7 | account = { name = "{{ given_name }}{{ suffix }}", attributes = { a = "{{ departmnt }}", b = "{{ login }}" } }
      |                                                                           ^^^^^^^^^ no source gives this fact
      |
      = hint: did you mean `department`?
      = hint: facts come from `[source.….facts]`: add `departmnt` there

    error: unknown fact `dept`
     --> lanyard.toml:9:10
      |
    9 | when = { dept = "x", expr = "given_name == 'x' and level" }
      |          ^^^^ no source gives this fact
      |
      = hint: facts come from `[source.….facts]`: add `dept` there

    error: unknown fact `level`
     --> lanyard.toml:9:52
      |
    9 | when = { dept = "x", expr = "given_name == 'x' and level" }
      |                                                    ^^^^^ no source gives this fact
      |
      = hint: facts come from `[source.….facts]`: add `level` there
    "#);
}

#[test]
fn a_secret_is_never_shown() {
    let more = r#"config = { password = "hunter2-config" }
[target.a]
plugin = "scim"
permissions = { secrets = { token = "hunter2-string", other = { env = "hunter2 env" }, third = { value = "hunter2-value" } } }
[target.b]
plugin = "scim"
permissions = { authorization = { default = { bearer = "hunter2-bearer" } }, reveal = ["hunter2-reveal"], hosts = ["https://user:hunter2@example.org"] }
[target.c]
plugim = "scim"
config = { password = "hunter2-config", nan = nan }
[target.d.permissions]
secrets.x = ["hunter2"]
secrets.y = 2222
secret = { x = "hunter2-typo" }"#;
    let errors = errors_with(more);
    assert!(!errors.contains("hunter2") && !errors.contains("2222"), "{errors}");
    assert_snapshot!(errors, @"");
}

#[test]
fn a_secret_on_a_line_that_does_not_parse_is_not_shown() {
    for more in [
        "permissions = { secrets = { token = \"hunter2 } }",
        "[target.crm.permissions.secrets]\nmine = \"hunter2",
        "[target.crm.permissions.secrets]\nmine = hunter2 x",
        "[target.crm.config]\npassword = hunter2",
        "config = { password = 'hunter2 }",
    ] {
        let errors = errors_with(more);
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
fn secrets_are_declared_and_there() {
    let more = r#"[target.crm.permissions]
secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
authorization = { default = { bearer = "tokn" }, basic = { basic = { user = "svc", secret = "zzzzzz" } } }
reveal = ["token", "zzzzzz"]"#;
    assert_snapshot!(errors_with(more), @r#"
    error: secret `token` is not there
     --> lanyard.toml:7:29
      |
    7 | secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
      |                             ^^^^^^^^^ the environment variable `NOT_SET` is not set

    error: secret `file` cannot be read
     --> lanyard.toml:7:58
      |
    7 | secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
      |                                                          ^^^^^^^^^^^^^^ no such file
      |
      = hint: paths are relative to this file

    error: bad value for `both`
     --> lanyard.toml:7:83
      |
    7 | secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
      |                                                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^ a secret has one place, either `env` or `file`

    error: unknown secret in `bearer`
     --> lanyard.toml:8:40
      |
    8 | authorization = { default = { bearer = *** }, basic = { basic = { user = "svc", secret = *** } } }
      |                                        ^^^ no such name in `target.crm.permissions.secrets`
      |
      = hint: did you mean `token`?

    error: unknown secret in `secret`
     --> lanyard.toml:8:93
      |
    8 | authorization = { default = { bearer = *** }, basic = { basic = { user = "svc", secret = *** } } }
      |                                                                                          ^^^ no such name in `target.crm.permissions.secrets`
      |
      = hint: secrets here: token, file, both

    error: unknown secret in `reveal`
     --> lanyard.toml:9:20
      |
    9 | reveal = ["token", ***]
      |                    ^^^ no such name in `target.crm.permissions.secrets`
      |
      = hint: secrets here: token, file, both
    "#);
}

#[test]
fn what_is_permitted_is_checked() {
    let more = r#"[target.crm.permissions]
hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
addresses = ["10.0.0.1/8"]
directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
streams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad value for `hosts`
     --> lanyard.toml:7:10
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^ an origin ends with its host or port; a path goes into `{ origin = "…", path = "/…" }`

    error: bad value for `hosts`
     --> lanyard.toml:7:38
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                      ^^^^^^^^^^^^^^^ a host has no wildcards; write each host out

    error: wrong type for `hosts`
     --> lanyard.toml:7:55
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                                       ^ expected an origin like "https://api.example.org" or `{ origin = …, methods = […], path = … }`

    error: bad path `scim`
     --> lanyard.toml:7:99
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                                                                                   ^^^^^^ a path begins with `/`

    error: `GE T` is no method of a request
     --> lanyard.toml:7:118
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                                                                                                      ^^^^^^ needs one like "GET" or "POST"

    error: bad value for `addresses`
     --> lanyard.toml:8:14
      |
    8 | addresses = ["10.0.0.1/8"]
      |              ^^^^^^^^^^^^ has bits set behind its prefix; the range is `10.0.0.0/8`

    error: the directory `nowhere` is not there
     --> lanyard.toml:9:33
      |
    9 | directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
      |                                 ^^^^^^^^^ no such directory
      |
      = hint: paths are relative to this file

    error: unknown choice for `access`
     --> lanyard.toml:9:53
      |
    9 | directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
      |                                                     ^^^^^ expected `read` or `write`
      |
      = hint: did you mean `read`?

    error: the directory `nowhere` is not there
     --> lanyard.toml:9:79
      |
    9 | directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
      |                                                                               ^^^^^^^^^ no such directory
      |
      = hint: paths are relative to this file

    error: `target.crm.permissions.streams.a` has no `port`
      --> lanyard.toml:10:13
       |
    10 | streams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" }
       |             ^ `port` is needed here

    error: wrong type for `port`
      --> lanyard.toml:10:53
       |
    10 | reams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }
       |                                                   ^^^^^ expected a whole number from 0 to 65535

    error: `start-tls` is a step of LDAP
      --> lanyard.toml:10:133
       |
    10 | reams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }
       |                                                                                                                                   ^^^^^^^^^^^ a raw stream is encrypted from its first byte or not at all

    error: the authority's certificate cannot be read
      --> lanyard.toml:10:151
       |
    10 | reams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }
       |                                                                                                                                                     ^^^^^^^^ no such file
       |
       = hint: paths are relative to this file
    "#);
}

#[test]
fn plugins_that_are_not_there_are_told_with_those_that_are() {
    let more = "[target.a]\nplugin = \"postgres\"\n[target.b]\nplugin = \"../none.wasm\"";
    assert_snapshot!(errors_with(more), @r#"
    error: unknown plugin `postgres`
     --> lanyard.toml:7:10
      |
    7 | plugin = "postgres"
      |          ^^^^^^^^^^ no `postgres.wasm` in `plugins`
      |
      = hint: plugins there: csv, ldap, scim

    error: the plugin file `../none.wasm` is not there
     --> lanyard.toml:9:10
      |
    9 | plugin = "../none.wasm"
      |          ^^^^^^^^^^^^^^ no such file
      |
      = hint: paths are relative to this file
    "#);
}

#[test]
fn zones_dates_and_states_are_checked() {
    let more = r#"
[lifecycle]
timezone = "Europe/Berln"
status = { active = ["On"], departed = ["on"] }
[leaver]
delete-after = "30"
grants = "revok"
[limits]
removals = { percent = 101 }
[[test]]
name = "t"
at = "2026-02-30"
expect = { state = "activ" }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: unknown time zone `Europe/Berln`
     --> lanyard.toml:8:12
      |
    8 | timezone = "Europe/Berln"
      |            ^^^^^^^^^^^^^^ no zone of the IANA database has this name
      |
      = hint: did you mean `Europe/Berlin`?

    error: status `on` means two things
     --> lanyard.toml:9:41
      |
    9 | status = { active = ["On"], departed = ["on"] }
      |                                         ^^^^ is also in `active`

    error: bad value for `delete-after`
      --> lanyard.toml:11:16
       |
    11 | delete-after = "30"
       |                ^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`

    error: unknown choice for `grants`
      --> lanyard.toml:12:10
       |
    12 | grants = "revok"
       |          ^^^^^^^ expected `revoke` or `keep`
       |
       = hint: did you mean `revoke`?

    error: bad value for `percent`
      --> lanyard.toml:14:24
       |
    14 | removals = { percent = 101 }
       |                        ^^^ needs a percentage from 0 to 100

    error: `2026-02-30` is no date
      --> lanyard.toml:17:6
       |
    17 | at = "2026-02-30"
       |      ^^^^^^^^^^^^ needs a date like "2026-06-01" or an instant like "2026-06-01T08:00:00Z"

    error: unknown choice for `state`
      --> lanyard.toml:18:20
       |
    18 | expect = { state = "activ" }
       |                    ^^^^^^^ expected one of `announced`, `prehire`, `active`, `on-leave`, `departed`
       |
       = hint: did you mean `active`?
    "#);
}

#[test]
fn one_name_is_one_connector() {
    assert_snapshot!(errors_with("[target.hr]\nplugin = \"scim\""), @r#"
    error: `hr` is both a source and a target
     --> lanyard.toml:6:9
      |
    6 | [target.hr]
      |         ^^ `[source.hr]` has this name
      |
      = hint: give one of them another name: it is what logs and plans say
    "#);
}

#[test]
fn a_file_without_a_source_is_refused() {
    assert_snapshot!(Folder::new("").errors(), @r#"
    error: the file has no source, so there is nobody to give accounts to
      = hint: add `[source.hr]` with `plugin = "csv"`
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
