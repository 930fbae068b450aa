//! How long people are kept.

use jiff::{SignedDuration, tz::TimeZone};
use lanyard_core::forgetting::Retain;

use super::Check;
use crate::config::{document::Place, element::retention::Retention, written};

/// None: for ever.
pub(super) fn retain(
    check: &mut Check<'_, '_>,
    written: &written::Leaver,
    zone: &TimeZone,
) -> Option<Retain> {
    let (years, time) = match written.retain {
        Retention::Never => return None,
        Retention::Years(years) => (years, SignedDuration::ZERO),
        Retention::Duration(duration) => (0, duration.0),
    };
    let line = check.report.line(&Place::of(["leaver", "retain"]));
    Some(Retain { years, time, written: written.retain.to_string(), line, zone: zone.clone() })
}
