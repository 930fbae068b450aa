//! The journal of somebody who is erased: what was done, without words.

use crate::{
    fault::Fault,
    run::{OperationEvent, OperationState, Verification},
};

impl OperationEvent {
    /// The same without anything that a target or person said.  The states it
    /// leads to are those of before, [emptied](OperationState::emptied).
    #[must_use]
    pub fn emptied(self) -> Self {
        match self {
            Self::Answered { verification } => Self::Answered { verification: shown(verification) },
            Self::Refused { fault, retry_at } => Self::Refused { fault: failed(fault), retry_at },
            Self::GaveUp { fault } => Self::GaveUp { fault: failed(fault) },
            Self::LostAnswer { fault } => Self::LostAnswer { fault: failed(fault) },
            Self::Intended { .. } | Self::FoundNotApplied { .. } => self,
        }
    }
}

impl OperationState {
    /// The same without anything that a target or person said.
    #[must_use]
    pub fn emptied(self) -> Self {
        match self {
            Self::Uncertain { attempt, fault } => Self::Uncertain { attempt, fault: failed(fault) },
            Self::RetryAt { attempt, at, fault } => {
                Self::RetryAt { attempt, at, fault: failed(fault) }
            }
            Self::Done { verification } => Self::Done { verification: shown(verification) },
            Self::Parked { fault } => Self::Parked { fault: failed(fault) },
            Self::Waiting | Self::Sent { .. } => self,
        }
    }
}

/// Names of attributes stay.
fn shown(verification: Verification) -> Verification {
    match verification {
        Verification::Unverifiable(_) => Verification::Unverifiable("erased".to_owned()),
        Verification::Verified | Verification::Drifted(_) => verification,
    }
}

fn failed(fault: Fault) -> Fault {
    Fault::new(fault.kind.without_words(""), "erased")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultKind;

    #[test]
    fn an_emptied_journal_leads_to_the_emptied_state() {
        let taken = "ada.example is taken";
        let fault = Fault::new(FaultKind::Conflict(Some(taken.to_owned())), taken);
        let retry_at = crate::example::noon();
        let unverifiable = Verification::Unverifiable(taken.to_owned());
        let intended = |attempt| OperationEvent::Intended { attempt };
        let lives = [
            vec![intended(1), OperationEvent::Answered { verification: unverifiable }],
            vec![intended(1), OperationEvent::GaveUp { fault: fault.clone() }],
            vec![intended(1), OperationEvent::Refused { fault: fault.clone(), retry_at }],
            vec![intended(1), OperationEvent::LostAnswer { fault }],
        ];
        for events in lives {
            let (mut whole, mut emptied) = (OperationState::Waiting, OperationState::Waiting);
            for event in events {
                whole = whole.next(&event).unwrap();
                emptied = emptied.next(&event.emptied()).unwrap();
            }
            let text = serde_json::to_string(&emptied).unwrap();
            assert!(!text.contains("ada"), "{text}");
            assert_eq!(emptied, whole.emptied());
        }
    }
}
