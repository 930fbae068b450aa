//! When an episode begins, and when what it is about is no longer so.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    definition::{Offset, On},
    episode::Episode,
};
use crate::{
    engagement::Tenure,
    fact::Fact,
    id::FactName,
    lifecycle::{LifecycleState, StateNow, moment_of},
};

/// What a trigger is asked about one identity.
pub struct Trigger<'a> {
    pub state: &'a StateNow,
    /// Facts in effect.
    pub facts: &'a BTreeMap<FactName, &'a Fact>,
    /// Their first and last day, whatever job it is of.
    pub(crate) tenure: Tenure<'a>,
    /// Since when values have been the same that another source tells by now.
    pub unchanged: &'a BTreeMap<FactName, Timestamp>,
    /// When the source was found not to have them any longer.
    pub absent_since: Option<Timestamp>,
    pub timezone: &'a TimeZone,
    pub now: Timestamp,
}

/// Since when a trigger holds; none when it does not.
///
/// What was learned late holds since it was learned.
///
/// # Errors
/// The sentence why it cannot be told.
pub fn standing(on: &On, about: &Trigger<'_>) -> Result<Option<Timestamp>, String> {
    let learned = |name: &str| about.facts.get(name).map(|fact| fact.taken_up());
    match on {
        On::State(state) if [about.state.state, about.state.state.broad()].contains(state) => {
            let of_leave = ["leave", "leave_start"].into_iter();
            let of_leave = of_leave.filter(|_| *state == LifecycleState::OnLeave);
            let known = ["start", "end", "status"].into_iter().chain(of_leave);
            let known = known.filter_map(learned).max();
            Ok(about.state.since.max(known).max(about.absent_since))
        }
        // What accounts say is for those to tell who see them.
        On::State(_) | On::Unused(_) | On::Demand => Ok(None),
        On::Changed(names) => {
            // The first value of a new person is no change.
            let first = about.facts.values().map(|fact| fact.taken_up()).min();
            // What another source tells by now is no change while it is the same.
            let since = |name: &FactName| {
                let at = about.facts.get(name)?.taken_up();
                Some(about.unchanged.get(name).map_or(at, |since| at.min(*since)))
            };
            let newest = names.iter().filter_map(since).max();
            Ok(newest.filter(|newest| Some(*newest) > first))
        }
        On::Offset(Offset { by, fact: name }) => {
            let fact = match name.as_str() {
                // One job of several that ends is no last day.
                "start" => about.tenure.start,
                "end" => about.tenure.end,
                other => about.facts.get(other).copied(),
            };
            let Some(fact) = fact else { return Ok(None) };
            let moment = moment_of(fact, name.as_str() == "end", about.timezone)
                .ok_or_else(|| format!("fact `{name}` is no date"))?;
            let at = moment
                .checked_add(*by)
                .map_err(|_beyond| format!("fact `{name}` is a date beyond the calendar"))?;
            Ok((at <= about.now).then(|| at.max(fact.taken_up())))
        }
    }
}

/// What becomes of a workflow for one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Nothing: it goes on, or it has nothing to say.
    Nothing,
    /// It was so before the workflow was there, which is remembered: a fact
    /// that is corrected later begins nothing either.
    Before,
    /// An episode begins.
    Begins { ordinal: u32, moment: Timestamp },
    /// The latest episode is left: what is open of it is withdrawn.
    Leaves,
}

impl Begin {
    /// `latest` is the episode with the highest ordinal; `known_since` when
    /// this workflow was first looked at; `departed` since when they are
    /// over: nothing of a life before comes back with another.
    ///
    /// Whatever was so before the workflow was there begins nothing: a
    /// welcome is not sent to those who have been here for years.
    pub fn of(
        on: &On,
        standing: Option<Timestamp>,
        latest: Option<&Episode>,
        known_since: Timestamp,
        departed: Option<Timestamp>,
    ) -> Self {
        let of_before = |latest: &Episode| departed.is_some_and(|at| latest.began < at);
        match (standing, latest) {
            (_, Some(latest))
                if matches!(on, On::Demand | On::Changed(_))
                    && latest.left.is_none()
                    && of_before(latest)
                    && standing.is_none_or(|moment| moment <= latest.began) =>
            {
                Self::Leaves
            }
            (None, Some(latest)) if latest.left.is_none() && *on != On::Demand => Self::Leaves,
            (Some(moment), None) if moment > known_since => Self::Begins { ordinal: 1, moment },
            // Nobody uses an account again by the workflow being new.
            (Some(_), None) if matches!(on, On::Unused(_)) => {
                Self::Begins { ordinal: 1, moment: known_since }
            }
            (Some(_), None) if !matches!(on, On::Changed(_)) => Self::Before,
            (None, _) | (Some(_), None) => Self::Nothing,
            (Some(moment), Some(latest)) => {
                let again = match on {
                    On::Changed(_) => moment > latest.began,
                    On::State(_) | On::Offset(_) | On::Unused(_) | On::Demand => {
                        latest.left.is_some()
                    }
                };
                if again {
                    Self::Begins { ordinal: latest.ordinal.saturating_add(1), moment }
                } else {
                    Self::Nothing
                }
            }
        }
    }
}
