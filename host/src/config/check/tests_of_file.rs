//! The `[[test]]` blocks of the file.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use lanyard_core::{
    id::ConnectorName,
    lifecycle::LifecycleState,
    policy_test::{Expect, PolicyTest},
};

use super::Check;
use crate::config::{
    document::{Part, Place},
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
    let at = check.moment(&place.key("at"), &test.at.0, timezone, false);
    Some(PolicyTest {
        name: test.name.clone(),
        line: check.report.line(&place.key("name")),
        at: at?,
        facts,
        expect: Expect { state: test.expect.state.map(LifecycleState::from), accounts, grants },
    })
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
