//! Lifecycle state: a pure function of facts and the time.

use std::{collections::BTreeMap, fmt};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Fact, Hold},
    id::FactName,
    policy::{LifecyclePolicy, WhenMissing},
    value::Value,
};

/// Where a person stands; names of identity lifecycle practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleState {
    /// Known, starts later than the prehire offset.
    Announced,
    /// Starts soon: accounts are made, disabled.
    Prehire,
    Active,
    OnLeave,
    Departed,
}

impl LifecycleState {
    /// In the order in which a person goes through them.
    pub const ALL: [Self; 5] =
        [Self::Announced, Self::Prehire, Self::Active, Self::OnLeave, Self::Departed];

    pub fn word(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Prehire => "prehire",
            Self::Active => "active",
            Self::OnLeave => "on-leave",
            Self::Departed => "departed",
        }
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
    /// When time alone will change it.
    pub until: Option<Timestamp>,
    /// Sentences about facts that are wrong, and would not have changed it.
    pub doubts: Vec<String>,
}

/// The facts that decide the state.
pub(crate) const DECIDING: [&str; 3] = ["start", "end", "status"];

/// When an engagement begins or ends, as a source gives it.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Day(Date),
    Instant(Timestamp),
}

/// A date (`2026-03-31`) or an instant (`2026-03-31T17:00:00Z`).
pub fn parse_moment(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(Value::Instant(instant));
    }
    text.parse::<Date>().ok().map(Value::Date)
}

impl Moment {
    fn of(fact: &Fact) -> Option<Self> {
        match fact.values.first()? {
            Value::Date(date) => Some(Self::Day(*date)),
            Value::Instant(instant) => Some(Self::Instant(*instant)),
            _ => None,
        }
    }

