//! Dates and instants on the command line.

use jiff::{Timestamp, tz::TimeZone};
use lanyard_core::{lifecycle::parse_moment, value::Value};

use crate::errors::{AppError, Exit};

/// Whether a date means its first instant or the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    First,
    Last,
}

/// `2026-06-01`, in the time zone, or `2026-06-01T12:00:00Z`.
///
/// # Errors
/// When it is neither.
pub(super) fn moment(text: &str, edge: Edge, timezone: &TimeZone) -> Result<Timestamp, AppError> {
    let refused = || {
        AppError::new(Exit::Usage, format!("`{text}` is no date"))
            .hint("write it like 2026-06-01, or like 2026-06-01T12:00:00Z")
    };
    match parse_moment(text).ok_or_else(refused)? {
        Value::Instant(at) => Ok(at),
        Value::Date(date) => {
            let zoned = date.to_zoned(timezone.clone()).map_err(|_error| refused())?;
            let edge = match edge {
                Edge::First => zoned.start_of_day(),
                Edge::Last => zoned.end_of_day(),
            };
            Ok(edge.map_err(|_error| refused())?.timestamp())
        }
        _ => Err(refused()),
    }
}
