//! Reviews of access: opened, answered, and what silence says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    id::IdentityId,
    identity::Assembled,
    lifecycle::Kept,
    policy::Policy,
    request::Request,
    review::{Decision, Item, PlannedReview, Review, by_silence},
    workflow::{AnswerRefused, Asked},
};

use super::{
    Context,
    decide::DecisionError,
    desk::Desk,
    progress::{Progress, StepTold, Summary},
    requests,
    tell::tell,
};
use crate::store::{AuditEntry, Store, StoreError};

/// Records what silence says by now.
pub(super) async fn keep(
    context: &Context,
    assembled: &Assembled,
    kept: &Kept,
    now: Timestamp,
) -> Result<(), StoreError> {
    let policy = context.policy.as_ref();
    let changed = by_silence(policy, assembled, kept, now);
    let mut ended = Vec::new();
    let mut recorded = Vec::new();
    for review in changed {
        let known =
            kept.reviews.iter().find(|it| it.name == review.name && it.ordinal == review.ordinal);
        let known: BTreeSet<&str> = known
            .into_iter()
            .flat_map(|it| &it.items)
            .filter(|it| it.decision.is_some())
            .map(|it| it.id.as_str())
            .collect();
        let mut entries = Vec::new();
        for item in review.items.iter().filter(|it| !known.contains(it.id.as_str())) {
            let Some(decision) = &item.decision else { continue };
            let by = (context.actor.as_str(), now);
            let word = if decision.revoke { "revoked by silence" } else { "kept by silence" };
            entries.push(entry(&review, item, word, by));
            if decision.revoke {
                let of = kept.requests.get(&item.identity).map(Vec::as_slice).unwrap_or_default();
                ended.extend(item.ended(policy, of, ("silence in a review", now)));
            }
        }
        recorded.push((review, entries));
    }
    if !recorded.is_empty() {
        context.store.record_reviews(&recorded).await?;
    }
    end(context.store.as_ref(), ended, (&context.actor, now)).await
}

async fn end(
    store: &dyn Store,
    ended: Vec<Request>,
    by: (&str, Timestamp),
) -> Result<(), StoreError> {
    let ended: Vec<(Request, AuditEntry)> = ended
        .into_iter()
        .map(|request| {
            let entry = requests::entry(&request, "removed", by);
            (request, entry)
        })
        .collect();
    if ended.is_empty() { Ok(()) } else { store.record_requests(&ended, None).await }
}

/// Opens reviews and asks in them as a plan says.  What is asked is durable
/// before anybody is told.
///
/// # Errors
/// When the store fails; then nothing more is sent.
pub(super) async fn carry_out(
    context: &Context,
    planned: &[PlannedReview],
    report: &(dyn Fn(Progress) + Send + Sync),
    summary: &mut Summary,
) -> Result<(), StoreError> {
    if planned.is_empty() {
        return Ok(());
    }
    let known = context.store.kept().await?.reviews;
    for planned in planned {
        let now = context.now();
        let of = |it: &&Review| it.name == planned.name && it.ordinal == planned.ordinal;
        let how = if context.stop.is_asked() {
            StepTold::Skipped("the run was stopped")
        } else if let Some(review) = Review::as_planned(known.iter().find(of), planned, now) {
            let by = (context.actor.as_str(), now);
            let word = if planned.opens { "opened" } else { "others asked" };
            let entries = vec![opened(&review, word, by)];
            context.store.record_reviews(&[(review, entries)]).await?;
            StepTold::asked(tell(context, &planned.deliveries).await)
        } else {
            StepTold::Skipped("it has been opened")
        };
        summary.count(&how);
        report(Progress::Review { name: planned.name.clone(), how });
    }
    Ok(())
}

/// What somebody says of a grant.
#[derive(Debug, Clone, Copy)]
pub struct ReviewAnswer<'a> {
    pub revoke: bool,
    pub reason: &'a str,
}

/// The answer of the person behind an OS user, about the item that `wanted`
/// begins.  An answer can be changed until the next review is opened, also one
/// that silence gave.
///
/// # Errors
/// When it does not count, which is audited where there is such an item.
pub async fn decide_review(
    store: &dyn Store,
    policy: &Policy,
    wanted: &str,
    answer: ReviewAnswer<'_>,
    (actor, now): (&str, Timestamp),
) -> Result<(), DecisionError> {
    let kept = store.kept().await?;
    let mut found = kept.reviews.iter().flat_map(|review| {
        let items = review.items.iter().filter(|it| wanted.len() >= 4 && it.id.starts_with(wanted));
        items.map(move |item| (review, item))
    });
    let (review, item) = match (found.next(), found.next()) {
        (Some(only), None) => only,
        (None, _) => return Err(DecisionError::NoApproval(wanted.to_owned())),
        (Some(_), Some(_)) => return Err(DecisionError::Ambiguous(wanted.to_owned())),
    };
    let desk = Desk::open(store, policy, (&kept, now)).await?;
    let by = match may_answer(&desk, item, (actor, now)) {
        Ok(by) => by,
        Err(refused) => {
            let mut entry = entry(review, item, "answer refused", (actor, now));
            entry.detail.insert("refused".to_owned(), refused.to_string());
            store.record_reviews(&[(review.clone(), vec![entry])]).await?;
            return Err(refused);
        }
    };
    let ReviewAnswer { revoke, reason } = answer;
    let label = desk.label(by);
    let mut decided = review.clone();
    for it in decided.items.iter_mut().filter(|it| it.id == item.id) {
        let (by, reason) = (Some(label.clone()), reason.to_owned());
        it.decision = Some(Decision { at: now, by, revoke, reason });
    }
    let mut entry = entry(review, item, if revoke { "revoked" } else { "kept" }, (actor, now));
    entry.detail.insert("by".to_owned(), by.to_string());
    store.record_reviews(&[(decided, vec![entry])]).await?;
    let of = kept.requests.get(&item.identity).map(Vec::as_slice).unwrap_or_default();
    let ended = if revoke { item.ended(policy, of, (&label, now)) } else { Vec::new() };
    Ok(end(store, ended, (actor, now)).await?)
}

/// Whoever answers for somebody's access: who is asked, and nobody for
/// themselves.
fn may_answer(
    desk: &Desk<'_>,
    item: &Item,
    (actor, now): (&str, Timestamp),
) -> Result<IdentityId, DecisionError> {
    let (answering, left) = desk.answering(actor)?;
    if let Some(left) = left {
        return Err(left);
    }
    let asked = item.asked.as_ref().ok_or(AnswerRefused::NotAsked)?;
    let asked = Asked { expires: Timestamp::MAX, ..asked.clone() };
    asked.may_answer(&[item.identity].into(), (&answering, true), now)?;
    Ok(answering.who)
}

fn opened(review: &Review, result: &str, (actor, at): (&str, Timestamp)) -> AuditEntry {
    AuditEntry {
        at,
        actor: actor.to_owned(),
        action: "review".to_owned(),
        identity: None,
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail: BTreeMap::from([
            ("review".to_owned(), review.name.to_string()),
            ("number".to_owned(), review.ordinal.to_string()),
            ("items".to_owned(), review.items.len().to_string()),
        ]),
    }
}

/// What the audit says of a grant: no word of anybody.
fn entry(review: &Review, item: &Item, result: &str, by: (&str, Timestamp)) -> AuditEntry {
    let mut entry = opened(review, result, by);
    entry.identity = Some(item.identity);
    entry.target = Some(item.target.clone());
    entry.detail.insert("item".to_owned(), item.id.clone());
    entry.detail.insert("entitlement".to_owned(), item.entitlement.uid.clone());
    entry
}
