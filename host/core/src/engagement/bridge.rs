//! From the end of one engagement to the next one, which was known before.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Engagement, Facts};
use crate::{
    fact::{Fact, RecordKey},
    history::PastFact,
    lifecycle::{LifecycleState, StateNow, moment_of, zone_of},
    policy::Policy,
};

/// Whoever ended one engagement and is known to begin another soon is as they
/// were until then, and so is everything they have.
///
/// `past` are values of `start` that were said before; `state` says where somebody with these facts stands.
pub(super) fn bridge(
    policy: &Policy,
    past: &[PastFact],
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
    let next: Vec<Next<'_>> =
        all.iter().filter(|it| is(it, &coming)).filter_map(|it| Next::of(policy, it)).collect();
    let ended = |it: &Engagement<'_>| {
        it.state.as_ref().ok().filter(|now| now.by_end).and_then(|now| now.since)
    };
    let Some((last, end)) =
        all.iter_mut().filter_map(|it| ended(it).map(|end| (it, end))).max_by_key(|(_, end)| *end)
    else {
        return;
    };
    let reached = |it: &&Next<'_>| it.reaches(end, bridge) && it.was_known(past, end, bridge);
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
pub(super) struct Next<'a> {
    fact: &'a Fact,
    begins: Timestamp,
    record: Option<&'a RecordKey>,
    zone: TimeZone,
}

impl<'a> Next<'a> {
    pub(super) fn of(policy: &Policy, engagement: &Engagement<'a>) -> Option<Self> {
        let fact: &Fact = engagement.facts.get("start")?;
        let zone = zone_of(&engagement.facts, &policy.lifecycle).ok()?;
        let begins = moment_of(fact, false, &zone)?;
        Some(Self { fact, begins, record: engagement.record, zone })
    }

    /// Whether it begins soon enough after another one's `end`.
    fn reaches(&self, end: Timestamp, bridge: SignedDuration) -> bool {
        within(self.begins, end, bridge)
    }

    /// Whether a first day as soon as this was known of it before that `end`;
    /// it may have been moved since.
    pub(super) fn was_known(
        &self,
        past: &[PastFact],
        end: Timestamp,
        bridge: SignedDuration,
    ) -> bool {
        let soon = |it: &&PastFact| {
            let begins = moment_of(&it.fact, false, &self.zone);
            Some(&it.fact.record) == self.record
                && it.fact.learned < end
                && end <= it.forgotten
                && begins.is_some_and(|begins| within(begins, end, bridge))
        };
        self.fact.learned < end || past.iter().any(|it| soon(&it))
    }
}

/// Whether a first day follows an end, no later than can be bridged.
fn within(begins: Timestamp, end: Timestamp, bridge: SignedDuration) -> bool {
    begins >= end && end.checked_add(bridge).is_ok_and(|until| begins <= until)
}
