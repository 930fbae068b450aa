//! That the generated firms are about something: each thing the properties
//! speak of happens in them, and often.

use std::collections::BTreeMap;

use proptest::{strategy::ValueTree, test_runner::TestRunner};

use super::*;
use crate::{
    guard::{GuardSettings, Lately, guard},
    workflow::Effect,
};

type Counts = BTreeMap<String, usize>;

fn count(counts: &mut Counts, what: impl Into<String>) {
    *counts.entry(what.into()).or_default() += 1;
}

fn of_look(counts: &mut Counts, world: &World, seen: &Seen) {
    for person in seen.desired.identities.values() {
        count(counts, format!("state {}", person.state.state.word()));
        if !person.holds.is_empty() {
            count(counts, "held");
        }
        if !person.access.conflicts.is_empty() {
            count(counts, "kept apart");
        }
    }
    for operation in &seen.plan.operations {
        count(counts, operation.change.kind().word());
        if !operation.after.is_empty() {
            count(counts, "waits for another operation");
        }
        if !operation.prefer_after.is_empty() {
            count(counts, "comes after another one if it can");
        }
    }
    for step in &seen.plan.steps {
        let kinds = [
            ("tells", matches!(step.effect, Effect::Notify { .. })),
            ("asks", matches!(step.effect, Effect::Ask { .. })),
            ("asks others", matches!(step.effect, Effect::AskOthers { .. })),
            ("sets a fact", matches!(step.effect, Effect::SetFact { .. })),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, is)| *is) {
            count(counts, kind);
        }
    }
    for planned in &seen.plan.episodes {
        let how = planned.episode.word();
        count(counts, format!("episode of {} {how}", planned.episode.workflow));
    }
    for _ in &seen.plan.adoptions {
        count(counts, "adopt?");
    }
    for note in &seen.plan.notes {
        count(counts, format!("note {}", note.kind.word()));
    }
    for _ in seen.plan.overlaps.values().flatten() {
        count(counts, "overlap");
    }
    for _ in &world.truth.in_doubt {
        count(counts, "in doubt");
    }
    let settings = GuardSettings::of(&world.policy);
    let findings = guard(&settings, &seen.plan, &seen.observed, &Lately::default(), &[]);
    for finding in findings {
        count(counts, format!("finding {}", finding.kind.word()));
    }
    for _ in seen.assembled.identities.iter().filter(|it| it.records.len() > 1) {
        count(counts, "in two sources");
    }
}

#[test]
fn everything_that_the_properties_speak_of_happens_often() {
    let mut runner = TestRunner::deterministic();
    let mut counts = Counts::new();
    let strategy = (firm(), prop::collection::vec(trouble(), 6));
    for _ in 0..300 {
        let (firm, troubles) = strategy.new_tree(&mut runner).unwrap().current();
        let mut world = World::new(&firm);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round / 2, world.now), trouble);
            of_look(&mut counts, &world, &seen);
            world.apply(&seen, trouble);
            if round == 1 && firm.people.iter().any(|it| it.found == 2) {
                world.put_by_hand("crm");
            }
            world.pass(file::days(7));
        }
    }
    let expected = [
        "adopt?",
        "asks",
        "create",
        "delete",
        "disable",
        "enable",
        "episode of here open",
        "episode of here withdrawn",
        "episode of joiner open",
        "episode of leaver open",
        "episode of leaver withdrawn",
        "episode of mover open",
        "finding last-of",
        "finding protected",
        "grant",
        "held",
        "in doubt",
        "in two sources",
        "kept apart",
        "note conflict",
        "note held",
        "note not read",
        "note not ours",
        "note waits",
        "overlap",
        "revoke",
        "sets a fact",
        "state active",
        "state announced",
        "state cancelled",
        "state departed",
        "state leaving",
        "state on-leave",
        "state prehire",
        "tells",
        "update",
        "waits for another operation",
        "comes after another one if it can",
    ];
    let rare: Vec<(&str, usize)> = expected
        .into_iter()
        .map(|what| (what, counts.get(what).copied().unwrap_or_default()))
        .filter(|(_, times)| *times < 10)
        .collect();
    assert!(rare.is_empty(), "too rare: {rare:?}\nof: {counts:#?}");
}
