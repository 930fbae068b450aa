//! What people answer in reviews of access.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_core::{
    desired::Desired,
    id::IdentityId,
    identity::Assembled,
    lifecycle::Kept,
    observed::Observed,
    policy::Policy,
    review::{Decision, Item, Review, answers, given_before, is_given, reviewer},
    workflow::{AnswerRefused, Asked},
};
use tokio::sync::OnceCell;

use super::{
    decide::DecisionError,
    desk::{Desk, is_meant},
    known::look,
    reviews::entry,
};
use crate::store::{AuditEntry, Store, StoreError};

/// What somebody says of grants.
#[derive(Debug, Clone, Copy)]
pub struct ReviewAnswer<'a> {
    /// Ids of items, or the beginnings of them.
    pub items: &'a [String],
    /// Everything they are asked about this person, besides.
    pub all_of: Option<IdentityId>,
    pub revoke: bool,
    pub reason: &'a str,
}

/// An answer that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    pub item: String,
    /// It was taken, and nothing gives it any more.
    pub gone: bool,
}

struct Answers<'a> {
    store: &'a dyn Store,
    policy: &'a Policy,
    kept: &'a Kept,
    desk: Desk<'a>,
    actor: &'a str,
    now: Timestamp,
    /// Looked at once, by whichever item needs it first.
    known: OnceCell<(Assembled, Observed, Desired)>,
}

/// The answer of the person behind an OS user: about each of them, or about
/// none.  It can be changed until the next review of that name is opened, also
/// one that silence gave.
///
/// # Errors
/// When one of them does not count, which is audited where there is such an
/// item.
pub async fn decide_review(
    store: &dyn Store,
    policy: &Policy,
    answer: ReviewAnswer<'_>,
    (actor, now): (&str, Timestamp),
) -> Result<Vec<Reviewed>, DecisionError> {
    let kept = store.kept().await?;
    let desk = Desk::open(store, policy, (&kept, now)).await?;
    let known = OnceCell::new();
    let answering = Answers { store, policy, kept: &kept, desk, actor, now, known };
    let mut chosen: Vec<(&Review, &Item)> = Vec::new();
    for wanted in answer.items {
        chosen.push(answering.meant(wanted)?);
    }
    if let Some(whom) = answer.all_of {
        chosen.extend(answering.open_of(whom).await?);
    }
    let mut seen = BTreeSet::new();
    chosen.retain(|(_, item)| seen.insert(item.id.clone()));
    let mut by = None;
    for (review, item) in &chosen {
        match answering.checked(review, item, answer.revoke).await {
            Ok(who) => by = Some(who),
            Err(refused) => {
                let mut entry = entry(review, item, "answer refused", (actor, now));
                entry.detail.insert("refused".to_owned(), refused.to_string());
                store.record_reviews(&[((*review).clone(), vec![entry])]).await?;
                return Err(refused);
            }
        }
    }
    let Some(by) = by else { return Ok(Vec::new()) };
    let recorded = answering.decided(&chosen, answer, by);
    store.record_reviews(&recorded).await?;
    Ok(answering.told(&chosen, answer.revoke).await?)
}

