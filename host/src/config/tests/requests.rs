//! Mistakes in what people may ask for.

use insta::assert_snapshot;

use super::{errors_with, with};

#[test]
fn what_says_something_of_requests_that_nobody_can_make_does_nothing() {
    let more = r#"
[role.buyer]
longest = "90d"
approval = { stages = [["manager"]] }
"#;
    assert_snapshot!(errors_with(more), @"");
}

#[test]
fn who_has_to_agree_has_to_be_somebody() {
    let more = r#"
[request.approval]
high = { stages = [] }
low = { stages = [["self"]], template = "please" }
[role.buyer]
requestable = true
approval = { stages = [["owner"]] }
[role.seller]
requestable = true
longest = "long"
approval = { stages = [["manger"]], expire = 5 }
"#;
    assert_snapshot!(errors_with(more), @"");
}

#[test]
fn a_step_asks_for_what_can_be_asked_for_and_no_longer() {
    let more = r#"
[role.buyer]
requestable = true
longest = "30d"
[role.seller]
[workflow.joiner]
on = "active"
steps = [
  { id = "a", do = "request", role = "buyer" },
  { id = "b", do = "request", role = "seller", until = "10d" },
  { id = "c", do = "request", role = "buyr", until = "10d" },
  { id = "d", do = "request", entitlement = "crm/x" },
  { id = "e", do = "request", role = "buyer", until = "31d", template = "x" },
  { id = "f", do = "end-requests", roles = ["byer"], targets = ["cmr"], role = "buyer" },
]
"#;
    assert_snapshot!(errors_with(more), @"");
}

#[test]
fn the_expanded_file_asks_on_the_same_terms() {
    let more = r#"
[role.buyer]
owner = "1002"
risk = "high"
requestable = true
longest = "90d"
[request.approval]
high = { stages = [["manager"], ["owner"]], escalate = { after = "1d", to = "manager.manager" } }
"#;
    let terms = |folder: &super::Folder| {
        let access = folder.loaded().config.policy.access;
        let terms = access.requestable.into_iter().map(|(side, terms)| {
            let approval = terms.approval.map(|it| (it.stages, it.expire, it.escalate));
            format!("{side}: {:?} {approval:?}", terms.longest)
        });
        terms.collect::<Vec<_>>().join("\n")
    };
    let folder = with(more);
    assert_eq!(terms(&folder), terms(&folder.expanded()));
    assert_snapshot!(terms(&folder), @"");
}
