//! What people are told and asked about: a step of a workflow, or access that
//! somebody asked for.

use std::collections::BTreeSet;

use crate::{
    id::{IdentityId, StepName, WorkflowName},
    request::Request,
    workflow::{Address, Asked, Attempts, Delivery, approval_id},
};

/// What somebody is told or asked about.
pub(super) enum Topic<'a> {
    Step {
        /// Workflow, episode and step.
        key: (&'a WorkflowName, u32, &'a StepName),
        attempts: &'a Attempts,
        /// A question that is open already.
        asked: Option<&'a Asked>,
        /// Of what a component took on and has not ended.
        ticket: Option<&'a str>,
    },
    Request {
        request: &'a Request,
        /// What it would be in conflict with.
        conflicts: &'a str,
    },
}

impl Topic<'_> {
    /// What people call the question by.
    pub(super) fn approval(&self, about: IdentityId) -> String {
        match self {
            Self::Step { key: (workflow, ordinal, step), .. } => {
                approval_id(about, workflow, *ordinal, step)
            }
            Self::Request { request, .. } => request.id.clone(),
        }
    }

    /// The id of a message; none when an earlier attempt sent it.
    pub(super) fn message(&self, about: IdentityId, to: &Address) -> Option<String> {
        match self {
            Self::Step { key, attempts, .. } => {
                let id = Delivery::id_of(about, *key, to);
                (!attempts.sent.contains(&id)).then_some(id)
            }
            Self::Request { request, .. } => Some(Delivery::id_about(&request.id, to)),
        }
    }

    /// Those who may not decide.
    pub(super) fn own(&self, about: IdentityId) -> BTreeSet<IdentityId> {
        match self {
            Self::Step { .. } => [about].into(),
            Self::Request { request, .. } => request.own(),
        }
    }

    pub(super) fn ticket(&self) -> Option<&str> {
        match self {
            Self::Step { ticket, .. } => *ticket,
            Self::Request { .. } => None,
        }
    }

    /// From 1; none of a step is tried twice in one plan.
    pub(super) fn attempt(&self) -> u32 {
        match self {
            Self::Step { attempts, .. } => attempts.count.saturating_add(1),
            Self::Request { .. } => 1,
        }
    }

    pub(super) fn asked(&self) -> Option<&Asked> {
        match self {
            Self::Step { asked, .. } => *asked,
            Self::Request { request, .. } => request.asked.as_ref(),
        }
    }

    /// What messages can read of it; one may be for steps and requests, so
    /// that each knows the words of the other.
    pub(super) fn words(&self) -> [(&'static str, String); 6] {
        let none = String::new;
        let [workflow, step, access, by, until, conflict] = match self {
            Self::Step { key, .. } => {
                [key.0.to_string(), key.2.to_string(), none(), none(), none(), none()]
            }
            Self::Request { request, conflicts } => [
                none(),
                none(),
                request.access.to_string(),
                request.by.to_string(),
                request.until.map(|it| format!("{it:.0}")).unwrap_or_default(),
                (*conflicts).to_owned(),
            ],
        };
        [
            ("workflow", workflow),
            ("step", step),
            ("requested", access),
            ("requester", by),
            ("until", until),
            ("conflict", conflict),
        ]
    }
}
