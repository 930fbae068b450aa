//! Limits by what is done.

use std::{collections::BTreeMap, fmt};

use crate::id::ConnectorName;

/// Limits by what is done; what is not in here has none, except removals.
#[derive(Debug, Clone, Default)]
pub struct ClassLimits {
    pub everywhere: BTreeMap<Class, Bound>,
    /// In place of those everywhere.
    pub targets: BTreeMap<ConnectorName, BTreeMap<Class, Bound>>,
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Accounts that lose something.
    Removals,
    /// Accounts that are disabled.
    Disables,
    /// Privileged grants and revokes.
    Privileged,
    /// Accounts that are created.
    Creates,
    /// Accounts that get a new password.
    Passwords,
}

/// How many at one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Of the accounts that are ours; none: `max` alone counts.
    pub percent: Option<u8>,
    /// So many in any case, below the percentage.
    pub floor: u32,
    /// Never more, whatever the percentage says.
    pub max: Option<u32>,
}

impl Bound {
    /// For so many accounts that are ours.
    pub fn limit(&self, ours: u64) -> u64 {
        let share = self.percent.map(|percent| {
            (ours.saturating_mul(u64::from(percent)) / 100).max(u64::from(self.floor))
        });
        let max = self.max.map(u64::from);
        share.into_iter().chain(max).min().unwrap_or_default()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { percent, floor, max } = self;
        let share = percent.map(|percent| format!("{percent} percent, at least {floor}"));
        let max = max.map(|max| format!("at most {max}"));
        let parts: Vec<String> = share.into_iter().chain(max).collect();
        f.write_str(&parts.join(", "))
    }
}
