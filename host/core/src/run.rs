//! The life of an operation while it is executed: an enum and one transition
//! function.  Only events are stored; the state is derived from them.

#[cfg(test)]
mod tests;

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

impl OperationState {
    /// The state after an event.
    ///
    /// # Errors
    /// When the event cannot happen in this state; nothing can in `Done` and
    /// `Parked`, and no attempt follows an uncertain one that was not looked
    /// into.
    pub fn next(&self, event: &OperationEvent) -> Result<Self, IllegalTransition> {
        let illegal = || IllegalTransition { state: self.word(), event: event.word() };
        match self {
            Self::Waiting => match event {
                OperationEvent::Intended { attempt: 1 } => Ok(Self::Sent { attempt: 1 }),
                OperationEvent::GaveUp { fault } => Ok(Self::Parked { fault: fault.clone() }),
                OperationEvent::Intended { .. }
                | OperationEvent::Answered { .. }
                | OperationEvent::Refused { .. }
                | OperationEvent::LostAnswer { .. }
                | OperationEvent::FoundNotApplied { .. } => Err(illegal()),
            },
            Self::Sent { attempt } => match event {
                OperationEvent::Answered { verification } => {
                    Ok(Self::Done { verification: verification.clone() })
                }
                OperationEvent::Refused { fault, retry_at } => {
                    Ok(Self::RetryAt { attempt: *attempt, at: *retry_at, fault: fault.clone() })
                }
                OperationEvent::GaveUp { fault } => Ok(Self::Parked { fault: fault.clone() }),
                OperationEvent::LostAnswer { fault } => {
                    Ok(Self::Uncertain { attempt: *attempt, fault: fault.clone() })
                }
                OperationEvent::Intended { .. } | OperationEvent::FoundNotApplied { .. } => {
                    Err(illegal())
                }
            },
            Self::Uncertain { attempt, fault } => match event {
                OperationEvent::Answered { verification } => {
                    Ok(Self::Done { verification: verification.clone() })
                }
                OperationEvent::FoundNotApplied { retry_at } => {
                    Ok(Self::RetryAt { attempt: *attempt, at: *retry_at, fault: fault.clone() })
                }
                OperationEvent::LostAnswer { fault } => {
                    Ok(Self::Uncertain { attempt: *attempt, fault: fault.clone() })
                }
                OperationEvent::GaveUp { fault } => Ok(Self::Parked { fault: fault.clone() }),
                OperationEvent::Intended { .. } | OperationEvent::Refused { .. } => Err(illegal()),
            },
            Self::RetryAt { attempt, .. } => match event {
                OperationEvent::Intended { attempt: next }
                    if attempt.checked_add(1) == Some(*next) =>
                {
                    Ok(Self::Sent { attempt: *next })
                }
                // Nobody waited until then, and a part may be applied.
                OperationEvent::LostAnswer { fault } => {
                    Ok(Self::Uncertain { attempt: *attempt, fault: fault.clone() })
                }
                OperationEvent::GaveUp { fault } => Ok(Self::Parked { fault: fault.clone() }),
                OperationEvent::Intended { .. }
                | OperationEvent::Answered { .. }
                | OperationEvent::Refused { .. }
                | OperationEvent::FoundNotApplied { .. } => Err(illegal()),
            },
            Self::Done { .. } | Self::Parked { .. } => Err(illegal()),
        }
    }

    /// The state that these events, in their order, lead to.
    ///
    /// # Errors
    /// The first event that could not happen.
    pub fn replay<'a>(
        events: impl IntoIterator<Item = &'a OperationEvent>,
    ) -> Result<Self, IllegalTransition> {
        events.into_iter().try_fold(Self::Waiting, |state, event| state.next(event))
    }

    /// Whether nothing more happens to it by itself.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Parked { .. })
    }

    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent { .. } => "sent",
            Self::Uncertain { .. } => "uncertain",
            Self::RetryAt { .. } => "to be retried",
            Self::Done { .. } => "done",
            Self::Parked { .. } => "parked",
        }
    }
}

impl OperationEvent {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Intended { .. } => "intended",
            Self::Answered { .. } => "answered",
            Self::Refused { .. } => "refused",
            Self::GaveUp { .. } => "given up",
            Self::LostAnswer { .. } => "left without an answer",
            Self::FoundNotApplied { .. } => "found not applied",
        }
    }
}
