//! How much may be done before a person has to look.

use std::collections::BTreeMap;

use lanyard_core::policy::{Bound, Class, ClassLimits, LimitsPolicy};

use super::Check;
use crate::config::{
    document::{Part, Place},
    report::ConfigError,
    written,
};

pub(super) fn limits(check: &mut Check<'_, '_>, written: &written::Limits) -> LimitsPolicy {
    let written::Limits {
        removals,
        ejects,
        erasures,
        disables,
        privileged,
        creates,
        passwords,
        target,
    } = written;
    let written::Removals { percent, floor, max, window } = removals;
    let place = Place::of(["limits"]);
    let mut everywhere = BTreeMap::new();
    if max.is_some() {
        let bound = Bound { percent: Some(percent.0), floor: *floor, max: *max };
        everywhere.insert(Class::Removals, bound);
    }
    let classes = [
        ("disables", Class::Disables, disables),
        ("privileged", Class::Privileged, privileged),
        ("creates", Class::Creates, creates),
        ("passwords", Class::Passwords, passwords),
    ];
    for (key, class, written) in classes {
        let bound = written.and_then(|written| bound(check, &place.key(key), &written));
        everywhere.extend(bound.map(|bound| (class, bound)));
    }
    let mut targets = BTreeMap::new();
    for (name, written) in target.iter() {
        let place = place.key("target").key(name.as_str());
        if !check.target(&place, Part::Key, name.as_str()) {
            continue;
        }
        let written::TargetLimits { removals, disables, privileged, creates, passwords } = written;
        let classes = [
            ("removals", Class::Removals, removals),
            ("disables", Class::Disables, disables),
            ("privileged", Class::Privileged, privileged),
            ("creates", Class::Creates, creates),
            ("passwords", Class::Passwords, passwords),
        ];
        let bounds = classes.into_iter().filter_map(|(key, class, written)| {
            let bound = bound(check, &place.key(key), written.as_ref()?)?;
            Some((class, bound))
        });
        targets.insert(name.clone(), bounds.collect());
    }
    LimitsPolicy {
        removals_percent: percent.0,
        removals_floor: *floor,
        removals_window: window.0,
        classes: ClassLimits { everywhere, targets },
        ejects_max: ejects.max,
        ejects_window: ejects.window.0,
        erasures_max: erasures.max,
        erasures_window: erasures.window.0,
    }
}

fn bound(check: &mut Check<'_, '_>, place: &Place, written: &written::Bound) -> Option<Bound> {
    let written::Bound { percent, floor, max } = written;
    if percent.is_none() && max.is_none() {
        let error = ConfigError::new("a limit without a number")
            .label("needs `percent` or `max`")
            .hint("`floor` is how many may always be changed, whatever `percent` says");
        check.value(place, error);
        return None;
    }
    if percent.is_none() && floor.is_some() {
        let error = ConfigError::new("`floor` does nothing without `percent`");
        check.key(&place.key("floor"), error);
    }
    let percent = percent.map(|percent| percent.0);
    Some(Bound { percent, floor: floor.unwrap_or_default(), max: *max })
}
