//! Workflows and their steps, as written.

use lanyard_core::{
    id::{ConnectorName, FactName, MessageName, StepName, WorkflowName},
    workflow::OnFailure,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::element::{
    duration::Duration,
    entries::Entries,
    on::Begins,
    text::Texts,
    wait::Wait,
    when::When,
    whom::{Person, To},
};

/// Ordered steps for a change in somebody's life.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Workflow {
    /// When it begins for somebody.
    pub(in crate::config) on: Begins,
    /// Asked once, when it begins; without it the workflow is for all.
    #[serde(default)]
    pub(in crate::config) when: When,
    /// What is done; each waits for the steps in its `after`.
    pub(in crate::config) steps: Vec<Step>,
}

/// One step: exactly one of `do`, `wait` and `run`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Step {
    /// Its name in `after` of others.
    #[schemars(with = "String")]
    pub(in crate::config) id: StepName,
    /// What is done.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub(in crate::config) verb: Option<Verb>,
    /// A duration from the end of the steps before it, `{ until = "…" }` a
    /// date by template, or `{ facts = { … } }` until facts are so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) wait: Option<Wait>,
    /// The `[component.…]` that carries it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) run: Option<ConnectorName>,
    /// What the component is given: texts and lists of texts, as templates.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub(in crate::config) with: Entries<String, Texts>,
    /// Targets whose accounts are meant; without it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) targets: Option<Vec<String>>,
    /// Entitlements by target, as templates.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub(in crate::config) grants: Entries<String, Vec<String>>,
    /// The workflow that begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) workflow: Option<WorkflowName>,
    /// Who is told: `manager`, `self`, the key of a record, `mail:…`,
    /// `webhook:…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::config) to: Vec<To>,
    /// What they are told: a `[message.…]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) template: Option<MessageName>,
    /// One of these has to agree: `manager`, or the key of a record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::config) by: Vec<Person>,
    /// One of each list has to agree, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::config) stages: Vec<Vec<Person>>,
    /// No answer for so long is a no; 5 days when it is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) expire: Option<Expire>,
    /// What is asked, as people read it; a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) reason: Option<String>,
    /// Who may answer as well when nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) escalate: Option<Escalate>,
    /// The fact that becomes so, where no source gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) fact: Option<FactName>,
    /// Its value, as a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) value: Option<String>,
    /// The role that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) role: Option<String>,
    /// The entitlement that is asked for, as `target/entitlement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) entitlement: Option<String>,
    /// For how long it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) until: Option<Duration>,
    /// Random characters of a new password; 16 when it is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) length: Option<u16>,
    /// Whether a new password has to be changed at the first sign-in; it has
    /// when it is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) must_change: Option<bool>,
    /// Whether a new password may take the place of one that is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) again: Option<bool>,
    /// Roles whose requests end; with `targets`, what was asked for there as
    /// well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) roles: Option<Vec<String>>,
    /// Steps that must have ended first; without it the step begins with the
    /// workflow.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(in crate::config) after: Vec<StepName>,
    /// Asked once, when the step becomes due; false skips it.
    #[serde(default)]
    pub(in crate::config) when: When,
    /// How long it may take; after that it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) timeout: Option<Duration>,
    /// What happens when it fails or takes too long.
    #[serde(default)]
    pub(in crate::config) on_failure: Failure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Verb {
    CreateAccounts,
    EnableAccounts,
    DisableAccounts,
    DeleteAccounts,
    /// Holds entitlements as long as the workflow stands.
    Grant,
    /// Does not hold them, whatever rules give.
    Revoke,
    /// Holds nothing that Lanyard granted.
    RevokeAll,
    Start,
    /// These are told something.
    Notify,
    /// Somebody has to agree.
    Approve,
    /// A fact of ours.
    SetFact,
    /// Others are asked to do something, until a person says that it is done.
    Ticket,
    /// Access is asked for, as people do.
    Request,
    /// What was asked for ends.
    EndRequests,
    /// Whoever is signed in has to sign in again.
    EndSessions,
    /// Sessions, tokens, app passwords and keys end.
    RevokeCredentials,
    /// An account gets a new password, and others are told which.
    Credential,
}

/// Who may answer as well when nobody has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Escalate {
    /// This long after the question.
    pub(in crate::config) after: Duration,
    /// Whom: `manager.manager`, or the key of a record.
    pub(in crate::config) to: Person,
}

/// How long a question stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::config) struct Expire(pub(in crate::config) Duration);

impl Default for Expire {
    fn default() -> Self {
        Self(Duration::hours(5 * 24))
    }
}

impl Verb {
    pub(in crate::config) fn word(self) -> &'static str {
        match self {
            Self::CreateAccounts => "create-accounts",
            Self::EnableAccounts => "enable-accounts",
            Self::DisableAccounts => "disable-accounts",
            Self::DeleteAccounts => "delete-accounts",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::RevokeAll => "revoke-all",
            Self::Start => "start",
            Self::Notify => "notify",
            Self::Approve => "approve",
            Self::SetFact => "set-fact",
            Self::Ticket => "ticket",
            Self::Request => "request",
            Self::EndRequests => "end-requests",
            Self::EndSessions => "end-sessions",
            Self::RevokeCredentials => "revoke-credentials",
            Self::Credential => "credential",
        }
    }

    /// The keys of a step that belong to it.
    pub(in crate::config) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::CreateAccounts
            | Self::EnableAccounts
            | Self::DisableAccounts
            | Self::DeleteAccounts
            | Self::RevokeAll
            | Self::EndSessions
            | Self::RevokeCredentials => &["targets"],
            Self::Grant | Self::Revoke => &["grants"],
            Self::Start => &["workflow"],
            Self::Notify | Self::Ticket => &["to", "template"],
            Self::Approve => &["by", "stages", "expire", "reason", "escalate", "template"],
            Self::SetFact => &["fact", "value"],
            Self::Request => &["role", "entitlement", "until", "reason"],
            Self::EndRequests => &["roles", "targets"],
            Self::Credential => &["targets", "to", "template", "length", "must-change", "again"],
        }
    }
}

/// What happens when a step fails or takes too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Failure {
    /// Nothing else of the workflow begins.
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

impl From<Failure> for OnFailure {
    fn from(written: Failure) -> Self {
        match written {
            Failure::Stop => Self::Stop,
            Failure::Continue => Self::Continue,
            Failure::Obligation => Self::Obligation,
            Failure::Ask => Self::Ask,
        }
    }
}
