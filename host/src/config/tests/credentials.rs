//! Steps about credentials: mistakes, as an operator sees them.

use insta::assert_snapshot;

use super::errors_with;

const MISTAKES: &str = r#"
[notify]
from = "lanyard@example.org"
smtp = { host = "mail.example.org" }
[notify.webhook.ops]
url = "http://ops.example.org/in"
[message.pass]
subject = "{{ login }}: {{ credential }}"
body = "{{ login }}: {{ credential }}"
[message.left]
subject = "gone"
body = "{{ credential }}"
[workflow.joiner]
on = "active"
steps = [
  { id = "a", do = "credential", targets = ["crm"], to = ["self", "webhook:ops"], template = "pass" },
  { id = "b", do = "credential", to = ["manager"], template = "pass", length = 4 },
  { id = "c", do = "credential", targets = ["crm"], to = ["manager"] },
  { id = "d", do = "notify", to = ["manager"], template = "pass" },
  { id = "e", do = "end-sessions", targets = ["nowhere"], length = 20 },
]
[workflow.leaver]
on = "departed"
steps = [
  { id = "a", do = "credential", targets = ["crm"], to = ["manager"], template = "pass" },
  { id = "b", do = "revoke-credentials" },
]
"#;

#[test]
fn a_credential_is_told_to_others_and_where_nobody_else_reads_it() {
    assert_snapshot!(errors_with(MISTAKES), @r#"
    error: a credential does not belong into a subject
      --> lanyard.toml:13:11
       |
    13 | subject = "{{ login }}: {{ credential }}"
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ subjects are shown in lists, and kept in logs
       |
       = hint: put it into the `body`

    error: `credential` is nothing that this message can read
      --> lanyard.toml:17:8
       |
    17 | body = "{{ credential }}"
       |        ^^^^^^^^^^^^^^^^^^ no step with `do = "credential"` sends it

    error: nobody is told the credential of their own account
      --> lanyard.toml:21:59
       |
    21 |   { id = "a", do = "credential", targets = ["crm"], to = ["self", "webhook:ops"], template = "pass" },
       |                                                           ^^^^^^ they could not read it without it
       |
       = hint: tell somebody who hands it over: `to = ["manager"]`

    error: a credential would be sent for everybody to read
      --> lanyard.toml:21:67
       |
    21 |   { id = "a", do = "credential", targets = ["crm"], to = ["self", "webhook:ops"], template = "pass" },
       |                                                                   ^^^^^^^^^^^^^ `[notify.webhook.ops]` has no `https` URL

    error: a step with `credential` needs one target
      --> lanyard.toml:22:3
       |
    22 |   { id = "b", do = "credential", to = ["manager"], template = "pass", length = 4 },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a password is for one account
       |
       = hint: `targets = ["directory"]`; write a step for each

    error: bad value for `length`
      --> lanyard.toml:22:80
       |
    22 |   { id = "b", do = "credential", to = ["manager"], template = "pass", length = 4 },
       |                                                                                ^ needs 12 to 64 characters

    error: a step with `credential` needs `to` and `template`
      --> lanyard.toml:23:3
       |
    23 |   { id = "c", do = "credential", targets = ["crm"], to = ["manager"] },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: the message `pass` tells a credential
      --> lanyard.toml:24:59
       |
    24 |   { id = "d", do = "notify", to = ["manager"], template = "pass" },
       |                                                           ^^^^^^ only steps with `credential` send it
       |
       = hint: write another `[message.…]`

    error: unknown target `nowhere`
      --> lanyard.toml:25:47
       |
    25 |   { id = "e", do = "end-sessions", targets = ["nowhere"], length = 20 },
       |                                               ^^^^^^^^^ no `[target.nowhere]` in this file
       |
       = hint: targets here: crm

    error: `length` does nothing in a step with `end-sessions`
      --> lanyard.toml:25:59
       |
    25 |   { id = "e", do = "end-sessions", targets = ["nowhere"], length = 20 },
       |                                                           ^^^^^^
       |
       = hint: keys of `end-sessions`: targets

    error: whoever has left gets no credential
      --> lanyard.toml:30:20
       |
    30 |   { id = "a", do = "credential", targets = ["crm"], to = ["manager"], template = "pass" },
       |                    ^^^^^^^^^^^^ the workflow begins when somebody is departed
    "#);
}

#[test]
fn a_message_that_does_not_say_the_credential_is_of_no_use() {
    let more = r#"
[notify]
from = "lanyard@example.org"
smtp = { host = "mail.example.org" }
[message.pass]
subject = "for {{ login }}"
body = { en = "{{ credential }}", de = "bitte" }
[workflow.joiner]
on = "active"
steps = [
  { id = "a", do = "credential", targets = ["crm"], to = ["manager"], template = "pass", must-change = false, length = 20 },
]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: the message does not say the credential
      --> lanyard.toml:12:40
       |
    12 | body = { en = "{{ credential }}", de = "bitte" }
       |                                        ^^^^^^^ a step with `credential` sends it, and nobody would learn it
       |
       = hint: `{{ login }}` and `{{ credential }}`
    "#);
}
