//! Where the record is told, as an operator misspells it.

use insta::assert_snapshot;

use super::{errors_with, with};

#[test]
fn heads_are_kept_beside_the_file_and_told_to_a_webhook() {
    let more = "[audit]\nheads = \"heads.jsonl\"\nwitness = \"auditor\"\n\
                [notify.webhook.auditor]\nurl = \"https://audit.example.org/in\"\n";
    let audit = with(more).loaded().config.audit;
    assert!(audit.heads.unwrap().ends_with("heads.jsonl"));
    assert_eq!(audit.witness.unwrap().as_str(), "auditor");
    assert!(!with("").loaded().config.audit.is_told());
}

#[test]
fn what_cannot_be_told_is_a_mistake() {
    let more = r#"[audit]
heads = "lanyard.db"
witness = "auditr"
head = "x"
[notify.webhook.auditor]
url = "https://audit.example.org/in""#;
    assert_snapshot!(errors_with(more), @r#"
    error: `heads` is the store
     --> lanyard.toml:7:9
      |
    7 | heads = "lanyard.db"
      |         ^^^^^^^^^^^^ whoever changes the one would change the other
      |
      = hint: name another file, best on another machine

    error: unknown webhook `auditr`
     --> lanyard.toml:8:11
      |
    8 | witness = "auditr"
      |           ^^^^^^^^ no `[notify.webhook.auditr]` in this file
      |
      = hint: did you mean `auditor`?

    error: unknown key `head`
     --> lanyard.toml:9:1
      |
    9 | head = ***
      | ^^^^ `audit` has no such key
      |
      = hint: did you mean `heads`?
    "#);
    assert_snapshot!(errors_with("[audit]\nheads = \"\"\n"), @r#"
    error: bad value for `heads`
     --> lanyard.toml:7:9
      |
    7 | heads = ""
      |         ^^ needs the name of a file
    "#);
    let more = "[store.postgres]\nhost = \"db.example.org\"\n[audit]\nheads = \"heads.jsonl\"\n";
    assert_snapshot!(errors_with(more), @r#"
    error: there is no key to sign heads with
     --> lanyard.toml:8:2
      |
    8 | [audit]
      |  ^^^^^ the store is on a server, which keeps none
      |
      = hint: `[signing]` with `key = { file = "secrets/signing-key" }`
    "#);
    assert_snapshot!(errors_with("[[audit]]\nheads = \"heads.jsonl\"\n"), @r"
    error: wrong type for `audit`
     --> lanyard.toml:6:1
      |
    6 | [[audit]]
      | ^^^^^^^^^ expected a table
    ");
}
