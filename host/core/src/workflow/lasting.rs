//! What kind of thing a step is: done once, so from then on, or so until it
//! is done.

use super::{
    compile::{Step, Task},
    definition::Action,
    episode::{Episode, StepEnd},
};
use crate::template::Template;

/// What a step does once, outside accounts and access.
pub(super) fn effect(step: &Step) -> Option<&Action<Template>> {
    match &step.task {
        Task::Do(
            action @ (Action::Notify { .. }
            | Action::Approve(_)
            | Action::SetFact { .. }
            | Action::Ticket { .. }
            | Action::Request { .. }
            | Action::EndRequests { .. }
            | Action::Credential { .. }
            | Action::Run { .. }),
        ) => Some(action),
        _ => None,
    }
}

pub(super) fn was_in_force(episode: &Episode, step: &Step) -> bool {
    let over = match episode.ended(&step.id) {
        Some((_, StepEnd::Skipped)) => true,
        Some(_) => once(step),
        None => false,
    };
    lasting(step) && episode.steps.contains_key(&step.id) && !over
}

/// Whether what a step asks for is desired until it is done, and no longer.
fn once(step: &Step) -> bool {
    matches!(&step.task, Task::Do(Action::EndCredentials { .. }))
}

/// Whether what a step asks for is desired as long as the episode stands.
pub(super) fn lasting(step: &Step) -> bool {
    matches!(&step.task, Task::Do(action) if action.is_lasting())
}

impl<T> Action<T> {
    /// About accounts and access: not done once, but so from then on.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Accounts { .. }
            | Self::Grant { .. }
            | Self::Revoke { .. }
            | Self::RevokeAll { .. }
            | Self::EndCredentials { .. } => true,
            Self::Start { .. }
            | Self::Notify { .. }
            | Self::Approve(_)
            | Self::SetFact { .. }
            | Self::Ticket { .. }
            | Self::Request { .. }
            | Self::EndRequests { .. }
            | Self::Credential { .. }
            | Self::Run { .. } => false,
        }
    }
}
