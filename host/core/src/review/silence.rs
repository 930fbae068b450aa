//! What it means when nobody answers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Closed, Decision, GrantKey, Item, Review, Silence, Why, answers, given_before,
    held::{Holdings, answerable},
};
use crate::{
    desired::standing,
    fact::Identity,
    id::{IdentityId, ReviewName},
    identity::Assembled,
    observed::Observed,
    policy::Policy,
};

/// Reviews as they are by now: what nobody has answered in time, and what is
/// not asked any more.
///
/// Where nobody is left who could have answered, or none was told, nothing is
/// decided; nor by a review that the file does not have any more, nor about
/// people of whom it cannot be told where they stand.
pub(crate) fn due(
    policy: &Policy,
    assembled: &Assembled,
    observed: &Observed,
    now: Timestamp,
) -> Vec<Review> {
    let kept = &observed.kept;
    let newest = newest(&kept.reviews);
    let is_late = |review: &Review, item: &Item| {
        let late = item.asked.as_ref().is_some_and(|asked| asked.expires <= now);
        item.is_open() && (late || newest.get(&review.name) > Some(&review.ordinal))
    };
    let late = |review: &&Review| review.items.iter().any(|item| is_late(review, item));
    let late: Vec<&Review> = kept.reviews.iter().filter(late).collect();
    if late.is_empty() {
        return Vec::new();
    }
    let hush = Hush::of(policy, assembled, observed, now);
    let mut changed = Vec::new();
    for known in late {
        let mut review = known.clone();
        for item in review.items.iter_mut().filter(|item| is_late(known, item)) {
            if newest.get(&known.name) > Some(&known.ordinal) {
                item.closed = Some(Closed { at: now, why: Why::NextOne });
                continue;
            }
            match hush.said(known, item) {
                Some(Said::Silence(decision)) => item.decision = Some(decision),
                Some(Said::Nothing(why)) => item.closed = Some(Closed { at: now, why }),
                None => {}
            }
        }
        if review != *known {
            changed.push(review);
        }
    }
    changed
}

/// The last ordinal of each name.
fn newest(reviews: &[Review]) -> BTreeMap<&ReviewName, u32> {
    let mut newest = BTreeMap::new();
    for review in reviews {
        let last = newest.entry(&review.name).or_insert(review.ordinal);
        *last = review.ordinal.max(*last);
    }
    newest
}

enum Said {
    Silence(Decision),
    /// It is not asked any more.
    Nothing(Why),
}

struct Hush<'a> {
    policy: &'a Policy,
    assembled: &'a Assembled,
    observed: &'a Observed,
    people: BTreeMap<IdentityId, &'a Identity>,
    answerable: BTreeSet<IdentityId>,
    holdings: Holdings,
    /// The number of the last answer of a person about each grant.
    answered: BTreeMap<(IdentityId, GrantKey), u64>,
    answers: u64,
    now: Timestamp,
}

impl<'a> Hush<'a> {
    fn of(
        policy: &'a Policy,
        assembled: &'a Assembled,
        observed: &'a Observed,
        now: Timestamp,
    ) -> Self {
        let kept = &observed.kept;
        let people = assembled.identities.iter().map(|identity| (identity.id, identity));
        let mut hush = Self {
            policy,
            assembled,
            observed,
            people: people.collect(),
            answerable: BTreeSet::new(),
            holdings: Holdings::of(observed),
            answered: BTreeMap::new(),
            answers: answers(&kept.reviews),
            now,
        };
        let is_there = |id: IdentityId| hush.is_over(id) == Some(false);
        hush.answerable = answerable(policy, &assembled.identities, &is_there, now);
        for item in kept.reviews.iter().flat_map(|review| &review.items) {
            let people = item.decision.iter().filter(|it| it.by.is_some());
            for decision in people {
                let key = (kept.by_now(item.identity), item.key());
                let last = hush.answered.entry(key).or_default();
                *last = decision.number.max(*last);
            }
        }
        hush
    }

    /// None: it cannot be told.
    fn is_over(&self, id: IdentityId) -> Option<bool> {
        let identity = self.people.get(&id)?;
        let kept = &self.observed.kept;
        let state = standing(self.policy, identity, &identity.holds(), (kept, &[]), self.now);
        state.ok().map(|state| state.state.is_over())
    }

    fn said(&self, review: &Review, item: &Item) -> Option<Said> {
        let asked = item.asked.as_ref()?;
        let rules = &self.policy.access.reviews;
        let rule = rules.iter().find(|rule| rule.name == review.name)?;
        let kept = &self.observed.kept;
        let (identity, key) = (kept.by_now(item.identity), item.key());
        if self.assembled.holds.get(&identity).is_some_and(|wrong| !wrong.is_empty()) {
            return None;
        }
        if self.is_over(identity)? {
            return Some(Said::Nothing(Why::Left));
        }
        if !self.holdings.tell(self.observed, identity, &key)? {
            return Some(Said::Nothing(Why::NotHeld));
        }
        if self.answered.get(&(identity, key)).is_some_and(|last| *last > item.after) {
            return Some(Said::Nothing(Why::Answered));
        }
        let revoke = review.silence == Silence::Revoke && rule.silence == Silence::Revoke;
        let mut waited = asked.waits_for(asked.expires).into_iter().map(|id| kept.by_now(id));
        let there = waited.any(|id| {
            self.is_over(id) == Some(false)
                && self.answerable.contains(&id)
                && (!revoke || item.told.iter().any(|told| kept.by_now(*told) == id))
        });
        there.then(|| {
            Said::Silence(Decision {
                at: asked.expires,
                number: self.answers + 1,
                by: None,
                by_id: None,
                revoke,
                reason: String::new(),
                requests: given_before(kept, identity),
                over: None,
            })
        })
    }
}

/// All of them, with what silence says, of those whom everybody is by now.
/// Silence says nothing while a clock that jumped is not believed.
pub(crate) fn heard(
    policy: &Policy,
    assembled: &Assembled,
    observed: &Observed,
    now: Timestamp,
) -> Vec<Review> {
    let kept = &observed.kept;
    let mut changed = match kept.clock.jump {
        Some(_) => Vec::new(),
        None => due(policy, assembled, observed, now),
    };
    let of = |known: &Review, it: &Review| it.name == known.name && it.ordinal == known.ordinal;
    let reviews = kept.reviews.iter().map(|known| {
        let at = changed.iter().position(|it| of(known, it));
        let mut review = at.map_or_else(|| known.clone(), |at| changed.swap_remove(at));
        if !kept.merged.is_empty() {
            for item in &mut review.items {
                item.identity = kept.by_now(item.identity);
                item.asked = item.asked.take().map(|asked| asked.of(|id| kept.by_now(id)));
                item.told = item.told.iter().map(|id| kept.by_now(*id)).collect();
            }
        }
        review
    });
    reviews.collect()
}
