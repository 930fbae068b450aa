//! Roles that include each other, targets that are down, grants by other
//! ways: who has one side is never given another.

use std::collections::BTreeMap;

use super::*;
use crate::{account::CoverageKind, observed::OwnedGrant};

/// Groups at a target, by the letters of their roles.
type At<'a> = BTreeMap<&'a str, BTreeSet<String>>;

/// Roles `a` to `d`, each with a group `g` at the directory and `h` at the
/// crm that no other has, and `shared` that all have.
fn wide_roles(includes: &[(&str, Vec<&str>)]) -> Policy {
    let mut policy = policy();
    for name in ROLES {
        let of = includes.iter().filter(|(role, _)| *role == name).flat_map(|(_, it)| it);
        let of: Vec<&str> = of.copied().collect();
        role(&mut policy, name, &of, &[&format!("g{name}"), "shared"]);
        let template = policy.expressions.template(&format!("h{name}")).unwrap();
        let role = policy.access.roles.get_mut(&named::<RoleName>(name)).unwrap();
        role.grants.insert(named("crm"), vec![template]);
        given_by_fact(&mut policy, name);
    }
    policy
}

/// Ada holds these; a target of `unread` was not read, one of `cut` told
/// nothing of what she holds.
fn world(holds: &At<'_>, unread: &[&str], cut: &[&str]) -> Observed {
    let mut observed = observed(&[("ada.example", Some("1"))]);
    for (target, letter) in [("directory", "g"), ("crm", "h")] {
        let there = observed.targets.get_mut(target).unwrap();
        let texts = ROLES.iter().map(|role| format!("{letter}{role}"));
        for name in texts.chain(["shared".to_owned()]) {
            let reference = ObjectRef { object_type: "group".to_owned(), uid: name.clone() };
            if holds.get(target).is_some_and(|it| it.contains(&name)) && !cut.contains(&target) {
                there.assignments.push(Assignment {
                    holder: there.accounts[0].reference.clone(),
                    entitlement: reference.clone(),
                    relation: String::new(),
                    direct: true,
                });
            }
            let description = String::new();
            there.entitlements.push(Entitlement {
                reference,
                name,
                description,
                grantable: true,
                privileged: false,
            });
        }
        if cut.contains(&target) {
            there.assignments_coverage.kind = CoverageKind::Truncated;
        }
        if unread.contains(&target) {
            observed.targets.remove(target);
        }
    }
    observed
}

/// What she is to hold, where it can be given.
fn given<'a>(desired: &Desired) -> At<'a> {
    let person = desired.identities.values().next().unwrap();
    assert_eq!(person.holds, Vec::<String>::new());
    let mut given = At::new();
    for target in ["directory", "crm"] {
        let account = person.accounts.get(&named::<ConnectorName>(target));
        if let Some(Presence::Present { content, .. }) = account.map(|it| &it.presence) {
            let texts = content.grants.keys().map(|it| it.entitlement.clone());
            given.insert(target, texts.collect());
        }
    }
    given
}

/// The roles with those they include.
fn closed<'a>(has: &[&'a str], includes: &[(&'a str, Vec<&'a str>)]) -> BTreeSet<&'a str> {
    let mut all: BTreeSet<&str> = has.iter().copied().collect();
    for _ in ROLES {
        let more = includes.iter().filter(|(role, _)| all.contains(role)).flat_map(|(_, it)| it);
        let more: Vec<&str> = more.copied().collect();
        all.extend(more);
    }
    all
}

fn marks(role: &str, of: &At<'_>) -> bool {
    let here = |target: &str, text: String| of.get(target).is_some_and(|it| it.contains(&text));
    here("directory", format!("g{role}")) || here("crm", format!("h{role}"))
}

fn groups(letter: &str, roles: &[&str]) -> BTreeSet<String> {
    roles.iter().map(|role| format!("{letter}{role}")).collect()
}

fn some_roles() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(ROLES.to_vec(), 0..4)
}

