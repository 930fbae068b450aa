//! Mistakes in reviews of access.

use insta::assert_snapshot;

use super::{errors_with, with};

#[test]
#[expect(clippy::too_many_lines, reason = "the mistakes of one file")]
fn a_review_looks_at_something_and_asks_somebody_else() {
    let more = r#"
[review.nothing]
of = {}
every = "7d"
who = []
silence = "keep"
[review.own]
of = { roles = ["byer"], grants = { cmr = ["x"] }, targets = ["cmr"] }
every = "90d"
from = "soon"
who = ["self"]
silence = "revoke"
template = "please"
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: it looks at nothing
     --> lanyard.toml:8:6
      |
    8 | of = {}
      |      ^^
      |
      = hint: `of = { risk = "high" }`, or `roles`, `grants`, `targets`, `unmanaged = true`

    error: the next one opens before this one is over
     --> lanyard.toml:9:9
      |
    9 | every = "7d"
      |         ^^^^ `within` is 14d
      |
      = hint: a longer `every`, or a shorter `within`

    error: nobody is asked
      --> lanyard.toml:10:7
       |
    10 | who = []
       |       ^^
       |
       = hint: `who = ["owner", "manager"]`

    error: unknown role `byer`
      --> lanyard.toml:13:17
       |
    13 | of = { roles = ["byer"], grants = { cmr = ["x"] }, targets = ["cmr"] }
       |                 ^^^^^^ no `[role.byer]` in this file

    error: unknown target `cmr`
      --> lanyard.toml:13:37
       |
    13 | of = { roles = ["byer"], grants = { cmr = ["x"] }, targets = ["cmr"] }
       |                                     ^^^ no `[target.cmr]` in this file
       |
       = hint: did you mean `crm`?

    error: unknown target `cmr`
      --> lanyard.toml:13:63
       |
    13 | of = { roles = ["byer"], grants = { cmr = ["x"] }, targets = ["cmr"] }
       |                                                               ^^^^^ no `[target.cmr]` in this file
       |
       = hint: did you mean `crm`?

    error: `soon` is no date
      --> lanyard.toml:15:8
       |
    15 | from = "soon"
       |        ^^^^^^ needs a date like "2026-06-01" or an instant like "2026-06-01T08:00:00Z"

    error: nobody reviews their own access
      --> lanyard.toml:16:8
       |
    16 | who = ["self"]
       |        ^^^^^^
       |
       = hint: `owner`, `manager`, or the key of a record

    error: unknown message `please`
      --> lanyard.toml:18:12
       |
    18 | template = "please"
       |            ^^^^^^^^ no `[message.please]` in this file

    error: there is no way to send a mail
      --> lanyard.toml:18:12
       |
    18 | template = "please"
       |            ^^^^^^^^ people are told by mail
       |
       = hint: `[notify]` with `from` and `smtp = { host = "mail.example.org" }`
    "#);
}

#[test]
fn silence_and_times_that_would_revoke_unseen_are_refused() {
    let more = r#"
[review.untold]
of = { unmanaged = true }
every = "0s"
within = "0s"
who = ["manager"]
silence = "revoke"
[review.late]
of = { unmanaged = true }
every = "90d"
within = "7d"
who = ["manager"]
silence = "keep"
escalate = { after = "7d", to = "owner" }
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: is no time at all
     --> lanyard.toml:9:9
      |
    9 | every = "0s"
      |         ^^^^
      |
      = hint: `14d`, `90d`

    error: is no time at all
      --> lanyard.toml:10:10
       |
    10 | within = "0s"
       |          ^^^^
       |
       = hint: `14d`, `90d`

    error: silence revokes what nobody was told to look at
      --> lanyard.toml:12:11
       |
    12 | silence = "revoke"
       |           ^^^^^^^^
       |
       = hint: `template = "…"`, a `[message.…]` for those who are asked, or `silence = "keep"`

    error: their time is over before others are asked
      --> lanyard.toml:19:22
       |
    19 | escalate = { after = "7d", to = "owner" }
       |                      ^^^^ `within` is 7d
       |
       = hint: a shorter `after`, or a longer `within`

    error: `owner` is nobody to go on to
      --> lanyard.toml:19:33
       |
    19 | escalate = { after = "7d", to = "owner" }
       |                                 ^^^^^^^
       |
       = hint: `manager.manager`, or the key of a record
    "#);
}

#[test]
fn the_expanded_file_reviews_the_same() {
    let more = r#"
[review.quarterly]
of = { risk = "high", unmanaged = true }
every = "90d"
from = 2026-06-01
who = ["owner", "manager", "1001"]
silence = "keep"
"#;
    let reviews = |folder: &super::Folder| {
        let text = format!("{:?}", folder.loaded().config.policy.access.reviews);
        let parts = text.split(", ").filter(|it| !it.starts_with("line"));
        parts.collect::<Vec<_>>().join(", ")
    };
    let folder = with(more);
    assert_eq!(reviews(&folder), reviews(&folder.expanded()));
}
