//! Workflows for accounts that nobody uses: mistakes, as an operator sees
//! them.

use insta::assert_snapshot;

use super::errors_with;

fn begun_on(on: &str) -> String {
    let steps = "steps = [{ id = \"off\", do = \"disable-accounts\" }]";
    errors_with(&format!("[workflow.idle]\non = {on}\n{steps}\n"))
}

#[test]
fn a_target_that_is_looked_at_has_to_be_there() {
    assert_snapshot!(begun_on("{ unused = \"90d\", targets = [\"cmr\"] }"), @r#"
    error: unknown target `cmr`
     --> lanyard.toml:7:6
      |
    7 | on = { unused = "90d", targets = ["cmr"] }
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no `[target.cmr]` in this file
      |
      = hint: did you mean `crm`?
    "#);
}

#[test]
fn it_needs_some_time_and_one_target_if_any() {
    assert_snapshot!(begun_on("{ unused = \"0d\" }"), @r#"
    error: bad value for `on`
     --> lanyard.toml:7:6
      |
    7 | on = { unused = "0d" }
      |      ^^^^^^^^^^^^^^^^^ needs some time in `unused`
    "#);
    assert_snapshot!(begun_on("{ unused = \"90d\", targets = [] }"), @r#"
    error: bad value for `on`
     --> lanyard.toml:7:6
      |
    7 | on = { unused = "90d", targets = [] }
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needs at least one target in `targets`
    "#);
    assert_snapshot!(begun_on("{ unused = \"long\" }"), @r#"
    error: bad value for `unused`
     --> lanyard.toml:7:17
      |
    7 | on = { unused = "long" }
      |                 ^^^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`
    "#);
}

#[test]
fn it_is_one_or_the_other() {
    assert_snapshot!(begun_on("{ unused = \"90d\", changed = [\"title\"] }"), @r#"
    error: bad value for `on`
     --> lanyard.toml:7:6
      |
    7 | on = { unused = "90d", changed = ["title"] }
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needs `changed`, or `unused` with or without `targets`
    "#);
    assert_snapshot!(begun_on("{ targets = [\"crm\"] }"), @r#"
    error: bad value for `on`
     --> lanyard.toml:7:6
      |
    7 | on = { targets = ["crm"] }
      |      ^^^^^^^^^^^^^^^^^^^^^ needs `changed`, or `unused` with or without `targets`
    "#);
    assert_snapshot!(begun_on("{ unusd = \"90d\" }"), @r"
    error: unknown key `unusd`
     --> lanyard.toml:7:8
      |
    7 | on = { unusd = *** }
      |        ^^^^^ `workflow.idle.on` has no such key
      |
      = hint: did you mean `unused`?
    ");
}
