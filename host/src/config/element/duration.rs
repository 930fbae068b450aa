//! `"30s"`, `"5m"`, `"24h"`, `"7d"`; and `"never"` where that is a choice.

use std::{fmt, str::FromStr};

use jiff::SignedDuration;

use super::text_element;

/// Units, largest first, with their seconds.  A day is 24 hours.
const UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
/// Ten thousand years would overflow a calendar; a hundred are enough.
const LONGEST: i64 = 100 * 366 * 86_400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Duration(pub(in crate::config) SignedDuration);

impl Duration {
    pub(in crate::config) const fn hours(hours: i64) -> Self {
        Self(SignedDuration::from_hours(hours))
    }

    pub(in crate::config) const fn seconds(seconds: i64) -> Self {
        Self(SignedDuration::from_secs(seconds))
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum DurationError {
    #[error("needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`")]
    Form,
    #[error("is longer than a hundred years")]
    TooLong,
}

impl FromStr for Duration {
    type Err = DurationError;
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let (number, seconds) = UNITS
            .iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
            .ok_or(DurationError::Form)?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DurationError::Form);
        }
        let number: i64 = number.parse().map_err(|_| DurationError::TooLong)?;
        number
            .checked_mul(seconds)
            .filter(|seconds| *seconds <= LONGEST)
            .map(Self::seconds)
            .ok_or(DurationError::TooLong)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match UNITS.iter().find(|(_, unit)| seconds != 0 && seconds % unit == 0) {
            Some((name, unit)) => write!(f, "{}{name}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}

text_element!(
    Duration,
    "Duration",
    "a duration like \"30s\", \"5m\", \"24h\" or \"7d\"",
    "^[0-9]+[smhd]$"
);

/// A duration, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum After {
    Never,
    Duration(Duration),
}

impl FromStr for After {
    type Err = DurationError;
    fn from_str(text: &str) -> Result<Self, DurationError> {
        if text == "never" { Ok(Self::Never) } else { text.parse().map(Self::Duration) }
    }
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Duration(duration) => duration.fmt(f),
        }
    }
}

text_element!(
    After,
    "DurationOrNever",
    "a duration like \"30d\", or \"never\"",
    "^([0-9]+[smhd]|never)$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_back_in_its_largest_whole_unit() {
        for (written, back) in [
            ("30s", "30s"),
            ("90s", "90s"),
            ("60s", "1m"),
            ("24h", "1d"),
            ("7d", "7d"),
            ("0d", "0s"),
        ] {
            assert_eq!(written.parse::<Duration>().unwrap().to_string(), back);
        }
    }

    #[test]
    fn bare_numbers_signs_and_overflow_are_refused() {
        for wrong in ["", "30", "s", "-1d", "+1d", "1.5h", "1 h", "1D", "1w"] {
            assert_eq!(wrong.parse::<Duration>(), Err(DurationError::Form), "{wrong}");
        }
        for long in ["99999999999999999999d", "9223372036854775807h", "40000d"] {
            assert_eq!(long.parse::<Duration>(), Err(DurationError::TooLong), "{long}");
        }
        assert_eq!("never".parse::<After>(), Ok(After::Never));
    }
}
