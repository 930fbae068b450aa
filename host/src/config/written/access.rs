//! Roles, what must not be held together, and limits by what is done, as
//! written.

use lanyard_core::id::ConnectorName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::requests::Approval;
use crate::config::element::{duration::Duration, entries::Entries, percent::Percent, text::Text};

/// Accounts and grants under one name, for rules to give.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Role {
    /// What it is for; `explain` shows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::config) description: String,
    /// Who answers for it: the key of a person; `explain` shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) owner: Option<Text>,
    /// What a role of high risk grants counts as privileged in `[limits]`.
    pub(in crate::config) risk: Risk,
    /// When it gives something.
    #[serde(skip_serializing_if = "Valid::is_always")]
    pub(in crate::config) valid: Valid,
    /// Roles that whoever has this one has as well.
    pub(in crate::config) includes: Vec<String>,
    /// Targets to have an account at.
    pub(in crate::config) accounts: Vec<String>,
    /// Entitlements by target, as templates.
    pub(in crate::config) grants: Entries<String, Vec<String>>,
    /// Whether people may ask for it, for themselves or others.
    pub(in crate::config) requestable: bool,
    /// What is asked for ends after so long at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) longest: Option<Duration>,
    /// Who has to agree; without it what `[request]` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) approval: Option<Approval>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Risk {
    #[default]
    Low,
    Medium,
    High,
}

/// A time outside of which nothing is given; a date counts to its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Valid {
    /// The first date or instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) from: Option<Text>,
    /// The last date, or the first instant after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) until: Option<Text>,
}

impl Valid {
    pub(in crate::config) fn is_always(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }
}

/// What nobody may hold two of.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Separation {
    /// Roles, or entitlements as `target/entitlement`.
    pub(in crate::config) conflict: Vec<String>,
    /// Whether who holds one is given another.
    #[serde(default)]
    pub(in crate::config) mode: Mode,
    /// Who may hold them all the same, for a time.
    #[serde(default)]
    pub(in crate::config) except: Vec<Except>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Mode {
    /// They are not; what they hold already stays.
    #[default]
    Prevent,
    /// They are, and a finding says so.
    Detect,
}

/// Somebody who may hold what is kept apart.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Except {
    /// The key of their record, or their id.
    pub(in crate::config) identity: Text,
    /// The key of who answers for it; somebody else.
    pub(in crate::config) approver: Text,
    /// The last date, or the first instant after it.
    pub(in crate::config) until: Text,
}

/// Entitlements of which only the first that applies is given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Exclusive {
    /// As `target/entitlement`, the one that counts most first.
    pub(in crate::config) of: Vec<String>,
}

/// What must always be held by somebody.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Protect {
    /// Entitlements by target, as rules write them.
    pub(in crate::config) last_of: Entries<String, Vec<String>>,
    /// So many accounts that can be used keep each of them.
    #[schemars(range(min = 1))]
    pub(in crate::config) least: u32,
}

impl Default for Protect {
    fn default() -> Self {
        let least = lanyard_core::access::LastOf::default().least;
        Self { last_of: Entries::default(), least }
    }
}

/// What becomes of what accounts of ours hold and nobody gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Unmanaged {
    /// The plan names it.
    #[default]
    Report,
    /// It stays, and nothing is said.
    Keep,
    /// It is revoked, as far as the file speaks of the entitlement.
    Remove,
}

/// How many at one target, within the window of `removals`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Bound {
    /// Of the accounts of a target that are ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) percent: Option<Percent>,
    /// So many in any case, below the percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) floor: Option<u32>,
    /// Never more, whatever the percentage says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) max: Option<u32>,
}

/// Limits of one target, in place of those of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct TargetLimits {
    /// Accounts that lose something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) removals: Option<Bound>,
    /// Accounts that are disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) disables: Option<Bound>,
    /// Grants and revokes of what is privileged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) privileged: Option<Bound>,
    /// Accounts that are created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) creates: Option<Bound>,
    /// Accounts that get a new password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) passwords: Option<Bound>,
}

/// The limits of targets.
pub(in crate::config) type LimitsByTarget = Entries<ConnectorName, TargetLimits>;
