//! Requests that steps of workflows make and end.

use jiff::Timestamp;

use super::{Ended, Request, RequestEnd, Requestable, RequestedBy};
use crate::{
    id::Digest,
    workflow::{Effect, PlannedStep},
};

/// The requests that a step makes or ends, as they are from then on; none
/// when that has been done.
///
/// `begun_by` is the OS user who began the workflow, when a person did.
/// What it asks for was looked at when it was planned.
pub fn by_step(
    requestable: &Requestable,
    (step, begun_by): (&PlannedStep, Option<&str>),
    known: &[Request],
    now: Timestamp,
) -> Vec<Request> {
    let PlannedStep { identity, workflow, ordinal, step: name, effect, .. } = step;
    let by = RequestedBy::Step {
        workflow: workflow.clone(),
        step: name.clone(),
        by: begun_by.map(str::to_owned),
    };
    match effect {
        Effect::Request { access, until, reason, start } => {
            let Some(terms) = requestable.get(access) else { return Vec::new() };
            let id = Digest::of(format!("request\n{identity}\n{workflow}\n{ordinal}\n{name}"));
            let id = id.short().to_owned();
            let again = known.iter().any(|it| it.id == id || it.is_open() && it.access == *access);
            if again {
                return Vec::new();
            }
            let after = |length| now.checked_add(length).unwrap_or(Timestamp::MAX);
            let answer_by = terms.approval.as_ref().map(|it| after(it.expire));
            vec![Request {
                id,
                identity: *identity,
                access: access.clone(),
                from: None,
                until: until.map(after),
                reason: reason.clone(),
                by,
                at: now,
                start: *start,
                answer_by,
                asked: None,
                agreed: Vec::new(),
                given: answer_by.is_none().then_some(now),
                ended: None,
            }]
        }
        Effect::EndRequests { requests } => {
            let ended = known.iter().filter(|it| it.is_open() && requests.contains(&it.id));
            let how = RequestEnd::Removed { by: by.to_string(), reason: String::new() };
            let end = Ended { at: now, how };
            ended.map(|it| Request { ended: Some(end.clone()), ..it.clone() }).collect()
        }
        _ => Vec::new(),
    }
}
