//! From the end of one engagement to the next one, which was known before.

use jiff::Timestamp;

use super::{Engagement, Facts};
use crate::{
    fact::{Fact, Identity},
    lifecycle::{LifecycleState, StateNow, moment_of, zone_of},
    policy::Policy,
};

/// Whoever ended one engagement and is known to begin another soon is as they
/// were until then, and so is everything they have.
///
/// `state` says where somebody with these facts stands.
pub(super) fn bridge(
    policy: &Policy,
    identity: &Identity,
    all: &mut [Engagement<'_>],
    state: impl Fn(&Facts<'_>) -> Result<StateNow, Vec<String>>,
) {
    let bridge = policy.lifecycle.bridge;
    let is = |it: &Engagement<'_>, wanted: &[LifecycleState]| {
        it.state.as_ref().is_ok_and(|now| wanted.contains(&now.state.broad()))
    };
    let at_work = [LifecycleState::Active, LifecycleState::OnLeave];
    if bridge.is_zero() || all.iter().any(|it| is(it, &at_work)) {
        return;
    }
    let coming = [LifecycleState::Prehire, LifecycleState::Announced];
    let next: Vec<Next<'_>> = all
        .iter()
        .filter(|it| is(it, &coming))
        .filter_map(|it| next(policy, identity, it))
        .collect();
    let ended = |it: &Engagement<'_>| {
        it.state.as_ref().ok().filter(|now| now.by_end).and_then(|now| now.since)
    };
    let Some((last, end)) =
        all.iter_mut().filter_map(|it| ended(it).map(|end| (it, end))).max_by_key(|(_, end)| *end)
    else {
        return;
    };
    let reached = |it: &&Next<'_>| {
        let within = end.checked_add(bridge).is_ok_and(|until| it.begins <= until);
        it.known < end && it.begins >= end && within
    };
    let Some(next) = next.iter().filter(reached).min_by_key(|it| it.begins) else { return };
    let mut facts = last.facts.clone();
    let Some(written) = facts.remove("end").and_then(|fact| fact.values.first()) else { return };
    let Ok(before) = state(&facts) else { return };
    if at_work.contains(&before.state.broad()) {
        let begins = next.fact.values.first().map(ToString::to_string).unwrap_or_default();
        let because =
            format!("end {written} has passed, and they begin again {begins}: bridged until then");
        let until = Some(next.begins);
        last.state = Ok(StateNow { because, until, late_days: None, ..before });
    }
}

/// An engagement that is to come.
struct Next<'a> {
    fact: &'a Fact,
    begins: Timestamp,
    /// Since when anything is known of it.
    known: Timestamp,
}

fn next<'a>(policy: &Policy, identity: &Identity, engagement: &Engagement<'a>) -> Option<Next<'a>> {
    let start: &Fact = engagement.facts.get("start")?;
    let zone = zone_of(&engagement.facts, &policy.lifecycle).ok()?;
    let begins = moment_of(start, false, &zone)?;
    let facts = identity.facts.values().flatten();
    let own = facts.filter(|fact| Some(&fact.record) == engagement.record);
    let known = own.map(|fact| fact.learned).min()?;
    Some(Next { fact: start, begins, known })
}
