//! Limits by class, and what somebody must always hold.

#![expect(clippy::indexing_slicing, reason = "a test that panics fails")]

mod firm;

use std::collections::{BTreeMap, BTreeSet};

use firm::*;
use lanyard_core::{
    access::{LastOf, TargetAccess, Unmanaged},
    account::AccountState,
    desired::{Desired, Presence},
    guard::{AccessGuard, Finding, FindingKind, GuardSettings, Lately, blocked, guard},
    id::ConnectorName,
    lifecycle::LifecycleState,
    observed::Observed,
    operation::{Change, Event, OperationKind},
    pattern::Pattern,
    plan::{Plan, plan},
    policy::{Bound, Class, ClassLimits},
};
use proptest::{collection::vec, prelude::*};

/// Nothing but what `access` says keeps anything back.
fn judged(access: AccessGuard<'_>, plan: &Plan, observed: &Observed) -> Vec<Finding> {
    lately_judged(access, plan, observed, &Lately::default())
}

fn lately_judged(
    access: AccessGuard<'_>,
    plan: &Plan,
    observed: &Observed,
    lately: &Lately,
) -> Vec<Finding> {
    let settings = GuardSettings {
        removals_percent: 100,
        removals_floor: u32::MAX,
        access,
        ..GuardSettings::default()
    };
    guard(&settings, plan, observed, lately, &[])
}

/// How somebody stands with the group: what becomes of their account, its
/// state, whether it is in the group, whether we put it there, and whether
/// it stays wanted there.
type Member = (u8, AccountState, bool, bool, bool);

fn member() -> impl Strategy<Value = Member> {
    let states = vec![AccountState::Active, AccountState::Disabled, AccountState::Unknown];
    let state = prop::sample::select(states);
    (0..4_u8, state, prop::bool::weighted(0.8), any::<bool>(), any::<bool>())
}

fn built(members: &[Member]) -> (Desired, Observed) {
    let mut observed = empty_world();
    let mut desired = Desired::default();
    for (number, (fate, state, holding, given, wanted)) in members.iter().enumerate() {
        let (key, uid) = (format!("p{number}"), format!("c{number}"));
        ours(&mut observed, &key, "crm", &uid, *state);
        if *holding {
            holds(&mut observed, "crm", &uid, "g3");
            if *given {
                observed.ledger.insert(owned("crm", &uid, "g3"));
            }
        }
        let groups: &[&str] = if *wanted { &["Approvers"] } else { &[] };
        let (state, account) = match fate {
            0 => (LifecycleState::Departed, closed(Presence::Disabled)),
            1 => (LifecycleState::Departed, closed(Presence::Deleted { due: now() })),
            // Somebody whose account is not ours to change.
            2 => continue,
            _ => (LifecycleState::Active, present(content(&key, groups))),
        };
        let (id, person) = person(&key, state, [("crm", account)]);
        desired.identities.insert(id, person);
    }
    (desired, observed)
}

