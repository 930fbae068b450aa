//! The demo: a company joins, moves, leaves and comes back.
//!
//! It runs the real `lanyard` against the two applications, each a process
//! of its own, and believes neither: what should be true is worked out here
//! from the HR file, and what is true is read from the applications' own
//! state files.

mod doors;
mod expected;
mod found;
mod lanyard;
mod stage;
mod story;
mod walk;

use std::{fmt, io::Write, path::PathBuf};

/// Where the programs (`lanyard`, `demo-crm`, `demo-directory`) and the
/// components (`csv.wasm`, …) are.
#[derive(Debug)]
pub struct Places {
    pub programs: PathBuf,
    pub plugins: PathBuf,
}

/// What was counted on the way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// People the HR file ever named.
    pub identities: usize,
    /// Accounts found in the applications as they should be, at the end.
    pub accounts: usize,
    /// Operations that were carried out.
    pub operations: usize,
    /// Those that were read back and found as they were meant.
    pub verified: usize,
    /// Operations the guard held back, and calls the sandbox stopped.
    pub refused: usize,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identities, accounts, operations, verified, refused } = self;
        write!(
            f,
            "identities={identities} accounts={accounts} operations={operations} \
             verified={verified} refused={refused}"
        )
    }
}

/// Walks through the demo, telling it on `out`.
///
/// # Errors
/// The first claim that does not hold, with what was expected and found.
pub fn run(places: &Places, out: &mut dyn Write) -> anyhow::Result<Totals> {
    walk::walk(places, out)
}
