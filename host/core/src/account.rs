//! What connectors report: accounts, entitlements, assignments, coverage.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::value::{Attribute, ObjectRef};

/// Normalised login state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountState {
    Active,
    Disabled,
    Locked,
    Pending,
    SoftDeleted,
    Unknown,
}

impl AccountState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Locked => "locked",
            Self::Pending => "pending",
            Self::SoftDeleted => "soft-deleted",
            Self::Unknown => "unknown",
        }
    }
}

/// An account as a target reports it, or a record as a source does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub reference: ObjectRef,
    /// Opaque version for optimistic locking.
    pub revision: Option<String>,
    pub name: String,
    pub anchor: Option<String>,
    pub state: AccountState,
    pub state_until: Option<Timestamp>,
    /// Last sign-in or use that the system knows of; none says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// Without the attributes that carry name and anchor.
    pub attributes: Vec<Attribute>,
}

/// Group, role, licence or team of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    pub reference: ObjectRef,
    pub name: String,
    pub description: String,
    /// False for rule-driven groups.
    pub grantable: bool,
    /// The system itself calls it privileged.
    #[serde(default)]
    pub privileged: bool,
}

/// An account holding an entitlement: a grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Assignment {
    pub holder: ObjectRef,
    pub entitlement: ObjectRef,
    pub relation: String,
    /// False when it comes through nesting and cannot be revoked directly.
    pub direct: bool,
}

/// How far a read can prove absence; ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageKind {
    Exhaustive,
    Truncated,
    Unstable,
}

/// Coverage of a whole read: the worst of its pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    pub kind: CoverageKind,
    pub skipped: Vec<Skipped>,
}

impl Coverage {
    pub fn exhaustive() -> Self {
        Self { kind: CoverageKind::Exhaustive, skipped: Vec::new() }
    }

    /// Adds what another page said.
    pub fn join(&mut self, other: Self) {
        let Self { kind, skipped } = other;
        self.kind = self.kind.max(kind);
        self.skipped.extend(skipped);
    }

    pub fn proves_absence(&self) -> bool {
        self.kind == CoverageKind::Exhaustive && self.skipped.is_empty()
    }
}

/// Something a read left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub what: String,
    pub why: String,
    pub count: Option<u64>,
}
