//! What plans say and do about access that people asked for.

use super::{NoteKind, PlannedQuestion, outline::Outline, world::Site};
use crate::{
    desired::{Desired, DesiredIdentity, RequestNow, Taken},
    id::IdentityId,
    operation::Cause,
    value::ObjectRef,
};

/// Questions to be asked, of everybody who is not held.
pub(super) fn questions(desired: &Desired) -> Vec<PlannedQuestion> {
    let people = desired.identities.values();
    people.flat_map(|person| person.access.requests.questions.clone()).collect()
}

/// Requests that give nothing, although nobody waits for an answer.
pub(super) fn notes(identity: IdentityId, person: &DesiredIdentity, outline: &mut Outline) {
    let requests = &person.access.requests;
    for RequestNow { request, waits, is_unasked, .. } in &requests.open {
        if let Some(waits) = waits.as_ref().filter(|_| *is_unasked) {
            let text = format!("request {} for {}: {waits}", request.id, request.access);
            outline.about_person(NoteKind::Unasked, identity, &text, true);
            continue;
        }
        let asked = request.is_unanswered()
            && (request.asked.is_some()
                || requests.questions.iter().any(|it| it.request == request.id));
        // That it begins later is as it was asked for.
        let later = request.given.is_some() && request.from.is_some_and(|from| from > request.at);
        if let Some(waits) = waits.as_ref().filter(|_| !asked && !later) {
            let text = format!("request {} for {}: {waits}", request.id, request.access);
            outline.about_person(NoteKind::Waits, identity, &text, false);
        }
    }
}

/// Requests by which an entitlement was given, and that have ended.
fn ended<'s>(site: &'s Site<'_>, entitlement: &'s ObjectRef) -> impl Iterator<Item = &'s Taken> {
    let taken = site.person.access.requests.taken.iter();
    taken.filter(move |it| {
        let meant = site.there.catalogue.get(&it.entitlement);
        it.target == *site.target
            && meant.is_some_and(|it| it.as_ref().is_ok_and(|it| it.reference == *entitlement))
    })
}

/// Why something is taken, as far as a request had given it.
pub(super) fn causes(site: &Site<'_>, entitlement: &ObjectRef) -> Vec<Cause> {
    let latest = ended(site, entitlement).max_by_key(|it| it.since);
    latest.map(|it| it.cause.clone()).into_iter().collect()
}

/// Whether it goes at once, whatever movers may keep: a request that ended
/// lately had given it.
pub(super) fn goes_at_once(site: &Site<'_>, entitlement: &ObjectRef) -> bool {
    ended(site, entitlement)
        .any(|it| it.since.checked_add(site.overlap).is_ok_and(|until| site.now < until))
}
