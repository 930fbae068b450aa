//! Engagements: the jobs of one person, each with days and a state of its
//! own.
//!
//! Who has one record has one engagement, and everything that is known of
//! them is of it.  Where several records are a job each, what decides the
//! person is the best of them: the end of one closes none of the others.

mod bridge;
mod tenure;
mod view;

use std::{cmp::Reverse, collections::BTreeSet, fmt};

use jiff::Timestamp;

pub(crate) use self::{
    tenure::{Tenure, tenure},
    view::{Facts, is_withdrawn, views},
};
use crate::{
    fact::{Hold, Identity, RecordKey},
    history::PastFact,
    identity,
    lifecycle::{self, About, Ejection, LifecycleState, StateNow},
    policy::Policy,
};

/// One job of somebody, as it stands now.
#[derive(Debug, Clone)]
pub(crate) struct Engagement<'a> {
    /// The record it is; none: all that is known of somebody is of one.
    pub record: Option<&'a RecordKey>,
    /// Its own facts in effect, and those that no job has to itself.
    pub facts: Facts<'a>,
    /// Or the sentences why it cannot be told.
    pub state: Result<StateNow, Vec<String>>,
}

/// An engagement beside others, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngagementNow {
    pub record: RecordKey,
    /// None: it cannot be told.
    pub state: Option<LifecycleState>,
    pub because: String,
    /// When time alone will change it.
    pub until: Option<Timestamp>,
}

impl fmt::Display for EngagementNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record: RecordKey { source, key }, state, because, .. } = self;
        let state = state.map_or("unknown", LifecycleState::word);
        write!(f, "engagement {key} of {source}: {state}: {because}")
    }
}

/// What counts of somebody besides their facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Besides<'a> {
    /// What is known to be wrong with facts.
    pub wrong: &'a [Hold],
    /// Since when all of their records are missing, where that is believed.
    pub absent_since: Option<Timestamp>,
    pub ejected: Option<&'a Ejection>,
    /// Values of `start` that were said before.
    pub past: &'a [PastFact],
}

/// Everything somebody is engaged in, the primary engagement first; there is
/// always one.
///
/// The primary one is the one that is furthest from being over; of several,
/// the one whose source the file names first.  Of those that are over, the
/// one that ended last.
pub(crate) fn engagements<'a>(
    policy: &Policy,
    identity: &'a Identity,
    besides: &Besides<'_>,
    now: Timestamp,
) -> Vec<Engagement<'a>> {
    let Besides { wrong, absent_since, ejected, past } = *besides;
    let when_missing = identity::when_missing(policy, identity);
    let state = |facts: &Facts<'_>| {
        let about = About { facts, wrong, absent_since, when_missing, ejected };
        lifecycle::state(&about, &policy.lifecycle, now)
    };
    let views = views(policy, identity, now).into_iter();
    let mut all: Vec<Engagement<'a>> = views
        .map(|view| Engagement {
            record: view.record,
            state: state(&view.facts),
            facts: view.facts,
        })
        .collect();
    if all.len() > 1 {
        bridge::bridge(policy, past, &mut all, state);
        all.sort_by_cached_key(|it| order(policy, it));
    }
    all
}

/// The state of whoever is engaged so: the best there is.
///
/// # Errors
/// The sentences why it cannot be told of one of them.
pub(crate) fn state(all: &[Engagement<'_>]) -> Result<StateNow, Vec<String>> {
    let wrong: BTreeSet<&String> =
        all.iter().filter_map(|it| it.state.as_ref().err()).flatten().collect();
    if let [only] = all {
        return only.state.clone();
    }
    if !wrong.is_empty() {
        return Err(wrong.into_iter().cloned().collect());
    }
    let states = || all.iter().filter_map(|it| it.state.as_ref().ok());
    let best = states().min_by_key(|it| rank(it.state));
    let Some(best) = best else { return Err(vec!["nothing is known of them".to_owned()]) };
    let mut state = best.clone();
    let doubts = states().flat_map(|it| it.doubts.clone());
    state.doubts = doubts.collect::<BTreeSet<_>>().into_iter().collect();
    Ok(state)
}

/// For people to read, where there are several.
pub(crate) fn shown(all: &[Engagement<'_>]) -> Vec<EngagementNow> {
    let several = all.iter().filter(|_| all.len() > 1);
    let shown = several.filter_map(|it| {
        let record = it.record?.clone();
        Some(match &it.state {
            Ok(StateNow { state, because, until, .. }) => EngagementNow {
                record,
                state: Some(*state),
                because: because.clone(),
                until: *until,
            },
            Err(sentences) => {
                EngagementNow { record, state: None, because: sentences.join("; "), until: None }
            }
        })
    });
    shown.collect()
}

/// Whether rules give something for an engagement beside a better one: what
/// begins later gives nothing yet.
pub(crate) fn counts_beside(best: LifecycleState, other: LifecycleState) -> bool {
    match best.broad() {
        LifecycleState::Active => {
            matches!(other.broad(), LifecycleState::Active | LifecycleState::OnLeave)
        }
        LifecycleState::OnLeave | LifecycleState::Prehire => other == best,
        _ => false,
    }
}

/// From the best to the worst.
fn rank(state: LifecycleState) -> u8 {
    match state {
        LifecycleState::Active => 0,
        LifecycleState::Leaving => 1,
        LifecycleState::OnLeave => 2,
        LifecycleState::Prehire => 3,
        LifecycleState::Announced => 4,
        LifecycleState::Departed | LifecycleState::Retained | LifecycleState::Held => 5,
        LifecycleState::Cancelled => 6,
    }
}

type Order = (u8, Option<Reverse<Option<Timestamp>>>, usize, Option<RecordKey>);

/// A last day that nears makes no other engagement the primary one.
fn order(policy: &Policy, engagement: &Engagement<'_>) -> Order {
    let (rank, ended) = match &engagement.state {
        Ok(now) => {
            let ended = now.state.is_over().then_some(Reverse(now.since));
            (rank(now.state.broad()), ended)
        }
        Err(_) => (u8::MAX, None),
    };
    let place = engagement.record.map(|record| view::place(policy, &record.source));
    (rank, ended, place.unwrap_or_default(), engagement.record.cloned())
}

#[cfg(test)]
mod tests;
