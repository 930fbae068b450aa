//! Lifecycle state: a pure function of facts and the time.

mod clock;
mod dates;
mod kept;
mod leave;
mod unknown;

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use self::dates::{Bound, Dates};
use crate::{
    fact::{Fact, Hold},
    id::FactName,
    policy::{LifecyclePolicy, WhenMissing},
    value::Value,
};

pub(crate) use self::dates::{NO_DATE, zone_of};
pub use self::{
    clock::{ClockMarks, Jump},
    dates::{moment_of, parse_moment},
    kept::{Absence, Ejection, Followed, Kept, LegalHold, Undone},
    leave::LeavePolicy,
    unknown::{notes_of_holds, unknown_in_holds},
};

/// Where a person stands; names of identity lifecycle practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleState {
    /// Known, starts later than the prehire offset.
    Announced,
    /// Was to begin, and does not: what was made for the day goes.
    Cancelled,
    /// Starts soon: accounts are made, disabled.
    Prehire,
    Active,
    /// Active, and the last day is near.
    Leaving,
    OnLeave,
    Departed,
    /// Departed, and nothing is left to close or to delete.
    Retained,
    /// Departed, and a legal hold stands: nothing is deleted.
    Held,
}

impl LifecycleState {
    /// In the order in which a person goes through them.
    pub const ALL: [Self; 9] = [
        Self::Announced,
        Self::Cancelled,
        Self::Prehire,
        Self::Active,
        Self::Leaving,
        Self::OnLeave,
        Self::Departed,
        Self::Retained,
        Self::Held,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Cancelled => "cancelled",
            Self::Prehire => "prehire",
            Self::Active => "active",
            Self::Leaving => "leaving",
            Self::OnLeave => "on-leave",
            Self::Departed => "departed",
            Self::Retained => "retained",
            Self::Held => "held",
        }
    }

    /// Without the distinctions that say nothing about access: whoever is
    /// leaving is active, and whoever is retained or held has departed.
    #[must_use]
    pub fn broad(self) -> Self {
        match self {
            Self::Leaving => Self::Active,
            Self::Retained | Self::Held => Self::Departed,
            Self::Announced
            | Self::Cancelled
            | Self::Prehire
            | Self::Active
            | Self::OnLeave
            | Self::Departed => self,
        }
    }

    /// Whether everything that was given has to go.
    pub fn is_over(self) -> bool {
        matches!(self.broad(), Self::Cancelled | Self::Departed)
    }
}

/// The state now, with the sentence why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateNow {
    pub state: LifecycleState,
    /// "end 2026-03-31 has passed"; says nothing relative to now.
    pub because: String,
    /// When this state began, as far as facts tell (last instant of the end
    /// date for a departed person).
    pub since: Option<Timestamp>,
    /// When they left, as far as anybody knows; none as long as they have not.
    pub left: Option<Timestamp>,
    /// When time alone will change it.
    pub until: Option<Timestamp>,
    /// Sentences about facts that are wrong, and would not have changed it.
    pub doubts: Vec<String>,
    /// So many whole days after it had begun a source told of it.
    pub late_days: Option<i64>,
    /// The type of their leave, where the file knows it.
    pub leave: Option<String>,
    /// By a person's word, and not by facts.
    pub ejected: bool,
    /// By a last day that has passed, and nothing else.
    pub by_end: bool,
}

impl StateNow {
    pub fn new(state: LifecycleState, because: impl Into<String>) -> Self {
        Self {
            state,
            because: because.into(),
            since: None,
            left: None,
            until: None,
            doubts: Vec::new(),
            late_days: None,
            leave: None,
            ejected: false,
            by_end: false,
        }
    }

    fn since(self, since: Option<Timestamp>) -> Self {
        Self { since, ..self }
    }
}

/// Whether a fact of this name decides the state.
pub(crate) fn decides(name: &str, policy: &LifecyclePolicy) -> bool {
    matches!(name, "start" | "end" | "status" | "timezone")
        || !policy.leaves.is_empty() && leave::FACTS.contains(&name)
}

