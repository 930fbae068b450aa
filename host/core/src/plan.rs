//! A plan: immutable, hashed, ordered operations, each with its cause.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ConnectorName, Digest, IdentityId},
    observed::OwnedGrant,
    operation::Operation,
    value::ObjectRef,
};

/// What would be done, in order.
///
/// Two plans with the same digest do the same; nothing in it depends on when
/// it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In an order that respects every `after`; `id` is the position.
    pub operations: Vec<Operation>,
    /// Existing accounts that look like somebody's, waiting for a person.
    pub adoptions: Vec<Adoption>,
    /// Grants found as desired, which become ours when the plan is applied.
    pub claims: Vec<OwnedGrant>,
    /// What waits and why, in sentences.
    pub notes: Vec<Note>,
    /// Labels of the identities that occur, for people.
    pub labels: std::collections::BTreeMap<IdentityId, String>,
}

/// "adopt?": an account nobody adopted matches an identity that should have
/// one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub account: ObjectRef,
    /// The account's login name.
    pub name: String,
    /// What matched ("anchor", "name", "attribute mail").
    pub matched: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub kind: NoteKind,
    pub identity: Option<IdentityId>,
    pub target: Option<ConnectorName>,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// A rule or mapping failed for this identity: it is left as it is.
    Held,
    /// A target was not read, or not wholly; what that keeps from happening.
    NotRead,
    /// An account or grant that is not ours is in the way or in excess.
    Unmanaged,
    /// Something is due later, or waits for something else.
    Waits,
    /// The target cannot do what is desired.
    Unable,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The hash that approvals, releases and `apply` refer to.
    ///
    /// # Errors
    /// When the plan cannot be written as JSON.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(self)
    }
}
