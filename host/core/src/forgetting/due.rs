//! When somebody may be erased, and what is in the way.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};

use super::PlannedErasure;
use crate::{
    desired::{DesiredIdentity, DesiredStep},
    fact::Identity,
    guard::{Finding, FindingKind},
    id::IdentityId,
    observed::Observed,
    operation::Cause,
    plan::Plan,
};

/// How long people are kept after they left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retain {
    /// Of the calendar.
    pub years: i16,
    pub time: SignedDuration,
    /// As the file has it.
    pub written: String,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub zone: TimeZone,
}

impl Retain {
    /// When it is over for somebody who left then; none: beyond the calendar.
    pub fn over(&self, left: Timestamp) -> Option<Timestamp> {
        let zoned = left.to_zoned(self.zone.clone());
        let later = zoned.checked_add(Span::new().try_years(self.years).ok()?).ok()?;
        later.timestamp().checked_add(self.time).ok()
    }
}

/// The erasure of somebody whose time is over, or what it waits for; none when
/// it is not over.
pub(crate) fn due(
    retain: Option<&Retain>,
    (identity, person): (IdentityId, &DesiredIdentity),
    (closed, observed): (&Closed, &Observed),
    accounts: impl FnOnce() -> Vec<String>,
    now: Timestamp,
) -> Option<Result<PlannedErasure, Vec<String>>> {
    let retain = retain?;
    let departed = person.state.left?;
    let due = closed.over(retain, (identity, person)).filter(|due| *due <= now)?;
    let hindrances = hindrances((identity, person), observed, accounts());
    if !hindrances.is_empty() {
        return Some(Err(hindrances));
    }
    let day = departed.to_zoned(retain.zone.clone()).date();
    let because = format!(
        "departed since {day}, and kept for {} by `[leaver] retain` (line {})",
        retain.written, retain.line
    );
    let state = person.state.state;
    let causes = vec![
        Cause::State { state, because: person.state.because.clone() },
        Cause::Leaver { because },
    ];
    Some(Ok(PlannedErasure { due, identity, departed, causes }))
}

/// When the last account of people was given by nothing any longer, or
/// closed.
pub(crate) struct Closed(BTreeMap<IdentityId, Timestamp>);

impl Closed {
    pub(crate) fn of(observed: &Observed) -> Self {
        let mut last = BTreeMap::new();
        for link in &observed.links {
            for at in [link.unwanted_since, link.disabled_since].into_iter().flatten() {
                let known = last.entry(link.identity).or_insert(at);
                *known = at.max(*known);
            }
        }
        Self(last)
    }

    /// When the time for which somebody is kept who left is over: it counts
    /// from when they are gone by all that is known, and not by what was said
    /// of long ago alone.
    pub(crate) fn over(
        &self,
        retain: &Retain,
        (identity, person): (IdentityId, &DesiredIdentity),
    ) -> Option<Timestamp> {
        let state = Some(&person.state).filter(|it| it.state.is_over() && it.left.is_some())?;
        let known = [state.left, state.told, self.0.get(&identity).copied()];
        retain.over(known.into_iter().flatten().max()?)
    }
}

/// What nobody can tell for now, so that nothing is erased by it.
pub fn doubts(identity: &Identity, observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    if !identity.unreadable.is_empty() {
        found.push("a record of theirs could not be read".to_owned());
    }
    if observed.kept.clock.jump.is_some() {
        found.push("the clock jumped, and nobody has looked".to_owned());
    }
    found
}

/// Why somebody cannot be erased, in sentences, with what of `accounts` is in
/// the way; none: nothing is.
pub(crate) fn hindrances(
    (identity, person): (IdentityId, &DesiredIdentity),
    observed: &Observed,
    accounts: Vec<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    let state = &person.state;
    if !person.holds.is_empty() {
        found.push(format!("nobody can tell where they stand: {}", person.holds.join("; ")));
    } else if !state.state.is_over() {
        found.push(format!("they are {}: {}", state.state.word(), state.because));
    }
    for hold in &person.legal_holds {
        found.push(format!("the legal hold `{hold}` stands"));
    }
    found.extend(accounts);
    if observed.forgetting.unsettled.contains(&identity) {
        found.push("nobody knows what came of an operation of theirs".to_owned());
    }
    if observed.forgetting.owing.contains(&identity) {
        found.push("it is not shown that they lost everything they had to lose".to_owned());
    }
    if observed.forgetting.in_cases.contains(&identity) {
        found.push("a case asks whether a record is theirs".to_owned());
    }
    let known = observed.workflows.episodes.get(&identity).into_iter().flat_map(BTreeMap::values);
    let seen = person.episodes.iter().map(|now| &now.episode);
    let seen_now: BTreeSet<_> = seen.clone().map(|it| (&it.workflow, it.ordinal)).collect();
    let known = known.filter(|it| !seen_now.contains(&(&it.workflow, it.ordinal)));
    let open: BTreeSet<String> = known
        .chain(seen)
        .filter(|episode| episode.is_open())
        .map(|episode| format!("the workflow `{}` is under way", episode.workflow))
        .collect();
    found.extend(open);
    for DesiredStep { workflow, step, text } in &person.steps.open {
        found.push(format!("workflow `{workflow}`, step `{step}` {text}"));
    }
    let requests = observed.kept.requests.get(&identity).into_iter().flatten();
    let requests = requests.filter(|request| request.is_open());
    found.extend(requests.map(|request| format!("the request {} is open", request.id)));
    found
}

/// The erasures of a plan that a run carries out: those that a finding holds
/// back wait, so that `room` is how many may go without it being released.
pub fn let_go<'p>(
    plan: &'p Plan,
    findings: &[Finding],
    released: &BTreeSet<FindingKind>,
    room: usize,
) -> Vec<&'p PlannedErasure> {
    let stands = |kind: FindingKind| {
        !released.contains(&kind) && findings.iter().any(|finding| finding.kind == kind)
    };
    // Nobody is erased by a world of which a part is missing, whoever lets the
    // rest of the plan go.
    let is_partial = |finding: &Finding| {
        matches!(finding.kind, FindingKind::SourceShrank | FindingKind::TargetShrank)
    };
    let most = match () {
        () if stands(FindingKind::ClockJump) || findings.iter().any(is_partial) => 0,
        () if stands(FindingKind::MassErase) => room,
        () => usize::MAX,
    };
    plan.erasures.iter().take(most).collect()
}