impl<'a> Answers<'a> {
    fn meant(&self, wanted: &str) -> Result<(&'a Review, &'a Item), DecisionError> {
        let mut found = self.kept.reviews.iter().flat_map(|review| {
            let items = review.items.iter();
            let meant = items.filter(|it| is_meant(&it.id, wanted));
            meant.map(move |item| (review, item))
        });
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(DecisionError::NoItem(wanted.to_owned())),
            (Some(_), Some(_)) => Err(DecisionError::SeveralItems(wanted.to_owned())),
        }
    }

    /// Items about somebody that wait for an answer, and that this is one to
    /// answer.
    async fn open_of(
        &self,
        whom: IdentityId,
    ) -> Result<Vec<(&'a Review, &'a Item)>, DecisionError> {
        let mut open = Vec::new();
        for review in &self.kept.reviews {
            let of = |it: &&Item| self.kept.by_now(it.identity) == whom && it.is_open();
            for item in review.items.iter().filter(of) {
                match self.checked(review, item, false).await {
                    Ok(_) => open.push((review, item)),
                    Err(DecisionError::Refused(_) | DecisionError::Later { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
        }
        Ok(open)
    }

    /// Whoever answers for somebody's access: who is asked, or by now would
    /// be, and nobody for themselves.
    async fn checked(
        &self,
        review: &Review,
        item: &Item,
        revoke: bool,
    ) -> Result<IdentityId, DecisionError> {
        let (answering, left) = self.desk.answering(self.actor)?;
        if let Some(left) = left {
            return Err(left);
        }
        let later = self.kept.reviews.iter();
        let mut later = later.filter(|it| it.name == review.name && it.ordinal > review.ordinal);
        let same = |it: &Item| {
            it.key() == item.key()
                && self.kept.by_now(it.identity) == self.kept.by_now(item.identity)
        };
        if let Some(later) = later.find(|it| !revoke || it.items.iter().any(same)) {
            let (name, ordinal) = (later.name.clone(), later.ordinal);
            return Err(DecisionError::Later { item: item.id.clone(), name, ordinal });
        }
        if let Some(closed) = item.closed {
            return Err(DecisionError::Closed { item: item.id.clone(), why: closed.why.text() });
        }
        let own = [item.identity, self.kept.by_now(item.identity)].into();
        let asked = item.asked.clone();
        let there = asked.iter().flat_map(|asked| asked.waits_for(self.now));
        let can = self.desk.answerable();
        let asked = if there.into_iter().any(|id| can.contains(&id)) {
            asked
        } else {
            self.asked_now(review, item).await?.or(asked)
        };
        let asked = asked.ok_or(AnswerRefused::NotAsked)?;
        let asked = Asked { expires: Timestamp::MAX, ..asked };
        asked.may_answer(&own, (&answering, true), self.now)?;
        Ok(answering.who)
    }

    async fn known(&self) -> Result<&(Assembled, Observed, Desired), StoreError> {
        self.known.get_or_try_init(|| look(self.policy, self.store, self.now)).await
    }

    /// Nobody of those who were asked is there: whom a plan would ask now.
    async fn asked_now(&self, review: &Review, item: &Item) -> Result<Option<Asked>, StoreError> {
        let (assembled, observed, desired) = self.known().await?;
        let about = (assembled, desired, observed);
        let question = reviewer(self.policy, about, (review, item), self.now);
        Ok(question.ok().map(|question| question.asked(self.now)))
    }

    /// Every review with what is said in it, and an entry for each answer.
    fn decided(
        &self,
        chosen: &[(&Review, &Item)],
        answer: ReviewAnswer<'_>,
        by: IdentityId,
    ) -> Vec<(Review, Vec<AuditEntry>)> {
        let ReviewAnswer { revoke, reason, .. } = answer;
        let number = answers(&self.kept.reviews) + 1;
        let ids: BTreeSet<&str> = chosen.iter().map(|(_, item)| item.id.as_str()).collect();
        let mut recorded = Vec::new();
        for review in &self.kept.reviews {
            let mut decided = review.clone();
            let mut entries = Vec::new();
            for item in decided.items.iter_mut().filter(|it| ids.contains(it.id.as_str())) {
                let requests = given_before(self.kept, self.kept.by_now(item.identity));
                let mut entry = entry(
                    review,
                    item,
                    if revoke { "revoked" } else { "kept" },
                    (self.actor, self.now),
                );
                entry.detail.insert("by".to_owned(), by.to_string());
                if !reason.is_empty() {
                    entry.detail.insert("reason".to_owned(), reason.to_owned());
                }
                entries.push(entry);
                item.decide(Decision {
                    at: self.now,
                    number,
                    by: Some(self.desk.label(by)),
                    by_id: Some(by),
                    revoke,
                    reason: reason.to_owned(),
                    requests,
                    over: None,
                });
            }
            if !entries.is_empty() {
                recorded.push((decided, entries));
            }
        }
        recorded
    }

    /// What there is to say of it to whoever said so.
    async fn told(
        &self,
        chosen: &[(&Review, &Item)],
        revoke: bool,
    ) -> Result<Vec<Reviewed>, StoreError> {
        let took = |item: &Item| item.decision.as_ref().is_some_and(|it| it.revoke);
        let asks = !revoke && chosen.iter().any(|(_, item)| took(item));
        let known = if asks { Some(self.known().await?) } else { None };
        let told = chosen.iter().map(|(_, item)| {
            let gone = known
                .filter(|_| took(item))
                .is_some_and(|(_, seen, desired)| !is_given(self.policy, (desired, seen), item));
            Reviewed { item: item.id.clone(), gone }
        });
        Ok(told.collect())
    }
}
