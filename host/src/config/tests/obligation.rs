//! Who checks a target, and what signs, as an operator misspells them.

use insta::assert_snapshot;

use super::errors_with;

#[test]
fn a_target_is_checked_by_another_one_of_the_file() {
    let more = r#"[target.one]
plugin = "scim"
checked-by = { target = "one" }
[target.two]
plugin = "scim"
checked-by = { target = "onne", by = "name" }
[target.three]
plugin = "scim"
checked-by = ["one"]
[target.four]
plugin = "scim"
checked-by = { target = "onne" }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `one` is this target
     --> lanyard.toml:8:25
      |
    8 | checked-by = { target = "one" }
      |                         ^^^^^ names another one here
      |
      = hint: its own readings are looked at without that

    error: unknown target `onne`
      --> lanyard.toml:11:25
       |
    11 | checked-by = { target = "onne", by = "name" }
       |                         ^^^^^^ no `[target.onne]` in this file
       |
       = hint: did you mean `one`?

    error: unknown choice for `by`
      --> lanyard.toml:11:38
       |
    11 | checked-by = { target = "onne", by = "name" }
       |                                      ^^^^^^ expected `login` or `key`

    error: wrong type for `checked-by`
      --> lanyard.toml:14:14
       |
    14 | checked-by = ["one"]
       |              ^^^^^^^ expected a table

    error: unknown target `onne`
      --> lanyard.toml:17:25
       |
    17 | checked-by = { target = "onne" }
       |                         ^^^^^^ no `[target.onne]` in this file
       |
       = hint: did you mean `one`?
    "#);
}

#[test]
fn a_key_is_named_and_never_written() {
    let more = r#"[signing]
key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
name = "receipts""#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad value for `key`
     --> lanyard.toml:7:7
      |
    7 | key = ***
      |       ^^^ a secret is named here, never written: needs `{ env = "NAME" }` or `{ file = "path" }`

    error: unknown key `name`
     --> lanyard.toml:8:1
      |
    8 | name = ***
      | ^^^^ `signing` has no such key
      |
      = hint: keys here: key
    "#);
}
