//! Sources that lost far more of their keys than is usual.

use super::*;

/// The keys a source had in its last exhaustive read.
fn had(source: &str, known: &[Identity]) -> BTreeMap<ConnectorName, BTreeSet<String>> {
    let keys = known.iter().flat_map(|it| &it.records).map(|record| record.key.clone());
    BTreeMap::from([(named(source), keys.collect())])
}

#[test]
fn a_shrunk_source_is_reported_and_its_leavers_are_stored_only_when_released() {
    let policy = policy();
    let people = |count: usize| -> Vec<Account> {
        (0..count).map(|n| record(&n.to_string(), &[])).collect()
    };
    let known = hired(&policy, people(10)).identities;
    let baseline = had("hr", &known);
    let after = |left: usize| {
        let readings = [reading("hr", people(left), CoverageKind::Exhaustive)];
        assemble(&policy, &readings, &known, &baseline, noon())
    };
    assert_eq!(after(8).shrank, []);
    let shrunk = after(7);
    let Shrank { source, renamed: _, before, lost, missing, new } = &shrunk.shrank[0];
    assert_eq!((source.as_str(), *before, *lost, new.len()), ("hr", 10, 3, 0));
    assert_eq!(missing, &BTreeSet::from([id("7"), id("8"), id("9")]));
    let absent = |identities: &[Identity]| {
        identities.iter().filter(|identity| identity.absent_since.is_some()).count()
    };
    assert_eq!(absent(&shrunk.identities), 3);
    assert_eq!(absent(&shrunk.to_record(false)), 0);
    assert_eq!(absent(&shrunk.to_record(true)), 3);
    assert_eq!(absent(&after(8).to_record(false)), 2);
}

#[test]
fn keys_that_are_all_written_differently_are_a_shrunk_source_and_nobody_new() {
    let policy = policy();
    let people = |width: usize| -> Vec<Account> {
        (0..10).map(|n| record(&format!("{n:0width$}"), &[])).collect()
    };
    let known = hired(&policy, people(5)).identities;
    let readings = [reading("hr", people(1), CoverageKind::Exhaustive)];
    let shrunk = assemble(&policy, &readings, &known, &had("hr", &known), noon());
    let Shrank { before, lost, missing, new, .. } = &shrunk.shrank[0];
    assert_eq!((*before, *lost), (10, 10));
    assert_eq!(*missing, (0..10).map(|n| id(&format!("{n:05}"))).collect());
    assert_eq!(*new, (0..10).map(|n| id(&n.to_string())).collect());
    assert_eq!(shrunk.to_record(false), known, "nobody is remembered by what is not believed");
    assert_eq!(shrunk.to_record(true).len(), 20);
}

#[test]
fn a_source_that_takes_another_name_is_measured_by_what_it_had_under_the_old_one() {
    let mut policy = policy();
    let people = |width: usize| -> Vec<Account> {
        (0..10).map(|n| record(&format!("{n:0width$}"), &[])).collect()
    };
    let known = hired(&policy, people(5)).identities;
    let baseline = had("hr", &known);
    policy.sources.remove("hr");
    let read = |policy: &Policy, width: usize| {
        let mut people = people(width);
        people.push(record("new", &[]));
        let readings = [reading("more", people, CoverageKind::Exhaustive)];
        assemble(policy, &readings, &known, &baseline, noon())
    };
    assert_eq!(read(&policy, 5).shrank, [], "under the same keys everybody goes on");
    let respelt = read(&policy, 1);
    let Shrank { renamed, lost, missing, new, .. } = &respelt.shrank[0];
    assert_eq!((renamed, *lost), (&Some(named("hr")), 10));
    assert_eq!((missing.len(), new.len()), (0, 11), "the old ones are held");
    assert_eq!(respelt.to_record(false), known);
    policy.retired_sources.insert(named("hr"));
    assert_eq!(read(&policy, 1).shrank, [], "a person said that the old ones have left");
}

#[test]
fn somebody_another_source_speaks_of_is_not_doubted_with_the_one_that_shrank() {
    let policy = policy();
    let known = hired(&policy, (0..4).map(|n| record(&n.to_string(), &[])).collect()).identities;
    let new = || vec![record("0", &[]), record("8", &[]), record("9", &[])];
    let readings = [
        reading("hr", new(), CoverageKind::Exhaustive),
        reading("more", vec![record("9", &[])], CoverageKind::Exhaustive),
    ];
    let assembled = assemble(&policy, &readings, &known, &had("hr", &known), noon());
    assert_eq!(assembled.shrank[0].new, BTreeSet::from([id("8")]));
    assert!(assembled.to_record(false).iter().any(|identity| identity.id == id("9")));
}
