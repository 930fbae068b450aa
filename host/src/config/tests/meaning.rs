//! Mistakes of meaning, as an operator sees them.

use insta::assert_snapshot;

use super::{Folder, errors_with};

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
    error: `crm` is this target
     --> lanyard.toml:6:10
      |
    6 | after = ["crm", "erp"]
      |          ^^^^^ names another one here

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
      = hint: take one of these out of its `after` or `prefer-after`
    "#);
}

#[test]
fn an_attribute_has_one_owner_and_a_reference_a_name() {
    let more = r#"require = ["blocks-logins"]
[target.crm.account]
attributes = { manager = "{{ reference.bos.id }}", mail = "{{ mail }}" }
references = { boss = "{{ manager }}" }
theirs = ["mail", "title"]
initial = ["title"]
unique-with = ["crm", "erp"]
reuse-names-after = "1y""#;
    assert_snapshot!(errors_with(more), @r#"
    error: unknown choice for `require`
     --> lanyard.toml:6:12
      |
    6 | require = ["blocks-logins"]
      |            ^^^^^^^^^^^^^^^ expected one of `blocks-login`, `ends-sessions`, `revokes-tokens`, `releases-licence`, `reversible`
      |
      = hint: did you mean `blocks-login`?

    error: there is no reference `bos`
     --> lanyard.toml:8:26
      |
    8 | attributes = { manager = "{{ reference.bos.id }}", mail = "{{ mail }}" }
      |                          ^^^^^^^^^^^^^^^^^^^^^^^^ needs `bos = "{{ … }}"` in `references`
      |
      = hint: did you mean `boss`?

    error: `mail` has two owners
      --> lanyard.toml:10:11
       |
    10 | theirs = ["mail", "title"]
       |           ^^^^^^ is also in `attributes`
       |
       = hint: what is in `theirs` is never written; take it out of one of them

    error: `title` has two owners
      --> lanyard.toml:10:19
       |
    10 | theirs = ["mail", "title"]
       |                   ^^^^^^^ is also in `initial`
       |
       = hint: what is in `theirs` is never written; take it out of one of them

    error: `crm` is this target
      --> lanyard.toml:12:16
       |
    12 | unique-with = ["crm", "erp"]
       |                ^^^^^ names another one here

    error: unknown target `erp`
      --> lanyard.toml:12:23
       |
    12 | unique-with = ["crm", "erp"]
       |                       ^^^^^ no `[target.erp]` in this file
       |
       = hint: targets here: crm

    error: bad value for `reuse-names-after`
      --> lanyard.toml:13:21
       |
    13 | reuse-names-after = "1y"
       |                     ^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`
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
fn plugins_that_are_not_there_are_told_with_those_that_are() {
    let more = "[target.a]\nplugin = \"postgres\"\n[target.b]\nplugin = \"../none.wasm\"";
    assert_snapshot!(errors_with(more), @r#"
    error: unknown plugin `postgres`
     --> lanyard.toml:7:10
      |
    7 | plugin = "postgres"
      |          ^^^^^^^^^^ no `postgres.wasm` in `plugins`
      |
      = hint: plugins there: csv, handover, ldap, scim

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
       |                    ^^^^^^^ expected one of `announced`, `cancelled`, `prehire`, `active`, `leaving`, `on-leave`, `departed`
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
fn what_is_in_the_file_is_not_retired() {
    let text = r#"
retired-sources = ["payroll", "hr"]
retired-targets = ["crm", "Wiki"]

[source.hr]
plugin = "csv"

[target.crm]
plugin = "scim"
"#;
    assert_snapshot!(Folder::new(text).errors(), @r#"
    error: the source `hr` is not retired
     --> lanyard.toml:2:31
      |
    2 | retired-sources = ["payroll", "hr"]
      |                               ^^^^ `[source.hr]` is in this file
      |
      = hint: take one of the two out

    error: the target `crm` is not retired
     --> lanyard.toml:3:20
      |
    3 | retired-targets = ["crm", "Wiki"]
      |                    ^^^^^ `[target.crm]` is in this file
      |
      = hint: take one of the two out

    error: bad value for `retired-targets`
     --> lanyard.toml:3:27
      |
    3 | retired-targets = ["crm", "Wiki"]
      |                           ^^^^^^ a name begins with a lower-case letter
    "#);
}
