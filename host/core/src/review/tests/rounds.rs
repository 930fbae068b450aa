//! Who is asked and told, what silence says, and when what was said is over.

use super::*;
use crate::{
    account::{Assignment, Entitlement},
    desired::desired,
    example::{hired, named, noon, observed, worker},
    identity::Assembled,
    observed::Observed,
    plan::Plan,
    policy::{Message, Policy},
    workflow::Question,
};

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

/// Every ninety days Ben is asked, and has five days to answer.
fn policy(of: Reviewed) -> Policy {
    let mut policy = crate::example::policy();
    policy.steps.actors.insert("ben".to_owned(), "2".to_owned());
    policy.access.reviews.push(ReviewPolicy {
        name: named("quarterly"),
        line: 40,
        of,
        every: days(90),
        from: None,
        who: vec![Reviewer::Whom(Whom::Key("2".to_owned()))],
        within: days(5),
        silence: Silence::Revoke,
        escalate: None,
        template: None,
    });
    policy
}

fn of_crm() -> Reviewed {
    Reviewed { targets: BTreeSet::from([named("crm")]), ..Reviewed::default() }
}

fn everybody(policy: &Policy) -> Assembled {
    let ada = worker("1", ("Ada", "Example"), &[]);
    let ben = worker("2", ("Ben", "Beispiel"), &[("mail", "ben@x.example")]);
    hired(policy, vec![ada, ben])
}

/// Both have their accounts, and Ada holds these groups of the CRM.
fn holding(groups: &[&str]) -> Observed {
    let mut observed = observed(&[("ada.example", Some("1")), ("ben.beispiel", Some("2"))]);
    let there = observed.targets.get_mut("crm").unwrap();
    let ada = ObjectRef { object_type: "user".to_owned(), uid: "u-ada.example".to_owned() };
    for group in groups {
        let group = (*group).to_owned();
        let reference = ObjectRef { object_type: "group".to_owned(), uid: group.clone() };
        there.entitlements.push(Entitlement {
            reference: reference.clone(),
            name: group,
            description: String::new(),
            grantable: true,
            privileged: false,
        });
        there.assignments.push(Assignment {
            holder: ada.clone(),
            entitlement: reference,
            relation: String::new(),
            direct: true,
        });
    }
    observed
}

/// Ben is asked whether Ada still needs `g1`, and nobody has told him.
fn open() -> Review {
    let mut open = review("quarterly", "", decision(2, None, false));
    open.silence = Silence::Revoke;
    let question = Question {
        stages: vec![[id("2")].into()],
        expire: days(5),
        escalate: None,
        reason: String::new(),
    };
    let item = &mut open.items[0];
    item.identity = id("1");
    item.decision = None;
    item.asked = Some(question.asked(open.opened));
    item.since = Some(open.opened);
    open
}

fn plan_of(policy: &Policy, observed: &Observed) -> Plan {
    let assembled = everybody(policy);
    let desired = desired(policy, &assembled, observed, noon());
    let mut plan = Plan::default();
    planned(policy, (&assembled, &desired, observed), &mut plan, noon());
    plan
}

fn labels(review: &Review) -> Vec<&str> {
    review.items.iter().map(|it| it.label.as_str()).collect()
}

#[test]
fn a_review_of_what_is_risky_asks_about_what_is_privileged_and_nothing_else() {
    let mut policy = policy(Reviewed { risk: Some(Risk::High), ..Reviewed::default() });
    let crm = policy.targets.get_mut("crm").unwrap();
    crm.access.privileged.insert("admins".to_owned());
    let plan = plan_of(&policy, &holding(&["admins", "readers"]));
    let items = plan.reviews.iter().flat_map(|it| &it.items);
    let asked: Vec<&str> = items.map(|it| it.label.as_str()).collect();
    assert_eq!(asked, ["admins"]);
}

