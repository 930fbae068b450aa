//! Forgetting people, as written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::element::duration::Duration;

/// How many people may be erased before a person has to look.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Erasures {
    /// So many within any window; the others wait.
    pub(in crate::config) max: u32,
    /// How long an erasure counts.
    pub(in crate::config) window: Duration,
}

impl Default for Erasures {
    fn default() -> Self {
        Self { max: 20, window: Duration::hours(24) }
    }
}

/// Who somebody is that is hired again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Rehire {
    /// Who they were.
    #[default]
    Same,
    /// Somebody new, with accounts and login names of their own.
    New,
}

pub(in crate::config) fn twice() -> u32 {
    2
}

pub(in crate::config) fn a_day() -> Duration {
    // What is wrong with a sign-in today is usually seen by tomorrow.
    Duration::hours(24)
}
