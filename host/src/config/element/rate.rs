//! `"600/m"`, `"10/s"`, `"100/10s"`: so many calls in so long.

use std::{fmt, str::FromStr};

use lanyard_core::schedule;

use super::{
    duration::{Duration, DurationError},
    text_element,
};

/// More calls in one go than any system takes.
const MOST: u32 = 1_000_000;

/// More calls than none, in some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Rate(pub(in crate::config) schedule::Rate);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum RateError {
    #[error("needs calls and a time: `10/s`, `600/m`, `5000/h` or `100/10s`")]
    Form,
    #[error("needs from 1 to a million calls, in at least a second and at most a day")]
    Bounds,
}

impl FromStr for Rate {
    type Err = RateError;
    fn from_str(text: &str) -> Result<Self, RateError> {
        let (calls, time) = text.split_once('/').ok_or(RateError::Form)?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        if !is_number(calls) {
            return Err(RateError::Form);
        }
        let bare = !time.starts_with(|c: char| c.is_ascii_digit());
        let time = if bare { format!("1{time}") } else { time.to_owned() };
        let per = match time.parse::<Duration>() {
            Ok(Duration(per)) => per,
            Err(DurationError::Form) => return Err(RateError::Form),
            Err(DurationError::TooLong) => return Err(RateError::Bounds),
        };
        let calls: u32 = calls.parse().map_err(|_| RateError::Bounds)?;
        let within = (1..=MOST).contains(&calls) && (1..=86_400).contains(&per.as_secs());
        if within { Ok(Self(schedule::Rate { calls, per })) } else { Err(RateError::Bounds) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schedule::Rate { calls, per } = self.0;
        let time = Duration(per).to_string();
        let bare = time.strip_prefix('1').filter(|unit| unit.len() == 1);
        write!(f, "{calls}/{}", bare.unwrap_or(&time))
    }
}

text_element!(Rate, "Rate", "a rate like \"600/m\" or \"100/10s\"", "^[0-9]+/[0-9]*[smhd]$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_back_as_short_as_it_can_be() {
        for (written, back) in
            [("600/m", "600/m"), ("600/1m", "600/m"), ("600/60s", "600/m"), ("100/10s", "100/10s")]
        {
            assert_eq!(written.parse::<Rate>().unwrap().to_string(), back);
        }
    }

    #[test]
    fn a_rate_has_calls_and_a_time_within_reason() {
        for wrong in ["600", "/m", "600/", "m/600", "-1/m", "6.5/m", "600/min", "600 / m"] {
            assert_eq!(wrong.parse::<Rate>(), Err(RateError::Form), "{wrong}");
        }
        for wrong in
            ["0/m", "10/0s", "10/2d", "99999999999/s", "1000001/s", "1/99999999999999999999d"]
        {
            assert_eq!(wrong.parse::<Rate>(), Err(RateError::Bounds), "{wrong}");
        }
    }
}
