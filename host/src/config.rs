//! The operator's file: written shape → checked shape.

pub mod permissions;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use lanyard_core::{
    id::{ConnectorName, Digest},
    policy::Policy,
};

use permissions::Permissions;

/// The file, checked: everything named exists, everything compiles.
#[derive(Debug)]
pub struct Config {
    pub path: PathBuf,
    /// Of the file's bytes.
    pub digest: Digest,
    pub store: PathBuf,
    pub connectors: BTreeMap<ConnectorName, ConnectorConfig>,
    pub policy: Policy,
}

/// A configured instance of a plugin.
#[derive(Debug, Clone)]
pub struct ConnectorConfig {
    pub name: ConnectorName,
    pub role: Role,
    /// The component file; it exists.
    pub plugin: PathBuf,
    /// The operator's `config` table.
    pub config: serde_json::Value,
    pub permissions: Permissions,
    pub limits: CallLimits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Source,
    Target,
}

/// What bounds one connector's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// Wall-clock time of one call, host calls included.
    pub wall_time: Duration,
    /// Bytes of linear memory of one call.
    pub memory: u64,
    /// Calls at the same time.
    pub parallel: u32,
    /// Accounts per page asked for.
    pub page_size: u32,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            // Generous for a slow directory page, far below a hung run.
            wall_time: Duration::from_secs(30),
            // The pooling allocator reserves this much per slot; typical
            // guests use under 4 MiB.
            memory: 64 << 20,
            parallel: 4,
            page_size: 500,
        }
    }
}
