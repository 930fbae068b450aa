//! Which answers count, and what they take.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, Excluded, GrantKey, Item, Review, Revoked};
use crate::{id::IdentityId, lifecycle::Kept};

/// The highest number of an answer there is.
pub fn answers(reviews: &[Review]) -> u64 {
    let items = reviews.iter().flat_map(|review| &review.items);
    let all = items.flat_map(|item| item.decision.iter().chain(&item.before));
    all.map(|decision| decision.number).max().unwrap_or(0)
}

/// Requests for somebody that have been agreed to, by their ids.
pub fn given_before(kept: &Kept, identity: IdentityId) -> BTreeSet<String> {
    let requests = kept.requests.get(&identity).into_iter().flatten();
    requests.filter(|it| it.given.is_some()).map(|it| it.id.clone()).collect()
}

/// What reviews take from each person: the latest answer about a grant counts.
/// That nobody said anything keeps what nobody has taken, and gives nothing
/// back.
pub(crate) fn excluded(reviews: &[Review]) -> BTreeMap<IdentityId, Excluded> {
    let mut latest: BTreeMap<(IdentityId, GrantKey), (&Review, &Item, &Decision)> = BTreeMap::new();
    for review in reviews {
        for item in &review.items {
            let Some(decision) = &item.decision else { continue };
            if decision.by.is_none() && !decision.revoke {
                continue;
            }
            let key = (item.identity, item.key());
            let newer = latest.get(&key).is_none_or(|(_, _, it)| it.number <= decision.number);
            if newer {
                latest.insert(key, (review, item, decision));
            }
        }
    }
    let mut excluded: BTreeMap<IdentityId, Excluded> = BTreeMap::new();
    for ((identity, key), (review, item, decision)) in latest {
        if decision.revoke && decision.over.is_none() {
            let revoked = Revoked {
                label: item.label.clone(),
                cause: review.cause(item, decision),
                requests: decision.requests.clone(),
            };
            excluded.entry(identity).or_default().insert(key, revoked);
        }
    }
    excluded
}
