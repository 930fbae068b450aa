//! The `[[test]]` blocks of the file.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_core::{
    id::ConnectorName,
    lifecycle::LifecycleState,
    policy_test::{Expect, PolicyTest},
};

use super::Check;
use crate::config::{
    document::{Part, Place},
    report::ConfigError,
    written::{File, State, TestCase},
};

pub(super) fn tests(
    check: &mut Check<'_, '_>,
    file: &File,
    timezone: &TimeZone,
) -> Vec<PolicyTest> {
    let each = file.test.iter().enumerate();
    each.filter_map(|(index, test)| {
        let place = Place::of(["test"]).index(index);
        policy_test(check, &place, test, timezone)
    })
    .collect()
}

fn policy_test(
    check: &mut Check<'_, '_>,
    place: &Place,
    test: &TestCase,
    timezone: &TimeZone,
) -> Option<PolicyTest> {
    let mut facts = BTreeMap::new();
    for (fact, texts) in test.facts.iter() {
        let place = place.key("facts").key(fact.as_str());
        check.fact(fact.as_str(), |check, error| check.key(&place, error));
        facts.insert(fact.clone(), texts.0.clone());
    }
    let expected = place.key("expect");
    let accounts = test
        .expect
        .accounts
        .as_ref()
        .map(|names| check.target_names(&expected.key("accounts"), names));
    let mut grants = BTreeMap::new();
    for (target, entitlements) in &test.expect.grants {
        let place = expected.key("grants").key(target);
        if check.target(&place, Part::Key, target)
            && let Ok(target) = ConnectorName::new(target.as_str())
        {
            grants.insert(target, entitlements.iter().cloned().collect());
        }
    }
    let at = instant(check, &place.key("at"), &test.at.0, timezone);
    Some(PolicyTest {
        name: test.name.clone(),
        line: check.report.line(&place.key("name")),
        at: at?,
        facts,
        expect: Expect { state: test.expect.state.map(LifecycleState::from), accounts, grants },
    })
}

fn instant(
    check: &mut Check<'_, '_>,
    place: &Place,
    text: &str,
    timezone: &TimeZone,
) -> Option<Timestamp> {
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => Some(instant),
        // An instant without an offset would pass as its date.
        Err(_) if text.len() > "2026-06-01".len() => None,
        Err(_) => text
            .parse::<Date>()
            .ok()
            .and_then(|date| date.to_zoned(timezone.clone()).ok())
            .map(|start| start.timestamp()),
    };
    if instant.is_none() {
        let error = ConfigError::new(format!("`{text}` is no date"))
            .label("needs a date like \"2026-06-01\" or an instant like \"2026-06-01T08:00:00Z\"");
        check.value(place, error);
    }
    instant
}

impl From<State> for LifecycleState {
    fn from(state: State) -> Self {
        match state {
            State::Announced => Self::Announced,
            State::Cancelled => Self::Cancelled,
            State::Prehire => Self::Prehire,
            State::Active => Self::Active,
            State::Leaving => Self::Leaving,
            State::OnLeave => Self::OnLeave,
            State::Departed => Self::Departed,
        }
    }
}
