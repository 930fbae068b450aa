//! `"Mon-Fri 08:00-18:00"`, `"Sat,Sun 22:00-06:00"`, `"02:00-04:00"`: hours of
//! some days of the week, or of all of them.

use std::{fmt, str::FromStr};

use jiff::civil::{Time, Weekday};
use lanyard_core::schedule::{self, Days};

use super::text_element;

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// As a day's end is written.
const MIDNIGHT: &str = "24:00";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Hours(pub(in crate::config) schedule::Hours);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum HoursError {
    #[error("needs days and hours: `Mon-Fri 08:00-18:00`, `Sat,Sun 22:00-06:00` or `02:00-04:00`")]
    Form,
    #[error("`{0}` is no day; days are `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat` and `Sun`")]
    Day(String),
    #[error("begins and ends at the same time; a whole day is `00:00-24:00`")]
    Empty,
}

impl FromStr for Hours {
    type Err = HoursError;
    fn from_str(text: &str) -> Result<Self, HoursError> {
        let (days, hours) = match text.split_once(' ') {
            Some((days, hours)) => (self::days(days)?, hours),
            None => (Days::ALL, text),
        };
        let (from, until) = hours.split_once('-').ok_or(HoursError::Form)?;
        if from == until {
            return Err(HoursError::Empty);
        }
        let last = if until == MIDNIGHT { "00:00" } else { until };
        let (from, until) = (hour(from)?, hour(last)?);
        Ok(Self(schedule::Hours { days, from, until }))
    }
}

fn hour(text: &str) -> Result<Time, HoursError> {
    let text = Some(text).filter(|text| text.len() == "17:00".len()).ok_or(HoursError::Form)?;
    text.parse().map_err(|_| HoursError::Form)
}

/// `Mon`, `Mon-Fri`, `Mon,Wed,Fri`, `Fri-Mon`.
fn days(text: &str) -> Result<Days, HoursError> {
    let mut days = Days::NONE;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (place(first)?, place(last)?);
        let turns = DAYS.iter().cycle().skip(first);
        let count = (last + DAYS.len() - first) % DAYS.len() + 1;
        days = turns.take(count).fold(days, |days, (_, day)| days.with(*day));
    }
    Ok(days)
}

fn place(text: &str) -> Result<usize, HoursError> {
    let found = DAYS.iter().position(|(name, _)| *name == text);
    found.ok_or_else(|| HoursError::Day(text.to_owned()))
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schedule::Hours { days, from, until } = self.0;
        if days != Days::ALL {
            let names = DAYS.iter().filter(|(_, day)| days.has(*day)).map(|(name, _)| *name);
            write!(f, "{} ", names.collect::<Vec<_>>().join(","))?;
        }
        write!(f, "{:02}:{:02}-", from.hour(), from.minute())?;
        match (until.hour(), until.minute()) {
            (0, 0) => f.write_str(MIDNIGHT),
            (hour, minute) => write!(f, "{hour:02}:{minute:02}"),
        }
    }
}

text_element!(
    Hours,
    "Hours",
    "hours like \"Mon-Fri 08:00-18:00\"",
    "^([A-Z][a-z]{2}([-,][A-Z][a-z]{2})* )?[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_written_back_as_they_are_meant() {
        for (written, back) in [
            ("Mon-Fri 08:00-18:00", "Mon,Tue,Wed,Thu,Fri 08:00-18:00"),
            ("Sat,Sun 22:00-06:00", "Sat,Sun 22:00-06:00"),
            ("Fri-Mon 22:00-24:00", "Mon,Fri,Sat,Sun 22:00-24:00"),
            ("Sun-Sat 02:00-04:30", "02:00-04:30"),
            ("Wed 00:00-24:00", "Wed 00:00-24:00"),
            ("02:00-04:00", "02:00-04:00"),
        ] {
            let hours: Hours = written.parse().unwrap();
            assert_eq!(hours.to_string(), back);
            assert_eq!(hours.to_string().parse(), Ok(hours));
        }
    }

    #[test]
    fn wrong_hours_say_why() {
        for wrong in
            ["", "Mon", "08:00", "8:00-18:00", "08:00-25:00", "Mon 08:00 - 18:00", "24:00-06:00"]
        {
            assert_eq!(wrong.parse::<Hours>(), Err(HoursError::Form), "{wrong}");
        }
        assert_eq!("Mo 08:00-18:00".parse::<Hours>(), Err(HoursError::Day("Mo".to_owned())));
        assert_eq!("Mon- 08:00-18:00".parse::<Hours>(), Err(HoursError::Day(String::new())));
        assert_eq!("Mon 08:00-08:00".parse::<Hours>(), Err(HoursError::Empty));
    }
}
