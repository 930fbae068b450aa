//! How fast, and when, a connector is called.

use jiff::tz::TimeZone;
use lanyard_core::schedule::{NoWrites, Pacing};

use super::Check;
use crate::config::{
    document::Place,
    element::rate::Rate,
    report::ConfigError,
    written::{self, LosingAccess},
};

pub(super) fn pacing(
    check: &mut Check<'_, '_>,
    place: &Place,
    (rate, no_writes): (Option<Rate>, Option<&written::NoWrites>),
    usual: &str,
) -> Pacing {
    let place = place.key("no-writes");
    Pacing {
        rate: rate.map(|rate| rate.0),
        no_writes: no_writes.and_then(|written| self::no_writes(check, &place, written, usual)),
    }
}

fn no_writes(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &written::NoWrites,
    usual: &str,
) -> Option<NoWrites> {
    let written::NoWrites { hours, timezone, losing_access } = written;
    // The usual one is told where it stands when nobody knows it.
    let timezone = match timezone {
        Some(name) => check.zone(&place.key("timezone"), name),
        None => TimeZone::get(usual).unwrap_or(TimeZone::UTC),
    };
    if hours.is_empty() && check.report.document.has(&place.key("hours").index(0)) {
        // What is wrong with each of them has been told.
        return None;
    }
    if hours.is_empty() {
        let error = ConfigError::new("hours without writes that are none")
            .label("names no hours")
            .hint("leave `no-writes` out, or write `hours = [\"Mon-Fri 08:00-18:00\"]`");
        check.value(&place.key("hours"), error);
        return None;
    }
    let no_writes = NoWrites {
        hours: hours.iter().map(|hours| hours.0).collect(),
        timezone,
        losing_access_waits: *losing_access == LosingAccess::Wait,
    };
    if !no_writes.ever_opens() {
        let error = ConfigError::new("nothing would ever be written there")
            .label("takes up the whole week")
            .hint("leave an hour open");
        check.value(&place.key("hours"), error);
        return None;
    }
    Some(no_writes)
}
