//! A step is done at most once per episode, whatever fails and is repeated;
//! losing access waits for no step.

use super::*;
use crate::{
    account::AccountState,
    operation::OperationKind,
    workflow::{EpisodeEnd, StepRecord},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_step_is_done_at_most_once_per_episode_whatever_is_repeated(
        mut firm in firm(),
        troubles in prop::collection::vec((trouble(), 0..60_i64), 1..8),
    ) {
        firm.file.workflows = [true; 4];
        let mut world = World::new(&firm);
        for (round, (trouble, hours)) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round / 2, world.now), trouble);
            world.apply(&seen, trouble);
            world.pass(jiff::SignedDuration::from_hours(*hours));
        }
        prop_assert!(settle(&mut world, &firm, firm.versions()).is_some());
        let twice: Vec<_> = world.sent.iter().filter(|(_, times)| **times > 1).collect();
        prop_assert!(twice.is_empty(), "{twice:?}");
        // What was about to go out when an answer was lost is told, not sent.
        let seen = world.look(&firm.readings(firm.versions(), world.now), &Trouble::none());
        let held = |id| !seen.desired.identities[&id].holds.is_empty();
        let episodes = world.truth.workflows.episodes.values().flatten();
        for (_, episode) in episodes.filter(|(_, it)| !held(it.identity)) {
            let about_to = |it: &StepRecord| matches!(it, StepRecord::Sent { .. });
            let open = episode.stands() && !matches!(episode.end, Some(EpisodeEnd::Stopped { .. }));
            prop_assert!(!open || !episode.steps.values().any(about_to), "{episode:?}");
        }
    }

    #[test]
    fn losing_access_waits_for_no_step(
        mut firm in firm(),
        letters in prop::sample::select(vec![Fate::Fails, Fate::Lost]),
        version in 0..3_usize,
    ) {
        firm.file.workflows = [true; 4];
        (firm.file.last_of, firm.file.protected) = (false, false);
        let mut world = World::new(&firm);
        // Nobody is ever told anything, and nobody answers.
        let trouble = Trouble { letters: Some(letters), ..Trouble::none() };
        for version in 0..=version {
            let seen = world.look(&firm.readings(version, world.now), &trouble);
            world.apply(&seen, &trouble);
            world.pass(file::days(1));
            for link in world.truth.links.iter().filter(|it| !it.gone) {
                let person = &seen.desired.identities[&link.identity];
                if !person.state.state.is_over() || !person.holds.is_empty() {
                    continue;
                }
                let there = &world.truth.targets[&link.target];
                let open = there.accounts.iter().any(|it| {
                    it.reference == link.account && it.state == AccountState::Active
                });
                prop_assert!(!open, "{} is open at {}", person.label, link.target);
            }
            for operation in &seen.plan.operations {
                if operation.change.kind() == OperationKind::Disable {
                    prop_assert!(operation.after.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_leaver_whose_manager_is_never_told_is_closed_the_same_day() {
    // So that the properties above are about something.
    let row = firm::Row {
        given: "Ada",
        department: "Sales",
        job: "none",
        status: "Active",
        start: "2025-01-01",
        end: "",
        level: "1",
        manager: 1,
    };
    let boss = firm::Row { given: "Bo", manager: 5, ..row.clone() };
    let left = firm::Row { status: "Gone", ..row.clone() };
    let person = |rows| firm::Person { rows, shared: false, found: 0 };
    let file = firm::File {
        after: true,
        roles: false,
        references: false,
        overlap: false,
        leaves: false,
        shared_names: false,
        unmanaged: 0,
        last_of: false,
        protected: false,
        workflows: [true; 4],
        delete_at_once: false,
    };
    let firm = Firm { people: vec![person(vec![row, left]), person(vec![boss])], file };
    let mut world = World::new(&firm);
    let trouble = Trouble { letters: Some(Fate::Lost), ..Trouble::none() };
    settle(&mut world, &firm, 0).unwrap();
    world.pass(file::days(1));
    let seen = world.look(&firm.readings(1, world.now), &trouble);
    world.apply(&seen, &trouble);
    let ada = seen.assembled.identities.iter().find(|it| it.records[0].key == "1").unwrap().id;
    assert!(matches!(world.step(ada, "leaver", "tell"), Some(StepRecord::Sent { .. })));
    let open = world.truth.links.iter().filter(|it| it.identity == ada && it.is_open());
    assert_eq!(open.count(), 0);
}