/// Accounts that can be used and hold the group.
fn holders(observed: &Observed, lost: &BTreeSet<String>) -> usize {
    let there = &observed.targets["crm"];
    let usable = there.accounts.iter().filter(|account| {
        matches!(account.state, AccountState::Active | AccountState::Unknown)
            && !lost.contains(&account.reference.uid)
    });
    usable
        .filter(|account| {
            let mut held = there.assignments.iter();
            held.any(|it| it.holder == account.reference && it.entitlement == group("g3"))
        })
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_plan_takes_an_entitlement_from_the_last_who_hold_it(
        members in vec(member(), 0..9),
        least in 1..4_u32,
    ) {
        let (desired, observed) = built(&members);
        let plan = plan(&File::new().settings(), &desired, &observed, now());
        let crm = target("crm");
        let (entitlements, aliases) =
            ([(crm.clone(), ["Approvers".to_owned()].into())].into(), BTreeMap::new());
        let last_of = LastOf { entitlements, least };
        let access = AccessGuard {
            last_of: Some(&last_of),
            aliases: [(&crm, &aliases)].into(),
            ..AccessGuard::default()
        };
        let findings = judged(access, &plan, &observed);
        // Whatever a person releases.
        let released = FindingKind::ALL.into();
        let blocked = blocked(&plan, &findings, &released);
        let lost = plan.operations.iter().filter(|it| !blocked.contains(&it.id));
        let lost = lost.filter_map(|it| match &it.change {
            Change::Disable { account } | Change::Delete { account } => Some(account.uid.clone()),
            Change::Revoke { holder, entitlement, .. } if *entitlement == group("g3") => {
                Some(holder.uid.clone())
            }
            _ => None,
        });
        let lost: BTreeSet<String> = lost.collect();
        let before = holders(&observed, &BTreeSet::new());
        let after = holders(&observed, &lost);
        let least = usize::try_from(least).unwrap();
        prop_assert!(after == before || after >= least, "{before} -> {after}, least {least}");
    }

    /// Any number of plans after each other, each with what the ones before
    /// it did within the window.
    #[test]
    fn no_class_goes_beyond_its_limit_over_any_number_of_plans(
        rounds in vec((0..5_usize, 0..5_usize), 1..6),
        (disables, creates, privileged) in (0..6_u32, 0..6_u32, 0..6_u32),
    ) {
        let bound = |max| Bound { percent: None, floor: 0, max: Some(max) };
        let everywhere = BTreeMap::from([
            (Class::Disables, bound(disables)),
            (Class::Creates, bound(creates)),
            (Class::Privileged, bound(privileged)),
        ]);
        let classes = ClassLimits { everywhere, targets: BTreeMap::new() };
        let (crm, aliases) = (target("crm"), BTreeMap::new());
        let mut lately = Lately::default();
        let mut next = 0;
        for (leavers, joiners) in rounds {
            let mut observed = empty_world();
            let mut desired = Desired::default();
            for place in 0..leavers + joiners {
                let (key, uid) = (format!("p{next}"), format!("c{next}"));
                next += 1;
                let account = if place < leavers {
                    ours(&mut observed, &key, "crm", &uid, AccountState::Active);
                    closed(Presence::Disabled)
                } else {
                    present(content(&key, &["Approvers"]))
                };
                let state = LifecycleState::Active;
                let (id, person) = person(&key, state, [("crm", account)]);
                desired.identities.insert(id, person);
            }
            let plan = plan(&File::new().settings(), &desired, &observed, now());
            let access = AccessGuard {
                classes: Some(&classes),
                aliases: [(&crm, &aliases)].into(),
                privileged: [(&crm, ["Approvers"].into())].into(),
                ..AccessGuard::default()
            };
            let findings = lately_judged(access, &plan, &observed, &lately);
            let blocked = blocked(&plan, &findings, &BTreeSet::new());
            for operation in plan.operations.iter().filter(|it| !blocked.contains(&it.id)) {
                done(&operation.change, &crm, &mut lately);
            }
            let count = lately.disabled.values().map(BTreeSet::len).sum::<usize>();
            prop_assert!(count <= disables as usize);
            prop_assert!(lately.created.values().sum::<usize>() <= creates as usize);
            let granted = lately.granted.values().flat_map(BTreeMap::values).sum::<usize>();
            prop_assert!(granted <= privileged as usize);
        }
    }
}

fn done(change: &Change, target: &ConnectorName, lately: &mut Lately) {
    match change {
        Change::Create { .. } => *lately.created.entry(target.clone()).or_default() += 1,
        Change::Disable { account } => {
            lately.disabled.entry(target.clone()).or_default().insert(account.clone());
        }
        Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
            let here = lately.granted.entry(target.clone()).or_default();
            *here.entry(entitlement.clone()).or_default() += 1;
        }
        _ => {}
    }
}

#[test]
fn ejections_count_for_no_class_and_still_leave_the_last_who_hold_something() {
    let (desired, observed) = built(&[(0, AccountState::Active, true, true, false)]);
    let mut plan = plan(&File::new().settings(), &desired, &observed, now());
    let none = Bound { percent: None, floor: 0, max: Some(0) };
    let everywhere = [(Class::Disables, none), (Class::Privileged, none)].into();
    let classes = ClassLimits { everywhere, targets: BTreeMap::new() };
    let (crm, aliases) = (target("crm"), BTreeMap::new());
    let entitlements = [(crm.clone(), ["Approvers".to_owned()].into())].into();
    let last_of = LastOf { entitlements, least: 1 };
    let kinds = |plan: &Plan, last_of: Option<&LastOf>| {
        let access = AccessGuard {
            classes: Some(&classes),
            last_of,
            aliases: [(&crm, &aliases)].into(),
            privileged: [(&crm, ["Approvers"].into())].into(),
            ..AccessGuard::default()
        };
        let findings = judged(access, plan, &observed).into_iter();
        findings.map(|it| it.kind).collect::<BTreeSet<_>>()
    };
    let last = [FindingKind::LastOf].into();
    assert_eq!(kinds(&plan, None), [FindingKind::MassDisable, FindingKind::MassPrivileged].into());
    // What is held back by the last of them counts for no class.
    assert_eq!(kinds(&plan, Some(&last_of)), last);
    for operation in &mut plan.operations {
        operation.event = Event::Eject;
    }
    assert_eq!(kinds(&plan, None), BTreeSet::new());
    assert_eq!(kinds(&plan, Some(&last_of)), last);
}

