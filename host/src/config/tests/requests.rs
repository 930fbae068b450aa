//! Mistakes in what people may ask for.

use insta::assert_snapshot;

use super::{errors_with, with};

#[test]
fn what_says_something_of_requests_that_nobody_can_make_does_nothing() {
    let more = r#"
[role.buyer]
longest = "90d"
approval = { stages = [["manager"]] }
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `longest` does nothing here
     --> lanyard.toml:8:1
      |
    8 | longest = "90d"
      | ^^^^^^^ nobody can ask for this role
      |
      = hint: `requestable = true`, or take this out

    error: `approval` does nothing here
     --> lanyard.toml:9:1
      |
    9 | approval = { stages = [["manager"]] }
      | ^^^^^^^^ nobody can ask for this role
      |
      = hint: `requestable = true`, or take this out
    "#);
}

#[test]
fn who_has_to_agree_has_to_be_somebody() {
    let more = r#"
[request.approval]
high = { stages = [] }
low = { stages = [["self"]], template = "please" }
[role.buyer]
requestable = true
approval = { stages = [["owner"]] }
[role.seller]
requestable = true
longest = "long"
approval = { stages = [["manger"]], expire = 5 }
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: nobody is asked
     --> lanyard.toml:8:19
      |
    8 | high = { stages = [] }
      |                   ^^
      |
      = hint: `stages = [["manager"]]`, or several in order; without `approval` nobody has to agree

    error: nobody decides about themselves
     --> lanyard.toml:9:19
      |
    9 | low = { stages = [["self"]], template = "please" }
      |                   ^^^^^^^^ only `self` is asked

    error: unknown message `please`
     --> lanyard.toml:9:41
      |
    9 | low = { stages = [["self"]], template = "please" }
      |                                         ^^^^^^^^ no `[message.please]` in this file

    error: there is no way to send a mail
     --> lanyard.toml:9:41
      |
    9 | low = { stages = [["self"]], template = "please" }
      |                                         ^^^^^^^^ people are told by mail
      |
      = hint: `[notify]` with `from` and `smtp = { host = "mail.example.org" }`

    error: the owner is asked, and there is none
      --> lanyard.toml:12:12
       |
    12 | approval = { stages = [["owner"]] }
       |            ^^^^^^^^^^^^^^^^^^^^^^^^ `owner` is somebody only for a role that has one
       |
       = hint: give the role an `owner`, or name somebody else who has to agree

    error: bad value for `longest`
      --> lanyard.toml:15:11
       |
    15 | longest = "long"
       |           ^^^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`

    error: nobody is asked in this stage
      --> lanyard.toml:16:24
       |
    16 | approval = { stages = [["manger"]], expire = 5 }
       |                        ^^^^^^^^^^

    error: bad value for `stages`
      --> lanyard.toml:16:25
       |
    16 | approval = { stages = [["manger"]], expire = 5 }
       |                         ^^^^^^^^ is no way to say somebody; did you mean `manager`?

    error: wrong type for `expire`
      --> lanyard.toml:16:46
       |
    16 | approval = { stages = [["manger"]], expire = 5 }
       |                                              ^ expected a duration like "30s", "5m", "24h" or "7d"
    "#);
}

#[test]
fn a_step_asks_for_what_can_be_asked_for_and_no_longer() {
    let more = r#"
[role.buyer]
requestable = true
longest = "30d"
[role.seller]
[workflow.joiner]
on = "active"
steps = [
  { id = "a", do = "request", role = "buyer" },
  { id = "b", do = "request", role = "seller", until = "10d" },
  { id = "c", do = "request", role = "buyr", until = "10d" },
  { id = "d", do = "request", entitlement = "crm/x" },
]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: role `buyer` is not given for so long
      --> lanyard.toml:14:3
       |
    14 |   { id = "a", do = "request", role = "buyer" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: `until = "30d"`, or less

    error: role `seller` is nothing that can be asked for
      --> lanyard.toml:15:3
       |
    15 |   { id = "b", do = "request", role = "seller", until = "10d" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: a role with `requestable = true`, or what a target has in `requestable`

    error: unknown role `buyr`
      --> lanyard.toml:16:38
       |
    16 |   { id = "c", do = "request", role = "buyr", until = "10d" },
       |                                      ^^^^^^ no `[role.buyr]` in this file
       |
       = hint: did you mean `buyer`?

    error: `x` at crm is nothing that can be asked for
      --> lanyard.toml:17:3
       |
    17 |   { id = "d", do = "request", entitlement = "crm/x" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: a role with `requestable = true`, or what a target has in `requestable`
    "#);
}

#[test]
fn keys_of_another_step_do_nothing() {
    let more = r#"
[role.buyer]
requestable = true
longest = "30d"
[workflow.joiner]
on = "active"
steps = [
  { id = "e", do = "request", role = "buyer", until = "31d", template = "x" },
  { id = "f", do = "end-requests", roles = ["byer"], targets = ["cmr"], role = "buyer" },
]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: role `buyer` is not given for so long
      --> lanyard.toml:13:3
       |
    13 |   { id = "e", do = "request", role = "buyer", until = "31d", template = "x" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: `until = "30d"`, or less

    error: `template` does nothing in a step with `request`
      --> lanyard.toml:13:62
       |
    13 |   { id = "e", do = "request", role = "buyer", until = "31d", template = "x" },
       |                                                              ^^^^^^^^
       |
       = hint: keys of `request`: role, entitlement, until, reason

    error: unknown role `byer`
      --> lanyard.toml:14:45
       |
    14 |   { id = "f", do = "end-requests", roles = ["byer"], targets = ["cmr"], role = "buyer" },
       |                                             ^^^^^^ no `[role.byer]` in this file
       |
       = hint: did you mean `buyer`?

    error: unknown target `cmr`
      --> lanyard.toml:14:65
       |
    14 |   { id = "f", do = "end-requests", roles = ["byer"], targets = ["cmr"], role = "buyer" },
       |                                                                 ^^^^^ no `[target.cmr]` in this file
       |
       = hint: did you mean `crm`?

    error: `role` does nothing in a step with `end-requests`
      --> lanyard.toml:14:73
       |
    14 |   { id = "f", do = "end-requests", roles = ["byer"], targets = ["cmr"], role = "buyer" },
       |                                                                         ^^^^
       |
       = hint: keys of `end-requests`: roles, targets
    "#);
}

#[test]
fn the_expanded_file_asks_on_the_same_terms() {
    let more = r#"
[role.buyer]
owner = "1002"
risk = "high"
requestable = true
longest = "90d"
[request.approval]
high = { stages = [["manager"], ["owner"]], escalate = { after = "1d", to = "manager.manager" } }
"#;
    let terms = |folder: &super::Folder| {
        let access = folder.loaded().config.policy.access;
        let terms = access.requestable.into_iter().map(|(side, terms)| {
            let approval = terms.approval.map(|it| (it.stages, it.expire, it.escalate));
            format!("{side}: {:?} {approval:?}", terms.longest)
        });
        terms.collect::<Vec<_>>().join("\n")
    };
    let folder = with(more);
    assert_eq!(terms(&folder), terms(&folder.expanded()));
    assert_snapshot!(terms(&folder), @r#"role `buyer`: Some(2160h) Some(([[Manager(1)], [Key("1002")]], 120h, Some((24h, Manager(2)))))"#);
}
