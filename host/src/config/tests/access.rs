//! Mistakes in roles, separation of duties and limits.

use insta::assert_snapshot;

use super::{errors_with, with};

#[test]
fn roles_that_are_not_there_or_include_each_other_are_told() {
    let more = r#"[rule.all]
roles = ["emploee"]
[role.employee]
includes = ["seller"]
[role.seller]
includes = ["buyer"]
[role.buyer]
includes = ["employee"]
accounts = ["cmr"]
valid = { from = "2026-07-01", until = 2026-06-30 }
risk = "huge"
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: unknown role `emploee`
     --> lanyard.toml:7:10
      |
    7 | roles = ["emploee"]
      |          ^^^^^^^^^ no `[role.emploee]` in this file
      |
      = hint: did you mean `employee`?

    error: roles include each other
      --> lanyard.toml:13:12
       |
    13 | includes = ["employee"]
       |            ^^^^^^^^^^^^ buyer → employee → seller → buyer
       |
       = hint: take one of these out of its `includes`

    error: unknown target `cmr`
      --> lanyard.toml:14:13
       |
    14 | accounts = ["cmr"]
       |             ^^^^^ no `[target.cmr]` in this file
       |
       = hint: did you mean `crm`?

    error: `until` is before `from`
      --> lanyard.toml:15:40
       |
    15 | valid = { from = "2026-07-01", until = 2026-06-30 }
       |                                        ^^^^^^^^^^ it would never hold

    error: unknown choice for `risk`
      --> lanyard.toml:16:8
       |
    16 | risk = "huge"
       |        ^^^^^^ expected one of `low`, `medium`, `high`
    "#);
}

#[test]
fn what_cannot_be_kept_apart_is_told() {
    let more = r#"[role.a]
includes = ["b"]
[role.b]
[sod.one]
conflict = ["a"]
[sod.two]
conflict = ["a", "b", "erp/x", "crm/"]
except = [{ identity = 1001, approver = "1001", until = "soon" }]
[exclusive.three]
of = ["crm/x", "basic"]
[protect]
last-of = { erp = ["admins"] }
least = 0
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `one` keeps nothing apart
      --> lanyard.toml:10:12
       |
    10 | conflict = ["a"]
       |            ^^^^^ needs at least two roles or entitlements

    error: `two` keeps apart what is one
      --> lanyard.toml:12:18
       |
    12 | conflict = ["a", "b", "erp/x", "crm/"]
       |                  ^^^ always comes together with `a`

    error: unknown target `erp`
      --> lanyard.toml:12:23
       |
    12 | conflict = ["a", "b", "erp/x", "crm/"]
       |                       ^^^^^^^ no `[target.erp]` in this file
       |
       = hint: targets here: crm

    error: `crm/` is no entitlement
      --> lanyard.toml:12:32
       |
    12 | conflict = ["a", "b", "erp/x", "crm/"]
       |                                ^^^^^^ needs a target and an entitlement, like "crm/sellers"

    error: nobody approves an exception for themselves
      --> lanyard.toml:13:41
       |
    13 | except = [{ identity = 1001, approver = "1001", until = "soon" }]
       |                                         ^^^^^^ is the person it is for

    error: `soon` is no date
      --> lanyard.toml:13:57
       |
    13 | except = [{ identity = 1001, approver = "1001", until = "soon" }]
       |                                                         ^^^^^^ needs a date like "2026-06-01" or an instant like "2026-06-01T08:00:00Z"

    error: `basic` is no entitlement
      --> lanyard.toml:15:16
       |
    15 | of = ["crm/x", "basic"]
       |                ^^^^^^^ needs a target and an entitlement, like "crm/sellers"

    error: unknown target `erp`
      --> lanyard.toml:17:13
       |
    17 | last-of = { erp = ["admins"] }
       |             ^^^ no `[target.erp]` in this file
       |
       = hint: targets here: crm

    error: bad value for `least`
      --> lanyard.toml:18:9
       |
    18 | least = 0
       |         ^ nobody would be protected
       |
       = hint: take `last-of` out instead
    "#);
}

