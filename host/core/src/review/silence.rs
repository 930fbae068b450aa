//! What it means when nobody answers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Decision, Item, Review, Silence};
use crate::{
    desired::standing, fact::Identity, id::IdentityId, identity::Assembled, lifecycle::Kept,
    policy::Policy,
};

/// Reviews in which somebody who is still there has not answered in time, as
/// they are by that.  Where nobody is left who could have, nothing is decided;
/// nor while a clock that jumped is not believed.
pub fn by_silence(
    policy: &Policy,
    assembled: &Assembled,
    kept: &Kept,
    now: Timestamp,
) -> Vec<Review> {
    if kept.reviews.is_empty() || kept.clock.jump.is_some() {
        return Vec::new();
    }
    let people: BTreeMap<IdentityId, &Identity> =
        assembled.identities.iter().map(|identity| (identity.id, identity)).collect();
    let is_there = |id: &IdentityId| {
        people.get(id).is_some_and(|identity| {
            let state = standing(policy, identity, &identity.holds(), (kept, &[]), now);
            state.is_ok_and(|state| !state.state.is_over())
        })
    };
    let silent = |item: &Item| {
        let asked = item.asked.as_ref().filter(|_| item.decision.is_none())?;
        let over = asked.expires <= now && asked.waits_for(asked.expires).iter().any(is_there);
        over.then_some(asked.expires)
    };
    let mut changed = Vec::new();
    for review in &kept.reviews {
        let mut now = review.clone();
        for item in &mut now.items {
            if let Some(at) = silent(item) {
                let revoke = review.silence == Silence::Revoke;
                item.decision = Some(Decision { at, by: None, revoke, reason: String::new() });
            }
        }
        if now != *review {
            changed.push(now);
        }
    }
    changed
}

/// All of them, with what silence says.
pub(crate) fn heard(
    policy: &Policy,
    assembled: &Assembled,
    kept: &Kept,
    now: Timestamp,
) -> Vec<Review> {
    let mut changed = by_silence(policy, assembled, kept, now);
    let of = |known: &Review, it: &Review| it.name == known.name && it.ordinal == known.ordinal;
    let reviews = kept.reviews.iter().map(|known| {
        let at = changed.iter().position(|it| of(known, it));
        at.map_or_else(|| known.clone(), |at| changed.swap_remove(at))
    });
    reviews.collect()
}
