//! Access reviews: from time to time somebody is asked of each grant whether
//! it is still needed.
//!
//! What an answer, or silence, takes away is a function of what is recorded
//! of reviews and of `now`; nobody has to look in time.

mod about;
mod ask;
mod counted;
mod held;
mod open;
mod over;
mod planned;
mod silence;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    access::Risk,
    id::{ConnectorName, Digest, IdentityId, MessageName, ReviewName, RoleName},
    operation::Cause,
    value::ObjectRef,
    workflow::{Asked, Whom},
};

pub(crate) use self::{
    counted::excluded,
    open::next_opening,
    silence::{due, heard},
};
pub use self::{
    counted::{answers, given_before},
    held::{Holdings, answerable},
    open::{is_given, planned, reviewer},
    over::{Outcome, outcome},
    planned::{PlannedItem, PlannedReview, ReviewLetter},
    standing::{OpenReview, open_reviews},
};

/// A `[review.…]` of the file.
#[derive(Debug)]
pub struct ReviewPolicy {
    pub name: ReviewName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub of: Reviewed,
    pub every: SignedDuration,
    /// When the first one opens; none: when the file first knows of it.
    pub from: Option<Timestamp>,
    /// The first of these who can be asked is.
    pub who: Vec<Reviewer>,
    /// How long they have.
    pub within: SignedDuration,
    pub silence: Silence,
    pub escalate: Option<(SignedDuration, Whom)>,
    pub template: Option<MessageName>,
}

/// Which grants are looked at: those that any of these speaks of.
#[derive(Debug, Default)]
pub struct Reviewed {
    /// Given by roles of at least this risk; for high, what is privileged too.
    pub risk: Option<Risk>,
    pub roles: BTreeSet<RoleName>,
    /// By target, as the file writes them.
    pub grants: BTreeMap<ConnectorName, Vec<String>>,
    pub targets: BTreeSet<ConnectorName>,
    /// What nothing gives.
    pub unmanaged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewer {
    /// Who answers for a role that gives it.
    Owner,
    Whom(Whom),
}

/// What no answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    Keep,
    Revoke,
}

/// A review that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub name: ReviewName,
    /// From 1.
    pub ordinal: u32,
    pub opened: Timestamp,
    pub silence: Silence,
    pub items: Vec<Item>,
    /// What could not be looked at yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped: BTreeSet<Skipped>,
}

/// Whose grants, or of which target, a review does not have yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skipped {
    /// Nobody can tell what gives somebody what they have.
    Person(IdentityId),
    /// It was not read, or not wholly.
    Target(ConnectorName),
}

/// A grant that somebody is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What people call it by: the beginning is enough.
    pub id: String,
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub entitlement: ObjectRef,
    /// As the target tells it; empty: it knows none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relation: String,
    /// What the target calls the entitlement.
    pub label: String,
    /// What gave it, in words, when the review opened.
    pub given: String,
    /// None: nobody could be asked.
    pub asked: Option<Asked>,
    /// When they were.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// The highest number of an answer by then.
    #[serde(default)]
    pub after: u64,
    /// Those of them who have been told so.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub told: BTreeSet<IdentityId>,
    pub decision: Option<Decision>,
    /// Answers that were changed, the first at the beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Decision>,
    /// It is not asked any more, and nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at: Timestamp,
    /// Answers count in this order, whatever the clock said.
    #[serde(default)]
    pub number: u64,
    /// How they are called; none: nobody answered in time.
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_id: Option<IdentityId>,
    pub revoke: bool,
    pub reason: String,
    /// Requests that had been agreed to by then: one that was agreed to later
    /// gives it all the same.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub requests: BTreeSet<String>,
    /// It takes nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

/// Why a question was closed without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub at: Timestamp,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// They did not hold it any more.
    NotHeld,
    /// They had left.
    Left,
    /// The next review asks about it, or does not.
    NextOne,
    /// Somebody has said so since in another review.
    Answered,
    Cancelled,
}

impl Why {
    /// "they hold it no longer"
    pub fn text(self) -> &'static str {
        match self {
            Self::NotHeld => "they hold it no longer",
            Self::Left => "they have left",
            Self::NextOne => "the next review has been opened",
            Self::Answered => "it was answered in another review",
            Self::Cancelled => "the review was cancelled",
        }
    }
}

/// Since when what was revoked is not taken any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    pub at: Timestamp,
    pub how: OverBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverBy {
    /// It is gone, and nothing gives it.
    Gone,
    /// People agreed since to a request for it.
    Requested,
    /// Nobody had answered, and a person took that back.
    Cancelled,
}

impl OverBy {
    pub fn text(self) -> &'static str {
        match self {
            Self::Gone => "it is gone, and nothing gives it",
            Self::Requested => "a later request gives it",
            Self::Cancelled => "the review was cancelled",
        }
    }
}

/// What a review takes from somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    pub label: String,
    pub cause: Cause,
    /// Requests that had been agreed to by then.
    pub requests: BTreeSet<String>,
}

/// A grant, whoever holds it: target, entitlement and relation.
pub type GrantKey = (ConnectorName, ObjectRef, String);

/// What reviews take, of one person.
pub type Excluded = BTreeMap<GrantKey, Revoked>;

impl Item {
    /// Whether an answer is waited for.
    pub fn is_open(&self) -> bool {
        self.decision.is_none() && self.closed.is_none()
    }

    pub fn key(&self) -> GrantKey {
        (self.target.clone(), self.entitlement.clone(), self.relation.clone())
    }

    /// An answer, in place of the one there was.
    pub fn decide(&mut self, decision: Decision) {
        self.before.extend(self.decision.replace(decision));
        self.closed = None;
    }

    fn close(&mut self, at: Timestamp, why: Why) {
        self.closed = Some(Closed { at, why });
    }
}

impl Review {
    /// "revoked by Bob Example on 2026-06-05: left the project"
    fn cause(&self, item: &Item, decision: &Decision) -> Cause {
        let reason = match decision.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let how = match &decision.by {
            Some(by) => format!("revoked by {by}"),
            None => "nobody said in time that it is needed".to_owned(),
        };
        let about = format!("{how}, at {:.0}{reason}", decision.at);
        Cause::Review { review: self.name.clone(), item: item.id.clone(), about }
    }

    /// Nobody is asked any more, and what silence took is given back; what
    /// people said stays.  Those items that change by it.
    pub fn cancel(&mut self, at: Timestamp) -> Vec<String> {
        self.skipped.clear();
        let mut changed = Vec::new();
        for item in &mut self.items {
            let silent = |it: &&mut Decision| it.by.is_none() && it.revoke && it.over.is_none();
            if item.is_open() {
                item.close(at, Why::Cancelled);
            } else if let Some(decision) = item.decision.as_mut().filter(silent) {
                decision.over = Some(Over { at, how: OverBy::Cancelled });
            } else {
                continue;
            }
            changed.push(item.id.clone());
        }
        changed
    }
}

/// What people call a grant in a review by.
fn item_id(name: &ReviewName, ordinal: u32, identity: IdentityId, grant: &GrantKey) -> String {
    let (target, ObjectRef { object_type, uid }, relation) = grant;
    let mut text = format!("review\n{name}\n{ordinal}\n{identity}\n{target}\n{object_type}\n{uid}");
    if !relation.is_empty() {
        text = format!("{text}\n{relation}");
    }
    Digest::of(text).short().to_owned()
}

#[cfg(test)]
mod tests;
