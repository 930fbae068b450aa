//! What targets last reported, and which of it is ours.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Assignment, Coverage, Entitlement},
    id::{ConnectorName, IdentityId},
    schema::{IdStability, Schema},
    value::ObjectRef,
};

/// The world as planning sees it.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    pub targets: BTreeMap<ConnectorName, ObservedTarget>,
    /// Accounts that we created or a person adopted.
    pub links: Vec<Link>,
    /// Grants that we made or took over; only these are ever revoked.
    pub ledger: BTreeSet<OwnedGrant>,
    /// Where an account may have been created for an identity, and nobody
    /// knows: none is created until somebody does.
    pub in_doubt: BTreeSet<(IdentityId, ConnectorName)>,
    /// Accounts of which a person said whose they are not.
    pub declined: BTreeSet<Declined>,
}

/// A person's word that an account is not an identity's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Declined {
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub account: ObjectRef,
}

/// One target's last report, or why there is none.
#[derive(Debug, Clone)]
pub struct ObservedTarget {
    pub schema: Schema,
    pub accounts: Vec<Account>,
    pub entitlements: Vec<Entitlement>,
    pub assignments: Vec<Assignment>,
    /// The worst coverage of accounts and assignments.
    pub accounts_coverage: Coverage,
    pub assignments_coverage: Coverage,
    pub read_at: Timestamp,
}

impl ObservedTarget {
    /// Whether an account under the key of one that was gone is that one,
    /// restored.  Where keys follow names, it may be anybody's.
    pub fn gives_keys_once(&self, object_type: &str) -> bool {
        let def = self.schema.object(object_type);
        def.is_some_and(|def| def.capabilities.id_stability == IdStability::Immutable)
    }
}

/// Our claim that an account belongs to an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub account: ObjectRef,
    pub origin: Origin,
    /// Since when we have known it disabled; none while enabled.
    pub disabled_since: Option<Timestamp>,
    /// Since when we have known that nothing gives it any longer (its owner
    /// left, or lost the rule); none while something does.
    pub unwanted_since: Option<Timestamp>,
    /// A read that proves absence no longer has it.
    pub gone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// We created it.
    Created,
    /// A person said it is this identity's.
    Adopted,
}

/// A grant that is ours to revoke.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnedGrant {
    pub target: ConnectorName,
    pub holder: ObjectRef,
    pub entitlement: ObjectRef,
    pub relation: String,
}
