//! Where somebody stands now, and what keeps anything of them from being
//! changed or deleted.

use jiff::Timestamp;

use super::person::Facts;
use crate::{
    engagement::{self, Besides, Engagement, EngagementNow},
    fact::{Hold, Identity},
    history::PastFact,
    id::IdentityId,
    lifecycle::{self, Followed, Kept, LifecycleState, StateNow},
    observed::Link,
    policy::{HoldPolicy, Policy},
};

pub(super) struct Life {
    pub state: StateNow,
    /// Why nothing of them is changed (law 7).
    pub holds: Vec<String>,
    /// Legal holds: nothing of theirs is deleted.
    pub legal_holds: Vec<String>,
    /// Since when their records are missing, where that is believed.
    pub absent_since: Option<Timestamp>,
    /// Something of a leaver is wrong that does not keep their accounts open;
    /// nobody knows what it would have said of deleting them.
    pub doubtful: bool,
}

/// The state of somebody, as it is with what is remembered of them; `links`
/// are theirs.
///
/// # Errors
/// The sentences why it cannot be told.
pub fn standing(
    policy: &Policy,
    identity: &Identity,
    wrong: &[Hold],
    (kept, links): (&Kept, &[&Link]),
    now: Timestamp,
) -> Result<StateNow, Vec<String>> {
    let engaged = engaged(policy, identity, wrong, kept, now);
    placed(policy, identity, &engaged, (kept, links), now)
}

/// The engagements of somebody, where there are several, the primary one first.
pub fn engagements(
    policy: &Policy,
    identity: &Identity,
    kept: &Kept,
    now: Timestamp,
) -> Vec<EngagementNow> {
    engagement::shown(&engaged(policy, identity, &identity.holds(), kept, now))
}

/// Everything somebody is engaged in, as it is with what is remembered.
pub(super) fn engaged<'a>(
    policy: &Policy,
    identity: &'a Identity,
    wrong: &[Hold],
    kept: &Kept,
    now: Timestamp,
) -> Vec<Engagement<'a>> {
    let ejected = kept.ejected(identity.id);
    let past = past_starts(kept, identity.id);
    if ejected.is_some() && kept.waiting(&policy.limits, now).contains(&identity.id) {
        // Whoever leaves anyway waits for no turn.
        let besides = Besides { wrong, absent_since: None, ejected: None, past };
        let anyway = engagement::engagements(policy, identity, &besides, now);
        if engagement::state(&anyway).is_ok_and(|state| state.state.is_over()) {
            return anyway;
        }
    }
    let besides = Besides { wrong, absent_since: absent_since(identity, kept), ejected, past };
    engagement::engagements(policy, identity, &besides, now)
}

/// Values of somebody's `start` that were said before.
pub(super) fn past_starts(kept: &Kept, id: IdentityId) -> &[PastFact] {
    kept.past_starts.get(&id).map(Vec::as_slice).unwrap_or_default()
}