    /// The first instant of a day; days without midnight begin later.
    fn begins(self, timezone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(date) => {
                let zoned = date.to_zoned(timezone.clone()).ok()?;
                Some(zoned.start_of_day().ok()?.timestamp())
            }
            Self::Instant(instant) => Some(instant),
        }
    }

    /// The first instant after it: a day counts to its end.
    fn ends(self, timezone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(date) => Self::Day(date.tomorrow().ok()?).begins(timezone),
            Self::Instant(instant) => Some(instant),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

/// The instant a fact stands for; `last` when a day counts to its end.
pub fn moment_of(fact: &Fact, last: bool, timezone: &TimeZone) -> Option<Timestamp> {
    let moment = Moment::of(fact)?;
    if last { moment.ends(timezone) } else { moment.begins(timezone) }
}

/// A moment with the instant it stands for.
#[derive(Debug, Clone, Copy)]
struct Bound {
    written: Moment,
    at: Timestamp,
}

/// The lifecycle state of an identity.
///
/// `wrong` is what is known to be wrong with its facts.  A status that means
/// departed counts whatever is wrong with the dates, and an end that has
/// passed whatever is wrong with the status: neither keeps a leaver's
/// accounts open.
///
/// # Errors
/// The sentences why it cannot be told: facts that nobody can read or that
/// contradict each other, or a status that is missing or has no meaning.
pub fn state(
    facts: &BTreeMap<FactName, &Fact>,
    wrong: &[Hold],
    absent_since: Option<Timestamp>,
    when_missing: WhenMissing,
    policy: &LifecyclePolicy,
    now: Timestamp,
) -> Result<StateNow, Vec<String>> {
    // What a vanished record last said no longer counts, right or wrong.
    if let Some(since) = absent_since.filter(|_| when_missing == WhenMissing::Departed) {
        return Ok(departed("its record is gone from its source".to_owned(), Some(since)));
    }
    let sound = |names: &[&str]| {
        let texts = wrong.iter().filter(|hold| names.iter().any(|name| hold.is_about(name)));
        let texts: Vec<String> = texts.map(ToString::to_string).collect();
        if texts.is_empty() { Ok(()) } else { Err(texts) }
    };
    let status =
        sound(&["status"]).and_then(|()| status(facts, policy).map_err(|sentence| vec![sentence]));
    let dates = sound(&["start", "end"])
        .and_then(|()| Dates::of(facts, policy).map_err(|sentence| vec![sentence]));
    if let Ok(Some((LifecycleState::Departed, text))) = status {
        let because = format!("status is `{text}`");
        return Ok(match dates {
            Ok(dates) => departed(because, dates.passed(now).map(|end| end.at)),
            Err(doubts) => StateNow { doubts, ..departed(because, None) },
        });
    }
    let dates = match (dates, &status) {
        (Ok(dates), _) => dates,
        (Err(wrong), Ok(_)) => return Err(wrong),
        (Err(wrong), Err(more)) => return Err([wrong, more.clone()].concat()),
    };
    if let Some(end) = dates.passed(now) {
        let because = format!("end {} has passed", end.written);
        let doubts = status.err().unwrap_or_default();
        return Ok(StateNow { doubts, ..departed(because, Some(end.at)) });
    }
    let status = status?;
    let Dates { start, end } = dates;
    if let Some(start) = start.filter(|start| start.at > now) {
        return Ok(before_start(start, policy, now));
    }
    let (state, because) = match (status, start) {
        (Some((LifecycleState::OnLeave, text)), _) => {
            (LifecycleState::OnLeave, format!("status is `{text}`"))
        }
        (_, Some(start)) => (LifecycleState::Active, format!("start {} has come", start.written)),
        (_, None) => (LifecycleState::Active, "no start is given".to_owned()),
    };
    let since = start.filter(|_| state == LifecycleState::Active).map(|start| start.at);
    Ok(StateNow { state, because, since, until: end.map(|end| end.at), doubts: Vec::new() })
}

/// First and last day, in their order.
struct Dates {
    start: Option<Bound>,
    end: Option<Bound>,
}

impl Dates {
    fn of(facts: &BTreeMap<FactName, &Fact>, policy: &LifecyclePolicy) -> Result<Self, String> {
        let start = bound(facts, "start", |moment| moment.begins(&policy.timezone))?;
        let end = bound(facts, "end", |moment| moment.ends(&policy.timezone))?;
        if let (Some(start), Some(end)) = (start, end)
            && end.at <= start.at
        {
            return Err(format!(
                "fact `end` ({}) is before fact `start` ({})",
                end.written, start.written
            ));
        }
        Ok(Self { start, end })
    }

    /// The end, once it has passed.
    fn passed(&self, now: Timestamp) -> Option<Bound> {
        self.end.filter(|end| end.at <= now)
    }
}

fn departed(because: String, since: Option<Timestamp>) -> StateNow {
    let state = LifecycleState::Departed;
    StateNow { state, because, since, until: None, doubts: Vec::new() }
}

fn before_start(start: Bound, policy: &LifecyclePolicy, now: Timestamp) -> StateNow {
    let because = format!("start is {}", start.written);
    // A prehire time beyond the calendar: since ever.
    let prehire = start.at.checked_sub(policy.prehire).unwrap_or(Timestamp::MIN);
    if prehire <= now {
        let state = LifecycleState::Prehire;
        let (since, until) = (Some(prehire), Some(start.at));
        StateNow { state, because, since, until, doubts: Vec::new() }
    } else {
        let state = LifecycleState::Announced;
        StateNow { state, because, since: None, until: Some(prehire), doubts: Vec::new() }
    }
}

fn bound(
    facts: &BTreeMap<FactName, &Fact>,
    name: &str,
    at: impl Fn(Moment) -> Option<Timestamp>,
) -> Result<Option<Bound>, String> {
    let Some(fact) = facts.get(name).filter(|fact| !fact.values.is_empty()) else {
        return Ok(None);
    };
    let bound = Moment::of(fact)
        .and_then(|written| at(written).map(|at| Bound { written, at }))
        .ok_or_else(|| format!("fact `{name}` is no date"))?;
    Ok(Some(bound))
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
