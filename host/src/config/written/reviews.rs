//! What somebody is asked about from time to time, as written.

use lanyard_core::id::MessageName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{access::Risk, workflow::Escalate};
use crate::config::element::{duration::Duration, entries::Entries, text::Text, whom::Person};

/// A review of access.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Review {
    /// Which grants are looked at.
    pub(in crate::config) of: ReviewOf,
    /// How long after one the next one opens.
    pub(in crate::config) every: Duration,
    /// When the first one opens; without it when this is first applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) from: Option<Text>,
    /// The first of these who can be asked is: `owner` (of a role that gives
    /// it), `manager`, or the key of a record.
    pub(in crate::config) who: Vec<Person>,
    /// How long they have.
    #[serde(default = "fortnight")]
    pub(in crate::config) within: Duration,
    /// What no answer means.
    pub(in crate::config) silence: Silence,
    /// Who may answer as well when nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) escalate: Option<Escalate>,
    /// What they are told: a `[message.…]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) template: Option<MessageName>,
}

fn fortnight() -> Duration {
    Duration::hours(14 * 24)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Silence {
    Keep,
    Revoke,
}

/// Any one of these is enough.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct ReviewOf {
    /// Given by roles of at least this risk; with `high`, what is privileged
    /// as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) risk: Option<Risk>,
    /// Given by these roles.
    pub(in crate::config) roles: Vec<String>,
    /// These, by target.
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    pub(in crate::config) grants: Entries<String, Vec<String>>,
    /// Everything at these targets.
    pub(in crate::config) targets: Vec<String>,
    /// What nothing gives.
    pub(in crate::config) unmanaged: bool,
}
