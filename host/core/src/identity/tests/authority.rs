//! Which source's word counts.

use super::*;
use crate::case::Decisions;

fn orders(default: &[&str], facts: &[(&str, &[&str])]) -> Policy {
    let mut policy = policy();
    let names = |names: &[&str]| names.iter().map(|name| named(name)).collect();
    policy.authority.default = names(default);
    policy.authority.facts =
        facts.iter().map(|(fact, order)| (named(fact), names(order))).collect();
    policy
}

fn both(policy: &Policy, hr: &[(&str, &str)], more: &[(&str, &str)]) -> Assembled {
    let readings = [
        reading("more", vec![record("1", more)], CoverageKind::Exhaustive),
        reading("hr", vec![record("1", hr)], CoverageKind::Exhaustive),
    ];
    assemble(policy, &readings, &[], &BTreeMap::new(), noon())
}

#[test]
fn the_first_source_in_the_order_that_has_a_fact_decides() {
    let hr = [("title", "Clerk"), ("mail", "")];
    let more = [("title", "Boss"), ("mail", "ada@example.org")];
    let one = both(&orders(&["hr", "more"], &[]), &hr, &more);
    assert_eq!(fact_text(the_only(&one), "title").as_deref(), Some("Clerk"));
    assert_eq!(fact_text(the_only(&one), "mail").as_deref(), Some("ada@example.org"));
    let other = both(&orders(&["more", "hr"], &[]), &hr, &more);
    assert_eq!(fact_text(the_only(&other), "title").as_deref(), Some("Boss"));
    let by_fact = both(&orders(&["hr", "more"], &[("title", &["more"])]), &hr, &more);
    assert_eq!(fact_text(the_only(&by_fact), "title").as_deref(), Some("Boss"));
}

#[test]
fn a_source_gives_only_the_facts_it_is_listed_for() {
    let policy = orders(&["hr"], &[("mail", &["more"])]);
    let more = [("title", "Boss"), ("mail", "ada@example.org")];
    let assembled = both(&policy, &[("town", "X")], &more);
    let ada = the_only(&assembled);
    assert_eq!(fact_text(ada, "title"), None, "nobody believes `more` about titles");
    assert_eq!(fact_text(ada, "mail").as_deref(), Some("ada@example.org"));
}

#[test]
fn what_takes_effect_later_counts_from_its_day_on() {
    let change = at("2026-06-15T00:00:00Z");
    let mut worker = worker("1", ("Ada", "Example"), &[]);
    let mut later = crate::value::Attribute::new("department", vec![Value::Text("Legal".into())]);
    later.effective_from = Some(change);
    worker.attributes.push(later);
    let assembled = hired(&policy(), vec![worker]);
    let ada = the_only(&assembled);
    let department = |now: Timestamp| facts_now(ada, now)["department"].values[0].to_string();
    assert_eq!(department(noon()), "Sales");
    assert_eq!(department(change), "Legal");
}

proptest! {
    /// The order in which sources answer changes nothing.
    #[test]
    fn the_order_of_readings_changes_nothing(swap in any::<bool>(), keys in 1..5_usize) {
        let mut policy = orders(&["more", "hr"], &[("title", &["hr"])]);
        policy.correlation.sure = vec![BTreeSet::from([named("mail")])];
        policy.correlation.ask = vec![BTreeSet::from([named("given_name")])];
        let person = |key: usize| {
            let mail = format!("p{}@example.org", key % 2);
            record(&key.to_string(), &[("mail", &mail), ("given_name", "Ada"), ("title", "x")])
        };
        let mut readings = vec![
            reading("hr", (0..keys).map(person).collect(), CoverageKind::Exhaustive),
            reading("more", (keys / 2..keys + 2).map(person).collect(), CoverageKind::Exhaustive),
        ];
        let known = (&[] as &[Identity], &Decisions::new());
        let one = assemble_decided(&policy, &readings, known, &BTreeMap::new(), noon());
        if swap {
            readings.reverse();
            for reading in &mut readings {
                reading.records.reverse();
            }
        }
        let other = assemble_decided(&policy, &readings, known, &BTreeMap::new(), noon());
        prop_assert_eq!(one, other);
    }
}
