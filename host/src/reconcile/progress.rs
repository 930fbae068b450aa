//! What a run tells while it goes on and at its end, and how it is stopped.

use crate::store::RunId;
use lanyard_core::{
    approval::{PlanApproval, Unasked},
    fault::Fault,
    id::{IdentityId, ReviewName},
    operation::Operation,
    request::PlannedQuestion,
    run::Verification,
    workflow::PlannedStep,
};

/// What a run reports while it goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    Began {
        run: RunId,
        operations: usize,
    },
    Done {
        operation: Operation,
        verification: Verification,
    },
    Retrying {
        operation: Operation,
        fault: String,
    },
    Failed {
        operation: Operation,
        fault: Fault,
    },
    Uncertain {
        operation: Operation,
        fault: Fault,
    },
    /// Not attempted, and why.
    Skipped {
        operation: Operation,
        why: &'static str,
    },
    /// Left to a later run, and why.
    Waiting {
        operation: Operation,
        why: String,
    },
    /// A step of a workflow, and what became of it.
    Step {
        step: PlannedStep,
        how: StepTold,
    },
    /// A question about access that somebody asked for.
    Question {
        question: PlannedQuestion,
        how: StepTold,
    },
    /// A review that is opened, or in which others are asked.
    Review {
        name: ReviewName,
        how: StepTold,
    },
    /// Everything known of somebody is gone.
    Erased {
        identity: IdentityId,
    },
    /// A question about the plan itself.
    Approval {
        approval: Box<PlanApproval>,
        how: StepTold,
    },
    /// What waits for people of whom nobody can be asked.
    Unasked(Unasked),
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepTold {
    Done,
    /// Its component ends it later; what somebody has to do there, if they do.
    Pending(Option<String>),
    /// Certainly not carried out, or not wholly; a later run tries again.
    Again(String),
    /// People are asked, and could not be told so.
    Untold(String),
    /// It may have been carried out, and is not a second time.
    Unknown(String),
    /// Not tried, and why.
    Skipped(&'static str),
}

impl StepTold {
    /// People are asked; why one of them may not have been told.
    pub(super) fn asked(untold: Option<String>) -> Self {
        untold.map_or(Self::Done, Self::Untold)
    }
}

/// How a run ended, in operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub verified: usize,
    /// Taken by the target, of what no reading shows.
    pub answered: usize,
    pub unverifiable: usize,
    pub drifted: usize,
    pub failed: usize,
    pub uncertain: usize,
    /// Of the unverifiable, those that take access away.
    pub unproven: usize,
    /// Held back by a finding.
    pub blocked: usize,
    /// Of those, what waits for people of whom nobody can be asked.
    pub unasked: usize,
    /// Not attempted: something before it failed, or the run was stopped.
    pub skipped: usize,
    /// Left to a later run: their targets are not called now.
    pub waiting: usize,
    /// Steps of workflows that were carried out.
    pub steps: usize,
    pub steps_failed: usize,
    pub steps_unknown: usize,
    pub steps_skipped: usize,
    /// People who were erased.
    pub erased: usize,
    /// Bytes of people who were erased may still be in the store's files:
    /// somebody else was reading them.
    pub unswept: bool,
    pub stopped: bool,
}

impl Summary {
    /// Counts a question to people, which is for no component.
    pub(super) fn count(&mut self, how: &StepTold) {
        match how {
            StepTold::Done => self.steps += 1,
            StepTold::Skipped(_) => self.steps_skipped += 1,
            StepTold::Pending(_)
            | StepTold::Again(_)
            | StepTold::Untold(_)
            | StepTold::Unknown(_) => self.steps_failed += 1,
        }
    }
}

impl Summary {
    /// Everything that may be done is done, and the targets show it.
    pub fn is_clean(&self) -> bool {
        self.drifted == 0
            && self.unproven == 0
            && self.failed == 0
            && self.uncertain == 0
            && self.skipped == 0
            && self.waiting == 0
            && self.steps_failed == 0
            && self.steps_unknown == 0
            && !self.unswept
            && !self.stopped
    }
}
