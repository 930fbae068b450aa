use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{
    access::{SeparationException, SeparationMode, Side, Validity},
    account::{Account, Assignment, Entitlement},
    condition::{Condition, Test},
    desired::{Desired, Presence, desired},
    example::{at, hired, named, noon, observed, policy, rule, worker},
    observed::Observed,
    policy::Policy,
    value::ObjectRef,
};

mod once;
mod sides;

const ADA: (&str, &str) = ("Ada", "Example");

fn role(policy: &mut Policy, name: &str, includes: &[&str], grants: &[&str]) {
    let templates = grants.iter().map(|it| policy.expressions.template(it).unwrap()).collect();
    let role = Role {
        line: 40,
        valid: Validity::default(),
        includes: includes.iter().map(|it| named(it)).collect(),
        accounts: BTreeSet::new(),
        grants: [(named("directory"), templates)].into(),
        owner: None,
        risk: crate::access::Risk::Low,
        description: String::new(),
    };
    policy.access.roles.insert(named(name), role);
}

/// A rule that gives `role` to whoever has it in the fact `has`.
fn given_by_fact(policy: &mut Policy, name: &str) {
    let test = Test::OneOf(vec![name.to_owned()]);
    let when = Condition { all: vec![(named("has"), test)], expr: None };
    rule(policy, &format!("gives-{name}"), when, &[], &[]);
    policy.rules.last_mut().unwrap().roles.push(named(name));
}

fn separation(policy: &mut Policy, name: &str, roles: &[&str], mode: SeparationMode) {
    policy.access.separations.push(Separation {
        name: named(name),
        line: 50,
        sides: roles.iter().map(|role| Side::Role(named(role))).collect(),
        mode,
        except: Vec::new(),
    });
}

/// Ada with an account that holds these groups.
fn holding(groups: &[&str]) -> Observed {
    let mut observed = observed(&[("ada.example", Some("1"))]);
    let there = observed.targets.get_mut("directory").unwrap();
    let group = |uid: &str| ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() };
    for name in ["ga", "gb", "gc", "gd", "shared"] {
        there.entitlements.push(Entitlement {
            reference: group(name),
            name: name.to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        });
    }
    let holder = there.accounts[0].reference.clone();
    for name in groups {
        there.assignments.push(Assignment {
            holder: holder.clone(),
            entitlement: group(name),
            relation: String::new(),
            direct: true,
        });
    }
    observed
}

fn ada(has: &[&str]) -> Account {
    let mut record = worker("1", ADA, &[]);
    let values = has.iter().map(|it| crate::value::Value::Text((*it).to_owned())).collect();
    record.attributes.push(crate::value::Attribute::new("has", values));
    record
}

fn now(policy: &Policy, has: &[&str], observed: &Observed) -> Desired {
    desired(policy, &hired(policy, vec![ada(has)]), observed, noon())
}

/// What Ada is to hold of `ga` to `gd` and `shared`.
fn held(desired: &Desired) -> BTreeSet<String> {
    let person = desired.identities.values().next().unwrap();
    assert_eq!(person.holds, Vec::<String>::new());
    let Presence::Present { content, .. } = &person.accounts["directory"].presence else {
        panic!("{person:?}")
    };
    let texts = content.grants.keys().map(|grant| grant.entitlement.clone());
    texts.filter(|it| it.starts_with('g') || it == "shared").collect()
}

fn told(desired: &Desired) -> Vec<String> {
    let person = desired.identities.values().next().unwrap();
    person.access.conflicts.iter().map(ToString::to_string).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|it| (*it).to_owned()).collect()
}

/// Roles `a` to `d`, each with a group of its own and one they share.
fn four_roles() -> Policy {
    let mut policy = policy();
    for name in ["a", "b", "c", "d"] {
        let own = format!("g{name}");
        role(&mut policy, name, &[], &[&own, "shared"]);
        given_by_fact(&mut policy, name);
    }
    policy
}

#[test]
fn a_role_gives_what_it_includes_at_any_depth_and_a_circle_ends() {
    let mut policy = policy();
    role(&mut policy, "a", &["b"], &["ga"]);
    role(&mut policy, "b", &["c"], &["gb"]);
    role(&mut policy, "c", &["a"], &["gc"]);
    given_by_fact(&mut policy, "a");
    assert_eq!(held(&now(&policy, &["a"], &holding(&[]))), set(&["ga", "gb", "gc"]));
    assert_eq!(held(&now(&policy, &[], &holding(&[]))), set(&[]));
}

#[test]
fn outside_of_its_time_neither_rule_nor_role_gives_anything() {
    let (before, after) = (at("2026-06-01T11:59:59Z"), at("2026-06-01T12:00:01Z"));
    for (from, until, gives) in [
        (None, None, true),
        (Some(noon()), Some(after), true),
        (Some(after), None, false),
        (None, Some(noon()), false),
        (Some(before), Some(noon()), false),
    ] {
        let valid = Validity { from, until };
        let expected = if gives { set(&["ga"]) } else { set(&[]) };
        for of_rule in [true, false] {
            let mut policy = policy();
            role(&mut policy, "a", &[], &["ga"]);
            given_by_fact(&mut policy, "a");
            if of_rule {
                policy.rules.last_mut().unwrap().valid = valid;
            } else {
                policy.access.roles.get_mut("a").unwrap().valid = valid;
            }
            let desired = now(&policy, &["a"], &holding(&[]));
            assert_eq!(held(&desired), expected, "{valid:?}, of a rule: {of_rule}");
        }
    }
}

