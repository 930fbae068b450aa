//! What a look finds to be over of reviews, to be recorded.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{GrantKey, Over, OverBy, Review, held::Holdings, silence::due};
use crate::{
    access::Side,
    desired::{Desired, DesiredIdentity},
    id::IdentityId,
    identity::Assembled,
    lifecycle::LifecycleState,
    observed::Observed,
    policy::Policy,
    request::{Ended, Request, RequestEnd},
};

/// Reviews and requests as they are from now on.
#[derive(Debug, Default)]
pub struct Outcome {
    pub reviews: Vec<Review>,
    pub requests: Vec<Request>,
}

/// What silence says by now, what is not asked any more, which revocations
/// are over, and the requests that ended because what they gave was revoked
/// and is gone.
///
/// Of people in `held` only that they are not asked any more is recorded: what
/// is not believed yet decides nothing for good.
pub fn outcome(
    policy: &Policy,
    (assembled, desired, observed): (&Assembled, &Desired, &Observed),
    held: &BTreeSet<IdentityId>,
    now: Timestamp,
) -> Outcome {
    let kept = &observed.kept;
    let mut outcome = Outcome { reviews: kept.reviews.clone(), requests: Vec::new() };
    if outcome.reviews.is_empty() {
        return outcome;
    }
    for silent in due(policy, assembled, observed, now) {
        let of = |it: &&mut Review| it.name == silent.name && it.ordinal == silent.ordinal;
        let Some(review) = outcome.reviews.iter_mut().find(of) else { continue };
        for (item, silent) in review.items.iter_mut().zip(silent.items) {
            let person = desired.identities.get(&kept.by_now(item.identity));
            // Where a rule failed, what they would be given is not known.
            if silent.decision.is_none() || person.is_some_and(|it| it.holds.is_empty()) {
                *item = silent;
            }
        }
    }
    let holdings = Holdings::of(observed);
    for (id, person) in desired.identities.iter().filter(|(id, _)| !held.contains(id)) {
        let away = person.state.state.broad() == LifecycleState::OnLeave;
        if away || !person.holds.is_empty() {
            continue;
        }
        let reviewed = &person.access.reviewed;
        for key in &reviewed.requested {
            outcome.lift(observed, (*id, key), Over { at: now, how: OverBy::Requested });
        }
        for (key, revoked) in &reviewed.excluded {
            if holdings.tell(observed, *id, key) != Some(false) {
                continue;
            }
            let ended = ended(policy, (person, observed), (key, &revoked.label), now);
            let ended = ended.into_iter().filter(|it| revoked.requests.contains(&it.id));
            let before = outcome.requests.len();
            outcome.requests.extend(ended);
            if outcome.requests.len() == before && !reviewed.given.contains(key) {
                outcome.lift(observed, (*id, key), Over { at: now, how: OverBy::Gone });
            }
        }
    }
    outcome.reviews.retain(|review| !kept.reviews.contains(review));
    outcome
}

impl Outcome {
    fn lift(&mut self, observed: &Observed, (id, key): (IdentityId, &GrantKey), over: Over) {
        for item in self.reviews.iter_mut().flat_map(|review| &mut review.items) {
            if observed.kept.by_now(item.identity) != id || item.key() != *key {
                continue;
            }
            if let Some(decision) = item.decision.as_mut()
                && decision.revoke
                && decision.over.is_none()
            {
                decision.over = Some(over);
            }
        }
    }
}

/// Requests that give nothing but this, as they are once it is gone.
fn ended(
    policy: &Policy,
    (person, observed): (&DesiredIdentity, &Observed),
    ((target, entitlement, _), label): (&GrantKey, &str),
    now: Timestamp,
) -> Vec<Request> {
    let aliases = policy.targets.get(target).map(|target| &target.entitlements);
    let there = observed.targets.get(target);
    let mut all = there.into_iter().flat_map(|there| &there.entitlements);
    let name = all.find(|it| it.reference == *entitlement).map_or(label, |it| it.name.as_str());
    let meant = |text: &str| {
        let text = aliases.and_then(|it| it.get(text)).map_or(text, String::as_str);
        text.eq_ignore_ascii_case(name) || text == entitlement.uid
    };
    let gives = |request: &&Request| match &request.access {
        Side::Entitlement { target: at, entitlement } => at == target && meant(entitlement),
        Side::Role(_) => false,
    };
    let how = RequestEnd::Removed { by: "a review".to_owned(), reason: String::new() };
    let end = Ended { at: now, how };
    let open = person.access.requests.open.iter().map(|it| &it.request);
    open.filter(gives).map(|it| Request { ended: Some(end.clone()), ..it.clone() }).collect()
}