fn placed(
    policy: &Policy,
    identity: &Identity,
    engaged: &[Engagement<'_>],
    (kept, links): (&Kept, &[&Link]),
    now: Timestamp,
) -> Result<StateNow, Vec<String>> {
    let mut state = match kept.followed.get(&identity.id) {
        Some(followed) => hired_again(followed),
        None => engagement::state(engaged)?,
    };
    if let Some((former, _)) = kept.followed.iter().find(|(_, it)| it.by == identity.id) {
        state.because = format!("{}; hired again, and was {former} before", state.because);
    }
    let Some(Engagement { facts, .. }) = engaged.first() else { return Ok(state) };
    let holds = legal_holds(policy, identity, kept);
    if let (LifecycleState::Departed, Some(first)) = (state.state, holds.first()) {
        state.state = LifecycleState::Held;
        state.because = format!("{}; legal hold `{first}` stands", state.because);
    } else if state.state == LifecycleState::Departed
        && is_done(policy, state.since.or(learned(facts)), links, now)
    {
        state.state = LifecycleState::Retained;
    }
    if state.state.is_over() {
        state.left = state.since.or(learned(facts));
    }
    // Whoever began before there was anything to act is not late.
    let could = kept.clock.first.zip(state.since).is_some_and(|(first, since)| first < since);
    if !could && !state.state.is_over() {
        state.late_days = None;
    }
    if let Some(since) = state.since.filter(|_| state.by_end && state.late_days.is_none()) {
        state.late_days = taken_back(policy, identity, engaged, links)
            .then(|| now.duration_since(since).as_hours() / 24)
            .filter(|days| *days > 0);
    }
    Ok(state)
}

/// They are somebody new, and nothing here is theirs any more.
fn hired_again(followed: &Followed) -> StateNow {
    let Followed { by, left, .. } = followed;
    let because = format!("they left, and were hired again as somebody new: {by}");
    StateNow { since: Some(*left), ..StateNow::new(LifecycleState::Departed, because) }
}

/// Whether the next engagement, which kept everything open, does not come
/// after all.
fn taken_back(
    policy: &Policy,
    identity: &Identity,
    engaged: &[Engagement<'_>],
    links: &[&Link],
) -> bool {
    let cancelled = |it: &Engagement<'_>| {
        it.state.as_ref().is_ok_and(|now| now.state == LifecycleState::Cancelled)
    };
    !policy.lifecycle.bridge.is_zero()
        && links.iter().any(|link| link.is_open())
        && (engaged.iter().any(cancelled) || engagement::is_withdrawn(policy, identity))
}

fn absent_since(identity: &Identity, kept: &Kept) -> Option<Timestamp> {
    identity.absent_since.filter(|_| !kept.absences.contains_key(&identity.id))
}

/// Whether nothing is left to do for somebody who departed: every account is
/// deleted, or closed where none ever is, and the time for it is over.
fn is_done(policy: &Policy, left: Option<Timestamp>, links: &[&Link], now: Timestamp) -> bool {
    let Some(left) = left else { return false };
    let mut links = links.iter().filter(|link| !link.gone);
    match policy.leaver.delete_after {
        Some(grace) => links.next().is_none() && left.checked_add(grace).is_ok_and(|at| at <= now),
        None => !links.any(|link| link.is_open()),
    }
}

/// Since when a status is known that no date stands beside.
fn learned(facts: &Facts<'_>) -> Option<Timestamp> {
    facts.get("status").map(|fact| fact.learned)
}

pub(super) fn life(
    policy: &Policy,
    identity: &Identity,
    (engaged, wrong): (&[Engagement<'_>], &[Hold]),
    (kept, links): (&Kept, &[&Link]),
    now: Timestamp,
) -> Life {
    let state = placed(policy, identity, engaged, (kept, links), now);
    let decides = |hold: &&Hold| {
        hold.fact.as_ref().is_some_and(|it| lifecycle::decides(it.as_str(), &policy.lifecycle))
    };
    // What is wrong with the facts that decide it is in the state already.
    let (of_record, of_facts): (Vec<&Hold>, Vec<&Hold>) =
        wrong.iter().filter(|hold| !decides(hold)).partition(|hold| hold.fact.is_none());
    let texts = |holds: Vec<&Hold>| holds.into_iter().map(ToString::to_string).collect::<Vec<_>>();
    let (mut holds, of_facts) = (texts(of_record), texts(of_facts));
    let state = state.map(|mut state| {
        // A time zone without a date, a leave before the first day.
        let unused = wrong.iter().filter(decides).filter(|_| !state.state.is_over());
        state.doubts.extend(unused.map(ToString::to_string));
        state
    });
    let mut state = state.unwrap_or_else(|sentences| {
        let because = format!("its state cannot be told: {}", sentences.join("; "));
        holds.extend(sentences);
        // Nothing is desired of somebody announced, nor of a hold.
        StateNow::new(LifecycleState::Announced, because)
    });
    // Whoever is over needs no other fact to be closed.
    let doubtful = state.state.is_over() && !of_facts.is_empty();
    let unneeded = if doubtful { &mut state.doubts } else { &mut holds };
    unneeded.extend(of_facts);
    if state.ejected {
        // A person said so, whatever is wrong with what sources say.
        state.doubts.append(&mut holds);
    }
    let legal_holds = legal_holds(policy, identity, kept);
    Life { state, holds, legal_holds, absent_since: absent_since(identity, kept), doubtful }
}

/// The legal holds that cover somebody, of the file and by command.
fn legal_holds(policy: &Policy, identity: &Identity, kept: &Kept) -> Vec<String> {
    if policy.holds.is_empty() && kept.legal_holds.is_empty() {
        return Vec::new();
    }
    let id = identity.id.to_string();
    let merged = kept.merged.iter().filter(|(_, keep)| **keep == identity.id);
    let was: Vec<String> = merged.map(|(other, _)| other.to_string()).collect();
    let names = |hold: &HoldPolicy| {
        let mut records = identity.records.iter();
        let mut ids = was.iter().chain([&id]);
        ids.any(|id| hold.people.contains(id))
            || records.any(|record| hold.people.contains(&record.key))
    };
    let of_file = policy.holds.iter().filter(|(_, hold)| names(hold));
    let ordered = kept.legal_holds.iter().filter(|hold| hold.people.contains(&identity.id));
    let mut names: Vec<String> =
        of_file.map(|(name, _)| name.clone()).chain(ordered.map(|it| it.name.clone())).collect();
    names.sort();
    names.dedup();
    names
}
