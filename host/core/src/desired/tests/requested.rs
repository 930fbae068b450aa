//! What people asked for, and what reviews took.

use super::*;
use crate::{
    access::Side,
    request::{Request, RequestedBy, Terms},
    review::Revoked,
    value::Attribute,
};

#[test]
fn what_was_asked_for_waits_for_an_account_where_there_is_none_and_nowhere_else() {
    let access = Side::Entitlement { target: named("crm"), entitlement: "vips".to_owned() };
    let mut policy = policy();
    let terms = Terms { line: 60, longest: None, approval: None };
    policy.access.requestable.insert(access.clone(), terms);
    let mut observed = observed(&[]);
    let request = Request {
        id: "r1".to_owned(),
        identity: id("1"),
        access,
        from: None,
        until: None,
        reason: String::new(),
        by: RequestedBy::Person {
            user: "ben".to_owned(),
            identity: None,
            label: "Ben Beispiel".to_owned(),
        },
        at: at("2026-05-01T00:00:00Z"),
        start: None,
        answer_by: None,
        asked: None,
        agreed: Vec::new(),
        given: Some(at("2026-05-01T00:00:00Z")),
        ended: None,
    };
    observed.kept.requests.insert(id("1"), vec![request]);
    let waits = |department: &str| {
        let ada = worker("1", ADA, &[("department", department)]);
        let requests = of(&now(&policy, vec![ada], &observed), "1").access.requests;
        requests.open[0].waits.clone()
    };
    assert_eq!(waits("Sales"), None);
    assert_eq!(waits("Ops").as_deref(), Some("there is no account at crm to hold it"));
}

#[test]
fn a_review_is_told_as_the_cause_of_what_it_took_and_of_nothing_beside_it() {
    let group = |uid: &str| ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() };
    let cause = Cause::Review {
        review: named("yearly"),
        item: "i1".to_owned(),
        about: "Ben Beispiel: no longer needed".to_owned(),
    };
    let revoked =
        Revoked { label: "vips".to_owned(), cause: cause.clone(), requests: BTreeSet::new() };
    let key = (named("crm"), group("vips"), String::new());
    let reviewed =
        ReviewedNow { excluded: BTreeMap::from([(key, revoked)]), ..ReviewedNow::default() };
    assert_eq!(reviewed.cause(&named("crm"), &group("vips"), ""), Some(&cause));
    assert_eq!(reviewed.cause(&named("crm"), &group("sellers"), ""), None);
    assert_eq!(reviewed.cause(&named("directory"), &group("vips"), ""), None);
}

#[test]
fn all_of_several_values_are_written_where_the_attribute_takes_several() {
    let mut ada = worker("1", ADA, &[]);
    let mails = ["ada@example.org", "a.example@example.org"].map(|it| Value::Text(it.to_owned()));
    ada.attributes.push(Attribute::new("mail", mails.to_vec()));
    let desired = now(&policy(), vec![ada], &observed(&[]));
    assert_eq!(content(&desired, "1", "directory").attributes["mail"], mails);
}
