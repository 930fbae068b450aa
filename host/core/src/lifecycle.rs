//! Lifecycle state: a pure function of facts and the time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a person stands; names of identity lifecycle practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleState {
    /// Known, starts later than the prehire offset.
    Announced,
    /// Starts soon: accounts are made, disabled.
    Prehire,
    Active,
    OnLeave,
    Departed,
}

impl LifecycleState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Prehire => "prehire",
            Self::Active => "active",
            Self::OnLeave => "on-leave",
            Self::Departed => "departed",
        }
    }
}

/// The state now, with the sentence why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateNow {
    pub state: LifecycleState,
    /// "end 2026-03-31 has passed"; says nothing relative to now.
    pub because: String,
    /// When this state began, as far as facts tell (last instant of the end
    /// date for a departed person).
    pub since: Option<Timestamp>,
    /// When time alone will change it.
    pub until: Option<Timestamp>,
}
