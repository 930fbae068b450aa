//! Who comes first.

use crate::operation::{Event, Operation};

/// How urgent an operation is; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Gone by a person's word.
    Eject,
    Leaver,
    /// Somebody has what they should not have.
    Excess,
    /// Somebody begins, or comes back for good; what is planned is due.
    Joiner,
    /// Somebody does something else, or is back from a leave.
    Mover,
    /// What changed at the target, what is undone, what is written of those
    /// who left.
    Rest,
}

impl Class {
    pub fn of(operation: &Operation) -> Self {
        let removes = operation.change.kind().removes();
        match operation.event {
            Event::Eject if removes => Self::Eject,
            Event::Leaver if removes => Self::Leaver,
            _ if removes => Self::Excess,
            Event::Joiner | Event::Rehire => Self::Joiner,
            Event::Mover | Event::Leave => Self::Mover,
            Event::Eject | Event::Leaver | Event::Drift | Event::Undo => Self::Rest,
        }
    }

    /// Whether it takes access away, which waits for as little as can be.
    pub fn takes_access(self) -> bool {
        self <= Self::Excess
    }
}
