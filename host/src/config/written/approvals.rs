//! Which plans need the agreement of people, as written.

use lanyard_core::id::MessageName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workflow::{Escalate, Expire};
use crate::config::element::whom::Person;

/// Plans that need the agreement of people.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct PlanApproval {
    /// What of a plan needs it.
    pub(in crate::config) when: ApprovalWhen,
    /// One of each list has to agree, in order: keys of records.
    pub(in crate::config) stages: Vec<Vec<Person>>,
    /// No answer for so long is a no.
    #[serde(default)]
    pub(in crate::config) expire: Expire,
    /// Who may answer as well when nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) escalate: Option<Escalate>,
    /// What they are told: a `[message.…]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) template: Option<MessageName>,
}

/// Any one of these is enough.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct ApprovalWhen {
    /// Findings that nobody releases alone.
    pub(in crate::config) releases: Vec<String>,
    /// Everything that gives access: accounts created and enabled, grants.
    pub(in crate::config) everything: bool,
    /// Grants of what is privileged.
    pub(in crate::config) privileged: bool,
    /// More accounts created than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) creates: Option<u32>,
    /// More accounts enabled than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) enables: Option<u32>,
    /// More grants than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) grants: Option<u32>,
    /// These are refused, with the reason.
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub(in crate::config) removals: Option<toml::Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub(in crate::config) disables: Option<toml::Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub(in crate::config) deletes: Option<toml::Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub(in crate::config) revokes: Option<toml::Value>,
}