/// Somebody as the lifecycle looks at them.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Facts in effect.
    pub facts: &'a BTreeMap<FactName, &'a Fact>,
    /// What is known to be wrong with them.
    pub wrong: &'a [Hold],
    /// Since when their records are missing, where that is believed.
    pub absent_since: Option<Timestamp>,
    pub when_missing: WhenMissing,
    /// An ejection that stands.
    pub ejected: Option<&'a Ejection>,
}

/// The lifecycle state of an identity.
///
/// An ejection counts whatever facts say.  A status that means departed
/// counts whatever is wrong with the dates, and an end that has passed
/// whatever is wrong with the status or the time zone (it is taken in the
/// firm's, which may be some hours early and keeps nobody's access open):
/// nothing that is wrong keeps a leaver's accounts open.
///
/// # Errors
/// The sentences why it cannot be told: facts that nobody can read or that
/// contradict each other, or a status that is missing or has no meaning.
pub fn state(
    about: &About<'_>,
    policy: &LifecyclePolicy,
    now: Timestamp,
) -> Result<StateNow, Vec<String>> {
    let About { facts, wrong, absent_since, when_missing, ejected } = *about;
    if let Some(Ejection { reason, at, .. }) = ejected {
        let because = format!("ejected by a person: {reason}");
        return Ok(StateNow { ejected: true, ..departed(because, Some(*at)) });
    }
    let (zone, wrong_zone) = match zone_of(facts, policy) {
        Ok(zone) => (zone, None),
        Err(sentence) => (policy.timezone.clone(), Some(sentence)),
    };
    let dates = sound(wrong, &["start", "end"]).and_then(|()| {
        Dates::of(facts, ("start", "end"), policy.last_hour, &zone).map_err(|it| vec![it])
    });
    if let Some(since) = absent_since.filter(|_| when_missing == WhenMissing::Departed) {
        let passed = dates.as_ref().ok().and_then(|dates| dates.passed(now));
        // What a vanished record last said no longer counts, right or wrong,
        // except that a last day which has passed is no matter of the record.
        return Ok(match passed {
            Some(end) => by_end(end, Vec::new()),
            None => gone(since, dates.ok().as_ref()),
        });
    }
    let status = sound(wrong, &["status"])
        .and_then(|()| status(facts, policy).map_err(|sentence| vec![sentence]));
    if let Ok(Some((state @ (LifecycleState::Departed | LifecycleState::Cancelled), text))) = status
    {
        let because = format!("status is `{text}`");
        let ended = |dates: &Dates| dates.passed(now).map(|end| end.at);
        return Ok(match dates {
            Ok(dates) => StateNow::new(state, because).since(ended(&dates)),
            Err(doubts) => StateNow { doubts, ..StateNow::new(state, because) },
        });
    }
    let dates = match (dates, &status) {
        (Ok(dates), _) => dates,
        (Err(wrong), Ok(_)) => return Err(wrong),
        (Err(wrong), Err(more)) => return Err([wrong, more.clone()].concat()),
    };
    let wrong_zone = sound(wrong, &["timezone"]).err().or(wrong_zone.map(|it| vec![it]));
    let wrong_zone = wrong_zone.filter(|_| dates.has_days()).unwrap_or_default();
    if let Some(end) = dates.passed(now) {
        return Ok(by_end(end, [status.err().unwrap_or_default(), wrong_zone].concat()));
    }
    if !wrong_zone.is_empty() {
        return Err([wrong_zone, status.err().unwrap_or_default()].concat());
    }
    if let Some(start) = dates.start.filter(|start| start.at > now) {
        status?;
        return Ok(before_start(start, policy, now));
    }
    at_work(about, status?, &dates, policy, &zone, now)
}

