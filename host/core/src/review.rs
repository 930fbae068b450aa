//! Access reviews: from time to time somebody is asked of each grant whether
//! it is still needed.
//!
//! What an answer, or silence, takes away is a function of what is recorded
//! of reviews and of `now`; nobody has to look in time.

mod open;
mod silence;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Risk, Side},
    id::{ConnectorName, Digest, IdentityId, MessageName, ReviewName, RoleName},
    operation::Cause,
    policy::Policy,
    request::{Ended, Request, RequestEnd},
    value::ObjectRef,
    workflow::{Asked, Delivery, Question, Whom},
};

pub(crate) use self::{open::next_opening, silence::heard};
pub use self::{
    open::planned,
    silence::by_silence,
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
}

/// A grant that somebody is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What people call it by: the beginning is enough.
    pub id: String,
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub entitlement: ObjectRef,
    /// What the target calls the entitlement.
    pub label: String,
    /// What gave it, in words, when the review opened.
    pub given: String,
    /// None: nobody could be asked.
    pub asked: Option<Asked>,
    pub decision: Option<Decision>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at: Timestamp,
    /// How they are called; none: nobody answered in time.
    pub by: Option<String>,
    pub revoke: bool,
    pub reason: String,
}

/// A review that a plan opens, or people it asks, or asks anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedReview {
    pub name: ReviewName,
    pub ordinal: u32,
    pub silence: Silence,
    /// It is opened by this plan.
    pub opens: bool,
    pub items: Vec<PlannedItem>,
    /// Items of which others are told by now.
    pub told: Vec<String>,
    pub deliveries: Vec<Delivery>,
}

/// A grant to be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedItem {
    pub id: String,
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub entitlement: ObjectRef,
    pub label: String,
    pub given: String,
    /// None: nobody can be asked.
    pub question: Option<Question>,
}

/// What a review takes from somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    pub label: String,
    pub cause: Cause,
}

/// What reviews take, of one person.
pub type Excluded = BTreeMap<(ConnectorName, ObjectRef), Revoked>;

impl Item {
    /// Requests that give nothing but this, as they are once it is revoked.
    pub fn ended(
        &self,
        policy: &Policy,
        requests: &[Request],
        (by, at): (&str, Timestamp),
    ) -> Vec<Request> {
        let aliases = policy.targets.get(&self.target).map(|target| &target.entitlements);
        let meant = |text: &str| {
            let text = aliases.and_then(|it| it.get(text)).map_or(text, String::as_str);
            text == self.label || text == self.entitlement.uid
        };
        let gives = |request: &&Request| match &request.access {
            Side::Entitlement { target, entitlement } => {
                *target == self.target && meant(entitlement)
            }
            Side::Role(_) => false,
        };
        let how = RequestEnd::Removed { by: by.to_owned(), reason: "a review".to_owned() };
        let end = Ended { at, how };
        let open = requests.iter().filter(|it| it.is_open()).filter(gives);
        open.map(|it| Request { ended: Some(end.clone()), ..it.clone() }).collect()
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

    /// As it is once a plan that asks is applied; none when it is not there,
    /// or there already.
    pub fn as_planned(
        known: Option<&Self>,
        planned: &PlannedReview,
        at: Timestamp,
    ) -> Option<Self> {
        let asked = |it: &PlannedItem| it.question.clone().map(|question| question.asked(at));
        let item = |it: &PlannedItem| Item {
            id: it.id.clone(),
            identity: it.identity,
            target: it.target.clone(),
            entitlement: it.entitlement.clone(),
            label: it.label.clone(),
            given: it.given.clone(),
            asked: asked(it),
            decision: None,
        };
        let PlannedReview { name, ordinal, silence, opens, items, told, .. } = planned;
        let mut review = match (known, opens) {
            (None, true) => {
                let items = items.iter().map(item).collect();
                let (name, opened) = (name.clone(), at);
                return Some(Self { name, ordinal: *ordinal, opened, silence: *silence, items });
            }
            (Some(known), false) => known.clone(),
            _ => return None,
        };
        for it in review.items.iter_mut().filter(|it| it.decision.is_none()) {
            if let Some(anew) = items.iter().find(|anew| anew.id == it.id) {
                it.asked = asked(anew);
            } else if let Some(asked) = it.asked.as_mut().filter(|_| told.contains(&it.id)) {
                asked.rounds = asked.rounds_due(at);
            }
        }
        Some(review)
    }
}

/// What reviews take from each person: the latest answer about a grant counts.
pub fn excluded(reviews: &[Review]) -> BTreeMap<IdentityId, Excluded> {
    let mut latest: BTreeMap<
        (IdentityId, &ConnectorName, &ObjectRef),
        (&Review, &Item, &Decision),
    > = BTreeMap::new();
    for review in reviews {
        for item in &review.items {
            let Some(decision) = &item.decision else { continue };
            let key = (item.identity, &item.target, &item.entitlement);
            let newer = latest.get(&key).is_none_or(|(_, _, known)| known.at <= decision.at);
            if newer {
                latest.insert(key, (review, item, decision));
            }
        }
    }
    let mut excluded: BTreeMap<IdentityId, Excluded> = BTreeMap::new();
    for ((identity, target, entitlement), (review, item, decision)) in latest {
        if decision.revoke {
            let revoked =
                Revoked { label: item.label.clone(), cause: review.cause(item, decision) };
            let of_them = excluded.entry(identity).or_default();
            of_them.insert((target.clone(), entitlement.clone()), revoked);
        }
    }
    excluded
}

/// What people call a grant in a review by.
fn item_id(
    name: &ReviewName,
    ordinal: u32,
    of: (IdentityId, &ConnectorName, &ObjectRef),
) -> String {
    let (identity, target, entitlement) = of;
    let ObjectRef { object_type, uid } = entitlement;
    let text = format!("review\n{name}\n{ordinal}\n{identity}\n{target}\n{object_type}\n{uid}");
    Digest::of(text).short().to_owned()
}
