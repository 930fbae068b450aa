//! Why not: each reason as it is.

use super::*;
use crate::request::{Ended, Request, RequestEnd, RequestedBy};

fn first(text: &str) -> &str {
    text.lines().next().expect("a line")
}

#[test]
fn a_time_that_is_over_or_still_to_come_is_told_as_that() {
    let firm = |from: Option<&str>, until: Option<&str>| {
        let mut policy = policy();
        let sales = policy.rules.iter_mut().find(|it| it.name.as_str() == "sales");
        sales.expect("is there").valid = Validity { from: from.map(at), until: until.map(at) };
        firm(policy, vec![worker("1", ADA, &[])], observed(&[]))
    };
    let over = firm(Some("2026-01-01T00:00:00Z"), Some("2026-05-01T00:00:00Z"));
    assert_snapshot!(first(&over.account("1", "crm")), @"Ada Example has no account at crm: rule `sales` (line 11) does not give it: was valid until 2026-05-01T00:00:00Z");
    let to_come = firm(Some("2026-07-01T00:00:00Z"), Some("2026-09-01T00:00:00Z"));
    assert_snapshot!(first(&to_come.account("1", "crm")), @"Ada Example has no account at crm: rule `sales` (line 11) does not give it: is not valid before 2026-07-01T00:00:00Z");
}

#[test]
fn what_was_asked_for_and_denied_is_told_with_who_said_no() {
    let mut observed = with_groups(&["sellers", "vips"], &[]);
    let request = Request {
        id: "r1".to_owned(),
        identity: id("1"),
        access: Side::Entitlement { target: named("crm"), entitlement: "vips".to_owned() },
        from: None,
        until: None,
        reason: String::new(),
        by: RequestedBy::Person {
            user: "bob".to_owned(),
            identity: None,
            label: "Bob Example".to_owned(),
        },
        at: at("2026-05-01T00:00:00Z"),
        start: None,
        answer_by: None,
        asked: None,
        agreed: Vec::new(),
        given: None,
        ended: Some(Ended {
            at: at("2026-05-02T00:00:00Z"),
            how: RequestEnd::Denied { by: "Grace Example".to_owned() },
        }),
    };
    observed.kept.requests.insert(id("1"), vec![request]);
    let firm = firm(policy(), vec![worker("1", ADA, &[])], observed);
    assert_snapshot!(first(&firm.entitlement("1", "crm", "vips")), @"Ada Example does not hold `vips` at crm: request r1 for it ended 2026-05-02T00:00:00Z: denied by Grace Example");
}
