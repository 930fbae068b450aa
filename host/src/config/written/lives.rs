//! Leave, legal holds and ejections, as written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::element::{duration::Duration, text::Text};

/// A type of leave.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Leave {
    /// Values of the fact `status` that mean this leave, ignoring case.
    pub(in crate::config) status: Vec<String>,
    /// Whether accounts stay enabled.
    pub(in crate::config) login: Login,
    /// What becomes of the grants.
    pub(in crate::config) grants: GrantsOnLeave,
    /// Targets where everything stays as it is, and grants that stay, as
    /// `target/entitlement`.
    pub(in crate::config) keep: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Login {
    #[default]
    Block,
    Keep,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum GrantsOnLeave {
    #[default]
    Keep,
    Revoke,
}

/// Nothing of these people is deleted as long as this is in the file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Hold {
    /// Keys of their records, or their ids.
    pub(in crate::config) people: Vec<String>,
    /// The date to look whether it is still needed.
    pub(in crate::config) review: Text,
    /// Who answers for it.
    pub(in crate::config) owner: String,
}

/// How many people may be ejected before another person has to look.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Ejects {
    /// So many within any window; the others wait for their turn.
    pub(in crate::config) max: u32,
    /// How long an ejection counts.
    pub(in crate::config) window: Duration,
}

impl Default for Ejects {
    fn default() -> Self {
        Self { max: 3, window: Duration::hours(1) }
    }
}
