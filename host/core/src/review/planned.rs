//! What a plan opens or asks, and what is kept once it is applied.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, Review, Silence, Skipped};
use crate::{
    id::{ConnectorName, IdentityId, ReviewName},
    value::ObjectRef,
    workflow::{Delivery, Question},
};

/// A review that a plan opens, or people it asks, or asks anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedReview {
    pub name: ReviewName,
    pub ordinal: u32,
    pub silence: Silence,
    /// It is opened by this plan.
    pub opens: bool,
    pub items: Vec<PlannedItem>,
    /// Items that were asked about before, of which somebody is to be told.
    pub told: Vec<String>,
    /// One for each who is asked, however much it is about.
    pub letters: Vec<ReviewLetter>,
    /// What could not be looked at yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped: BTreeSet<Skipped>,
}

/// A grant to be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedItem {
    pub id: String,
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub entitlement: ObjectRef,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relation: String,
    pub label: String,
    pub given: String,
    /// None: nobody can be asked.
    pub question: Option<Question>,
}

/// What somebody who is asked is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewLetter {
    pub to: IdentityId,
    /// What it is about.
    pub items: Vec<String>,
    /// None: they want no messages.
    pub delivery: Option<Delivery>,
}

impl PlannedItem {
    fn begun(&self) -> Item {
        Item {
            id: self.id.clone(),
            identity: self.identity,
            target: self.target.clone(),
            entitlement: self.entitlement.clone(),
            relation: self.relation.clone(),
            label: self.label.clone(),
            given: self.given.clone(),
            asked: None,
            since: None,
            after: 0,
            told: BTreeSet::new(),
            decision: None,
            before: Vec::new(),
            closed: None,
        }
    }
}

impl Review {
    /// As it is once a plan that asks is applied, after so many answers; none
    /// when it is not there, or there already.
    pub fn as_planned(
        known: Option<&Self>,
        planned: &PlannedReview,
        (answers, at): (u64, Timestamp),
    ) -> Option<Self> {
        let PlannedReview { name, ordinal, silence, opens, items, skipped, .. } = planned;
        let mut review = match (known, opens) {
            (None, true) => Self {
                name: name.clone(),
                ordinal: *ordinal,
                opened: at,
                silence: *silence,
                items: Vec::new(),
                skipped: BTreeSet::new(),
            },
            (Some(known), false) => known.clone(),
            _ => return None,
        };
        review.skipped.clone_from(skipped);
        for planned in items {
            let place = review.items.iter().position(|it| it.id == planned.id);
            if place.is_none() {
                review.items.push(planned.begun());
            }
            let mut open = review.items.iter_mut().filter(|it| it.is_open());
            if let Some(item) = open.find(|it| it.id == planned.id) {
                item.asked = planned.question.clone().map(|question| question.asked(at));
                item.since = item.asked.is_some().then_some(at);
                item.after = answers;
                item.told.clear();
            }
        }
        Some(review)
    }

    /// Somebody has been told what they are asked.  The time to answer begins
    /// when the first of them has.
    pub fn tell(&mut self, letter: &ReviewLetter, at: Timestamp) {
        for item in self.items.iter_mut().filter(|it| letter.items.contains(&it.id)) {
            if let (Some(asked), Some(since)) = (&mut item.asked, item.since)
                && item.told.is_empty()
            {
                let late = at.duration_since(since);
                let later = |moment: Timestamp| moment.checked_add(late).unwrap_or(Timestamp::MAX);
                asked.expires = later(asked.expires);
                asked.escalate = asked.escalate.take().map(|(from, whom)| (later(from), whom));
                item.since = Some(at);
            }
            if let Some(asked) = &mut item.asked {
                asked.rounds = asked.rounds_due(at);
            }
            item.told.insert(letter.to);
        }
    }
}
