//! In which order things are learned, and how often somebody looks, never
//! changes what people end up with.

use std::collections::{BTreeMap, BTreeSet};

use super::{firm::reading, *};
use crate::{example, fact::Reading, identity};

/// What a person ends up with: their state, and at each target that of their
/// account and what it holds.  What they are called there is up to who came
/// first.
type End = BTreeMap<String, (String, BTreeMap<String, (String, BTreeSet<String>)>)>;

/// How far each person is: the version that `hr` has, if any, and whether
/// `more` knows them yet.
#[derive(Debug, Clone)]
struct Progress(Vec<(Option<usize>, bool)>);

/// The next thing that is learned: of whom, and from which source.
type Event = (usize, bool);

impl Progress {
    fn none(firm: &Firm) -> Self {
        Self(firm.people.iter().map(|person| (None, !person.shared)).collect())
    }

    /// Everything that is still to come, in an order that `turns` decides;
    /// what HR has of one person comes in its own order.
    fn events(firm: &Firm, turns: &[prop::sample::Index]) -> Vec<Event> {
        let mut left: Vec<(Event, usize)> = Vec::new();
        for (number, person) in firm.people.iter().enumerate() {
            left.push(((number, true), person.rows.len()));
            left.push(((number, false), usize::from(person.shared)));
        }
        left.retain(|(_, times)| *times > 0);
        let mut events = Vec::new();
        let mut turns = turns.iter().cycle();
        while !left.is_empty() {
            let place = turns.next().map_or(0, |it| it.index(left.len()));
            events.push(left[place].0);
            left[place].1 -= 1;
            left.retain(|(_, times)| *times > 0);
        }
        events
    }

    fn learn(&mut self, (number, hr): Event) {
        let person = &mut self.0[number];
        if hr {
            person.0 = Some(person.0.map_or(0, |version| version + 1));
        } else {
            person.1 = true;
        }
    }

    fn readings(&self, firm: &Firm, world: &World) -> Vec<Reading> {
        let people = || firm.people.iter().zip(&self.0).enumerate();
        let hr = people().filter_map(|(number, (person, (version, _)))| {
            Some(firm::record(number, person.row((*version)?)))
        });
        let more = people().filter(|(_, (person, (_, known)))| person.shared && *known);
        let more = more.map(|(number, _)| example::record(&firm::key(number), &[("phone", "1")]));
        vec![reading("hr", hr.collect(), world.now), reading("more", more.collect(), world.now)]
    }
}

/// Lives through the events, looking after each when `often`, and then for a
/// most of a year in which nothing is new.
fn live(firm: &Firm, events: &[Event], troubles: &[Trouble], often: bool) -> Option<End> {
    let mut world = World::new(firm);
    let mut progress = Progress::none(firm);
    let seen = world.look(&progress.readings(firm, &world), &Trouble::none());
    world.apply(&seen, &Trouble::none());
    let mut troubles = troubles.iter().cycle();
    for event in events {
        world.pass(jiff::SignedDuration::from_mins(10));
        progress.learn(*event);
        if often {
            let trouble = troubles.next()?;
            let seen = world.look(&progress.readings(firm, &world), trouble);
            world.apply(&seen, trouble);
        }
    }
    let last = firm.versions();
    for _ in 0..6 {
        settle(&mut world, firm, last)?;
        world.pass(file::days(40));
    }
    settle(&mut world, firm, last)?;
    let seen = world.look(&firm.readings(last, world.now), &Trouble::none());
    let people = seen.assembled.identities.iter().map(|person| {
        let now = &seen.desired.identities[&person.id];
        let links = world.truth.links.iter().filter(|it| it.identity == person.id && !it.gone);
        let accounts = links.map(|link| {
            let there = &world.truth.targets[&link.target];
            let account = there.accounts.iter().find(|it| it.reference == link.account);
            let state = account.map_or("none", |it| it.state.word()).to_owned();
            let held = there.assignments.iter().filter(|it| it.holder == link.account);
            let held = held.map(|it| it.entitlement.uid.clone()).collect();
            (link.target.to_string(), (state, held))
        });
        // Whoever is held is left as they are, which is as it came.
        let end = if now.holds.is_empty() {
            (now.state.state.word().to_owned(), accounts.collect())
        } else {
            ("held".to_owned(), BTreeMap::new())
        };
        (identity::key(person).to_owned(), end)
    });
    Some(people.collect())
}

/// Without what is up to who came first by its nature: who holds the last of
/// something, one of two things that are kept apart, or a protected name; and
/// whether nobody has a last day any more, or somebody still has.
fn without_precedence(firm: &mut Firm) {
    (firm.file.last_of, firm.file.roles, firm.file.protected) = (false, false, false);
    for person in &mut firm.people {
        person.found = 0;
        for row in person.rows.iter_mut().filter(|row| row.end.is_empty()) {
            row.end = "2099-12-31";
        }
    }
}

fn turns() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_things_are_learned_never_changes_the_end(
        mut firm in firm(),
        (one, other) in (turns(), turns()),
        troubles in prop::collection::vec(trouble(), 1..6),
    ) {
        without_precedence(&mut firm);
        let first = live(&firm, &Progress::events(&firm, &one), &troubles, true);
        let second = live(&firm, &Progress::events(&firm, &other), &[Trouble::none()], true);
        prop_assert!(first.is_some());
        prop_assert_eq!(first, second);
    }

    #[test]
    fn how_often_somebody_looks_never_changes_the_end(
        mut firm in firm(),
        turns in turns(),
        troubles in prop::collection::vec(trouble(), 1..6),
    ) {
        without_precedence(&mut firm);
        // Somebody who moved is asked about only when it is seen.
        firm.file.workflows[2] = false;
        let events = Progress::events(&firm, &turns);
        let often = live(&firm, &events, &troubles, true);
        prop_assert!(often.is_some());
        prop_assert_eq!(often, live(&firm, &events, &troubles, false));
    }
}
