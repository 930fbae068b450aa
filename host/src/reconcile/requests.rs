//! Access that people ask for: made, asked about, answered, ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    desired::{Desired, desired},
    fact::Identity,
    id::IdentityId,
    identity,
    lifecycle::Kept,
    policy::Policy,
    request::{
        Beneficiary, Ended, PlannedQuestion, Request, RequestEnd, RequestRefused, RequestedBy,
        Wish, request,
    },
    workflow::{Delivery, Effect},
};

use super::{
    Context,
    actor::{SeveralPeople, with_key},
    known::look,
    progress::{Progress, StepTold, Summary},
    tell::tell,
};
use crate::store::{AuditEntry, Store, StoreError};

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] RequestRefused),
    #[error("nothing is decided for this identity yet")]
    Unknown,
    /// Of the one who asks.
    #[error(transparent)]
    Several(#[from] SeveralPeople),
}

/// Asks for access as the person behind an OS user, and records who has to
/// agree.  They are told with the next run; until then they find it by
/// looking.
///
/// # Errors
/// Why it cannot be asked for.
pub async fn request_access(
    policy: &Policy,
    store: &dyn Store,
    wish: Wish,
    (actor, now): (&str, Timestamp),
) -> Result<Request, RequestError> {
    let (assembled, mut observed, known) = look(policy, store, now).await?;
    let person = known.identities.get(&wish.identity).ok_or(RequestError::Unknown)?;
    let people = (assembled.identities.as_slice(), &observed.kept);
    let by = requested_by(policy, people, actor, now)?;
    let requests = observed.kept.requests.entry(wish.identity).or_default();
    let (holds, start) = (person.holds.as_slice(), person.access.requests.start);
    let beneficiary = Beneficiary { state: &person.state, holds, start, requests };
    let mut request = request(&policy.access.requestable, beneficiary, wish, by, now)?;
    requests.push(request.clone());
    let known = desired(policy, &assembled, &observed, now);
    let asked = known.identities.get(&request.identity).and_then(|person| {
        let mut questions = person.access.requests.questions.iter();
        let question = questions.find(|it| it.request == request.id)?;
        request.as_asked(&question.effect, now)
    });
    if let Some(mut asked) = asked {
        if let Some(question) = &mut asked.asked {
            // Nobody has been told.
            question.rounds = 0;
        }
        request = asked;
    }
    let entry = entry(&request, "made", (actor, now));
    store.record_requests(&[(request.clone(), entry)], None).await?;
    Ok(request)
}

/// Nobody may decide about what they asked for, so who asks must not be
/// guessed.
fn requested_by(
    policy: &Policy,
    (people, kept): (&[Identity], &Kept),
    actor: &str,
    now: Timestamp,
) -> Result<RequestedBy, SeveralPeople> {
    let key = policy.steps.actors.get(actor);
    let person = key.map(|key| with_key(people, kept, key, now)).transpose()?.flatten();
    let label = person.map(|it| identity::label(it, &identity::facts_now(it, now)));
    Ok(RequestedBy::Person {
        user: actor.to_owned(),
        identity: person.map(|it| it.id),
        label: label.unwrap_or_else(|| actor.to_owned()),
    })
}

/// Somebody takes back what is asked for.
///
/// # Errors
/// When the store fails.
pub async fn remove_request(
    store: &dyn Store,
    request: Request,
    (actor, reason): (&str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    let how = RequestEnd::Removed { by: actor.to_owned(), reason: reason.to_owned() };
    let request = Request { ended: Some(Ended { at: now, how }), ..request };
    let entry = entry(&request, "removed", (actor, now));
    store.record_requests(&[(request, entry)], None).await
}

/// Requests that are over by what was seen, except of people in `held`: what
/// is not believed yet ends nothing for good.
pub(super) async fn record_ended(
    context: &Context,
    desired: &Desired,
    held: &BTreeSet<IdentityId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let people = desired.identities.iter().filter(|(id, _)| !held.contains(id));
    let ended = people.flat_map(|(_, person)| &person.access.requests.ended);
    let by = (context.actor.as_str(), now);
    let ended = ended.map(|request| {
        let word = request.ended.as_ref().map_or("ended", |it| it.how.word());
        (request.clone(), entry(request, word, by))
    });
    let ended: Vec<(Request, AuditEntry)> = ended.collect();
    if ended.is_empty() { Ok(()) } else { context.store.record_requests(&ended, None).await }
}

/// Asks what a plan asks, except about people in `held`.  A question is
/// durable before anybody is told of it.
///
/// # Errors
/// When the store fails; then nothing more is sent.
pub(super) async fn ask(
    context: &Context,
    questions: &[PlannedQuestion],
    held: &BTreeSet<IdentityId>,
    report: &(dyn Fn(Progress) + Send + Sync),
    summary: &mut Summary,
) -> Result<(), StoreError> {
    if questions.is_empty() {
        return Ok(());
    }
    let known = context.store.kept().await?.requests;
    for question in questions {
        let of = known.get(&question.identity).into_iter().flatten();
        let now = context.now();
        let asked = of.into_iter().find(|it| it.id == question.request);
        let asked = asked.and_then(|it| it.as_asked(&question.effect, now));
        let how = if held.contains(&question.identity) {
            StepTold::Skipped("a finding holds back what it is about")
        } else if context.stop.is_ordered().await {
            StepTold::Skipped("the run was stopped")
        } else if let Some(asked) = asked {
            let others = matches!(question.effect, Effect::AskOthers { .. });
            let word = if others { "others asked" } else { "asked" };
            let entry = entry(&asked, word, (&context.actor, now));
            context.store.record_requests(&[(asked, entry)], None).await?;
            StepTold::asked(tell(context, deliveries(&question.effect)).await)
        } else {
            StepTold::Skipped("it has been answered")
        };
        summary.count(&how);
        report(Progress::Question { question: question.clone(), how });
    }
    Ok(())
}

fn deliveries(effect: &Effect) -> &[Delivery] {
    match effect {
        Effect::Ask { deliveries, .. }
        | Effect::Remind { deliveries }
        | Effect::AskOthers { deliveries, .. } => deliveries,
        _ => &[],
    }
}

/// What the audit says: no word of anybody.
pub(super) fn entry(request: &Request, result: &str, (actor, at): (&str, Timestamp)) -> AuditEntry {
    let mut detail = BTreeMap::from([
        ("request".to_owned(), request.id.clone()),
        ("access".to_owned(), request.access.to_string()),
    ]);
    detail.extend(request.until.map(|until| ("until".to_owned(), until.to_string())));
    AuditEntry {
        at,
        actor: actor.to_owned(),
        action: "request".to_owned(),
        identity: Some(request.identity),
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail,
    }
}
