//! From the first day of somebody to the last, over jobs that follow each
//! other.

use jiff::Timestamp;

use super::{Engagement, bridge::Next};
use crate::{
    fact::Fact,
    history::PastFact,
    lifecycle::{LifecycleState, moment_of, zone_of},
    policy::Policy,
};

/// The first day of the first and the last day of the last of those jobs
/// that somebody has without a gap, the primary one among them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tenure<'a> {
    /// None: nobody says when they began.
    pub start: Option<&'a Fact>,
    /// The first instant of that day.
    pub begins: Option<Timestamp>,
    /// None: no end is known.
    pub end: Option<&'a Fact>,
}

/// One job, from its first instant to the first one after it.
#[derive(Clone, Copy)]
struct Span<'a> {
    start: Option<&'a Fact>,
    begins: Timestamp,
    end: Option<&'a Fact>,
    ends: Timestamp,
}

/// The tenure that the first of these engagements is in; `past` are values
/// of `start` that were said before.
pub(crate) fn tenure<'a>(policy: &Policy, all: &[Engagement<'a>], past: &[PastFact]) -> Tenure<'a> {
    let Some((primary, others)) = all.split_first() else { return Tenure::default() };
    let (mut whole, mut first) = (span(policy, primary), primary);
    let cancelled = |it: &&Engagement<'_>| {
        it.state.as_ref().is_ok_and(|now| now.state == LifecycleState::Cancelled)
    };
    let mut apart: Vec<&Engagement<'a>> = others.iter().filter(|it| !cancelled(it)).collect();
    // What one of them reaches, another one may be reached by.
    loop {
        let reached = |it: &&mut &Engagement<'a>| {
            let (one, other) = (whole, span(policy, it));
            let overlap = other.begins <= one.ends && one.begins <= other.ends;
            let next = if other.begins > one.ends { **it } else { first };
            let (end, begins) = (one.ends.min(other.ends), one.begins.max(other.begins));
            overlap || is_bridged(policy, next, past, (end, begins))
        };
        let more: Vec<&Engagement<'a>> = apart.extract_if(.., |it| reached(&it)).collect();
        if more.is_empty() {
            break;
        }
        for engagement in more {
            let span = span(policy, engagement);
            if span.begins < whole.begins {
                (whole.begins, whole.start, first) = (span.begins, span.start, engagement);
            }
            if span.ends > whole.ends {
                (whole.ends, whole.end) = (span.ends, span.end);
            }
        }
    }
    let begins = whole.start.map(|_| whole.begins);
    Tenure { start: whole.start, begins, end: whole.end }
}

/// Whether the gap before `next` is one that was known, and short.
fn is_bridged(
    policy: &Policy,
    next: &Engagement<'_>,
    past: &[PastFact],
    (end, begins): (Timestamp, Timestamp),
) -> bool {
    let bridge = policy.lifecycle.bridge;
    let short = !bridge.is_zero() && end.checked_add(bridge).is_ok_and(|until| begins <= until);
    short && Next::of(policy, next).is_some_and(|next| next.was_known(past, end, bridge))
}

fn span<'a>(policy: &Policy, engagement: &Engagement<'a>) -> Span<'a> {
    let facts = &engagement.facts;
    let zone =
        zone_of(facts, &policy.lifecycle).unwrap_or_else(|_| policy.lifecycle.timezone.clone());
    let (start, end) = (facts.get("start").copied(), facts.get("end").copied());
    let begins = start.and_then(|it| moment_of(it, false, &zone)).unwrap_or(Timestamp::MIN);
    let ends = end.and_then(|it| moment_of(it, true, &zone)).unwrap_or(Timestamp::MAX);
    // Whoever left by a status has no longer what the last day says.
    let over = engagement.state.as_ref().ok().filter(|now| now.state.is_over() && !now.by_end);
    let left = over.and_then(|_| facts.get("status")).map(|status| status.learned);
    let ends = left.map_or(ends, |left| ends.min(left)).max(begins);
    Span { start, begins, end, ends }
}
