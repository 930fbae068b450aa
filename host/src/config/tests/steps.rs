//! Steps that tell, ask and remember: mistakes, as an operator sees them.

use insta::assert_snapshot;

use super::{Folder, errors_with};

#[test]
fn what_steps_name_has_to_be_there() {
    let more = r#"
[workflow.leaver]
on = "departed"
steps = [
  { id = "a", do = "notify", to = ["manager"], template = "lft" },
  { id = "b", do = "notify", to = ["webhook:opps"], template = "left" },
  { id = "c", do = "notify", to = ["manager"] },
  { id = "d", do = "notify", to = ["manger"], template = "left" },
  { id = "e", do = "ticket", to = ["mail:nobody"], template = "left" },
]
[message.left]
subject = "gone"
body = "gone"
[notify.webhook.ops]
url = "https://ops.example.org/in"
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: there is no way to send a mail
      --> lanyard.toml:10:36
       |
    10 |   { id = "a", do = "notify", to = ["manager"], template = "lft" },
       |                                    ^^^^^^^^^ people are told by mail
       |
       = hint: `[notify]` with `from` and `smtp = { host = "mail.example.org" }`

    error: unknown message `lft`
      --> lanyard.toml:10:59
       |
    10 |   { id = "a", do = "notify", to = ["manager"], template = "lft" },
       |                                                           ^^^^^ no `[message.lft]` in this file
       |
       = hint: did you mean `left`?

    error: unknown webhook `opps`
      --> lanyard.toml:11:36
       |
    11 |   { id = "b", do = "notify", to = ["webhook:opps"], template = "left" },
       |                                    ^^^^^^^^^^^^^^ no `[notify.webhook.opps]` in this file
       |
       = hint: did you mean `ops`?

    error: a step with `notify` needs `to` and `template`
      --> lanyard.toml:12:3
       |
    12 |   { id = "c", do = "notify", to = ["manager"] },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: bad value for `to`
      --> lanyard.toml:13:36
       |
    13 |   { id = "d", do = "notify", to = ["manger"], template = "left" },
       |                                    ^^^^^^^^ is no way to say somebody; did you mean `manager`?

    error: bad value for `to`
      --> lanyard.toml:14:36
       |
    14 |   { id = "e", do = "ticket", to = ["mail:nobody"], template = "left" },
       |                                    ^^^^^^^^^^^^^ is no mail address
    "#);
}

#[test]
fn steps_that_ask_and_set_have_to_make_sense() {
    let more = r#"
[workflow.leaver]
on = "departed"
steps = [
  { id = "a", do = "approve" },
  { id = "b", do = "approve", by = ["self"] },
  { id = "c", do = "approve", by = ["manager"], stages = [["manager"]] },
  { id = "d", do = "set-fact", fact = "end", value = "2026-01-01" },
  { id = "e", do = "set-fact", fact = "x" },
  { id = "f", do = "set-fact", fact = "x", value = "{{ y" },
]
[[delegation]]
from = "1001"
to = "1001"
until = "soon"
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: a step with `approve` needs either `by` or `stages`
      --> lanyard.toml:10:3
       |
    10 |   { id = "a", do = "approve" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: `by = ["manager"]`, or several in order: `stages = [["manager"], ["1001"]]`

    error: nobody decides about themselves
      --> lanyard.toml:11:36
       |
    11 |   { id = "b", do = "approve", by = ["self"] },
       |                                    ^^^^^^^^ only `self` is asked

    error: a step with `approve` needs either `by` or `stages`
      --> lanyard.toml:12:3
       |
    12 |   { id = "c", do = "approve", by = ["manager"], stages = [["manager"]] },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: `by = ["manager"]`, or several in order: `stages = [["manager"], ["1001"]]`

    error: `end` cannot be set by a step
      --> lanyard.toml:13:39
       |
    13 |   { id = "d", do = "set-fact", fact = "end", value = "2026-01-01" },
       |                                       ^^^^^ who works here is for a source to say

    error: a step with `set-fact` needs `fact` and `value`
      --> lanyard.toml:14:3
       |
    14 |   { id = "e", do = "set-fact", fact = "x" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: bad template in `value`
      --> lanyard.toml:15:56
       |
    15 |   { id = "f", do = "set-fact", fact = "x", value = "{{ y" },
       |                                                        ^ unexpected end of input, expected end of variable block

    error: somebody answers in their own place anyway
      --> lanyard.toml:19:6
       |
    19 | to = "1001"
       |      ^^^^^^ the same key as `from`

    error: bad value for `until`
      --> lanyard.toml:20:9
       |
    20 | until = "soon"
       |         ^^^^^^ needs a date or an instant
    "#);
}

#[test]
fn a_way_to_send_mails_has_to_be_whole_and_safe() {
    let more = r#"
[notify]
smtp = { host = "mail.example.org", tls = "off", user = "lanyard", password = { env = "CRM_TOKEN" } }
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `[notify]` has no `from`
     --> lanyard.toml:8:1
      |
    8 | smtp = { host = "mail.example.org", tls = "off", user = "lanyard", password = { env = *** } }
      | ^^^^ mails need an address that they come from
      |
      = hint: `from = "lanyard@example.org"`

    error: a password would be sent for everybody to read
     --> lanyard.toml:8:43
      |
    8 | smtp = { host = "mail.example.org", tls = "off", user = "lanyard", password = { env = *** } }
      |                                           ^^^^^ `tls = "off"`, and somebody signs in
      |
      = hint: `tls = "start-tls"` or `"tls"`
    "#);
    assert_snapshot!(errors_with("[notify]\nfrom = \"Lanyard\\nBcc: x\"\n"), @r#"
    error: bad value for `from`
     --> lanyard.toml:7:8
      |
    7 | from = "Lanyard\nBcc: x"
      |        ^^^^^^^^^^^^^^^^^ is no mail address
    "#);
}

#[test]
fn no_source_is_called_as_what_steps_set() {
    let folder = Folder::new("[source.lanyard]\nplugin = \"csv\"\n");
    assert_snapshot!(folder.errors(), @r"
    error: no source can be called `lanyard`
     --> lanyard.toml:1:9
      |
    1 | [source.lanyard]
      |         ^^^^^^^ facts that workflows set come from this name
      |
      = hint: give it another name
    ");
}

#[test]
fn messages_and_webhooks_are_looked_at_whole() {
    let more = r#"
[message.left]
subject = "{{ given_name"
body = { de = "weg" }
[notify.webhook.ops]
url = "ops.example.org"
[notify.webhook.safe]
url = "https://user:secret@ops.example.org"
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad template in `subject`
     --> lanyard.toml:8:15
      |
    8 | subject = "{{ given_name"
      |               ^^^^^^^^^^ unexpected end of input, expected end of variable block

    error: no text in the language `en`
     --> lanyard.toml:9:8
      |
    9 | body = { de = "weg" }
      |        ^^^^^^^^^^^^^^ whoever speaks none of these is told in the language of the file
      |
      = hint: add it, or name another `language` in `[notify]`

    error: bad value for `url`
      --> lanyard.toml:11:7
       |
    11 | url = "ops.example.org"
       |       ^^^^^^^^^^^^^^^^^ needs a URL like `https://ops.example.org/in`

    error: bad value for `url`
      --> lanyard.toml:13:7
       |
    13 | url = ***
       |       ^^^ has a user in it; name the secret as `bearer`
    "#);
}
