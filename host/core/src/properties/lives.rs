//! P6: whoever left is closed everywhere, or the plan says where not and why.
//! P24: whoever is hired again has what rules give now and nothing else.

use std::collections::BTreeSet;

use super::*;
use crate::{account::AccountState, desired::Presence, id::IdentityId, operation::OperationKind};

/// Open accounts of people who left, that the plan neither closes nor names.
fn silently_open(world: &World, seen: &Seen) -> Vec<String> {
    let mut open = Vec::new();
    for link in world.truth.links.iter().filter(|it| !it.gone) {
        let Some(person) = seen.desired.identities.get(&link.identity) else { continue };
        if !person.state.state.is_over() {
            continue;
        }
        let there = &world.truth.targets[&link.target];
        let account = there.accounts.iter().find(|it| it.reference == link.account);
        if account.is_none_or(|it| it.state != AccountState::Active) {
            continue;
        }
        let closes = seen.plan.operations.iter().any(|it| {
            it.identity == link.identity
                && it.target == link.target
                && matches!(it.change.kind(), OperationKind::Disable | OperationKind::Delete)
        });
        let said = seen.plan.notes.iter().any(|it| {
            it.target.as_ref() == Some(&link.target)
                && it.identity.is_none_or(|id| id == link.identity)
        });
        if !closes && !said {
            open.push(format!("{} at {}", person.label, link.target));
        }
    }
    open
}

/// What somebody holds in accounts they can use: target and group.
fn held(world: &World, identity: IdentityId) -> BTreeSet<(String, String)> {
    let links = world.truth.links.iter().filter(|it| it.identity == identity && !it.gone);
    let held = links.flat_map(|link| {
        let there = &world.truth.targets[&link.target];
        let open = there
            .accounts
            .iter()
            .any(|it| it.reference == link.account && it.state == AccountState::Active);
        let held = there.assignments.iter().filter(move |it| open && it.holder == link.account);
        held.map(|it| (link.target.to_string(), it.entitlement.uid.clone()))
    });
    held.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn p6_whoever_left_is_closed_or_named_at_every_moment(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..7),
    ) {
        let mut world = World::new(&firm);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round, world.now), trouble);
            prop_assert_eq!(silently_open(&world, &seen), Vec::<String>::new());
            world.apply(&seen, trouble);
            world.pass(file::days(9));
        }
    }

    #[test]
    fn p24_whoever_is_hired_again_has_what_rules_give_now_and_nothing_they_had(
        mut firm in firm(),
        old in prop::sample::select(vec!["Sales", "Legal"]),
        new in prop::sample::select(vec!["Ops", "Legal"]),
        job in prop::sample::select(vec!["none", "payer", "approver"]),
        years in 0..2_i64,
        trouble in trouble(),
    ) {
        for person in &mut firm.people {
            let mut at_work = person.rows[0].clone();
            (at_work.status, at_work.start, at_work.end) = ("Active", "2025-01-01", "");
            (at_work.level, at_work.department, at_work.job) = ("5", old, "payer");
            let left = firm::Row { status: "Gone", ..at_work.clone() };
            let back = firm::Row { department: new, job, level: "1", ..at_work.clone() };
            person.rows = vec![at_work, left, back];
            person.found = 0;
        }
        firm.file.last_of = false;
        firm.file.workflows[2] = false;
        let mut world = World::new(&firm);
        prop_assert!(settle(&mut world, &firm, 0).is_some());
        let seen = world.look(&firm.readings(1, world.now), &trouble);
        world.apply(&seen, &trouble);
        prop_assert!(settle(&mut world, &firm, 1).is_some());
        world.pass(file::days(365 * years));
        prop_assert!(settle(&mut world, &firm, 2).is_some());
        // Somebody else takes up the same work on the same day.
        let mut newcomers = firm.clone();
        for person in &mut newcomers.people {
            person.rows.drain(..2);
        }
        let mut fresh = World::new(&newcomers);
        fresh.now = world.now - file::days(1);
        let nobody = fresh.look(&[], &Trouble::none());
        prop_assert!(nobody.is_idle());
        fresh.now = world.now;
        prop_assert!(settle(&mut fresh, &newcomers, 0).is_some());
        let seen = world.look(&firm.readings(2, world.now), &Trouble::none());
        for (id, person) in &seen.desired.identities {
            prop_assert_eq!(held(&world, *id), held(&fresh, *id), "{}", person.label);
            let given = person.accounts.values().any(|it| matches!(it.presence, Presence::Present { .. }));
            prop_assert!(given || !person.holds.is_empty());
        }
    }
}
