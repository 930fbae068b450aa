//! Access as the file writes it, besides rules: roles and how long they hold,
//! what must not be held together, and what is left alone at a target.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    approval::ApprovalRule,
    id::{ConnectorName, RoleName, SeparationName},
    pattern::Pattern,
    request::Requestable,
    review::ReviewPolicy,
    template::Template,
};

/// Everything about access that is no rule.
#[derive(Debug, Default)]
pub struct AccessPolicy {
    /// Those that include each other in a circle are refused with the file.
    pub roles: BTreeMap<RoleName, Role>,
    /// In the order of the file.
    pub separations: Vec<Separation>,
    /// In the order of the file.
    pub exclusives: Vec<Exclusive>,
    pub last_of: LastOf,
    /// What people may ask for, and on which terms.
    pub requestable: Requestable,
    /// Which plans need the agreement of people; in the order of the file.
    pub approvals: Vec<ApprovalRule>,
    /// What somebody is asked about from time to time; in the order of the
    /// file.
    pub reviews: Vec<ReviewPolicy>,
}

/// Accounts and grants under one name.
#[derive(Debug)]
pub struct Role {
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub valid: Validity,
    /// Roles that whoever has this one has as well.
    pub includes: BTreeSet<RoleName>,
    pub accounts: BTreeSet<ConnectorName>,
    /// Entitlements by target, as templates.
    pub grants: BTreeMap<ConnectorName, Vec<Template>>,
    /// Who answers for it: the key of an identity, or text.
    pub owner: Option<String>,
    pub risk: Risk,
    pub description: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    #[default]
    Low,
    Medium,
    /// What it grants counts as privileged.
    High,
}

impl Risk {
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A time outside of which nothing is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
}

impl Validity {
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// What nobody may hold two of.
#[derive(Debug)]
pub struct Separation {
    pub name: SeparationName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub sides: Vec<Side>,
    pub mode: SeparationMode,
    pub except: Vec<SeparationException>,
}

/// One of the things that must not come together, or that people ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Role(RoleName),
    /// As rules write it: an alias, a name or an id.
    Entitlement {
        target: ConnectorName,
        entitlement: String,
    },
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role `{role}`"),
            Self::Entitlement { target, entitlement } => write!(f, "`{entitlement}` at {target}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeparationMode {
    /// Who holds one is not given another.
    Prevent,
    /// It is told, and nothing is kept from anybody.
    Detect,
}

/// Somebody who may hold both, for a time, by somebody else's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeparationException {
    /// The key of one of their records, or their id.
    pub identity: String,
    /// The key of who answers for it; somebody else.
    pub approver: String,
    /// The first instant after it.
    pub until: Timestamp,
}

/// Entitlements of which only the first that applies is given.
#[derive(Debug)]
pub struct Exclusive {
    pub name: SeparationName,
    /// In the order of the file.
    pub of: Vec<(ConnectorName, String)>,
}

/// Entitlements that somebody must always hold.
#[derive(Debug)]
pub struct LastOf {
    /// By target, as rules write them.
    pub entitlements: BTreeMap<ConnectorName, BTreeSet<String>>,
    /// So many accounts that can be used keep each of them.
    pub least: u32,
}

impl Default for LastOf {
    fn default() -> Self {
        // Of two, one may be away.
        Self { entitlements: BTreeMap::new(), least: 2 }
    }
}

/// What becomes of access at a target that the file does not give.
#[derive(Debug, Clone, Default)]
pub struct TargetAccess {
    pub unmanaged: Unmanaged,
    /// Besides what the file speaks of, entitlements that are taken away when
    /// nobody gave them; by name or id.
    pub remove: Vec<Pattern>,
    /// Entitlements that count as privileged, as rules write them.
    pub privileged: BTreeSet<String>,
    /// Login names of accounts that are no person's.
    pub service: Vec<Pattern>,
}

/// What becomes of grants of accounts of ours that we did not give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unmanaged {
    /// A note in every plan.
    #[default]
    Report,
    /// They are nobody's business.
    Keep,
    /// They are revoked.
    Remove,
}
