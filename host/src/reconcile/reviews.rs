//! Reviews of access: opened, told, and what is over of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use jiff::Timestamp;
use lanyard_core::{
    id::{IdentityId, ReviewName},
    review::{Item, Outcome, OverBy, PlannedReview, Review, Why, answers, outcome},
};

use super::{
    Context,
    approvals::Seen,
    progress::{Progress, StepTold, Summary},
    requests,
    tell::tell,
};
use crate::store::{AuditEntry, Store, StoreError};

/// Records what silence says by now, and what is over, except for good of
/// people in `held`.
pub(super) async fn keep(
    context: &Context,
    seen: Seen<'_>,
    held: &BTreeSet<IdentityId>,
) -> Result<(), StoreError> {
    let Seen { assembled, desired, observed, now, .. } = seen;
    let about = (assembled, desired, observed);
    let Outcome { reviews, requests } = outcome(&context.policy, about, held, now);
    let by = (context.actor.as_str(), now);
    let recorded = reviews.into_iter().map(|review| {
        let mut known = observed.kept.reviews.iter();
        let known = known.find(|it| it.name == review.name && it.ordinal == review.ordinal);
        let before = known.map(|it| it.items.as_slice()).unwrap_or_default();
        let pairs = before.iter().zip(&review.items);
        let entries = pairs.filter_map(|(before, item)| changed(&review, (before, item), by));
        let entries = entries.collect();
        (review, entries)
    });
    let recorded: Vec<(Review, Vec<AuditEntry>)> = recorded.collect();
    if !recorded.is_empty() {
        context.store.record_reviews(&recorded).await?;
    }
    let ended = requests.into_iter().map(|request| {
        let entry = requests::entry(&request, "removed", by);
        (request, entry)
    });
    let ended: Vec<_> = ended.collect();
    if ended.is_empty() { Ok(()) } else { context.store.record_requests(&ended, None).await }
}

/// What the audit says of a grant that a look found to be another.
fn changed(
    review: &Review,
    (before, item): (&Item, &Item),
    by: (&str, Timestamp),
) -> Option<AuditEntry> {
    let over = |item: &Item| item.decision.as_ref().and_then(|it| it.over);
    if let (None, Some(decision)) = (&before.decision, &item.decision) {
        let word = if decision.revoke { "revoked by silence" } else { "kept by silence" };
        return Some(entry(review, item, word, by));
    }
    let why = match (over(before), over(item), before.closed, item.closed) {
        (None, Some(over), ..) => over.how.text(),
        (_, _, None, Some(closed)) => closed.why.text(),
        _ => return None,
    };
    let word = if item.closed.is_some() { "not asked any more" } else { "taken no longer" };
    let mut entry = entry(review, item, word, by);
    entry.detail.insert("why".to_owned(), why.to_owned());
    Some(entry)
}

/// Opens reviews and asks in them as a plan says.  What is asked is durable
/// before anybody is told; whoever could not be is told with the next run.
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
    let answers = answers(&known);
    for planned in planned {
        let now = context.now();
        let of = |it: &&Review| it.name == planned.name && it.ordinal == planned.ordinal;
        let before = known.iter().find(of);
        let how = if context.stop.is_ordered().await {
            StepTold::Skipped("the run was stopped")
        } else if let Some(review) = Review::as_planned(before, planned, (answers, now)) {
            StepTold::asked(ask(context, review, planned, now).await?)
        } else {
            StepTold::Skipped("it has been opened")
        };
        summary.count(&how);
        report(Progress::Review { name: planned.name.clone(), how });
    }
    Ok(())
}

/// Why somebody could not be told.
async fn ask(
    context: &Context,
    mut review: Review,
    planned: &PlannedReview,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let by = (context.actor.as_str(), now);
    if planned.opens || !planned.items.is_empty() || planned.letters.is_empty() {
        let word = if planned.opens { "opened" } else { "others asked" };
        let entries = vec![opened(&review, word, by)];
        context.store.record_reviews(&[(review.clone(), entries)]).await?;
    }
    let (mut told, mut untold) = (0_usize, None);
    for letter in &planned.letters {
        let sent = match &letter.delivery {
            Some(delivery) => tell(context, slice::from_ref(delivery)).await,
            None => None,
        };
        if sent.is_none() {
            review.tell(letter, context.now());
            told += 1;
        }
        untold = sent.or(untold);
    }
    if told > 0 {
        let mut entry = opened(&review, "told", by);
        entry.detail.insert("people".to_owned(), told.to_string());
        context.store.record_reviews(&[(review, vec![entry])]).await?;
    }
    Ok(untold)
}

/// How many grants nobody is asked about any more, and how many are given
/// back, by the ordinal of the review.
pub type Cancelled = BTreeMap<u32, (usize, usize)>;

/// A person says that nobody is to be asked any more in the reviews of this
/// name that were opened, and gives back what silence took in them.
///
/// # Errors
/// When the store fails.
pub async fn cancel_review(
    store: &dyn Store,
    name: &ReviewName,
    (actor, reason): (&str, &str),
    now: Timestamp,
) -> Result<Option<Cancelled>, StoreError> {
    let known = store.kept().await?.reviews;
    let mut of_name = known.into_iter().filter(|it| it.name == *name).peekable();
    if of_name.peek().is_none() {
        return Ok(None);
    }
    let (mut recorded, mut cancelled) = (Vec::new(), Cancelled::new());
    for mut review in of_name {
        let before = review.clone();
        let changed = review.cancel(now);
        if review == before {
            continue;
        }
        let by_cancel = |it: &Item| {
            let over = it.decision.as_ref().and_then(|it| it.over);
            over.is_some_and(|it| it.how == OverBy::Cancelled)
        };
        let closed = |it: &Item| it.closed.is_some_and(|it| it.why == Why::Cancelled);
        let items = review.items.iter().filter(|it| changed.contains(&it.id));
        let (mut entries, mut count) = (Vec::new(), (0, 0));
        for item in items {
            count.0 += usize::from(closed(item));
            count.1 += usize::from(by_cancel(item));
            let mut entry = entry(&review, item, "cancelled", (actor, now));
            entry.detail.insert("reason".to_owned(), reason.to_owned());
            entries.push(entry);
        }
        cancelled.insert(review.ordinal, count);
        recorded.push((review, entries));
    }
    if !recorded.is_empty() {
        store.record_reviews(&recorded).await?;
    }
    Ok(Some(cancelled))
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

/// What the audit says of a grant.
pub(super) fn entry(
    review: &Review,
    item: &Item,
    result: &str,
    by: (&str, Timestamp),
) -> AuditEntry {
    let mut entry = opened(review, result, by);
    entry.identity = Some(item.identity);
    entry.target = Some(item.target.clone());
    entry.detail.insert("item".to_owned(), item.id.clone());
    entry.detail.insert("entitlement".to_owned(), item.entitlement.uid.clone());
    entry
}
