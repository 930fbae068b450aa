//! What a connector is told, against the schema of its plugin.

use insta::assert_snapshot;

use super::Folder;

const SCHEMA: &str = r##"{
  "type": "object",
  "additionalProperties": false,
  "required": ["base", "file"],
  "properties": {
    "base": { "type": "string", "minLength": 1, "description": "where people are" },
    "file": { "type": "string", "description": "the file of people" },
    "delimiter": { "type": "string", "minLength": 1, "maxLength": 1 },
    "page-size": { "type": "integer", "minimum": 1, "maximum": 100 },
    "patch": { "type": ["boolean", "null"] },
    "mode": { "enum": ["fast", "careful"] },
    "classes": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/class" } },
    "disable": { "oneOf": [
      { "type": "object", "additionalProperties": false, "required": ["lock"],
        "properties": { "lock": { "const": "ppolicy" } } },
      { "type": "object", "additionalProperties": false, "required": ["attribute"],
        "properties": { "attribute": { "type": "object", "required": ["name"],
          "properties": { "name": { "type": "string" } } } } }
    ] },
    "style": { "oneOf": [{ "const": "short" }, { "const": "long", "description": "more" }] },
    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
    "anything": true
  },
  "$defs": { "class": { "type": "string" } }
}"##;

/// The rendered mistakes in `config` of the source.
fn mistakes(config: &str) -> String {
    let folder = Folder::new(&format!("[source.hr]\nplugin = \"csv\"\n{config}\n"));
    let config = folder.loaded().config;
    let told = config.connectors.keys().map(|name| (name, SCHEMA));
    match config.check_schemas(told) {
        Ok(()) => String::new(),
        Err(errors) => {
            errors.render().replace(&format!("{}/", folder.path().parent().unwrap().display()), "")
        }
    }
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let config = r#"[source.hr.config]
bsae = "somewhere"
file = 7
delimiter = ";;"
page-size = 0
patch = "yes"
password = "hunter"
"#;
    assert_snapshot!(mistakes(config), @r#"
    error: unknown key `bsae`
     --> lanyard.toml:4:1
      |
    4 | bsae = ***
      | ^^^^ the connector's `config` has no such key
      |
      = hint: did you mean `base`?

    error: wrong type for `file`
     --> lanyard.toml:5:8
      |
    5 | file = 7
      |        ^ expected text

    error: bad value for `delimiter`
     --> lanyard.toml:6:13
      |
    6 | delimiter = ";;"
      |             ^^^^ needs a length of exactly 1

    error: bad value for `page-size`
     --> lanyard.toml:7:13
      |
    7 | page-size = 0
      |             ^ needs a number from 1 to 100

    error: wrong type for `patch`
     --> lanyard.toml:8:9
      |
    8 | patch = "yes"
      |         ^^^^^ expected `true` or `false`

    error: unknown key `password`
     --> lanyard.toml:9:1
      |
    9 | password = ***
      | ^^^^^^^^ the connector's `config` has no such key
      |
      = hint: keys here: base, file, delimiter, page-size, patch, mode, classes, disable, style, labels, anything
    "#);
}

#[test]
fn choices_lists_and_tables_are_looked_into() {
    let config = r#"[source.hr.config]
base = "b"
file = "f"
mode = "carefull"
classes = ["person", 3]
disable = { lok = "ppolicy" }
style = "shrot"
labels = { a = "x", b = 1 }
"#;
    assert_snapshot!(mistakes(config), @r#"
    error: unknown choice for `mode`
     --> lanyard.toml:6:8
      |
    6 | mode = "carefull"
      |        ^^^^^^^^^^ expected `fast` or `careful`
      |
      = hint: did you mean `careful`?

    error: wrong type for `classes`
     --> lanyard.toml:7:22
      |
    7 | classes = ["person", 3]
      |                      ^ expected text

    error: unknown key `lok`
     --> lanyard.toml:8:13
      |
    8 | disable = { lok = *** }
      |             ^^^ the connector's `config` has no such key
      |
      = hint: did you mean `lock`?

    error: unknown choice for `style`
     --> lanyard.toml:9:9
      |
    9 | style = "shrot"
      |         ^^^^^^^ expected `short` or `long`
      |
      = hint: did you mean `short`?

    error: wrong type for `b`
      --> lanyard.toml:10:25
       |
    10 | labels = { a = "x", b = 1 }
       |                         ^ expected text
    "#);
}

#[test]
fn what_is_missing_is_told_where_it_should_be() {
    assert_snapshot!(mistakes(""), @r"
    error: `source.hr.config` has no `base`
     --> lanyard.toml:1:9
      |
    1 | [source.hr]
      |         ^^ `base` is needed here
      |
      = hint: `base`: where people are

    error: `source.hr.config` has no `file`
     --> lanyard.toml:1:9
      |
    1 | [source.hr]
      |         ^^ `file` is needed here
      |
      = hint: `file`: the file of people
    ");
    assert_snapshot!(mistakes("config = { file = \"people.csv\", disable = {} }"), @r#"
    error: `source.hr.config` has no `base`
     --> lanyard.toml:3:1
      |
    3 | config = { file = "people.csv", disable = {} }
      | ^^^^^^ `base` is needed here
      |
      = hint: `base`: where people are

    error: `source.hr.config.disable` has no `lock`
     --> lanyard.toml:3:33
      |
    3 | config = { file = "people.csv", disable = {} }
      |                                 ^^^^^^^ `lock` is needed here
    "#);
}

#[test]
fn what_the_schema_allows_passes() {
    let config = r#"[source.hr.config]
base = "b"
file = "f"
delimiter = "ü"
page-size = 100
patch = true
mode = "fast"
classes = ["person"]
disable = { attribute = { name = "x", more = 1 } }
style = "long"
labels = { a = "x" }
anything = [1, { b = 2.5 }, 2026-06-01]
"#;
    assert_eq!(mistakes(config), "");
}

#[test]
fn a_schema_that_is_none_or_without_end_allows_everything() {
    let folder = Folder::new("[source.hr]\nplugin = \"csv\"\nconfig = { a = { a = { a = 1 } } }\n");
    let config = folder.loaded().config;
    let endless =
        r##"{ "$ref": "#", "properties": { "a": { "$ref": "#" } }, "allOf": [{ "$ref": "#" }] }"##;
    for schema in ["", "[]", "null", r#"{ "type": 5, "required": 1, "properties": [] }"#, endless] {
        assert!(config.check_schemas(config.connectors.keys().map(|it| (it, schema))).is_ok());
    }
}
