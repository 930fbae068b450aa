//! How a connector is called, and when a target is not written, as written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{
    CallLimits,
    element::{duration::Duration, hours::Hours, size::Size},
};

/// Hours in which nothing is written at a target: what is due waits for
/// their end, except what takes access away.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct NoWrites {
    /// Days and hours; over midnight they belong to the day they begin on.
    pub(in crate::config) hours: Vec<Hours>,
    /// Whose hours; default: `timezone` of `[lifecycle]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) timezone: Option<String>,
    /// Whether what takes access away waits, too; an ejection never does.
    #[serde(default)]
    pub(in crate::config) losing_access: LosingAccess,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum LosingAccess {
    #[default]
    Go,
    Wait,
}

/// What bounds one connector's calls.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Calls {
    /// Time of one call.
    pub(in crate::config) wall_time: Duration,
    /// Memory of one call.
    pub(in crate::config) memory: Size,
    /// Calls at the same time.
    #[schemars(range(min = 1, max = 1000))]
    pub(in crate::config) parallel: u32,
    /// Accounts asked for at a time.
    #[schemars(range(min = 1, max = 100_000))]
    pub(in crate::config) page_size: u32,
}

impl Default for Calls {
    fn default() -> Self {
        let CallLimits { wall_time, memory, parallel, page_size } = CallLimits::default();
        Self {
            wall_time: Duration(jiff::SignedDuration::try_from(wall_time).unwrap_or_default()),
            memory: Size(memory),
            parallel,
            page_size,
        }
    }
}
