//! Hours in which nothing is written at a target.

use std::{collections::BTreeSet, fmt};

use jiff::{
    Timestamp,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use super::Class;

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u8);

impl Days {
    pub const ALL: Self = Self(0x7f);
    pub const NONE: Self = Self(0);

    fn bit(day: Weekday) -> u8 {
        1_u8.checked_shl(u32::try_from(day.to_monday_zero_offset()).unwrap_or_default())
            .unwrap_or(0)
    }

    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self(self.0 | Self::bit(day))
    }

    pub fn has(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }
}

/// A stretch of hours on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Days on which it begins.
    pub days: Days,
    pub from: Time,
    /// Not after `from`: on the next day.
    pub until: Time,
}

/// When nothing is written at a target.
#[derive(Clone, PartialEq, Eq)]
pub struct NoWrites {
    pub hours: Vec<Hours>,
    pub timezone: TimeZone,
    /// What takes access away waits, too; an ejection never does.
    pub losing_access_waits: bool,
}

/// The name of a time zone says all of it.
impl fmt::Debug for NoWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoWrites")
            .field("hours", &self.hours)
            .field("timezone", &self.timezone.iana_name())
            .field("losing_access_waits", &self.losing_access_waits)
            .finish()
    }
}

impl NoWrites {
    /// Until when operations of that class wait; none: they do not.
    pub fn until(&self, class: Class, now: Timestamp) -> Option<Timestamp> {
        let passes = match class {
            Class::Eject => true,
            class => class.takes_access() && !self.losing_access_waits,
        };
        if passes { None } else { self.closed(now) }
    }

    /// Whether something could be written at any time.
    pub fn ever_opens(&self) -> bool {
        // A week without a change of the clock, and the same week again.
        let start = Timestamp::UNIX_EPOCH;
        self.closed(start).is_none_or(|until| until.duration_since(start).as_hours() < 8 * 24)
    }

    /// The end of the hours that `now` is in, and of those that follow them
    /// without a break.
    fn closed(&self, now: Timestamp) -> Option<Timestamp> {
        let mut end = None;
        let mut at = now;
        // No more ends than that lie in a fortnight.
        let most = self.hours.len().saturating_mul(15);
        for _ in 0..most {
            let Some(until) = self.hours.iter().filter_map(|it| it.end(at, &self.timezone)).max()
            else {
                break;
            };
            end = Some(until);
            at = until;
        }
        end
    }
}

impl Hours {
    /// The end of these hours when they have begun and are not over.
    fn end(&self, now: Timestamp, timezone: &TimeZone) -> Option<Timestamp> {
        let today = timezone.to_datetime(now).date();
        // One that began yesterday may last until today.
        let days: BTreeSet<Date> =
            [today.yesterday().ok(), Some(today)].into_iter().flatten().collect();
        let stretches = days.into_iter().filter(|day| self.days.has(day.weekday()));
        let ends = stretches.filter_map(|day| {
            let last = if self.until > self.from { day } else { day.tomorrow().ok()? };
            // An hour that the clock leaves out is the one after it, and one
            // that it has twice is the first.
            let begin = timezone.to_timestamp(day.to_datetime(self.from)).ok()?;
            let end = timezone.to_timestamp(last.to_datetime(self.until)).ok()?;
            (begin <= now && now < end).then_some(end)
        });
        ends.max()
    }
}
