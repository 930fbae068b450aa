//! Workflows: what an operator writes for a change in somebody's life.
//!
//! A workflow begins for an identity when its trigger holds, and that one
//! time through it is an *episode*.  A step is desired as "done once for this
//! identity, episode and step"; order, waits and approvals only say when it
//! becomes desired.  Everything in here is a function of what is recorded and
//! of `now`, so that a week without a look changes nothing but the time at
//! which things are noticed.

mod advance;
mod approval;
mod begin;
mod compile;
mod component;
mod definition;
mod draw;
mod effect;
mod episode;
mod lasting;
mod own;

pub(crate) use self::advance::wait_moment;
pub use self::{
    advance::{Advanced, Situation, advance, lasting_steps, open_steps},
    approval::{Agreed, AnswerRefused, Answering, Asked, Others, Question, approval_id},
    begin::{Begin, Trigger, standing},
    compile::{CompileError, Step, Task, Wait, Workflow},
    component::{Given, Pending, StepRequest, Tried, step_key},
    definition::{
        AccountVerb, Action, ConditionDefinition, Definition, Offset, On, OnFailure,
        StepDefinition, TaskDefinition, Unused, WaitDefinition,
    },
    draw::{duration, mermaid, words},
    effect::{
        Address, Approve, Attempts, CREDENTIAL, Delivery, Effect, PATIENCE, PlannedStep, Recipient,
        Whom, pause_after,
    },
    episode::{Decided, Episode, EpisodeEnd, StepEnd, StepRecord},
    own::{OURS, OwnFact, add_own_facts, set_facts, without_own_facts},
};

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{IdentityId, WorkflowName};

/// What is remembered of workflows.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    /// When each workflow was first looked at.
    pub known_since: BTreeMap<WorkflowName, Timestamp>,
    /// The latest episode of each identity and workflow.
    pub episodes: BTreeMap<IdentityId, BTreeMap<WorkflowName, Episode>>,
}

impl Remembered {
    /// The latest episode of somebody in a workflow.
    pub fn latest(&self, identity: IdentityId, workflow: &WorkflowName) -> Option<&Episode> {
        self.episodes.get(&identity)?.get(workflow)
    }
}

#[cfg(test)]
mod tests;
