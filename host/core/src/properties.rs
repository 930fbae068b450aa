//! What holds of every firm, rule set and order of events, over generated
//! ones that walk the whole road: readings, identities, desired, plan, guard,
//! and targets that fail, lose answers and cannot be read for a while.
//!
//! Each file is about one property; CONTRIBUTING.md has the list.

mod approval;
mod arrival;
mod causes;
mod convergence;
mod coverage;
mod file;
mod firm;
mod lives;
mod names;
mod order;
mod steps;
mod world;

use proptest::prelude::*;

use self::{
    firm::{Firm, firm},
    world::{Fate, Seen, World},
};

/// What goes wrong in one round: targets that are not read, and what becomes
/// of each operation and message, by turns.
#[derive(Debug, Clone)]
struct Trouble {
    unread: [bool; 3],
    fates: Vec<Fate>,
    /// What becomes of every message, if not by turns.
    letters: Option<Fate>,
}

impl Trouble {
    fn none() -> Self {
        Self { unread: [false; 3], fates: vec![Fate::Done], letters: None }
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let fate = prop_oneof![3 => Just(Fate::Done), 1 => Just(Fate::Fails), 1 => Just(Fate::Lost)];
    let unread = prop::array::uniform3(prop::bool::weighted(0.15));
    (unread, prop::collection::vec(fate, 1..12)).prop_map(|(unread, fates)| Trouble {
        unread,
        fates,
        letters: None,
    })
}

/// Looks and applies until nothing is left to do, and says in how many rounds;
/// none when it never ends.
fn settle(world: &mut World, firm: &Firm, version: usize) -> Option<usize> {
    (0..MOST).find(|_| {
        let seen = world.look(&firm.readings(version, world.now), &Trouble::none());
        let idle = seen.is_idle();
        world.apply(&seen, &Trouble::none());
        idle
    })
}

/// A person, their accounts one after the other, their grants, and as many
/// steps of a workflow as there are.
const MOST: usize = 24;
