//! Steps that a component of the operator carries out.
//!
//! What it is given is decided with the plan; what it says about it is its
//! own word, and no part of a plan.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::effect::pause_after;
use crate::{
    id::{Digest, FactName, IdentityId, StepName, WorkflowName},
    value::Value,
};

/// What one key of `with` gives: a text, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given<T> {
    One(T),
    Several(Vec<T>),
}

impl<T> Given<T> {
    /// The same with every text changed.
    ///
    /// # Errors
    /// The first that `change` answers.
    pub fn map<U, E>(&self, change: &mut impl FnMut(&T) -> Result<U, E>) -> Result<Given<U>, E> {
        Ok(match self {
            Self::One(text) => Given::One(change(text)?),
            Self::Several(texts) => {
                Given::Several(texts.iter().map(change).collect::<Result<_, _>>()?)
            }
        })
    }
}

/// What a component is given for one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRequest {
    /// The step's `with`, its templates rendered.
    pub with: BTreeMap<String, Given<String>>,
    /// Of the person: what the operator hands over, as far as they have it.
    pub facts: BTreeMap<FactName, Vec<Value>>,
}

/// What is remembered of a step for the component that carries it out; it
/// outlives failures and a person's `retry`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Attempts that were begun.
    pub count: u32,
    /// What the component marked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, String>,
}

/// A step that a component took on and ends later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub ticket: String,
    /// What somebody has to do there, in the component's words.
    pub needs: Option<String>,
    /// How often it was asked what became of it.
    pub polls: u32,
    /// When it is asked again.
    pub next: Timestamp,
    /// Nothing comes of it after that.
    pub until: Option<Timestamp>,
}

impl Pending {
    /// Asked again later: after what the component says, and never sooner
    /// than a failed attempt would be repeated.
    #[must_use]
    pub fn asked(mut self, now: Timestamp, after: Option<SignedDuration>) -> Self {
        self.polls = self.polls.saturating_add(1);
        let pause = pause_after(self.polls).max(after.unwrap_or_default());
        self.next = now.checked_add(pause).unwrap_or(Timestamp::MAX);
        self
    }
}

/// What tells one step of somebody's episode from every other: the key under
/// which it is carried out, in every attempt.
pub fn step_key(
    identity: IdentityId,
    (workflow, ordinal, step): (&WorkflowName, u32, &StepName),
) -> String {
    let digest = Digest::of(format!("{identity}\n{workflow}\n{ordinal}\n{step}"));
    digest.as_str().get(..32).unwrap_or(digest.as_str()).to_owned()
}
