//! One identity: its state, and what rules give it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    desired::DesiredGrant,
    id::{ConnectorName, RoleName},
    lifecycle::{LifecycleState, StateNow},
    operation::Cause,
    policy::{Policy, Rule},
    template::{EvaluationError, Scope, Template},
};

/// What rules give at one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub causes: Vec<Cause>,
    pub grants: BTreeMap<DesiredGrant, Vec<Cause>>,
}

pub(crate) use crate::engagement::Facts;

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

/// What rules and roles give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub wanted: BTreeMap<ConnectorName, Wanted>,
    /// Every role, also by another one, with its causes.
    pub roles: BTreeMap<RoleName, Vec<Cause>>,
}

impl Given {
    /// With what is given besides.
    pub(crate) fn add(&mut self, more: Self) {
        for (target, Wanted { causes, grants }) in more.wanted {
            let wanted = self.wanted.entry(target).or_default();
            add(&mut wanted.causes, causes);
            for (grant, causes) in grants {
                add(wanted.grants.entry(grant).or_default(), causes);
            }
        }
        for (role, causes) in more.roles {
            add(self.roles.entry(role).or_default(), causes);
        }
    }
}

/// Accounts and grants by the rules, in the order of the file; `refused`
/// roles give nothing.
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
    (refused, now): (&BTreeSet<RoleName>, Timestamp),
) -> Result<Given, Vec<String>> {
    if enabled(state.state).is_none() {
        return Ok(Given::default());
    }
    let mut giving = Giving { policy, facts, scope, refused, now, given: Given::default() };
    let mut failed = Vec::new();
    for rule in policy.rules.iter().filter(|rule| rule.valid.holds(now)) {
        failed.extend(giving.rule(rule).err());
    }
    if !failed.is_empty() {
        return Err(failed);
    }
    let mut given = giving.given;
    // A grant needs an account; a rule that grants does not give one.
    given.wanted.retain(|_, wanted| !wanted.causes.is_empty());
    for wanted in given.wanted.values_mut() {
        let because = state.because.clone();
        add(&mut wanted.causes, [Cause::State { state: state.state, because }]);
    }
    Ok(given)
}

/// One identity, on the way to what it is given.
struct Giving<'a> {
    policy: &'a Policy,
    facts: &'a Facts<'a>,
    scope: &'a Scope,
    refused: &'a BTreeSet<RoleName>,
    now: Timestamp,
    given: Given,
}

impl Giving<'_> {
    fn rule(&mut self, rule: &Rule) -> Result<(), String> {
        let failed = |error| format!("rule `{}` (line {}): {error}", rule.name, rule.line);
        if !rule.when.holds(&self.policy.expressions, self.scope).map_err(failed)? {
            return Ok(());
        }
        let mut causes = vec![Cause::Rule { rule: rule.name.clone(), line: rule.line }];
        causes.extend(fact_causes(self.facts, rule.when.reads().into_iter()));
        self.entries(&rule.accounts, &rule.grants, &causes).map_err(failed)?;
        for role in &rule.roles {
            self.role(role, &causes, &mut BTreeSet::new())?;
        }
        Ok(())
    }

    /// A role with those it includes, each once.
    fn role(
        &mut self,
        name: &RoleName,
        causes: &[Cause],
        seen: &mut BTreeSet<RoleName>,
    ) -> Result<(), String> {
        let policy = self.policy;
        let Some(role) = policy.access.roles.get(name) else { return Ok(()) };
        let refused = self.refused.contains(name) || !role.valid.holds(self.now);
        if refused || !seen.insert(name.clone()) {
            return Ok(());
        }
        let causes = [causes, &[Cause::Role { role: name.clone(), line: role.line }]].concat();
        add(self.given.roles.entry(name.clone()).or_default(), causes.iter().cloned());
        self.entries(&role.accounts, &role.grants, &causes)
            .map_err(|error| format!("role `{name}` (line {}): {error}", role.line))?;
        for included in &role.includes {
            self.role(included, &causes, seen)?;
        }
        Ok(())
    }

    fn entries(
        &mut self,
        accounts: &BTreeSet<ConnectorName>,
        grants: &BTreeMap<ConnectorName, Vec<Template>>,
        causes: &[Cause],
    ) -> Result<(), EvaluationError> {
        let wanted = &mut self.given.wanted;
        for target in accounts {
            add(&mut wanted.entry(target.clone()).or_default().causes, causes.iter().cloned());
        }
        for (target, templates) in grants {
            for template in templates {
                let text = self.policy.expressions.render(template, self.scope)?;
                let entitlement = text.trim().to_owned();
                if entitlement.is_empty() {
                    continue;
                }
                let read = fact_causes(self.facts, template.reads().iter().map(String::as_str));
                // The empty relation: the only one there is.
                let grant = DesiredGrant { entitlement, relation: String::new() };
                let grants = &mut wanted.entry(target.clone()).or_default().grants;
                add(grants.entry(grant).or_default(), causes.iter().cloned().chain(read));
            }
        }
        Ok(())
    }
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