/// No role includes itself, by however many others: no file says so.
fn including() -> impl Strategy<Value = Vec<(&'static str, Vec<&'static str>)>> {
    vec((select(ROLES.to_vec()), some_roles()), 0..3).prop_map(|mut includes| {
        for (role, included) in &mut includes {
            included.retain(|it| it > role);
        }
        includes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nobody_comes_to_hold_two_sides_whatever_roles_include_and_whatever_is_down(
        includes in including(),
        rules in vec(prop::sample::subsequence(ROLES.to_vec(), 2..4), 1..3),
        has in some_roles(),
        (at_directory, at_crm) in (some_roles(), some_roles()),
        unread in prop::sample::subsequence(vec!["directory", "crm"], 0..2),
        cut in prop::sample::subsequence(vec!["directory", "crm"], 0..2),
        open in any::<bool>(),
    ) {
        let mut policy = wide_roles(&includes);
        for (number, roles) in rules.iter().enumerate() {
            separation(&mut policy, &format!("x{number}"), roles, SeparationMode::Prevent);
        }
        let holds: At<'_> =
            [("directory", groups("g", &at_directory)), ("crm", groups("h", &at_crm))].into();
        let mut observed = world(&holds, &unread, &cut);
        if !open {
            observed.links.iter_mut().for_each(|link| link.disabled_since = Some(noon()));
        }
        let given = given(&now(&policy, &has, &observed));
        let mut after = holds.clone();
        for (target, texts) in &given {
            after.entry(target).or_default().extend(texts.clone());
        }
        for sides in &rules {
            let before = sides.iter().filter(|role| marks(role, &holds)).count();
            let now = sides.iter().filter(|role| marks(role, &after)).count();
            prop_assert!(now < 2 || now == before, "{sides:?}: {holds:?} becomes {after:?}");
        }
        for role in closed(&has, &includes) {
            for (target, text) in [("directory", format!("g{role}")), ("crm", format!("h{role}"))] {
                let seen = !unread.contains(&target) && !cut.contains(&target);
                if seen && holds[target].contains(&text) {
                    prop_assert!(given[target].contains(&text), "{text} was held and is wanted");
                }
            }
        }
    }

    #[test]
    fn nothing_is_refused_to_whom_neither_has_nor_is_given_two_sides(
        includes in including(),
        rules in vec(prop::sample::subsequence(ROLES.to_vec(), 2..4), 1..3),
        has in some_roles(),
        (at_directory, at_crm) in (some_roles(), some_roles()),
    ) {
        let mut policy = wide_roles(&includes);
        let mut holds: At<'_> =
            [("directory", groups("g", &at_directory)), ("crm", groups("h", &at_crm))].into();
        holds.get_mut("directory").unwrap().insert("shared".to_owned());
        let all = closed(&has, &includes);
        let sides_of = |sides: &[&str]| {
            sides.iter().filter(|role| all.contains(**role) || marks(role, &holds)).count()
        };
        for (number, roles) in rules.iter().filter(|sides| sides_of(sides) < 2).enumerate() {
            separation(&mut policy, &format!("x{number}"), roles, SeparationMode::Prevent);
        }
        let given = given(&now(&policy, &has, &world(&holds, &[], &[])));
        for role in all {
            prop_assert!(given["directory"].contains(&format!("g{role}")), "{role}: {given:?}");
            prop_assert!(given["crm"].contains(&format!("h{role}")), "{role}: {given:?}");
        }
    }
}

#[test]
fn what_a_rule_gives_by_itself_counts_as_the_role_it_is_the_whole_of() {
    let mut policy = four_roles();
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    rule(&mut policy, "direct", Condition::default(), &[], &[("directory", "gb")]);
    let desired = now(&policy, &[], &holding(&["ga"]));
    assert_eq!(held(&desired), set(&[]));
    assert_eq!(told(&desired), ["`x` (line 50): role `b` is not given while they hold role `a`"]);
    assert_eq!(held(&now(&policy, &[], &holding(&[]))), set(&["gb"]));
}

#[test]
fn a_role_of_which_they_hold_a_part_keeps_it_and_is_given_no_more() {
    let mut policy = four_roles();
    role(&mut policy, "b", &[], &["gb", "gd"]);
    policy.access.roles.remove(&named::<RoleName>("d"));
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    let desired = now(&policy, &["a", "b"], &holding(&["ga", "gb", "shared"]));
    assert_eq!(held(&desired), set(&["ga", "gb", "shared"]));
    assert_eq!(
        told(&desired),
        ["`x` (line 50) keeps role `a` and role `b` apart; nothing more of them is given"]
    );
    let person = desired.identities.values().next().unwrap();
    let roles: Vec<&str> = person.access.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(roles, ["a", "b"]);
}

#[test]
fn an_account_that_only_a_refused_role_gives_stays_when_it_is_there() {
    for (open, unwanted, stays) in
        [(true, false, true), (true, true, true), (false, false, true), (false, true, false)]
    {
        let mut policy = policy();
        policy.rules.clear();
        for name in ["a", "b"] {
            role(&mut policy, name, &[], &[&format!("g{name}")]);
            let role = policy.access.roles.get_mut(&named::<RoleName>(name)).unwrap();
            role.accounts = [named("directory")].into();
            given_by_fact(&mut policy, name);
        }
        separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
        let mut observed = holding(&["ga"]);
        for link in &mut observed.links {
            link.disabled_since = (!open).then(noon);
            link.unwanted_since = unwanted.then(noon);
        }
        let desired = now(&policy, &["b"], &observed);
        let person = desired.identities.values().next().unwrap();
        let presence = &person.accounts[&named::<ConnectorName>("directory")].presence;
        assert_eq!(matches!(presence, Presence::Present { .. }), stays, "{open} {unwanted}");
        assert_eq!(told(&desired).len(), 1);
    }
}

#[test]
fn what_a_role_gave_by_facts_of_before_is_still_of_the_role_while_it_is_there() {
    let mut policy = policy();
    role(&mut policy, "a", &[], &["g{{ letter }}"]);
    role(&mut policy, "b", &[], &["shared"]);
    given_by_fact(&mut policy, "b");
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    let mut observed = holding(&["ga"]);
    let there = &observed.targets[&named::<ConnectorName>("directory")].assignments[0];
    let (holder, entitlement) = (there.holder.clone(), there.entitlement.clone());
    // Whoever has it by somebody else's hand does not have the role by it.
    assert_eq!(held(&now(&policy, &["b"], &observed)), set(&["shared"]));
    let (target, relation) = (named("directory"), String::new());
    observed.ledger.insert(OwnedGrant { target, holder, entitlement, relation });
    let desired = now(&policy, &["b"], &observed);
    assert_eq!(held(&desired), set(&[]));
    assert_eq!(told(&desired), ["`x` (line 50): role `b` is not given while they hold role `a`"]);
}

#[test]
fn whoever_is_given_all_of_a_role_by_others_is_kept_from_the_other_side() {
    let mut policy = policy();
    for (name, group) in [("a", "ga"), ("b", "gb"), ("c", "ga")] {
        role(&mut policy, name, &[], &[group]);
        given_by_fact(&mut policy, name);
    }
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    let given = |has: &[&str]| held(&now(&policy, has, &holding(&[])));
    // Role `c` gives whatever role `a` does.
    assert_eq!(given(&["b", "c"]), set(&[]));
    assert_eq!(given(&["b"]), set(&["gb"]));
    assert_eq!(given(&["c"]), set(&["ga"]));
}

#[test]
fn what_was_not_read_wholly_may_be_held_also_where_nobody_knows_what_is_meant() {
    let mut policy = policy();
    role(&mut policy, "a", &[], &["g-unknown"]);
    role(&mut policy, "b", &[], &["gb"]);
    given_by_fact(&mut policy, "b");
    separation(&mut policy, "x", &["a", "b"], SeparationMode::Prevent);
    let mut observed = holding(&[]);
    assert_eq!(held(&now(&policy, &["b"], &observed)), set(&["gb"]));
    let there = observed.targets.get_mut("directory").unwrap();
    there.assignments_coverage.kind = CoverageKind::Truncated;
    let desired = now(&policy, &["b"], &observed);
    assert_eq!(held(&desired), set(&[]));
    assert_eq!(told(&desired).len(), 1);
}
