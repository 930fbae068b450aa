//! Why something has not begun.

use jiff::Timestamp;

use super::{Shut, Why};
use crate::{id::OperationId, operation::Operation};

/// An operation that has not begun, or waits for another attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub operation: Operation,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another one comes first, and has not ended.
    After(OperationId),
    /// It was tried, and is tried again then.
    Again(Timestamp),
    /// Its target is not called now.
    Shut(Shut),
    /// As many are under way there, or for the same account, as may be.
    Turn,
}

impl Waiting {
    /// When it is looked at again, unless something ends before.
    pub fn next(&self) -> Option<Timestamp> {
        match self.reason {
            Reason::Again(at) | Reason::Shut(Shut { until: at, .. }) => Some(at),
            Reason::After(_) | Reason::Turn => None,
        }
    }

    /// The sentence of it.
    pub fn because(&self) -> String {
        let target = format!("`{}`", self.operation.target);
        match self.reason {
            Reason::After(other) => format!("{other} comes first, and waits as well"),
            Reason::Again(at) => format!("it is tried again after {at:.0}"),
            Reason::Shut(shut) => shut.because(&target),
            Reason::Turn => "others come first".to_owned(),
        }
    }
}

impl Shut {
    /// The sentence of it, about the connector as `it` calls it.
    pub fn because(&self, it: &str) -> String {
        let until = self.until;
        match self.why {
            Why::Rate => format!("{it} takes no more calls before {until:.0} (`rate`)"),
            Why::Asked => format!("{it} asks to be left alone until {until:.0}"),
            Why::Dead => {
                format!("{it} does not answer, and is not asked again before {until:.0}")
            }
            Why::Probed => format!("one call looks whether {it} is there again"),
            Why::NoWrites => {
                format!("nothing is written at {it} until {until:.0} (`no-writes`)")
            }
        }
    }
}
