//! Components that carry out steps: mistakes, as an operator sees them.

use insta::assert_snapshot;

use super::{errors_with, with};

const HANDOVER: &str = r#"
[component.handover]
plugin = "csv"
attributes = ["firstname"]
limits = { wall-time = "5s" }

[workflow.leaver]
on = "departed"
steps = [
  { id = "hand", run = "handover", with = { to = "{{ manager.mail }}", kinds = ["files"] }, timeout = "2d", on-failure = "obligation" },
]
"#;

#[test]
fn a_component_is_told_of_by_its_own_table_and_named_by_a_step() {
    let loaded = with(HANDOVER).expanded().loaded();
    let policy = loaded.config.policy;
    let handed: Vec<String> =
        policy.steps.components["handover"].iter().map(ToString::to_string).collect();
    assert_eq!(handed, ["firstname"]);
    let limits = &loaded.config.connectors["handover"].limits;
    assert_eq!(limits.wall_time, std::time::Duration::from_secs(5));
}

const WRONG: &str = r#"
[component.handover]
plugin = "csv"
limits = { parallel = 2 }

[component.crm]
plugin = "csv"

[workflow.leaver]
on = "departed"
steps = [
  { id = "a", run = "handovr" },
  { id = "b", run = "handover", do = "notify" },
  { id = "c", run = "handover", to = ["manager"] },
  { id = "d", run = "handover", with = { to = "{{ manager.mail", kinds = ["{{ }}"] } },
  { id = "e", run = "handover", with = { to = { a = 1 } } },
  { id = "f", do = "revoke-all", with = { to = "x" } },
]
"#;

#[test]
fn what_a_component_and_its_steps_get_wrong_is_told_with_its_place() {
    assert_snapshot!(errors_with(WRONG), @r#"
    error: unknown key `parallel`
     --> lanyard.toml:9:12
      |
    9 | limits = { parallel = *** }
      |            ^^^^^^^^ `component.handover.limits` has no such key
      |
      = hint: keys here: wall-time, memory

    error: `crm` is both a target and a component
      --> lanyard.toml:11:12
       |
    11 | [component.crm]
       |            ^^^ `[target.crm]` has this name
       |
       = hint: give one of them another name: it is what logs and plans say

    error: unknown component `handovr`
      --> lanyard.toml:17:21
       |
    17 |   { id = "a", run = "handovr" },
       |                     ^^^^^^^^^ no `[component.handovr]` in this file
       |
       = hint: did you mean `handover`?

    error: step `b` needs one of `do`, `wait` and `run`
      --> lanyard.toml:18:3
       |
    18 |   { id = "b", run = "handover", do = "notify" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: a step does one thing

    error: `to` does nothing in a step with `run`
      --> lanyard.toml:19:33
       |
    19 |   { id = "c", run = "handover", to = ["manager"] },
       |                                 ^^
       |
       = hint: keys of `run`: with

    error: bad template in `to`
      --> lanyard.toml:20:59
       |
    20 |   { id = "d", run = "handover", with = { to = "{{ manager.mail", kinds = ["{{ }}"] } },
       |                                                           ^^^^ unexpected end of input, expected end of variable block

    error: bad template in `kinds`
      --> lanyard.toml:20:79
       |
    20 |   { id = "d", run = "handover", with = { to = "{{ manager.mail", kinds = ["{{ }}"] } },
       |                                                                               ^^ unexpected end of variable block

    error: wrong type for `to`
      --> lanyard.toml:21:47
       |
    21 |   { id = "e", run = "handover", with = { to = { a = 1 } } },
       |                                               ^^^^^^^^^ expected a string or a list of strings

    error: `with` does nothing in a step with `revoke-all`
      --> lanyard.toml:22:34
       |
    22 |   { id = "f", do = "revoke-all", with = { to = "x" } },
       |                                  ^^^^
       |
       = hint: keys of `revoke-all`: targets
    "#);
}
