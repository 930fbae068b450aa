use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Invented people with few names, so that they collide.
fn company() -> impl Strategy<Value = Vec<(String, String, bool)>> {
    let person = ("[1-9]", "[AaBÄ]", any::<bool>());
    proptest::collection::vec(person, 0..9).prop_map(|mut people| {
        people.sort();
        people.dedup_by(|one, other| one.0 == other.0);
        people
    })
}

fn people(company: &[(String, String, bool)]) -> Vec<Account> {
    company
        .iter()
        .map(|(key, given, sales)| {
            let department = if *sales { "Sales" } else { "Ops" };
            worker(key, (given, "Example"), &[("department", department)])
        })
        .collect()
}

fn targets(desired: &Desired, key: &str) -> BTreeSet<ConnectorName> {
    of(desired, key).accounts.keys().cloned().collect()
}

proptest! {
    #[test]
    fn names_are_unique_at_each_target_as_the_target_compares_them(
        company in company(),
        linked in proptest::collection::vec("[1-9]", 0..4),
    ) {
        let accounts: Vec<(String, String)> = linked
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .enumerate()
            .map(|(n, key)| (format!("A.EXAMPLE{}", if n == 0 { String::new() } else { (n + 1).to_string() }), key.clone()))
            .collect();
        let accounts: Vec<(&str, Option<&str>)> =
            accounts.iter().map(|(name, key)| (name.as_str(), Some(key.as_str()))).collect();
        let observed = observed(&accounts);
        let desired = now(&policy(), people(&company), &observed);
        for target in ["crm", "directory"] {
            let mut holders = std::collections::BTreeMap::new();
            for (name, key) in &accounts {
                holders.insert(normal(&Matching::IgnoreCase, name).into_owned(), id(key.unwrap()));
            }
            for (id, identity) in &desired.identities {
                let Some(account) = identity.accounts.get(target) else { continue };
                let Presence::Present { content, .. } = &account.presence else { continue };
                let name = normal(&Matching::IgnoreCase, &content.name).into_owned();
                let holder = *holders.entry(name).or_insert(*id);
                prop_assert_eq!(holder, *id);
            }
        }
    }

    #[test]
    fn a_failing_expression_holds_its_identity_and_changes_nobody_elses_accounts(
        company in company(),
        victim in "[1-9]",
        linked in any::<bool>(),
    ) {
        let whole = policy();
        let mut failing = policy();
        let source = format!("key != '{victim}' or nobody");
        let when = expression(&mut failing, &source);
        rule(&mut failing, "failing", when, &[], &[]);
        let observed = if linked { observed(&[("a.example", Some(&victim))]) } else { observed(&[]) };
        let expected = now(&whole, people(&company), &observed);
        let got = now(&failing, people(&company), &observed);
        for (key, _, _) in &company {
            if *key == victim {
                prop_assert!(targets(&got, key).is_empty());
                prop_assert_eq!(of(&got, key).holds.len(), 1);
            } else {
                prop_assert_eq!(targets(&got, key), targets(&expected, key));
                prop_assert!(of(&got, key).holds.is_empty());
            }
        }
    }
}

#[test]
fn ten_thousand_people_are_no_effort() {
    let mut policy = policy();
    attributes(
        &mut policy,
        &[
            ("mail", &["{{ login }}@example.org"]),
            ("givenName", &["{{ given_name }}"]),
            ("sn", &["{{ family_name | upper }}"]),
        ],
    );
    let people: Vec<Account> = (0..10_000)
        .map(|n| worker(&n.to_string(), ("Ada", &format!("Example{}", n % 5000)), &[]))
        .collect();
    let assembled: Assembled = hired(&policy, people);
    let desired = desired(&policy, &assembled, &observed(&[]), noon());
    let names: BTreeSet<String> = desired
        .identities
        .keys()
        .map(|id| match &desired.identities[id].accounts["directory"].presence {
            Presence::Present { content, .. } => content.name.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names.len(), 10_000);
}
