//! Tests an operator writes beside rules: for these facts, this access.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    desired::{leave, person},
    fact::{Fact, RecordKey},
    id::{ConnectorName, FactName},
    lifecycle::{self, About, LifecycleState, parse_moment},
    policy::{Policy, WhenMissing},
    value::Value,
};

/// One `[[test]]` of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTest {
    pub name: String,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub at: Timestamp,
    pub facts: BTreeMap<FactName, Vec<String>>,
    pub expect: Expect,
}

/// What is expected; what is left out is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    pub state: Option<LifecycleState>,
    pub accounts: Option<BTreeSet<ConnectorName>>,
    /// All grants at each of these targets, as the rules write them.
    pub grants: BTreeMap<ConnectorName, BTreeSet<String>>,
}

/// Runs one test: rules and lifecycle for its facts, without any target.
///
/// # Errors
/// A sentence for everything that differs.
pub fn run(policy: &Policy, test: &PolicyTest) -> Result<(), Vec<String>> {
    let owned = facts(policy, test)?;
    let facts: BTreeMap<FactName, &Fact> =
        owned.iter().map(|(name, fact)| (name.clone(), fact)).collect();
    let held = |sentences: Vec<String>| -> Vec<String> {
        sentences.iter().map(|sentence| format!("the identity is held: {sentence}")).collect()
    };
    let about = About {
        facts: &facts,
        wrong: &[],
        absent_since: None,
        when_missing: WhenMissing::Keep,
        ejected: None,
    };
    let state = lifecycle::state(&about, &policy.lifecycle, test.at).map_err(held)?;
    let scope = person::scope(&facts, "test", "test", &state);
    let rules_alone = person::Besides::nothing(test.at);
    let given = person::wanted(policy, &facts, &scope, &state, &rules_alone).map_err(held)?;
    let mut wanted = given.wanted;
    // No target was read: names are compared as the file writes them.
    leave::keeps_of(policy, &BTreeMap::new(), &state, &mut wanted);
    let Expect { state: expected_state, accounts, grants } = &test.expect;
    let mut differences = Vec::new();
    if let Some(expected) = expected_state.filter(|expected| *expected != state.state) {
        let (expected, got) = (expected.word(), state.state.word());
        differences.push(format!("expected state {expected}, got {got} ({})", state.because));
    }
    if let Some(expected) = accounts {
        let got = wanted.keys().map(ConnectorName::as_str).collect();
        let expected = expected.iter().map(ConnectorName::as_str).collect();
        compare("accounts", &expected, &got, &mut differences);
    }
    for (target, expected) in grants {
        let got = wanted
            .get(target)
            .map(|wanted| wanted.grants.keys().map(|grant| grant.entitlement.as_str()).collect())
            .unwrap_or_default();
        let expected = expected.iter().map(String::as_str).collect();
        compare(&format!("grants at `{target}`"), &expected, &got, &mut differences);
    }
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

fn compare(
    what: &str,
    expected: &BTreeSet<&str>,
    got: &BTreeSet<&str>,
    differences: &mut Vec<String>,
) {
    if expected != got {
        differences.push(format!("expected {what} {}, got {}", list(expected), list(got)));
    }
}

fn list(names: &BTreeSet<&str>) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The facts of a test, as a source named `test` would give them.
fn facts(policy: &Policy, test: &PolicyTest) -> Result<BTreeMap<FactName, Fact>, Vec<String>> {
    let source = ConnectorName::new("test").map_err(|error| vec![error.to_string()])?;
    let mut facts = BTreeMap::new();
    let mut unreadable = Vec::new();
    for (name, texts) in &test.facts {
        let name_text = name.as_str();
        let moment = policy.moments().contains(name_text);
        let values: Vec<Value> = texts
            .iter()
            .filter(|text| !text.trim().is_empty())
            .filter_map(|text| {
                if !moment {
                    return Some(Value::Text(text.trim().to_owned()));
                }
                let read = parse_moment(text);
                if read.is_none() {
                    unreadable.push(format!("fact `{name}` (`{text}`) is no date like 2026-03-31"));
                }
                read
            })
            .collect();
        if values.is_empty() {
            continue;
        }
        let fact = Fact {
            values,
            record: RecordKey { source: source.clone(), key: "test".to_owned() },
            from: vec![name.to_string()],
            learned: test.at,
            effective_from: None,
            effective_until: None,
        };
        facts.insert(name.clone(), fact);
    }
    if unreadable.is_empty() { Ok(facts) } else { Err(unreadable) }
}

#[cfg(test)]
mod tests;