#[test]
fn every_grant_that_a_plan_asks_about_is_in_the_review_once() {
    let plan = plan_of(&policy(of_crm()), &holding(&["g1", "g2"]));
    let opens = &plan.reviews[0];
    let opened = Review::as_planned(None, opens, (0, noon())).unwrap();
    assert_eq!(labels(&opened), ["g1", "g2"]);
    assert!(opened.items.iter().all(|it| it.asked.is_some()));
    // The same people are asked anew.
    let again = PlannedReview { opens: false, ..opens.clone() };
    let asked = Review::as_planned(Some(&opened), &again, (0, noon())).unwrap();
    assert_eq!(labels(&asked), ["g1", "g2"]);
}

#[test]
fn whoever_is_asked_and_was_not_told_so_is_told_once() {
    let mut policy = policy(of_crm());
    let mut text = |source: &str| {
        BTreeMap::from([("en".to_owned(), policy.expressions.template(source).unwrap())])
    };
    let message = Message { subject: text("Look"), body: text("At {{ requested }}") };
    policy.steps.messages.insert(named("look"), message);
    policy.steps.language = "en".to_owned();
    policy.access.reviews[0].template = Some(named("look"));
    let mut observed = holding(&["g1"]);
    observed.kept.reviews = vec![open()];
    let plan = plan_of(&policy, &observed);
    let letters = plan.reviews.iter().flat_map(|it| &it.letters);
    let told: Vec<(IdentityId, &[String])> =
        letters.map(|it| (it.to, it.items.as_slice())).collect();
    let item = observed.kept.reviews[0].items[0].id.clone();
    assert_eq!(told, [(id("2"), [item].as_slice())]);
    observed.kept.reviews[0].items[0].told.insert(id("2"));
    assert!(plan_of(&policy, &observed).reviews.is_empty());
}

#[test]
fn the_silence_of_whoever_was_told_revokes_and_of_whoever_was_not_decides_nothing() {
    let policy = policy(of_crm());
    let assembled = everybody(&policy);
    let late = noon() + days(10);
    let mut observed = holding(&["g1"]);
    observed.kept.reviews = vec![open()];
    assert!(due(&policy, &assembled, &observed, late).is_empty());
    observed.kept.reviews[0].items[0].told.insert(id("2"));
    assert!(due(&policy, &assembled, &observed, noon()).is_empty());
    let silent = due(&policy, &assembled, &observed, late);
    assert_eq!(taken(&silent), 1);
}

#[test]
fn what_was_revoked_is_over_once_it_is_gone_and_not_before() {
    let policy = policy(of_crm());
    let assembled = everybody(&policy);
    let over = |groups: &[&str]| -> Vec<OverBy> {
        let mut observed = holding(groups);
        let revoked = decision(2, Some("Ben Beispiel"), true);
        let mut review = review("quarterly", "", revoked);
        review.items[0].identity = id("1");
        observed.kept.reviews = vec![review];
        let desired = desired(&policy, &assembled, &observed, noon());
        let all = (&assembled, &desired, &observed);
        let outcome = outcome(&policy, all, &BTreeSet::new(), noon());
        let decisions = outcome.reviews.iter().flat_map(|it| &it.items);
        let decisions = decisions.filter_map(|it| it.decision.as_ref());
        decisions.filter_map(|it| it.over).map(|it| it.how).collect()
    };
    assert_eq!(over(&[]), [OverBy::Gone]);
    assert!(over(&["g1"]).is_empty());
}

#[test]
fn who_was_merged_is_reviewed_as_whom_they_are_by_now() {
    let policy = policy(of_crm());
    let mut observed = holding(&["g1"]);
    let mut before = open();
    before.items[0].identity = id("9");
    observed.kept.reviews = vec![before];
    observed.kept.merged.insert(id("9"), id("1"));
    let by_now = heard(&policy, &everybody(&policy), &observed, noon());
    assert_eq!(by_now[0].items[0].identity, id("1"));
}

#[test]
fn an_answer_is_numbered_after_all_there_were_also_those_that_were_changed() {
    assert_eq!(answers(&[]), 0);
    let first = review("first", "", decision(2, Some("Ben Beispiel"), true));
    let mut second = review("second", "", decision(3, Some("Ben Beispiel"), false));
    assert_eq!(answers(&[first.clone(), second.clone()]), 3);
    second.items[0].before.push(decision(7, Some("Ben Beispiel"), true));
    assert_eq!(answers(&[second, first]), 7);
}
