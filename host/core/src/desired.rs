//! Accounts and grants that should be true now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    id::{ConnectorName, IdentityId},
    lifecycle::StateNow,
    operation::Cause,
    value::Value,
};

/// What should be true of every identity at every target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    pub identities: BTreeMap<IdentityId, DesiredIdentity>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredIdentity {
    /// How people call them in a plan: the display name, or the key.
    pub label: String,
    pub state: StateNow,
    /// One entry per target that a rule speaks of or an account exists at.
    /// No entry: nothing is said, and nothing is done.
    pub accounts: BTreeMap<ConnectorName, DesiredAccount>,
    /// A rule or mapping failed: nothing of this identity is changed, and
    /// these sentences say why (law 7).
    pub holds: Vec<String>,
}

/// What should be true of one identity at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredAccount {
    pub presence: Presence,
    pub causes: Vec<Cause>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// There should be an account that is enabled (or disabled) and looks so.
    Present { enabled: bool, content: AccountContent },
    /// There need not be one; if we have one, it is disabled and holds no
    /// grants, until it is due to be deleted.
    Disabled,
    /// If we have one that has been disabled since before `due`, it goes.
    Deleted { due: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountContent {
    pub object_type: String,
    pub name: String,
    pub anchor: String,
    /// Attributes we manage, by name; empty values clear.
    pub attributes: BTreeMap<String, Vec<Value>>,
    /// Entitlements as written in the file (an alias, a name or an id) and
    /// the causes of each.
    pub grants: BTreeMap<DesiredGrant, Vec<Cause>>,
    /// The causes of each attribute: the facts its template read.
    pub attribute_causes: BTreeMap<String, Vec<Cause>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DesiredGrant {
    pub entitlement: String,
    pub relation: String,
}

/// The targets that have to be read to plan for `desired`.
pub fn targets_of(desired: &Desired) -> BTreeSet<&ConnectorName> {
    desired.identities.values().flat_map(|identity| identity.accounts.keys()).collect()
}