#[test]
fn a_role_that_cannot_be_evaluated_holds_whoever_has_it_and_nobody_else() {
    let mut policy = policy();
    role(&mut policy, "a", &[], &["g{{ nowhere }}"]);
    given_by_fact(&mut policy, "a");
    let failing = now(&policy, &["a"], &holding(&[]));
    let person = failing.identities.values().next().unwrap();
    assert!(person.accounts.is_empty());
    insta::assert_snapshot!(person.holds.join("\n"), @"role `a` (line 40): `g{{ nowhere }}` needs `nowhere`, which is not known");
    assert_eq!(held(&now(&policy, &[], &holding(&[]))), set(&[]));
}

#[test]
fn an_exception_ends_by_itself_and_is_for_one_person() {
    for (identity, until, excepted) in [
        ("1", "2026-06-01T12:00:01Z", true),
        ("1", "2026-06-01T12:00:00Z", false),
        ("2", "2026-06-01T12:00:01Z", false),
    ] {
        let mut policy = four_roles();
        separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
        policy.access.separations[0].except.push(SeparationException {
            identity: identity.to_owned(),
            approver: "9".to_owned(),
            until: at(until),
        });
        let desired = now(&policy, &["a", "b"], &holding(&["ga"]));
        let expected = if excepted { set(&["ga", "gb", "shared"]) } else { set(&["ga", "shared"]) };
        assert_eq!(held(&desired), expected, "{identity} {until}");
    }
}

#[test]
fn what_is_held_stays_and_is_told_even_when_both_are() {
    let mut policy = four_roles();
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    let desired = now(&policy, &["a", "b"], &holding(&["ga", "gb"]));
    assert_eq!(held(&desired), set(&["ga", "gb", "shared"]));
    assert_eq!(told(&desired), ["`x` (line 50) keeps role `a` and role `b` apart"]);
}

#[test]
fn what_a_target_that_was_not_read_may_hold_keeps_the_other_away() {
    let mut policy = four_roles();
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    let templates = policy.access.roles["a"].grants[&named::<ConnectorName>("directory")].clone();
    policy.access.roles.get_mut("a").unwrap().grants = [(named("crm"), templates)].into();
    let mut unread = holding(&[]);
    unread.targets.remove("crm");
    assert_eq!(held(&now(&policy, &["b"], &unread)), set(&[]));
    assert_eq!(held(&now(&policy, &["b"], &holding(&[]))), set(&["gb", "shared"]));
}

const ROLES: [&str; 4] = ["a", "b", "c", "d"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn prevention_never_gives_what_makes_two_and_takes_nothing_that_is_held(
        rules in vec(prop::sample::subsequence(ROLES.to_vec(), 2..4), 1..4),
        has in prop::sample::subsequence(ROLES.to_vec(), 0..5),
        holds in prop::sample::subsequence(ROLES.to_vec(), 0..5),
    ) {
        let mut policy = four_roles();
        for (number, roles) in rules.iter().enumerate() {
            separation(&mut policy, &format!("x{number}"), roles, SeparationMode::Prevent);
        }
        let own: Vec<String> = holds.iter().map(|role| format!("g{role}")).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let given = held(&now(&policy, &has, &holding(&own)));
        let gives = |role: &&str| given.contains(&format!("g{role}"));
        for roles in &rules {
            let new = roles.iter().filter(|role| gives(role) && !holds.contains(role)).count();
            let old = roles.iter().filter(|role| holds.contains(role)).count();
            prop_assert!(new == 0 || new + old < 2, "{roles:?}: {given:?}");
        }
        for role in has.iter().filter(|role| holds.contains(role)) {
            prop_assert!(gives(role), "{role} was held and is wanted");
        }
        prop_assert!(ROLES.iter().filter(|role| gives(role)).all(|role| has.contains(role)));
    }

    #[test]
    fn detection_gives_everything_and_tells(
        has in prop::sample::subsequence(ROLES.to_vec(), 0..5),
        holds in prop::sample::subsequence(ROLES.to_vec(), 0..5),
    ) {
        let mut policy = four_roles();
        separation(&mut policy, "x", &["a", "b"], SeparationMode::Detect);
        let own: Vec<String> = holds.iter().map(|role| format!("g{role}")).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let desired = now(&policy, &has, &holding(&own));
        let given = held(&desired);
        let all = has.iter().all(|role| given.contains(&format!("g{role}")));
        prop_assert!(all, "{has:?}: {given:?}");
        let one = |role: &str| has.contains(&role) || holds.contains(&role);
        prop_assert_eq!(told(&desired).len(), usize::from(one("a") && one("b")));
    }

    #[test]
    fn of_what_excludes_each_other_exactly_the_first_that_applies_is_given(
        order in Just(vec!["ga", "gb", "gc"]).prop_shuffle(),
        has in prop::sample::subsequence(ROLES.to_vec(), 0..5),
        holds in select(vec![vec![], vec!["ga"], vec!["gb", "gc"]]),
    ) {
        let mut policy = four_roles();
        let of = order.iter().map(|it| (named("directory"), (*it).to_owned())).collect();
        policy.access.exclusives.push(crate::access::Exclusive { name: named("x"), of });
        let given = held(&now(&policy, &has, &holding(&holds)));
        let applies = |it: &&&str| has.iter().any(|role| format!("g{role}") == ***it);
        let expected: Vec<&&str> = order.iter().filter(applies).take(1).collect();
        let kept: Vec<&&str> = order.iter().filter(|it| given.contains(**it)).collect();
        prop_assert_eq!(kept, expected);
    }
}
