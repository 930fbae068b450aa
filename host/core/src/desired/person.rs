//! One identity: its state, and what rules give it.

use std::collections::BTreeMap;

use crate::{
    desired::DesiredGrant,
    fact::Fact,
    id::{ConnectorName, FactName},
    lifecycle::{LifecycleState, StateNow},
    operation::Cause,
    policy::{Policy, Rule},
    template::{EvaluationError, Scope},
};

/// What rules give at one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub causes: Vec<Cause>,
    pub grants: BTreeMap<DesiredGrant, Vec<Cause>>,
}

/// Facts in effect, by name.
pub(crate) type Facts<'a> = BTreeMap<FactName, &'a Fact>;

/// What rules and mappings can read about an identity.
pub(crate) fn scope(facts: &Facts<'_>, id: &str, key: &str, state: LifecycleState) -> Scope {
    let mut scope = Scope::new();
    for (name, fact) in facts {
        scope.fact(name.as_str(), &fact.values);
    }
    scope.known("id", id);
    scope.known("key", key);
    scope.known("state", state.word());
    scope
}

/// Whether rules are asked at all in this state, and accounts enabled.
pub(crate) fn enabled(state: LifecycleState) -> Option<bool> {
    match state {
        LifecycleState::Announced
        | LifecycleState::Cancelled
        | LifecycleState::Departed
        | LifecycleState::Retained
        | LifecycleState::Held => None,
        LifecycleState::Prehire | LifecycleState::OnLeave => Some(false),
        LifecycleState::Active | LifecycleState::Leaving => Some(true),
    }
}

/// Accounts and grants by the rules, in the order of the file.
///
/// Somebody announced, cancelled or departed is given nothing, whatever rules say, so
/// that no failing rule can keep a leaver's accounts open.
///
/// # Errors
/// A sentence for every rule that failed.
pub(crate) fn wanted(
    policy: &Policy,
    facts: &Facts<'_>,
    scope: &Scope,
    state: &StateNow,
) -> Result<BTreeMap<ConnectorName, Wanted>, Vec<String>> {
    let mut wanted: BTreeMap<ConnectorName, Wanted> = BTreeMap::new();
    let mut failed = Vec::new();
    if enabled(state.state).is_none() {
        return Ok(wanted);
    }
    for rule in &policy.rules {
        if let Err(error) = apply(policy, rule, facts, scope, &mut wanted) {
            failed.push(format!("rule `{}` (line {}): {error}", rule.name, rule.line));
        }
    }
    if !failed.is_empty() {
        return Err(failed);
    }
    // A grant needs an account; a rule that grants does not give one.
    wanted.retain(|_, wanted| !wanted.causes.is_empty());
    for wanted in wanted.values_mut() {
        let because = state.because.clone();
        add(&mut wanted.causes, [Cause::State { state: state.state, because }]);
    }
    Ok(wanted)
}

fn apply(
    policy: &Policy,
    rule: &Rule,
    facts: &Facts<'_>,
    scope: &Scope,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
) -> Result<(), EvaluationError> {
    if !rule.when.holds(&policy.expressions, scope)? {
        return Ok(());
    }
    let mut causes = vec![Cause::Rule { rule: rule.name.clone(), line: rule.line }];
    causes.extend(fact_causes(facts, rule.when.reads().into_iter()));
    for target in &rule.accounts {
        add(&mut wanted.entry(target.clone()).or_default().causes, causes.iter().cloned());
    }
    for (target, templates) in &rule.grants {
        for template in templates {
            let entitlement = policy.expressions.render(template, scope)?.trim().to_owned();
            if entitlement.is_empty() {
                continue;
            }
            let read = fact_causes(facts, template.reads().iter().map(String::as_str));
            // The empty relation: the only one there is.
            let grant = DesiredGrant { entitlement, relation: String::new() };
            let grants = &mut wanted.entry(target.clone()).or_default().grants;
            add(grants.entry(grant).or_default(), causes.iter().cloned().chain(read));
        }
    }
    Ok(())
}

/// The facts among `names`, as causes.
pub(crate) fn fact_causes<'a>(
    facts: &Facts<'_>,
    names: impl Iterator<Item = &'a str>,
) -> Vec<Cause> {
    names
        .filter_map(|name| {
            let (name, fact) = facts.get_key_value(name)?;
            Some(Cause::Fact {
                fact: name.clone(),
                source: fact.record.source.clone(),
                record: fact.record.key.clone(),
                from: fact.from.clone(),
            })
        })
        .collect()
}

fn add(causes: &mut Vec<Cause>, more: impl IntoIterator<Item = Cause>) {
    for cause in more {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
}
