//! On which terms people may ask for access, as written.

use lanyard_core::id::MessageName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workflow::{Escalate, Expire};
use crate::config::element::whom::Person;

/// Who has to agree to what people ask for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Approval {
    /// One of each list has to agree, in order: `manager`, `owner` (of the
    /// role), or the key of a record.
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

/// What people ask for, where a role or target says nothing else.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Request {
    /// By risk of a role; of entitlements, what is privileged is of high risk
    /// and everything else of low.
    pub(in crate::config) approval: ByRisk,
}

/// Without one of these, nobody has to agree.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct ByRisk {
    /// To what is of low risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) low: Option<Approval>,
    /// To what is of medium risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) medium: Option<Approval>,
    /// To what is of high risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) high: Option<Approval>,
}
