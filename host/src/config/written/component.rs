//! Components that carry out steps, as written.

use lanyard_core::id::FactName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Permissions;
use crate::config::{
    CallLimits,
    element::{duration::Duration, size::Size},
};

/// A component that carries out steps of workflows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Component {
    /// A name in `plugin-directory`, or a path ending in `.wasm`.
    pub(in crate::config) plugin: String,
    /// Checked by the component's own schema.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub(in crate::config) config: toml::Table,
    /// What it may reach; everything else is denied.
    #[serde(default)]
    pub(in crate::config) permissions: Permissions,
    /// Facts of the person that it is handed; none without it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(in crate::config) attributes: Vec<FactName>,
    /// What bounds each call.
    #[serde(default)]
    pub(in crate::config) limits: StepCalls,
}

/// What bounds each call of a component.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct StepCalls {
    /// Time of one call.
    pub(in crate::config) wall_time: Duration,
    /// Memory of one call.
    pub(in crate::config) memory: Size,
}

impl Default for StepCalls {
    fn default() -> Self {
        let CallLimits { wall_time, memory, .. } = CallLimits::default();
        Self {
            wall_time: Duration(jiff::SignedDuration::try_from(wall_time).unwrap_or_default()),
            memory: Size(memory),
        }
    }
}
