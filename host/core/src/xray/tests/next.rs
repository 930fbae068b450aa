//! What a first look advises, and what of it may be wrong.

use std::collections::BTreeMap;

use super::*;

/// Ada, who has left, Ben, who works here, and an account that is surely
/// theirs each.
fn two_sure(policy: &mut Policy) -> (Assembled, Observed) {
    by_number(policy);
    let ada = worker("1", ADA, &[("phone", "+1"), ("status", "Former employee")]);
    let people = vec![ada, worker("2", BEN, &[("phone", "+2")])];
    let mut observed = empty();
    account(&mut observed, "a1", &[("phone", "+1")]);
    account(&mut observed, "b1", &[("phone", "+2")]);
    (hired(policy, people), observed)
}

fn adopted_next(found: &Xray) -> Vec<&str> {
    let accounts = found.targets.iter().flat_map(|it| &it.accounts);
    accounts.filter(|it| it.adopted_next).map(|it| it.name.as_str()).collect()
}

#[test]
fn what_is_sure_is_adopted_only_where_a_rule_gives_it_or_its_owner_has_left() {
    let mut policy = silent();
    let (assembled, observed) = two_sure(&mut policy);
    let found = look(&policy, &assembled, observed);
    assert_eq!(found.targets[0].of(Class::Sure).count(), 2);
    assert_eq!(adopted_next(&found), ["a1"]);
    assert!(found.render().contains("write rules that give accounts at directory: 1 account"));

    let mut policy = crate::example::policy();
    let left = ("former employee".to_owned(), LifecycleState::Departed);
    policy.lifecycle.status.extend([left]);
    let (assembled, observed) = two_sure(&mut policy);
    let found = look(&policy, &assembled, observed.clone());
    assert_eq!(adopted_next(&found), ["a1", "b1"]);
    assert!(!found.render().contains("write rules"));
    // A plan of the same adopts no other.
    let mut planned = observed;
    desired_adopting(&policy, &assembled, &mut planned, noon());
    let adopts: Vec<&str> = planned.adopting.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(adopts, ["b1"]);
}

#[test]
fn without_rules_adopting_is_not_the_next_step() {
    let mut policy = silent();
    by_number(&mut policy);
    let assembled = hired(&policy, vec![worker("2", BEN, &[("phone", "+2")])]);
    let mut observed = empty();
    account(&mut observed, "b1", &[("phone", "+2")]);
    let text = look(&policy, &assembled, observed).render();
    assert!(text.contains("sure (1)") && !text.contains("lanyard account adopt"), "{text}");
}

#[test]
fn names_and_logins_are_never_suggested_as_sure() {
    let policy = silent();
    let assembled = hired(&policy, vec![worker("1", ADA, &[("cn", "Ada Example")])]);
    let mut observed = empty();
    let there = observed.targets.get_mut("directory").unwrap();
    let user = there.schema.objects.iter_mut().find(|it| it.object_type == "user").unwrap();
    let mut def = user.attributes[0].clone();
    (def.name, def.scim_path) = ("displayName".to_owned(), None);
    user.attributes.push(def);
    account(&mut observed, "x", &[("displayName", "Ada Example")]);
    let found = look(&policy, &assembled, observed);
    assert_eq!(lines(&found), ["x ask; Ada Example by attribute displayName"]);
    assert!(!found.render().contains("match = "), "{}", found.render());
}

#[test]
fn a_line_break_in_an_id_makes_no_line_of_its_own() {
    let policy = silent();
    let mut observed = empty();
    let forged = account(&mut observed, "ada.example", &[]);
    forged.reference.uid = "x' y\n  sure (1): \\forged\u{202e}".to_owned();
    let text = look(&policy, &hired(&policy, vec![worker("1", ADA, &[])]), observed).render();
    let uid = r"$'x\047 y\012  sure \0501\051\072 \134forged\342\200\256'";
    let line = text.lines().find(|it| it.contains("account adopt")).unwrap();
    assert!(line.contains(uid), "{line}");
    assert!(!text.lines().any(|it| it.trim_start().starts_with("sure (1)")), "{text}");
}

#[test]
fn who_is_held_and_has_left_stands_out_and_who_is_unclear_is_told() {
    let policy = silent();
    let left = worker("1", ADA, &[("status", "Former employee")]);
    let unknown = worker("2", BEN, &[("status", "Gone fishing")]);
    let mut assembled = hired(&policy, vec![left, unknown]);
    let hold = crate::fact::Hold { fact: None, text: "two records say so".to_owned() };
    assembled.holds.entry(id("1")).or_default().push(hold);
    let mut observed = empty();
    account(&mut observed, "ada.example", &[]);
    account(&mut observed, "ben.example", &[]);
    let found = look(&policy, &assembled, observed);
    assert_eq!(flagged(&found), ["ada.example"]);
    assert_eq!(found.unclear(), 1);
    let told = "1 account is not disabled, of somebody of whom nobody can tell";
    assert!(found.render().contains(told), "{}", found.render());
}

#[test]
fn who_is_missing_is_gone_only_when_the_reading_proves_it() {
    let policy = silent();
    let people = |keys: std::ops::Range<u32>| {
        keys.map(|key| worker(&key.to_string(), (&format!("N{key}"), "Example"), &[])).collect()
    };
    let known = hired(&policy, people(1..31)).identities;
    let accounts = || {
        let mut observed = empty();
        account(&mut observed, "n1.example", &[]);
        account(&mut observed, "n2.example", &[]);
        observed
    };
    // One of many is not there any more.
    let found = look(&policy, &round(&policy, people(2..31), &known), accounts());
    assert_eq!(flagged(&found), ["n1.example"]);
    // The same of a source that lost far too much, and of one cut short.
    let keys = (1..31).map(|key: u32| key.to_string()).collect();
    let baseline = BTreeMap::from([(named("hr"), keys)]);
    let few = crate::example::reading("hr", people(29..31), CoverageKind::Exhaustive);
    let shrunk = crate::identity::assemble(&policy, &[few], &known, &baseline, noon());
    assert!(!shrunk.shrank.is_empty());
    let found = look(&policy, &shrunk, accounts());
    assert_eq!((flagged(&found), found.unclear()), (Vec::new(), 2));
    let mut before = known;
    before[0].absent_since = Some(noon());
    let short = crate::example::reading("hr", people(29..31), CoverageKind::Truncated);
    let policy = keeps_missing();
    let short = crate::identity::assemble(&policy, &[short], &before, &baseline, noon());
    assert_eq!(flagged(&look(&policy, &short, accounts())), Vec::<&str>::new());
}

fn keeps_missing() -> Policy {
    let mut policy = silent();
    policy.sources.values_mut().for_each(|it| it.missing = crate::policy::WhenMissing::Keep);
    policy
}

fn flagged(found: &Xray) -> Vec<&str> {
    found.targets[0].flagged(Flag::LeftButActive).map(|it| it.name.as_str()).collect()
}
