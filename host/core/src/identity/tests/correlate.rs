//! Records of several sources that are one person, or may be.

use super::*;
use crate::{
    case::{Candidate, Decisions, Whose},
    correlation::Tier,
    fact::RecordKey,
};

fn tier(facts: &[&str]) -> Tier {
    facts.iter().map(|fact| named(fact)).collect()
}

/// Keys say nothing; `employee_id`, or `mail` with `birth_date`, is sure; a
/// name asks.
fn tiers() -> Policy {
    let mut policy = policy();
    policy.authority.default = vec![named("hr"), named("more")];
    policy.correlation.key = false;
    policy.correlation.sure = vec![tier(&["employee_id"]), tier(&["mail", "birth_date"])];
    policy.correlation.ask = vec![tier(&["family_name", "given_name"])];
    policy
}

fn person(key: &str, mail: &str, born: &str, name: (&str, &str)) -> Account {
    let attributes =
        [("mail", mail), ("birth_date", born), ("given_name", name.0), ("family_name", name.1)];
    record(key, &attributes)
}

fn of(policy: &Policy, hr: Vec<Account>, more: Vec<Account>, known: &[Identity]) -> Assembled {
    decided(policy, hr, more, known, &Decisions::new())
}

fn decided(
    policy: &Policy,
    hr: Vec<Account>,
    more: Vec<Account>,
    known: &[Identity],
    decisions: &Decisions,
) -> Assembled {
    let readings = [
        reading("hr", hr, CoverageKind::Exhaustive),
        reading("more", more, CoverageKind::Exhaustive),
    ];
    assemble_decided(policy, &readings, (known, decisions), &BTreeMap::new(), noon())
}

/// Everybody's records, `hr:1 more:a`.
fn together(assembled: &Assembled) -> Vec<String> {
    let records = |identity: &Identity| {
        let records = identity.records.iter().map(|it| format!("{}:{}", it.source, it.key));
        records.collect::<Vec<_>>().join(" ")
    };
    let mut all: Vec<String> = assembled.identities.iter().map(records).collect();
    all.sort();
    all
}

const ADA: (&str, &str) = ("Ada", "Example");

#[test]
fn sure_facts_join_whatever_the_keys_are() {
    let hr = vec![person("1", "Ada@Example.org", "2000-01-01", ADA)];
    let more = vec![person("x9", "ada@example.org ", "2000-01-01", ("A.", "Example"))];
    let assembled = of(&tiers(), hr, more, &[]);
    assert_eq!(together(&assembled), ["hr:1 more:x9"]);
    assert_eq!(assembled.cases, []);
}

#[test]
fn keys_are_shared_unless_the_file_says_otherwise() {
    let one = || vec![person("1", "", "", ADA)];
    let other = || vec![person("1", "", "", ("Bo", "Muster"))];
    assert_eq!(together(&of(&policy(), one(), other(), &[])), ["hr:1 more:1"]);
    assert_eq!(together(&of(&tiers(), one(), other(), &[])), ["hr:1", "more:1"]);
}

#[test]
fn empty_values_recognise_nobody() {
    let hr = vec![person("1", " ", "", ADA), person("2", "", "2000-01-01", ("Bo", "Muster"))];
    let more = vec![person("a", "", "2000-01-01", ("Cy", "Probe"))];
    assert_eq!(together(&of(&tiers(), hr, more, &[])).len(), 3);
}

#[test]
fn somebody_new_with_only_the_name_of_another_waits_and_is_not_stored() {
    let known = of(&tiers(), vec![person("1", "a@example.org", "2000-01-01", ADA)], vec![], &[]);
    let known = known.identities;
    let hr = || vec![person("1", "a@example.org", "2000-01-01", ADA)];
    let more = || vec![person("x", "", "", ("ADA", "example"))];
    let assembled = of(&tiers(), hr(), more(), &known);
    let [case] = assembled.cases.as_slice() else { panic!("{:?}", assembled.cases) };
    let matched = vec!["family_name and given_name".to_owned()];
    assert_eq!(case.candidates, [Candidate { identity: id("1"), matched }]);
    assert_eq!(assembled.to_record(true).len(), 1);
    let newcomer = IdentityId::first_seen(&named("more"), "x");
    assert!(assembled.holds[&newcomer][0].text.contains("record `x` of `more`"));

    let record = RecordKey { source: named("more"), key: "x".to_owned() };
    let theirs = Decisions::from([(record.clone(), Whose::Identity(id("1")))]);
    let joined = decided(&tiers(), hr(), more(), &known, &theirs);
    assert_eq!((together(&joined), joined.cases), (vec!["hr:1 more:x".to_owned()], vec![]));
    let new = Decisions::from([(record, Whose::New)]);
    let apart = decided(&tiers(), hr(), more(), &known, &new);
    assert_eq!((together(&apart).len(), &apart.cases[..], apart.holds.len()), (2, &[][..], 0));
    // Once they are known, nobody is asked again.
    let again = of(&tiers(), hr(), more(), &apart.to_record(false));
    assert_eq!(again.cases, []);
}

