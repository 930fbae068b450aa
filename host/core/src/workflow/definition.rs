//! A workflow as it was written, ready to be stored.
//!
//! An episode keeps the definition it began with, whatever the file says
//! later; that is why this is plain data and templates are text.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    access::Side,
    condition::Test,
    id::{ConnectorName, Digest, FactName, MessageName, RoleName, StepName, WorkflowName},
    lifecycle::LifecycleState,
    operation::CredentialVerb,
    workflow::{
        component::Given,
        effect::{Approve, Recipient},
    },
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    pub name: WorkflowName,
    pub on: On,
    pub when: ConditionDefinition,
    /// In the order of the file.
    pub steps: Vec<StepDefinition>,
}

impl Definition {
    /// What an episode is pinned to.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn version(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(self)
    }
}

/// When a workflow begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// When somebody comes into this lifecycle state; it ends when they
    /// leave it.
    State(LifecycleState),
    /// When one of these facts changes.
    Changed(BTreeSet<FactName>),
    /// At a time before or after a date.
    Offset(Offset),
    /// When an account of somebody at work was not used for long; it ends
    /// when it is used again.
    Unused(Unused),
    /// When a person or another workflow says so.
    Demand,
}

/// For how long an account was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unused {
    pub after: SignedDuration,
    /// Accounts there count; none: at every target.
    pub targets: Option<BTreeSet<ConnectorName>>,
}

impl Unused {
    pub fn is_about(&self, target: &ConnectorName) -> bool {
        self.targets.as_ref().is_none_or(|targets| targets.contains(target))
    }
}

/// `14d before start`, `7d after end`, `0s after contract_review`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    /// Added to the moment; negative is before it.
    pub by: SignedDuration,
    /// A fact that is a date or an instant.
    pub fact: FactName,
}

/// A condition before its expression is compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionDefinition {
    pub all: Vec<(FactName, Test)>,
    pub expr: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDefinition {
    pub id: StepName,
    pub task: TaskDefinition,
    /// Steps that must have ended; empty: it begins with the episode.
    pub after: BTreeSet<StepName>,
    /// Looked at once, when the step becomes due; false skips it.
    pub when: ConditionDefinition,
    /// How long it may take from when it became due.
    pub timeout: Option<SignedDuration>,
    pub on_failure: OnFailure,
}

/// What happens when a step fails or takes too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Nothing else of the episode begins.
    #[default]
    Stop,
    /// What comes after it goes on.
    Continue,
    /// What comes after it goes on, and it stays open until a person says
    /// that it is done.
    Obligation,
    /// What comes after it waits until a person says what to do.
    Ask,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskDefinition {
    Wait(WaitDefinition),
    Do(Action<String>),
}

/// What a step does; generic over how its templates are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action<T> {
    /// Accounts at these targets, or at all the identity has one at.
    Accounts { verb: AccountVerb, targets: Option<BTreeSet<ConnectorName>> },
    /// Holds these entitlements as long as the episode stands.
    Grant { grants: BTreeMap<ConnectorName, Vec<T>> },
    /// Does not hold these, whatever gives them.
    Revoke { grants: BTreeMap<ConnectorName, Vec<T>> },
    /// Holds nothing of ours at these targets, or anywhere.
    RevokeAll { targets: Option<BTreeSet<ConnectorName>> },
    /// Whoever is signed in to these accounts, or anywhere, is so no longer;
    /// done once.
    EndCredentials { verb: CredentialVerb, targets: Option<BTreeSet<ConnectorName>> },
    /// Another workflow begins for the same identity.
    Start { workflow: WorkflowName },
    /// These are told something.
    Notify { to: Vec<Recipient>, template: MessageName },
    /// Somebody has to agree.
    Approve(Approve<T>),
    /// A fact of ours, where no source gives it.
    SetFact { fact: FactName, value: T },
    /// Others are asked to do something, and a person says that it is done.
    Ticket { to: Vec<Recipient>, template: MessageName },
    /// Access is asked for, as people do; for so long at most.
    Request { access: Side, until: Option<SignedDuration>, reason: Option<T> },
    /// What people asked for ends: these roles and what is at these targets,
    /// or all of it.
    EndRequests { roles: Option<BTreeSet<RoleName>>, targets: Option<BTreeSet<ConnectorName>> },
    /// An account gets a new password, and these are told which.
    Credential {
        target: ConnectorName,
        to: Vec<Recipient>,
        template: MessageName,
        /// Random characters of it.
        length: u16,
        /// At the first sign-in.
        must_change: bool,
        /// Also where the account has one already.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// A component of the operator does it.
    Run { component: ConnectorName, with: BTreeMap<String, Given<T>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountVerb {
    /// There is one, disabled when the state does not say enabled.
    Create,
    /// They may log in; never for somebody who has departed.
    Enable,
    Disable,
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitDefinition {
    /// From when what it is after has ended.
    For(SignedDuration),
    /// A date (its first instant) or an instant, by template.
    Until(String),
    /// Until these facts are so.
    Facts(ConditionDefinition),
}
