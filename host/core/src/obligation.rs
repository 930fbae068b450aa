//! What somebody has to lose and has not been shown to have lost.
//!
//! A loss of access that is due opens an obligation.  A reading closes it that
//! shows the loss, by the target itself or by whoever checks it; or a person;
//! or that it is due no more.  That a target said "done" closes none.

mod backoff;
mod due;
mod look;
mod shown;
mod spent;
mod text;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    due::{Due, due, left_unchecked, left_unread},
    look::{Changed, Looked, Turn, look},
    shown::{CheckBy, CheckedBy, Shows, check_shows, shows},
    spent::{Spent, spent},
    text::{Listed, details, length, rendered, times},
};
use crate::{
    id::{ConnectorName, IdentityId},
    operation::{Cause, Change, CredentialVerb, Operation},
    value::ObjectRef,
};

/// One loss of access, from when it is due until it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    pub identity: IdentityId,
    pub place: Place,
    /// The account's login name, when it was last read.
    pub name: String,
    /// Of a grant: what people call the entitlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Since when it has to be so.
    pub since: Timestamp,
    /// When that was first known here.
    pub opened: Timestamp,
    pub causes: Vec<Cause>,
    /// How often something was sent for it.
    pub tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_try: Option<Timestamp>,
    /// What came of it, in the words of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Not before then, but by every run; none: nothing was tried yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// Why nothing is sent, or what was sent is not taken for done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

/// What is to be lost, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub target: ConnectorName,
    pub account: ObjectRef,
    pub loss: Loss,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Nobody signs in to the account.
    Disabled,
    /// The account is not there.
    Deleted,
    /// The account does not hold the entitlement.
    Revoked { entitlement: ObjectRef, relation: String },
    /// What somebody is signed in with is ended.
    SignedOut(CredentialVerb),
}

impl Loss {
    /// The word of it in the store, in lists and in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Revoked { .. } => "revoked",
            Self::SignedOut(CredentialVerb::EndSessions) => "signed-out",
            Self::SignedOut(CredentialVerb::Revoke) => "credentials-revoked",
        }
    }

    /// Whether a reading can show it.
    pub fn can_be_shown(&self) -> bool {
        !matches!(self, Self::SignedOut(_))
    }
}

/// How an obligation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub at: Timestamp,
    pub by: ClosedBy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedBy {
    /// The target itself was read then, and shows it.
    Read { at: Timestamp },
    /// Whoever checks the target was read then, and shows it.
    Check { by: ConnectorName, at: Timestamp },
    /// Somebody said so (an OS user), and why.
    Person { by: String, reason: String },
    /// It is due no more.
    Over { because: String },
    /// The target's own word, of what no reading ever shows.
    Word,
}

impl ClosedBy {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Check { .. } => "check",
            Self::Person { .. } => "person",
            Self::Over { .. } => "over",
            Self::Word => "word",
        }
    }
}

impl fmt::Display for ClosedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { at } => write!(f, "shown by a reading of {at:.0}"),
            Self::Check { by, at } => write!(f, "shown by `{by}`, read {at:.0}"),
            Self::Person { by, reason } => write!(f, "closed by {by}: {reason}"),
            Self::Over { because } => write!(f, "due no more: {because}"),
            Self::Word => f.write_str("the target said so, and no reading shows it"),
        }
    }
}

/// What a run learned of a loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// Something was sent, and it is not so yet.
    Tried {
        at: Timestamp,
        /// In the words of the target.
        why: String,
        /// Until when the target asks to be left alone.
        until: Option<Timestamp>,
    },
    Closed(Closed),
}

impl Obligation {
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// With what a run learned; what is closed stays as it was closed.
    pub fn hear(&mut self, heard: &Heard) {
        if !self.is_open() {
            return;
        }
        match heard {
            Heard::Tried { at, why, until } => {
                self.tries = self.tries.saturating_add(1);
                self.last_try = Some(*at);
                self.last_error = Some(why.clone());
                self.next_try = Some(backoff::next_try(self.tries, *at, *until));
            }
            Heard::Closed(closed) => self.close(closed.clone()),
        }
    }

    fn close(&mut self, closed: Closed) {
        self.next_try = None;
        self.why = None;
        self.closed = Some(closed);
    }

    /// "disable", "revoke `staff`".
    pub fn what(&self) -> String {
        match &self.place.loss {
            Loss::Disabled => "disable".to_owned(),
            Loss::Deleted => "delete".to_owned(),
            Loss::Revoked { entitlement, .. } => {
                format!("revoke `{}`", self.label.as_deref().unwrap_or(&entitlement.uid))
            }
            Loss::SignedOut(CredentialVerb::EndSessions) => "end sessions".to_owned(),
            Loss::SignedOut(CredentialVerb::Revoke) => "revoke credentials".to_owned(),
        }
    }
}

/// What an operation takes away; none: it takes nothing.
pub fn lost_by(operation: &Operation) -> Option<Place> {
    let (account, loss) = match &operation.change {
        Change::Disable { account } => (account, Loss::Disabled),
        Change::Delete { account } => (account, Loss::Deleted),
        Change::Revoke { holder, entitlement, relation, .. } => {
            let (entitlement, relation) = (entitlement.clone(), relation.clone());
            (holder, Loss::Revoked { entitlement, relation })
        }
        Change::Credentials { account, verb } => (account, Loss::SignedOut(*verb)),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Enable { .. }
        | Change::Grant { .. } => return None,
    };
    Some(Place { target: operation.target.clone(), account: account.clone(), loss })
}

#[cfg(test)]
mod tests;
