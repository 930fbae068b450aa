//! Time under the host's control.

use std::{fmt, time::Duration};

use crate::{host, types::Timestamp};

pub fn now() -> Timestamp {
    host::now()
}

/// Time left for this call; zero means stop before the next send.
pub fn remaining() -> Duration {
    Duration::from_millis(host::remaining_ms())
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads the date form of HTTP headers, `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// ```
/// let at = lanyard_sdk::time::http_date("Sun, 06 Nov 1994 08:49:37 GMT").map(|t| t.seconds);
/// assert_eq!(at, Some(784_111_777));
/// ```
pub fn http_date(text: &str) -> Option<Timestamp> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let day = number(words.next()?)?;
    let month_word = words.next()?;
    let month = MONTHS.iter().position(|m| *m == month_word)?;
    let year = number(words.next()?)?;
    let mut clock = words.next()?.splitn(3, ':').map(number);
    let month = i64::try_from(month).ok()?.checked_add(1)?;
    instant((year, month, day), (clock.next()??, clock.next()??, clock.next()??))
}

/// Reads the time of LDAP directories (RFC 4517), `20260131094500Z`; parts of
/// a second are dropped.
///
/// ```
/// let at = lanyard_sdk::time::generalized("20260131094500.123Z").map(|t| t.to_string());
/// assert_eq!(at.as_deref(), Some("2026-01-31T09:45:00Z"));
/// ```
pub fn generalized(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let whole = text.split_once(['.', ',']).map_or(text, |(whole, _parts)| whole);
    let part = |from: usize, to: usize| number(whole.get(from..to)?);
    if whole.len() != 14 {
        return None;
    }
    instant((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?))
}

/// Reads `2026-01-31T09:45:00Z` and other offsets (RFC 3339); parts of a
/// second are dropped.
///
/// ```
/// let at = lanyard_sdk::time::rfc3339("2026-01-31T10:45:00.5+01:00").map(|t| t.to_string());
/// assert_eq!(at.as_deref(), Some("2026-01-31T09:45:00Z"));
/// ```
pub fn rfc3339(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let offset = rest.trim_start_matches(|it: char| it == '.' || it.is_ascii_digit());
    let mut date = date.splitn(3, '-').map(number);
    let mut clock = clock.splitn(3, ':').map(number);
    let at = instant(
        (date.next()??, date.next()??, date.next()??),
        (clock.next()??, clock.next()??, clock.next()??),
    )?;
    let minutes = match offset {
        "Z" | "z" => 0,
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = offset.strip_prefix(['+', '-'])?.split_once(':')?;
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 60 + minutes)
        }
    };
    Some(Timestamp { seconds: at.seconds - minutes * 60, ..at })
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn instant(
    (year, month, day): (i64, i64, i64),
    (hour, minute, second): (i64, i64, i64),
) -> Option<Timestamp> {
    let is_date = (1601..=9999).contains(&year) && (1..=12).contains(&month);
    let is_date = is_date && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    Some(Timestamp { seconds: ((days * 24 + hour) * 60 + minute) * 60 + second, nanoseconds: 0 })
}

/// Proleptic Gregorian calendar, counted in 400-year eras that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// RFC 3339 in UTC, whole seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, of_day) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_and_instants_agree() {
        for (header, rfc3339) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            ("Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z"),
            ("Fri, 31 Dec 2100 12:00:01 GMT", "2100-12-31T12:00:01Z"),
        ] {
            assert_eq!(http_date(header).unwrap().to_string(), rfc3339);
        }
        assert_eq!(http_date("next week"), None);
        for clock in ["9223372036854775807:00:00", "00:-1:00", "24:00:00"] {
            assert_eq!(http_date(&format!("Thu, 01 Jan 1970 {clock} GMT")), None, "{clock}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in ["", "0", "00000101000000", "20261301000000Z", "20260101Z", "2026010100000éZ"]
        {
            assert_eq!(generalized(text), None, "{text}");
        }
        for offset in ["+9223372036854775807:00", "-00:9223372036854775807", "+24:00", "+00:60"] {
            assert_eq!(rfc3339(&format!("2026-01-01T00:00:00{offset}")), None, "{offset}");
        }
        let furthest = rfc3339("2026-01-01T00:00:00-23:59").map(|at| at.to_string());
        assert_eq!(furthest.as_deref(), Some("2026-01-01T23:59:00Z"));
        for text in ["", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T25:00:00Z", "never"] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }
}
