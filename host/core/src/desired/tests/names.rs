use super::*;

#[test]
fn people_of_one_name_get_numbers_and_whoever_has_a_name_keeps_it() {
    let three = || ["1", "2", "3"].map(|key| worker(key, ADA, &[])).to_vec();
    let mut first = ["1", "2", "3"];
    first.sort_by_key(|key| id(key));
    let [one, two, three_] = first;
    assert_eq!(
        names(&now(&policy(), three(), &observed(&[])), &first),
        ["ada.example", "ada.example2", "ada.example3"]
    );
    // The last in order has the short name, the first has a number.
    let taken = observed(&[("ADA.example", Some(three_)), ("ada.example7", Some(one))]);
    assert_eq!(
        names(&now(&policy(), three(), &taken), &[one, two, three_]),
        ["ada.example7", "ada.example2", "ada.example"]
    );
    // An account that is nobody's is for a person to look at.
    let unlinked = observed(&[("ada.example", None)]);
    assert_eq!(names(&now(&policy(), three(), &unlinked), &[one]), ["ada.example"]);
}

#[test]
fn the_name_of_an_account_that_was_declined_is_taken_for_whoever_declined_it() {
    let mut keys = ["1", "2"];
    keys.sort_by_key(|key| id(key));
    let people = keys.map(|key| worker(key, ADA, &[])).to_vec();
    let mut observed = observed(&[("Ada.Example", None)]);
    for target in ["crm", "directory"] {
        let target: crate::id::ConnectorName = target.parse().expect("is a name");
        let account = observed.targets[&target].accounts[0].reference.clone();
        observed.declined.insert(crate::observed::Declined {
            identity: id(keys[0]),
            target,
            account,
        });
    }
    // The other one is still to be asked whether it is theirs.
    assert_eq!(names(&now(&policy(), people, &observed), &keys), ["ada.example2", "ada.example"]);
}

#[test]
fn a_new_name_does_not_take_the_place_of_a_leavers_account() {
    let observed = observed(&[("ada.example", Some("gone")), ("ada.old", Some("1"))]);
    let desired = now(&policy(), vec![worker("1", ADA, &[])], &observed);
    assert_eq!(names(&desired, &["1"]), ["ada.example2"]);
}

#[test]
fn a_template_places_its_suffix_itself() {
    let mut policy = policy();
    let source = "{{ given_name | lower }}{{ suffix }}@example.org";
    let name = policy.expressions.template(source).expect("is correct");
    policy.targets.get_mut("directory").expect("is there").name = name;
    let mut keys = ["1", "2"];
    keys.sort_by_key(|key| id(key));
    let people = keys.map(|key| worker(key, ADA, &[])).to_vec();
    assert_eq!(
        names(&now(&policy, people.clone(), &observed(&[])), &keys),
        ["ada@example.org", "ada2@example.org"]
    );
    let second = observed(&[("ada2@example.org", Some(keys[0]))]);
    assert_eq!(
        names(&now(&policy, people, &second), &keys),
        ["ada2@example.org", "ada@example.org"]
    );
}

#[test]
fn a_name_is_kept_for_whoever_had_it_until_it_may_be_used_again() {
    let mut policy = policy();
    let year = jiff::SignedDuration::from_hours(365 * 24);
    policy.targets.get_mut("directory").expect("is there").reuse_names_after = Some(year);
    let with = |identity: &str, last_seen: &str| {
        let mut observed = observed(&[]);
        let held = crate::observed::HeldName {
            name: "ADA.Example".to_owned(),
            identity: id(identity),
            last_seen: at(last_seen),
        };
        observed.names.insert("directory".parse().expect("is a name"), vec![held]);
        observed
    };
    let name = |observed: &Observed| {
        let desired = now(&policy, vec![worker("1", ADA, &[])], observed);
        names(&desired, &["1"]).concat()
    };
    let noon = noon();
    let ago = |hours: i64| (noon - jiff::SignedDuration::from_hours(hours)).to_string();
    assert_eq!(name(&with("2", &ago(1))), "ada.example2");
    assert_eq!(name(&with("2", &ago(365 * 24 - 1))), "ada.example2");
    assert_eq!(name(&with("2", &ago(365 * 24))), "ada.example");
    // One's own is not somebody else's.
    assert_eq!(name(&with("1", &ago(1))), "ada.example");
    policy_forever(&mut policy);
    let desired = now(&policy, vec![worker("1", ADA, &[])], &with("2", "1970-01-01T00:00:00Z"));
    assert_eq!(names(&desired, &["1"]), ["ada.example2"]);
}

fn policy_forever(policy: &mut Policy) {
    policy.targets.get_mut("directory").expect("is there").reuse_names_after = None;
}

#[test]
fn a_name_at_a_target_that_shares_names_is_taken_here_and_never_takes_one_away() {
    let mut policy = policy();
    let crm: ConnectorName = "crm".parse().expect("is a name");
    let directory: ConnectorName = "directory".parse().expect("is a name");
    for (one, other) in [("crm", &directory), ("directory", &crm)] {
        policy.targets.get_mut(one).expect("is there").unique_with = [other.clone()].into();
    }
    let mut world = observed(&[("ada.example", Some("2"))]);
    world.links.retain(|link| link.target == crm);
    world.targets.get_mut(&directory).expect("is there").accounts.clear();
    let desired = now(&policy, vec![worker("1", ADA, &[])], &world);
    assert_eq!(names(&desired, &["1"]), ["ada.example2"]);
    // Who has a name here keeps it, whoever else has it there.
    let mut world = observed(&[("ada.example", Some("2"))]);
    let ours = world.links.iter_mut().find(|link| link.target == directory).expect("is there");
    ours.identity = id("1");
    let desired = now(&policy, vec![worker("1", ADA, &[])], &world);
    assert_eq!(names(&desired, &["1"]), ["ada.example"]);
}

#[test]
fn a_name_that_cannot_be_made_holds() {
    let desired = now(
        &policy(),
        vec![worker("1", ("山", "Example"), &[]), worker("2", ADA, &[])],
        &observed(&[]),
    );
    insta::assert_snapshot!(told(&desired, "1"), @"
    山 Example: active
      held: target `crm`, name: `{{ given_name | slug }}.{{ family_name | slug }}` has a character that `slug` cannot write in ASCII (U+5C71); give a fact for it (such as `login_name`) and use that instead, or `transliterate`, which writes every script
    ");
    assert_eq!(of(&desired, "2").accounts.len(), 2);
}