#[test]
fn a_bound_is_the_larger_of_share_and_floor_and_never_more_than_its_most() {
    for (percent, floor, max, ours, limit) in [
        (Some(10), 2, None, 100, 10),
        (Some(10), 2, None, 5, 2),
        (Some(10), 2, Some(7), 100, 7),
        (Some(10), 2, Some(1), 5, 1),
        (None, 0, Some(3), 1_000_000, 3),
        (Some(100), 0, None, u64::MAX, u64::MAX / 100),
    ] {
        let bound = Bound { percent, floor, max };
        assert_eq!(bound.limit(ours), limit, "{bound} of {ours}");
    }
}

#[test]
fn a_limit_of_one_target_stands_in_place_of_the_limit_of_all() {
    let (desired, observed) = built(&[(0, AccountState::Active, false, false, false); 3]);
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let bound = |max| Bound { percent: None, floor: 0, max: Some(max) };
    for (everywhere, here, held_back) in [(1, 3, false), (3, 1, true)] {
        let classes = ClassLimits {
            everywhere: [(Class::Disables, bound(everywhere))].into(),
            targets: [(target("crm"), [(Class::Disables, bound(here))].into())].into(),
        };
        let access = AccessGuard { classes: Some(&classes), ..AccessGuard::default() };
        let findings = judged(access, &plan, &observed);
        assert_eq!(findings.iter().any(Finding::holds_back), held_back, "{findings:?}");
    }
}

#[test]
fn what_nobody_gave_is_removed_only_where_the_file_speaks_of_it() {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", AccountState::Active);
    for held in ["g1", "g2", "g3"] {
        holds(&mut observed, "crm", "c1", held);
    }
    let (id, ada) =
        person("ada", LifecycleState::Active, [("crm", present(content("ada", &["Staff"])))]);
    let desired = wanting([(id, ada)]);
    let revoked = |unmanaged, remove: &[&str], spoken: &[&'static str]| {
        let mut file = File::new();
        let remove = remove.iter().map(Pattern::new).collect();
        file.targets.get_mut("crm").unwrap().access =
            TargetAccess { unmanaged, remove, ..TargetAccess::default() };
        let crm = target("crm");
        let mut settings = file.settings();
        settings.spoken.insert(&crm, spoken.iter().copied().collect());
        let plan = plan(&settings, &desired, &observed, now());
        let revokes = plan.operations.iter().filter(|it| it.change.kind() == OperationKind::Revoke);
        let labels = revokes.map(|it| match &it.change {
            Change::Revoke { label, .. } => label.clone(),
            other => panic!("{other:?}"),
        });
        (labels.collect::<Vec<_>>(), plan.notes.len())
    };
    assert_eq!(revoked(Unmanaged::Report, &[], &["Sales"]), (vec![], 2));
    assert_eq!(revoked(Unmanaged::Keep, &[], &["Sales"]), (vec![], 0));
    assert_eq!(revoked(Unmanaged::Remove, &[], &[]), (vec![], 2));
    assert_eq!(revoked(Unmanaged::Remove, &[], &["Sales"]), (vec!["Sales".to_owned()], 1));
    let both = vec!["Sales".to_owned(), "Approvers".to_owned()];
    assert_eq!(revoked(Unmanaged::Remove, &["app*"], &["Sales"]), (both, 0));
}

#[test]
fn nothing_unmanaged_is_removed_while_a_wanted_name_means_nothing() {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", AccountState::Active);
    holds(&mut observed, "crm", "c1", "g2");
    let wanted = present(content("ada", &["Salse"]));
    let desired = wanting([person("ada", LifecycleState::Active, [("crm", wanted)])]);
    let mut file = File::new();
    file.targets.get_mut("crm").unwrap().access =
        TargetAccess { unmanaged: Unmanaged::Remove, ..TargetAccess::default() };
    let crm = target("crm");
    let mut settings = file.settings();
    settings.spoken.insert(&crm, ["Sales"].into());
    let plan = plan(&settings, &desired, &observed, now());
    assert_eq!(plan.operations, []);
}

#[test]
fn a_target_that_never_tells_is_named_and_nothing_waits_for_it() {
    let (desired, observed) = built(&[(0, AccountState::Unknown, false, false, false)]);
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let findings = judged(AccessGuard::default(), &plan, &observed);
    assert_eq!(findings[0].kind, FindingKind::UnverifiableDisable);
    assert!(!findings[0].holds_back());
    assert!(blocked(&plan, &findings, &BTreeSet::new()).is_empty());
}
