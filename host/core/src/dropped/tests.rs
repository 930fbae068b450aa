use super::*;
use crate::{
    account::{AccountState, CoverageKind},
    desired::desired,
    example::{hired, id, named, noon, observed, policy, reading, round, worker},
    fact::Identity,
    identity::assemble,
    plan::{PlanSettings, plan},
    policy::WhenMissing,
};

/// Ada, and Ben who has left by the facts, both with accounts.
fn ada_and_ben(policy: &Policy) -> (Vec<Identity>, Observed) {
    let ben = worker("2", ("Ben", "Beispiel"), &[("end", "2026-05-01")]);
    let known = hired(policy, vec![worker("1", ("Ada", "Example"), &[]), ben]).identities;
    let mut world = observed(&[("ada.example", Some("1")), ("ben.beispiel", Some("2"))]);
    for object in world.targets.values_mut().flat_map(|target| &mut target.schema.objects) {
        let able = &mut object.capabilities;
        (able.create, able.update, able.enable, able.disable) = (true, true, true, true);
    }
    put(&mut world, AccountState::Active);
    (known, world)
}

/// Every account is in that state.
fn put(world: &mut Observed, state: AccountState) {
    for account in world.targets.values_mut().flat_map(|target| &mut target.accounts) {
        account.state = state;
    }
    for link in &mut world.links {
        link.disabled_since = (state == AccountState::Disabled).then(noon);
    }
}

/// What is left, and what would be done, when `hr` is out of the file.
fn without_hr(policy: &Policy, known: &[Identity], world: &Observed) -> (Dropped, Vec<String>) {
    let readings = [reading("more", vec![], CoverageKind::Exhaustive)];
    let assembled = assemble(policy, &readings, known, &BTreeMap::new(), noon());
    let desired = desired(policy, &assembled, world, noon());
    let plan = plan(&PlanSettings::of(policy), &desired, world, noon());
    let done = plan.operations.iter();
    let mut done: Vec<_> =
        done.map(|it| format!("{} {}", it.change.kind().word(), it.target)).collect();
    done.sort();
    (dropped(policy, &assembled, &desired, world), done)
}

#[test]
fn people_whose_only_source_left_the_file_are_held_whatever_was_known_of_them() {
    let mut policy = policy();
    let (mut known, mut world) = ada_and_ben(&policy);
    policy.sources.remove("hr");
    let (left, done) = without_hr(&policy, &known, &world);
    assert_eq!(done, [""; 0]);
    let people = LeftPeople { people: 2, accounts: 4, enabled: 4 };
    assert_eq!(left.sources, BTreeMap::from([(named("hr"), people)]));
    assert_eq!(left.held, BTreeSet::from([id("1"), id("2")]));
    assert!(left.is_open());

    // Somebody who had left already is not taken back.
    put(&mut world, AccountState::Disabled);
    for identity in &mut known {
        identity.absent_since = Some(noon());
    }
    let (left, done) = without_hr(&policy, &known, &world);
    assert_eq!(done, [""; 0]);
    assert_eq!(left.sources["hr"], LeftPeople { people: 2, accounts: 4, enabled: 0 });
}

#[test]
fn people_of_a_retired_source_have_left() {
    let mut policy = policy();
    let (known, world) = ada_and_ben(&policy);
    policy.sources.remove("hr");
    policy.retired_sources.insert(named("hr"));
    let (left, done) = without_hr(&policy, &known, &world);
    assert_eq!(done, ["disable crm", "disable crm", "disable directory", "disable directory"]);
    assert!(!left.is_open());
    assert_eq!(left.retired_sources, BTreeMap::from([(named("hr"), 2)]));
}

#[test]
fn people_whom_another_source_knows_go_on() {
    let mut policy = policy();
    let (known, world) = ada_and_ben(&policy);
    let ada = || vec![worker("1", ("Ada", "Example"), &[])];
    let both = [
        reading("hr", ada(), CoverageKind::Exhaustive),
        reading("more", ada(), CoverageKind::Exhaustive),
    ];
    policy.sources.remove("hr");
    let assembled = assemble(&policy, &both[1..], &known, &BTreeMap::new(), noon());
    let desired = desired(&policy, &assembled, &world, noon());
    let left = dropped(&policy, &assembled, &desired, &world);
    assert_eq!(left.held, BTreeSet::from([id("2")]));
    assert!(desired.identities[&id("1")].holds.is_empty());

    // Gone from where that means nothing, only the dropped source could tell.
    policy.sources.get_mut("more").expect("is there").missing = WhenMissing::Keep;
    let known = assembled.identities;
    let (left, done) = without_hr(&policy, &known, &world);
    assert_eq!(left.held, BTreeSet::from([id("1"), id("2")]));
    assert_eq!(done, [""; 0]);
}

#[test]
fn accounts_at_a_target_that_left_the_file_are_counted_with_its_leavers() {
    let mut policy = policy();
    let (known, mut world) = ada_and_ben(&policy);
    policy.targets.remove("crm");
    let people = vec![
        worker("1", ("Ada", "Example"), &[]),
        worker("2", ("Ben", "Beispiel"), &[("end", "2026-05-01")]),
    ];
    let assembled = round(&policy, people, &known);
    let mut left = |policy: &Policy, state: AccountState| {
        put(&mut world, state);
        let desired = desired(policy, &assembled, &world, noon());
        dropped(policy, &assembled, &desired, &world)
    };
    let open = left(&policy, AccountState::Active);
    let crm = LeftAccounts { accounts: 2, enabled: 2, leavers: 1 };
    assert_eq!(open.targets, BTreeMap::from([(named("crm"), crm)]));
    assert!(open.is_open());
    let closed = left(&policy, AccountState::Disabled);
    assert_eq!(closed.targets["crm"], LeftAccounts { accounts: 2, enabled: 0, leavers: 0 });
    assert!(!closed.is_open());
    policy.retired_targets.insert(named("crm"));
    let retired = left(&policy, AccountState::Active);
    assert_eq!(retired.targets, BTreeMap::new());
    assert_eq!(retired.retired_targets, BTreeMap::from([(named("crm"), 2)]));
    assert!(!retired.is_open());
}
