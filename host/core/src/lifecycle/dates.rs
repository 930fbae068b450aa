//! First and last day: what sources give as dates, as instants.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::{fact::Fact, id::FactName, policy::LifecyclePolicy, value::Value};

/// The zones that are built in: what a date means depends on no machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A day is this long, as far as being late is concerned.
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// When an engagement begins or ends, as a source gives it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Day(Date),
    Instant(Timestamp),
}

/// What is said of a fact that should be one.
pub(crate) const NO_DATE: &str = "is no date like 2026-03-31";

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

    /// The first instant after it: a day counts to its end, or to the hour
    /// that ends a last day.  An hour that the clocks skip is the next one.
    fn ends(self, last_hour: Option<Time>, timezone: &TimeZone) -> Option<Timestamp> {
        match (self, last_hour) {
            (Self::Day(date), None) => Self::Day(date.tomorrow().ok()?).begins(timezone),
            (Self::Day(date), Some(hour)) => {
                let zoned = date.to_datetime(hour).to_zoned(timezone.clone()).ok()?;
                Some(zoned.timestamp())
            }
            (Self::Instant(instant), _) => Some(instant),
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
    if last { moment.ends(None, timezone) } else { moment.begins(timezone) }
}

/// The time zone of somebody's dates: their own fact `timezone`, else the
/// firm's.
///
/// # Errors
/// The sentence why theirs cannot be told.
pub(crate) fn zone_of(
    facts: &BTreeMap<FactName, &Fact>,
    policy: &LifecyclePolicy,
) -> Result<TimeZone, String> {
    let Some(Value::Text(name)) = facts.get("timezone").and_then(|fact| fact.values.first()) else {
        return Ok(policy.timezone.clone());
    };
    ZONES.get(name.trim()).map_err(|_unknown| {
        format!("fact `timezone` (`{}`) is no time zone like Europe/Berlin", name.trim())
    })
}

/// A moment with the instant it stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) written: Moment,
    pub(super) at: Timestamp,
    learned: Timestamp,
}

impl Bound {
    /// Whole days from the moment until somebody told of it; none when they
    /// told before, or on the day.
    pub(super) fn late_days(&self) -> Option<i64> {
        let late = self.learned.duration_since(self.at).as_secs() / DAY_SECONDS;
        (late > 0).then_some(late)
    }
}

/// First and last day, in their order.
pub(super) struct Dates {
    pub(super) start: Option<Bound>,
    pub(super) end: Option<Bound>,
}

impl Dates {
    /// Of the two facts that begin and end something, whose last day ends at
    /// `last_hour`.
    pub(super) fn of(
        facts: &BTreeMap<FactName, &Fact>,
        (first, last): (&str, &str),
        last_hour: Option<Time>,
        zone: &TimeZone,
    ) -> Result<Self, String> {
        let start = bound(facts, first, |moment| moment.begins(zone))?;
        let end = bound(facts, last, |moment| moment.ends(last_hour, zone))?;
        if let (Some(start), Some(end)) = (start, end)
            && end.at <= start.at
        {
            return Err(format!(
                "fact `{last}` ({}) is before fact `{first}` ({})",
                end.written, start.written
            ));
        }
        Ok(Self { start, end })
    }

    /// The end, once it has passed.
    pub(super) fn passed(&self, now: Timestamp) -> Option<Bound> {
        self.end.filter(|end| end.at <= now)
    }

    /// Whether what they say depends on a time zone.
    pub(super) fn has_days(&self) -> bool {
        let mut bounds = [self.start, self.end].into_iter().flatten();
        bounds.any(|bound| matches!(bound.written, Moment::Day(_)))
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
        .and_then(|written| at(written).map(|at| Bound { written, at, learned: fact.learned }))
        .ok_or_else(|| format!("fact `{name}` is no date"))?;
    Ok(Some(bound))
}
