//! How long people are kept.

use jiff::{SignedDuration, tz::TimeZone};
use lanyard_core::forgetting::{GoneWhen, Retain};

use super::Check;
use crate::config::{
    document::Place,
    element::{duration::After, retention::Retention},
    report::ConfigError,
    written,
};

/// Whoever left by a mistake of a source has to be missed by then.
const SHORTEST: SignedDuration = SignedDuration::from_hours(30 * 24);

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
    let days = i64::from(years).saturating_mul(365);
    let shortest = match written.delete_after {
        After::Duration(duration) => duration.0.max(SHORTEST),
        After::Never => SHORTEST,
    };
    if time.saturating_add(SignedDuration::from_hours(days.saturating_mul(24))) < shortest {
        let error = ConfigError::new("people would be erased too soon")
            .label("is shorter than 30 days, or than `delete-after`")
            .hint("what is erased by mistake comes back by nothing; take more time to see it");
        check.value(&Place::of(["leaver", "retain"]), error);
        return None;
    }
    let line = check.report.line(&Place::of(["leaver", "retain"]));
    Some(Retain { years, time, written: written.retain.to_string(), line, zone: zone.clone() })
}

/// How often an account has to be found missing.
pub(super) fn gone(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &written::Target,
) -> GoneWhen {
    let least = GoneWhen::default();
    if written.confirmations < least.confirmations {
        let error = ConfigError::new("one reading proves too little to erase anybody by it")
            .label("needs at least 2");
        check.value(&place.key("confirmations"), error);
    }
    if written.interval.0 < least.interval {
        let error = ConfigError::new("readings so close together confirm too little")
            .label("needs at least \"24h\"");
        check.value(&place.key("interval"), error);
    }
    GoneWhen { confirmations: written.confirmations, interval: written.interval.0 }
}
