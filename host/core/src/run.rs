//! The life of an operation while it is executed: an enum and one transition
//! function.  Only events are stored; the state is derived from them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Where an operation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationState {
    /// Not begun.
    Waiting,
    /// The intent of this attempt is durable; there is no answer yet.
    Sent {
        attempt: u32,
    },
    /// It may or may not have been applied: look before anything else.
    Uncertain {
        attempt: u32,
        fault: Fault,
    },
    /// Certainly not applied; again at this time.
    RetryAt {
        attempt: u32,
        at: Timestamp,
        fault: Fault,
    },
    Done {
        verification: Verification,
    },
    /// A person has to look.
    Parked {
        fault: Fault,
    },
}

/// What the read after a write showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// The target shows what was asked.
    Verified,
    /// It shows something else; what differs, by attribute name.
    Drifted(Vec<String>),
    /// It could not be read back; why.
    Unverifiable(String),
}

impl Verification {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Drifted(_) => "drifted",
            Self::Unverifiable(_) => "unverifiable",
        }
    }
}

/// What happens to an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationEvent {
    /// The intent was stored; attempt from 1.
    Intended { attempt: u32 },
    /// The target answered that it is done (or was already so).
    Answered { verification: Verification },
    /// Certainly not applied, and worth another try.
    Refused { fault: Fault, retry_at: Timestamp },
    /// Certainly not applied (or stuck), and not worth another try.
    GaveUp { fault: Fault },
    /// Nobody knows whether it was applied.
    LostAnswer { fault: Fault },
    /// Looked: it was not applied after all; again at this time.
    FoundNotApplied { retry_at: Timestamp },
}

/// An event that cannot happen in a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an operation that is {state} cannot be {event}")]
pub struct IllegalTransition {
    pub state: &'static str,
    pub event: &'static str,
}
