//! Asking for access: what can be asked for, by whom, for how long.

use jiff::{SignedDuration, Timestamp};

use super::{Request, Requestable, RequestedBy};
use crate::{
    access::Side,
    id::{Digest, IdentityId},
    lifecycle::StateNow,
    workflow::duration,
};

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    pub identity: IdentityId,
    pub access: Side,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub reason: String,
}

/// Why something cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefused {
    #[error("{0} is nothing that can be asked for")]
    NotRequestable(Side),
    #[error("{access} needs an end, at most {} after it begins", duration(*longest))]
    NoEnd { access: Side, longest: SignedDuration },
    #[error("{access} is given for {} at most", duration(*longest))]
    TooLong { access: Side, longest: SignedDuration },
    #[error("it would end before it begins")]
    Empty,
    #[error("they have it by request {0} already, or wait for it")]
    Twice(String),
    #[error("they do not work here: {0}")]
    Gone(String),
    #[error("nothing of theirs can be told while they are held: {0}")]
    Held(String),
}

/// The person something is asked for, as they stand.
#[derive(Debug, Clone, Copy)]
pub struct Beneficiary<'a> {
    pub state: &'a StateNow,
    /// Why nothing of them is changed.
    pub holds: &'a [String],
    /// Their first day.
    pub start: Option<Timestamp>,
    /// Their requests so far.
    pub requests: &'a [Request],
}

/// A request, if it can be made.
///
/// # Errors
/// Why it cannot.
pub fn request(
    requestable: &Requestable,
    beneficiary: Beneficiary<'_>,
    wish: Wish,
    by: RequestedBy,
    now: Timestamp,
) -> Result<Request, RequestRefused> {
    let Beneficiary { state, holds, start, requests } = beneficiary;
    let Wish { identity, access, from, until, reason } = wish;
    let Some(terms) = requestable.get(&access) else {
        return Err(RequestRefused::NotRequestable(access));
    };
    if let Some(hold) = holds.first() {
        return Err(RequestRefused::Held(hold.clone()));
    }
    if state.state.is_over() {
        return Err(RequestRefused::Gone(state.because.clone()));
    }
    let begin = from.unwrap_or(now).max(now);
    if until.is_some_and(|until| until <= begin) {
        return Err(RequestRefused::Empty);
    }
    if let Some(longest) = terms.longest {
        let Some(until) = until else { return Err(RequestRefused::NoEnd { access, longest }) };
        if begin.checked_add(longest).is_ok_and(|last| last < until) {
            return Err(RequestRefused::TooLong { access, longest });
        }
    }
    let stands = |it: &&Request| it.access == access && it.ends(state, start, now).is_none();
    if let Some(other) = requests.iter().filter(|it| it.is_open()).find(stands) {
        return Err(RequestRefused::Twice(other.id.clone()));
    }
    // Of people who were one for a while, some may have gone again.
    let ids = (requests.len()..).map(|number| {
        let digest = Digest::of(format!("request\n{identity}\n{access}\n{number}"));
        digest.short().to_owned()
    });
    let mut free = ids.filter(|id| requests.iter().all(|it| it.id != *id));
    let id = free.next().unwrap_or_default();
    let expire = terms.approval.as_ref().map(|approval| approval.expire);
    let answer_by = expire.map(|it| now.checked_add(it).unwrap_or(Timestamp::MAX));
    Ok(Request {
        id,
        identity,
        access,
        from,
        until,
        reason,
        by,
        at: now,
        start,
        answer_by,
        asked: None,
        agreed: Vec::new(),
        given: answer_by.is_none().then_some(now),
        ended: None,
    })
}