#[test]
fn limits_and_policies_that_would_do_nothing_are_told() {
    let more = r#"unmanaged-remove = ["x-*"]
[limits]
disables = { floor = 3 }
creates = { floor = 3, max = 2 }
[limits.target.erp]
removals = { max = 2 }
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `unmanaged-remove` does nothing here
     --> lanyard.toml:6:1
      |
    6 | unmanaged-remove = ["x-*"]
      | ^^^^^^^^^^^^^^^^ nothing unmanaged is removed at this target
      |
      = hint: add `unmanaged = "remove"`

    error: a limit without a number
     --> lanyard.toml:8:12
      |
    8 | disables = { floor = 3 }
      |            ^^^^^^^^^^^^^ needs `percent` or `max`
      |
      = hint: `floor` is how many may always be changed, whatever `percent` says

    error: `floor` does nothing without `percent`
     --> lanyard.toml:9:13
      |
    9 | creates = { floor = 3, max = 2 }
      |             ^^^^^

    error: unknown target `erp`
      --> lanyard.toml:10:16
       |
    10 | [limits.target.erp]
       |                ^^^ no `[target.erp]` in this file
       |
       = hint: targets here: crm
    "#);
}

#[test]
fn a_file_with_everything_about_access_means_the_same_when_it_is_expanded() {
    let more = r#"protected = ["svc-*"]
unmanaged = "remove"
unmanaged-remove = ["x-*"]
privileged = ["admins"]
[rule.all]
roles = ["a"]
valid = { until = "2026-12-31" }
[role.a]
owner = 1002
risk = "high"
description = "everything"
includes = ["b"]
[role.b]
accounts = ["crm"]
grants = { crm = ["x"] }
valid = { from = "2026-01-01" }
[sod.two]
conflict = ["a", "crm/y"]
mode = "detect"
except = [{ identity = 1001, approver = 1002, until = "2026-12-31" }]
[exclusive.three]
of = ["crm/x", "crm/y"]
[protect]
last-of = { crm = ["admins"] }
[limits]
removals = { percent = 5, floor = 3, max = 20 }
disables = { percent = 5 }
privileged = { max = 3 }
[limits.target.crm]
creates = { max = 9 }
"#;
    let folder = with(more);
    let means = |folder: &super::Folder| {
        let policy = folder.loaded().config.policy;
        // Lines differ, and nothing else may.
        let text = format!("{:?} {:?} {:?}", policy.access, policy.limits, policy.targets);
        text.split(", ").filter(|it| !it.contains("line: ")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(means(&folder), means(&folder.expanded()));
    let policy = folder.loaded().config.policy;
    let until = policy.rules[0].valid.until.unwrap();
    assert_eq!(until.to_string(), "2027-01-01T00:00:00Z", "a date counts to its end");
    let from = policy.access.roles["b"].valid.from.unwrap();
    assert_eq!(from.to_string(), "2026-01-01T00:00:00Z");
}

#[test]
fn a_service_that_is_called_nothing_is_told() {
    let more = r#"[target.wiki]
plugin = "scim"
service = ["svc-*", " "]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad value for `service`
     --> lanyard.toml:8:21
      |
    8 | service = ["svc-*", " "]
      |                     ^^^ no account is called nothing
      |
      = hint: write names as the target has them, or with `*`: `svc-*`
    "#);
}

#[test]
fn a_file_that_gives_nobody_anything_needs_no_names() {
    let file = |more: &str| {
        format!(
            "[source.hr]\nplugin = \"csv\"\nfacts = {{ mail = \"{{{{ mail }}}}\" }}\n[target.crm]\nplugin = \
             \"scim\"\n{more}"
        )
    };
    assert_eq!(super::Folder::new(&file("")).loaded().config.policy.rules.len(), 0);
    let rule = "[rule.all]\naccounts = [\"crm\"]\n";
    assert!(super::Folder::new(&file(rule)).errors().contains("unknown fact `given_name`"));
}
