//! Steps about credentials: mistakes, as an operator sees them.

use insta::assert_snapshot;

use super::errors_with;

#[test]
fn a_credential_is_told_to_others_and_where_nobody_else_reads_it() {
    let more = r#"
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
    assert_snapshot!(errors_with(more), @"");
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
    assert_snapshot!(errors_with(more), @"");
}