/// Somebody who began and has not left.
fn at_work(
    about: &About<'_>,
    status: Option<(LifecycleState, &str)>,
    dates: &Dates,
    policy: &LifecyclePolicy,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<StateNow, Vec<String>> {
    if !policy.leaves.is_empty() {
        sound(about.wrong, &leave::FACTS)?;
    }
    let end = dates.end.map(|end| end.at);
    let on_leave = status.filter(|(state, _)| *state == LifecycleState::OnLeave);
    let away = leave::away(about.facts, on_leave.map(|(_, text)| text), policy, zone, now);
    if let Some(away) = away.map_err(|sentence| vec![sentence])? {
        let until = away.until.into_iter().chain(end).min();
        let state = StateNow::new(LifecycleState::OnLeave, away.because).since(away.since);
        return Ok(StateNow { until, leave: away.kind, ..state });
    }
    let near = |end: Timestamp| end.checked_sub(policy.leaving).unwrap_or(Timestamp::MIN);
    if let Some(end) = dates.end.filter(|end| near(end.at) <= now) {
        let because = format!("end is {}", end.written);
        let state = StateNow::new(LifecycleState::Leaving, because).since(Some(near(end.at)));
        return Ok(StateNow { until: Some(end.at), ..state });
    }
    let because = match dates.start {
        Some(start) => format!("start {} has come", start.written),
        None => "no start is given".to_owned(),
    };
    let state = StateNow::new(LifecycleState::Active, because);
    // A last day that nears changes the state before it comes.
    let until = end.map(near);
    let late_days = dates.start.and_then(|start| start.late_days());
    Ok(StateNow { until, late_days, ..state.since(dates.start.map(|start| start.at)) })
}

/// What is wrong with any of these facts.
fn sound(wrong: &[Hold], names: &[&str]) -> Result<(), Vec<String>> {
    let texts = wrong.iter().filter(|hold| names.iter().any(|name| hold.is_about(name)));
    let texts: Vec<String> = texts.map(ToString::to_string).collect();
    if texts.is_empty() { Ok(()) } else { Err(texts) }
}

fn departed(because: String, since: Option<Timestamp>) -> StateNow {
    StateNow::new(LifecycleState::Departed, because).since(since)
}

fn by_end(end: Bound, doubts: Vec<String>) -> StateNow {
    let because = format!("end {} has passed", end.written);
    let late_days = end.late_days();
    StateNow { doubts, late_days, by_end: true, ..departed(because, Some(end.at)) }
}

/// A record that vanished before the first day is of somebody who never came.
fn gone(since: Timestamp, dates: Option<&Dates>) -> StateNow {
    let because = "its record is gone from its source";
    match dates.and_then(|dates| dates.start).filter(|start| start.at > since) {
        Some(start) => {
            let because = format!("{because}, before the first day ({})", start.written);
            StateNow::new(LifecycleState::Cancelled, because).since(Some(since))
        }
        None => departed(because.to_owned(), Some(since)),
    }
}

fn before_start(start: Bound, policy: &LifecyclePolicy, now: Timestamp) -> StateNow {
    let because = format!("start is {}", start.written);
    // A prehire time beyond the calendar: since ever.
    let prehire = start.at.checked_sub(policy.prehire).unwrap_or(Timestamp::MIN);
    if prehire <= now {
        let state = StateNow::new(LifecycleState::Prehire, because).since(Some(prehire));
        StateNow { until: Some(start.at), ..state }
    } else {
        let state = StateNow::new(LifecycleState::Announced, because);
        StateNow { until: Some(prehire), ..state }
    }
}

/// What the fact `status` means, and its text.
fn status<'a>(
    facts: &BTreeMap<FactName, &'a Fact>,
    policy: &LifecyclePolicy,
) -> Result<Option<(LifecycleState, &'a str)>, String> {
    if policy.status.is_empty() {
        return Ok(None);
    }
    let text = match facts.get("status").and_then(|fact| fact.values.first()) {
        Some(Value::Text(text)) => text.trim(),
        _ => "",
    };
    let meaning = policy.status.get(&text.to_lowercase()).ok_or_else(|| {
        if text.is_empty() {
            return "there is no fact `status`; add a value, or say what none means with `\"\"` in \
                    `[lifecycle] status`"
                .to_owned();
        }
        let known: Vec<String> = policy.status.keys().map(|status| format!("`{status}`")).collect();
        format!("status `{text}` is none of {}; add it to `[lifecycle] status`", known.join(", "))
    })?;
    Ok(Some((*meaning, text)))
}

#[cfg(test)]
mod tests;
