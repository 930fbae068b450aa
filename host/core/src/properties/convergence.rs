//! P1: with finite trouble and nothing new, what is observed becomes what is
//! desired, and then there is nothing to do.  P2: doing it twice is doing it
//! once.  P3, P4: nobody has two accounts, and none is forgotten.  P5: what
//! is not ours stays as it is.

use std::collections::BTreeSet;

use super::*;
use crate::{
    account::{Account, AccountState},
    desired::Presence,
    id::ConnectorName,
    observed::Observed,
    operation::Operation,
};

/// Accounts that are not as they should be, and that no finding, note or
/// question speaks of.
fn amiss(seen: &Seen) -> Vec<String> {
    let mut amiss = Vec::new();
    for (id, person) in seen.desired.identities.iter().filter(|(_, it)| it.holds.is_empty()) {
        for (target, account) in &person.accounts {
            let link = seen
                .observed
                .links
                .iter()
                .find(|it| it.identity == *id && it.target == *target && !it.gone);
            let there = link.and_then(|link| {
                let accounts = &seen.observed.targets[target].accounts;
                accounts.iter().find(|it| it.reference == link.account)
            });
            let state = there.map(|it| it.state);
            let right = match &account.presence {
                Presence::Present { enabled, content } => {
                    let wanted =
                        if *enabled { AccountState::Active } else { AccountState::Disabled };
                    state == Some(wanted)
                        && there.is_some_and(|it| it.name.eq_ignore_ascii_case(&content.name))
                }
                Presence::Kept { .. } => state.is_some(),
                Presence::Disabled | Presence::Deleted { .. } => {
                    state != Some(AccountState::Active)
                }
            };
            let held = seen.plan.operations.iter().any(|it| it.identity == *id);
            let asked = seen.plan.adoptions.iter().any(|it| it.identity == *id);
            let said = seen
                .plan
                .notes
                .iter()
                .any(|it| it.identity == Some(*id) && it.target.as_ref() == Some(target));
            if !right && !held && !asked && !said {
                amiss.push(format!("{} at {target}: {state:?}, {account:?}", person.label));
            }
        }
    }
    amiss
}

fn live_of(observed: &Observed) -> Vec<(ConnectorName, &Account)> {
    let targets = observed.targets.iter();
    targets.flat_map(|(name, it)| it.accounts.iter().map(|it| (name.clone(), it))).collect()
}

/// Who, where and what, without the place in a plan.
fn bare(operation: &Operation) -> String {
    format!("{} {} {:?}", operation.identity, operation.target, operation.change)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn p1_after_finite_trouble_every_firm_comes_to_rest_as_desired(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 0..6),
    ) {
        let mut world = World::new(&firm);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round, world.now), trouble);
            world.apply(&seen, trouble);
            world.pass(file::days(1));
        }
        let last = firm.versions();
        prop_assert!(settle(&mut world, &firm, last).is_some(), "it never ends");
        let seen = world.look(&firm.readings(last, world.now), &Trouble::none());
        prop_assert!(seen.is_idle());
        prop_assert_eq!(amiss(&seen), Vec::<String>::new());
        // P3 and P4: what was made for somebody is theirs, once.
        let mut anchors = BTreeSet::new();
        for (target, account) in live_of(&world.truth) {
            if let Some(anchor) = &account.anchor {
                prop_assert!(anchors.insert((target.clone(), anchor.clone())), "two of {anchor}");
                let linked = world.truth.links.iter().any(|link| {
                    link.target == target && link.account == account.reference && !link.gone
                });
                prop_assert!(linked, "{} at {target} is nobody's", account.name);
            }
        }
    }

    #[test]
    fn p2_doing_it_twice_is_doing_it_once_and_nothing_to_do_does_nothing(
        firm in firm(),
        versions in 1..4_usize,
    ) {
        let mut world = World::new(&firm);
        for version in 0..versions {
            let seen = world.look(&firm.readings(version, world.now), &Trouble::none());
            let done: BTreeSet<String> = seen
                .plan
                .operations
                .iter()
                .filter(|it| !seen.stopped.contains(&it.id))
                .map(bare)
                .collect();
            world.apply(&seen, &Trouble::none());
            // Whoever brings the same plan again brings one that is no longer
            // the plan, and nothing of it is planned anew.
            let again = world.look(&firm.readings(version, world.now), &Trouble::none());
            prop_assert!(seen.is_idle() || seen.digest != again.digest);
            let twice: Vec<String> =
                again.plan.operations.iter().map(bare).filter(|it| done.contains(it)).collect();
            prop_assert_eq!(twice, Vec::<String>::new());
            prop_assert!(settle(&mut world, &firm, version).is_some());
            let (before, sent) = (world.truth.targets.clone(), world.sent.clone());
            let idle = world.look(&firm.readings(version, world.now), &Trouble::none());
            world.apply(&idle, &Trouble::none());
            prop_assert_eq!(format!("{:?}", world.truth.targets), format!("{before:?}"));
            prop_assert_eq!(&world.sent, &sent);
            world.pass(file::days(1));
        }
    }

    #[test]
    fn p5_an_account_that_is_nobodys_is_never_written(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..5),
    ) {
        let mut world = World::new(&firm);
        let foreign = |world: &World| -> Vec<(ConnectorName, Account)> {
            let live = live_of(&world.truth).into_iter();
            let foreign = live.filter(|(_, it)| it.reference.uid.starts_with('x'));
            foreign.map(|(target, it)| (target, it.clone())).collect()
        };
        let before = foreign(&world);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round, world.now), trouble);
            world.apply(&seen, trouble);
        }
        prop_assert_eq!(foreign(&world), before);
    }
}
