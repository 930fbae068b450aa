//! What goes at once, whatever movers may keep.

use jiff::SignedDuration;

use super::*;
use crate::observed::OwnedGrant;

/// Ada holds these groups by what we gave, and movers keep what they had.
fn ours(policy: &mut Policy, groups: &[&str]) -> Observed {
    policy.lifecycle.overlap = SignedDuration::from_hours(10 * 24);
    let mut observed = holding(groups);
    let assignments = observed.targets[&named::<ConnectorName>("directory")].assignments.clone();
    observed.ledger.extend(assignments.into_iter().map(|it| {
        let Assignment { holder, entitlement, relation, .. } = it;
        OwnedGrant { target: named("directory"), holder, entitlement, relation }
    }));
    observed
}

fn at_once(desired: &Desired) -> Vec<String> {
    let person = desired.identities.values().next().unwrap();
    assert!(person.at_once.targets.is_empty());
    person.at_once.grants.iter().map(|(_, entitlement)| entitlement.uid.clone()).collect()
}

#[test]
fn what_had_an_end_that_came_goes_at_once_unless_something_else_may_have_given_it() {
    let ended = Validity { from: None, until: Some(noon()) };
    let still = Validity { from: None, until: Some(at("2026-06-01T12:00:01Z")) };
    for (valid, has_it, elsewhere, goes) in [
        // It still would be theirs.
        (ended, true, None, true),
        (ended, true, Some("ga"), true),
        // They moved away from it before it ended.
        (ended, false, None, true),
        (ended, false, Some("gb"), true),
        (ended, false, Some("ga"), false),
        (ended, false, Some("g{{ letter }}"), false),
        (still, false, None, false),
    ] {
        let mut policy = policy();
        role(&mut policy, "a", &[], &["ga"]);
        policy.access.roles.get_mut(&named::<RoleName>("a")).unwrap().valid = valid;
        given_by_fact(&mut policy, "a");
        if let Some(text) = elsewhere {
            role(&mut policy, "b", &[], &[text]);
            given_by_fact(&mut policy, "b");
        }
        let observed = ours(&mut policy, &["ga"]);
        let has: &[&str] = if has_it { &["a"] } else { &[] };
        let desired = now(&policy, has, &observed);
        assert_eq!(held(&desired), set(&[]));
        let expected: &[&str] = if goes { &["ga"] } else { &[] };
        assert_eq!(at_once(&desired), expected, "{valid:?} {has_it} {elsewhere:?}");
    }
}

#[test]
fn an_account_that_had_an_end_goes_at_once_and_another_is_kept() {
    for (until, kept) in [(None, true), (Some(noon()), false)] {
        let mut policy = policy();
        policy.rules.clear();
        rule(&mut policy, "crm", Condition::default(), &["crm"], &[]);
        let only_b =
            Condition { all: vec![(named("has"), Test::OneOf(vec!["b".to_owned()]))], expr: None };
        rule(&mut policy, "directory", only_b, &["directory"], &[]);
        policy.rules.last_mut().unwrap().valid = Validity { from: None, until };
        let observed = ours(&mut policy, &[]);
        let desired = now(&policy, &["a"], &observed);
        let person = desired.identities.values().next().unwrap();
        let presence = &person.accounts[&named::<ConnectorName>("directory")].presence;
        assert_eq!(matches!(presence, Presence::Kept { .. }), kept, "{until:?}: {presence:?}");
    }
}

#[test]
fn what_something_given_excludes_goes_at_once_also_when_nothing_gives_it_any_more() {
    for has in [&["a", "b"][..], &["a"]] {
        let mut policy = four_roles();
        let of = ["ga", "gb"].iter().map(|it| (named("directory"), (*it).to_owned())).collect();
        policy.access.exclusives.push(crate::access::Exclusive { name: named("x"), of });
        let observed = ours(&mut policy, &["gb"]);
        let desired = now(&policy, has, &observed);
        assert_eq!(held(&desired), set(&["ga", "shared"]));
        assert_eq!(at_once(&desired), ["gb"]);
    }
}

#[test]
fn what_excludes_is_the_same_thing_by_its_name_and_by_its_id() {
    let mut policy = four_roles();
    let of = ["Group A", "gb"].iter().map(|it| (named("directory"), (*it).to_owned())).collect();
    policy.access.exclusives.push(crate::access::Exclusive { name: named("x"), of });
    let mut observed = holding(&[]);
    let there = observed.targets.get_mut("directory").unwrap();
    let ga = there.entitlements.iter_mut().find(|it| it.reference.uid == "ga").unwrap();
    ga.name = "Group A".to_owned();
    // Roles give it by its id.
    assert_eq!(held(&now(&policy, &["a", "b"], &observed)), set(&["ga", "shared"]));
    assert_eq!(held(&now(&policy, &["b"], &observed)), set(&["gb", "shared"]));
}
