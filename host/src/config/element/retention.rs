//! `"3y"`, `"180d"`, `"never"`: how long people are kept after they left.

use std::{fmt, str::FromStr};

use super::{
    duration::{Duration, DurationError},
    text_element,
};

/// More years than anybody keeps anything for.
const LONGEST: i16 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Retention {
    /// Nobody is erased by time.
    Never,
    /// Years of the calendar.
    Years(i16),
    Duration(Duration),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum RetentionError {
    #[error("needs a whole number with a unit, like `3y` or `180d`, or `never`")]
    Form,
    #[error("is longer than a hundred years")]
    TooLong,
}

impl FromStr for Retention {
    type Err = RetentionError;
    fn from_str(text: &str) -> Result<Self, RetentionError> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let Some(years) = text.strip_suffix('y') else {
            return match text.parse() {
                Ok(duration) => Ok(Self::Duration(duration)),
                Err(DurationError::Form) => Err(RetentionError::Form),
                Err(DurationError::TooLong) => Err(RetentionError::TooLong),
            };
        };
        if years.is_empty() || !years.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RetentionError::Form);
        }
        let years = years.parse().ok().filter(|years| *years <= LONGEST);
        years.map(Self::Years).ok_or(RetentionError::TooLong)
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Years(years) => write!(f, "{years}y"),
            Self::Duration(duration) => duration.fmt(f),
        }
    }
}

text_element!(
    Retention,
    "Retention",
    "years or a duration, like \"3y\" or \"180d\", or \"never\"",
    "^([0-9]+[smhdy]|never)$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_written_back_as_years() {
        for text in ["never", "3y", "180d", "0y", "36h"] {
            assert_eq!(text.parse::<Retention>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in ["", "y", "3", "-1y", "1.5y", "3 y", "3Y", "for ever"] {
            assert_eq!(wrong.parse::<Retention>(), Err(RetentionError::Form), "{wrong}");
        }
        for long in ["101y", "99999y", "40000d"] {
            assert_eq!(long.parse::<Retention>(), Err(RetentionError::TooLong), "{long}");
        }
    }
}
