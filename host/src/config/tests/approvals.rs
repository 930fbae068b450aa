//! Mistakes in which plans need the agreement of people.

use insta::assert_snapshot;

use super::{errors_with, with};

#[test]
fn nothing_that_takes_access_away_can_wait_for_people() {
    let more = r#"
[approval.leavers]
when = { removals = 10, disables = 1, releases = ["mass-removals", "last-of"] }
stages = [["1001"]]
[approval.nothing]
when = {}
stages = [["1001"]]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `removals` cannot wait for an agreement
     --> lanyard.toml:8:10
      |
    8 | when = { removals = 10, disables = 1, releases = ["mass-removals", "last-of"] }
      |          ^^^^^^^^ losing access never waits for people: a leaver would stay open
      |
      = hint: `[limits]` holds back what is too much, and `releases = ["mass-removal"]` asks others before it is released

    error: `disables` cannot wait for an agreement
     --> lanyard.toml:8:25
      |
    8 | when = { removals = 10, disables = 1, releases = ["mass-removals", "last-of"] }
      |                         ^^^^^^^^ losing access never waits for people: a leaver would stay open
      |
      = hint: `[limits]` holds back what is too much, and `releases = ["mass-removal"]` asks others before it is released

    error: `mass-removals` is no finding that can be released
     --> lanyard.toml:8:51
      |
    8 | when = { removals = 10, disables = 1, releases = ["mass-removals", "last-of"] }
      |                                                   ^^^^^^^^^^^^^^^
      |
      = hint: did you mean `mass-removal`?

    error: `last-of` is no finding that can be released
     --> lanyard.toml:8:68
      |
    8 | when = { removals = 10, disables = 1, releases = ["mass-removals", "last-of"] }
      |                                                                    ^^^^^^^^^
      |
      = hint: findings that can be released: mass-removal, mass-enable, mass-eject, mass-erase, clock-jump, source-shrank, target-shrank, mass-disable, mass-create, mass-privileged, mass-password

    error: it asks about nothing
      --> lanyard.toml:11:8
       |
    11 | when = {}
       |        ^^
       |
       = hint: `when = { releases = ["mass-removal"] }`, or `privileged = true`, `grants = 20`
    "#);
}

#[test]
fn a_plan_has_no_manager_and_its_message_reads_no_facts() {
    let more = r#"
[approval.all]
when = { everything = true }
stages = [["manager"], ["owner", "self"]]
escalate = { after = "1d", to = "manager.manager" }
template = "please"
[message.please]
subject = "{{ reason }}"
body = "{{ given_name }} {{ approval }}"
[notify]
from = "lanyard@example.org"
smtp = { host = "mail.example.org" }
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `manager` is nobody here
     --> lanyard.toml:9:12
      |
    9 | stages = [["manager"], ["owner", "self"]]
      |            ^^^^^^^^^ it is about a whole plan, and not about one person
      |
      = hint: name people by the keys of their records

    error: `owner` is nobody here
     --> lanyard.toml:9:25
      |
    9 | stages = [["manager"], ["owner", "self"]]
      |                         ^^^^^^^ it is about a whole plan, and not about one person
      |
      = hint: name people by the keys of their records

    error: `self` is nobody here
     --> lanyard.toml:9:34
      |
    9 | stages = [["manager"], ["owner", "self"]]
      |                                  ^^^^^^ it is about a whole plan, and not about one person
      |
      = hint: name people by the keys of their records

    error: `manager.manager` is nobody here
      --> lanyard.toml:10:33
       |
    10 | escalate = { after = "1d", to = "manager.manager" }
       |                                 ^^^^^^^^^^^^^^^^^ it is about a whole plan, and not about one person
       |
       = hint: name people by the keys of their records

    error: message `please` reads `given_name`
      --> lanyard.toml:11:12
       |
    11 | template = "please"
       |            ^^^^^^^^ it is about no one person, so that there are no facts to read
       |
       = hint: what it can read: approval, reason, requested, requester, until, workflow, step, conflict
    "#);
}

#[test]
fn whoever_alone_is_asked_is_asked_once_and_others_in_time() {
    let more = r#"
[approval.all]
when = { everything = true }
stages = [["1002"], ["1003", "1004"], ["1002", "1002"]]
escalate = { after = "5d", to = "1005" }
[workflow.badge]
on = "demand"
steps = [
  { id = "ok", do = "approve", by = ["manager"], expire = "2d", escalate = { after = "3d", to = "1005" } },
]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: nobody agrees in two stages
     --> lanyard.toml:9:39
      |
    9 | stages = [["1002"], ["1003", "1004"], ["1002", "1002"]]
      |                                       ^^^^^^^^^^^^^^^^ only `1002` is asked, who alone is asked in a stage before
      |
      = hint: name somebody else, or take one of the stages out

    error: it is too late to ask others then
      --> lanyard.toml:10:22
       |
    10 | escalate = { after = "5d", to = "1005" }
       |                      ^^^^ no answer is a no by that time
       |
       = hint: `after` has to be shorter than `expire` (5d, if it is not written)

    error: it is too late to ask others then
      --> lanyard.toml:14:86
       |
    14 |   { id = "ok", do = "approve", by = ["manager"], expire = "2d", escalate = { after = "3d", to = "1005" } },
       |                                                                                      ^^^^ no answer is a no by that time
       |
       = hint: `after` has to be shorter than `expire` (5d, if it is not written)
    "#);
}

#[test]
fn the_expanded_file_asks_for_the_same_agreement() {
    let more = r#"
[approval.many]
when = { privileged = true, grants = 20, releases = ["mass-create"] }
stages = [["1001"], ["1002", "1003"]]
"#;
    let rules =
        |folder: &super::Folder| format!("{:?}", folder.loaded().config.policy.access.approvals);
    let folder = with(more);
    let lines =
        |text: String| text.split(", ").filter(|it| !it.starts_with("line")).collect::<String>();
    assert_eq!(lines(rules(&folder)), lines(rules(&folder.expanded())));
}