#[test]
fn of_two_who_are_new_the_one_of_the_source_believed_less_waits() {
    let hr = vec![person("1", "", "", ADA)];
    let more = vec![person("x", "", "", ADA)];
    let assembled = of(&tiers(), hr, more, &[]);
    let newcomer = IdentityId::first_seen(&named("more"), "x");
    assert_eq!(assembled.holds.keys().collect::<Vec<_>>(), [&newcomer]);
}

#[test]
fn two_people_of_one_source_with_one_name_are_two_people() {
    let hr = vec![person("1", "", "", ADA), person("2", "", "", ADA)];
    let assembled = of(&tiers(), hr, vec![], &[]);
    assert_eq!((together(&assembled).len(), assembled.cases.len()), (2, 0));
}

#[test]
fn what_fits_two_people_is_nobodys() {
    let mut ids = person("1", "a@example.org", "2000-01-01", ADA);
    ids.attributes.extend(record("", &[("employee_id", "7")]).attributes);
    let known = of(
        &tiers(),
        vec![record("7", &[("employee_id", "7")]), person("2", "a@example.org", "2000-01-01", ADA)],
        vec![],
        &[],
    );
    let hr =
        vec![record("7", &[("employee_id", "7")]), person("2", "a@example.org", "2000-01-01", ADA)];
    let assembled = of(&tiers(), hr, vec![ids], &known.identities);
    assert_eq!(assembled.cases.len(), 1, "{:?}", assembled.cases);
    assert_eq!(assembled.cases[0].candidates.len(), 2);
}

#[test]
fn a_stronger_tier_that_differs_keeps_two_people_apart() {
    let with = |mut account: Account, number: &str| {
        account.attributes.extend(record("", &[("employee_id", number)]).attributes);
        account
    };
    let hr = vec![with(person("1", "a@example.org", "2000-01-01", ADA), "7")];
    let more = vec![with(person("x", "a@example.org", "2000-01-01", ADA), "8")];
    let assembled = of(&tiers(), hr, more, &[]);
    assert_eq!(together(&assembled).len(), 2);
    assert!(!assembled.cases.is_empty(), "the weaker tier says they are one: a person looks");
}

#[test]
fn somebody_under_a_new_key_is_the_one_they_were() {
    let old = || vec![person("1", "a@example.org", "2000-01-01", ADA)];
    let known = of(&tiers(), old(), vec![], &[]).identities;
    let new = vec![person("2", "a@example.org", "2000-01-01", ADA)];
    let assembled = of(&tiers(), new, vec![], &known);
    let ada = the_only(&assembled);
    assert_eq!((ada.id, ada.absent_since), (id("1"), None));
    assert_eq!(key(ada), "2", "the record that is there comes first");
    assert!(assembled.elsewhere.is_empty());
}

#[test]
fn a_source_under_another_name_has_the_keys_it_had() {
    let mut policy = tiers();
    let known = of(&policy, vec![person("1", "", "", ADA)], vec![], &[]).identities;
    let hr = policy.sources.remove("hr").unwrap();
    policy.sources.insert(named("people"), hr);
    let readings = [reading("people", vec![person("1", "", "", ADA)], CoverageKind::Exhaustive)];
    let assembled = assemble(&policy, &readings, &known, &BTreeMap::new(), noon());
    assert_eq!(the_only(&assembled).id, id("1"));
}

fn spelt(text: &str, way: u8) -> String {
    match way % 4 {
        0 => text.to_owned(),
        1 => text.to_uppercase(),
        2 => format!("  {text} "),
        _ => text.replace('é', "e\u{301}"),
    }
}

proptest! {
    /// P13: spellings that are declared equal come to the same people, and
    /// P5: nobody is joined but by sure facts.
    #[test]
    fn correlation_does_not_depend_on_how_values_are_spelt(
        people in prop::collection::vec((0..4_u8, 0..3_u8, 0..4_u8, 0..4_u8), 1..6),
    ) {
        let names = ["Renée", "Ada", "Bo"];
        let made = |plain: bool| -> Vec<Account> {
            let records = people.iter().enumerate().map(|(at, (mail, name, one, two))| {
                let (one, two) = if plain { (0, 0) } else { (*one, *two) };
                let mail = spelt(&format!("p{mail}@example.org"), one % 3);
                let name = spelt(names[usize::from(*name)], two);
                person(&format!("x{at}"), &mail, "2000-01-01", (&name, "Example"))
            });
            records.collect()
        };
        let hr = || vec![
            person("1", "p1@example.org", "2000-01-01", ("Renée", "Example")),
            person("2", "p2@example.org", "2000-01-01", ("Ada", "Example")),
        ];
        let known = of(&tiers(), hr(), vec![], &[]).identities;
        let plain = of(&tiers(), hr(), made(true), &known);
        let other = of(&tiers(), hr(), made(false), &known);
        prop_assert_eq!(together(&plain), together(&other));
        prop_assert_eq!(&plain.cases, &other.cases);
        for identity in &other.identities {
            let mails: BTreeSet<String> = identity.facts["mail"]
                .iter()
                .flat_map(|fact| &fact.values)
                .map(|mail| mail.to_string().trim().to_lowercase())
                .collect();
            prop_assert_eq!(mails.len(), 1, "{:?}", identity.records);
        }
    }
}
