//! Facts that rules and templates ask for and nothing gives.

use std::{collections::BTreeSet, fmt};

use super::record::plain_name;
use crate::{
    fact::{Identity, Reading},
    id::{ConnectorName, RoleName, RuleName},
    policy::{Policy, Rule, TargetPolicy},
    template::{Expressions, Template},
    workflow::set_facts,
};

/// Facts with a meaning to the lifecycle, and what conditions know besides.
const STANDING: [&str; 11] = [
    "start",
    "end",
    "status",
    "timezone",
    "leave",
    "leave_start",
    "leave_end",
    "id",
    "key",
    "state",
    "ejected",
];
/// Set by the mapping of an account itself.
const OWN: [&str; 3] = ["login", "reference", "suffix"];

/// Something asks for a fact that no source gives: most likely misspelt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{asker} asks for the fact `{fact}`, which no source gives")]
pub struct UnknownFact {
    pub asker: Asker,
    pub fact: String,
}

/// What asks for a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The condition of a rule: everybody would lose what the rule gives.
    Rule {
        name: RuleName,
        /// Line in the operator's file, from 1.
        line: u32,
    },
    /// A template of a rule's grants: everybody it is for would be held.
    Grant {
        rule: RuleName,
        /// Line of the rule in the operator's file, from 1.
        line: u32,
    },
    /// A template of a role's grants: everybody who has it would be held.
    Role {
        role: RoleName,
        /// Line of the role in the operator's file, from 1.
        line: u32,
    },
    /// A template of a target's accounts: everybody who should have one
    /// would be held.
    Account {
        target: ConnectorName,
        /// `name`, or the attribute's.
        what: String,
    },
}

impl fmt::Display for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { name, line } => write!(f, "rule `{name}` (line {line})"),
            Self::Grant { rule, line } => write!(f, "a grant of rule `{rule}` (line {line})"),
            Self::Role { role, line } => write!(f, "a grant of role `{role}` (line {line})"),
            Self::Account { target, what } => {
                write!(f, "`{what}` of the accounts at `{target}`")
            }
        }
    }
}

/// What rules and templates ask for in vain.  A template that has a result
/// without the fact (`| default('')`) does not ask in vain.
///
/// `columns` are the attributes that sources without a mapping of their own
/// declare; attributes seen in `readings` and facts `known` from before count
/// as well, so that a column that is empty today is not taken for a mistake.
pub fn unknown_facts(
    policy: &Policy,
    columns: &BTreeSet<String>,
    readings: &[Reading],
    known: &[Identity],
) -> Vec<UnknownFact> {
    let mut given: BTreeSet<String> = columns.iter().map(|name| plain_name(name)).collect();
    let records = readings.iter().flat_map(|reading| &reading.records);
    given.extend(records.flat_map(|it| &it.attributes).map(|it| plain_name(&it.name)));
    given.extend(known.iter().flat_map(|it| it.facts.keys()).map(|name| name.as_str().to_owned()));
    let mapped = policy.sources.values().flat_map(|source| source.facts.keys());
    given.extend(mapped.map(|name| name.as_str().to_owned()));
    given.extend(set_facts(policy).map(|name| name.as_str().to_owned()));
    given.extend(policy.of_tables_and_targets().map(|name| name.as_str().to_owned()));
    given.extend(STANDING.map(str::to_owned));
    let expressions = &policy.expressions;
    let of_rules = policy.rules.iter().flat_map(|rule| of_rule(rule, expressions));
    let of_targets = policy
        .targets
        .iter()
        .filter(|(name, _)| {
            policy.rules.iter().any(|rule| rule.accounts.contains(*name))
                || policy.access.roles.values().any(|role| role.accounts.contains(*name))
        })
        .flat_map(|(name, target)| of_target(name, target, expressions));
    let by_role = policy.access.roles.iter().flat_map(|(name, role)| {
        let templates = role.grants.values().flatten();
        templates.flat_map(|template| needed(template, expressions)).map(|fact| UnknownFact {
            asker: Asker::Role { role: name.clone(), line: role.line },
            fact,
        })
    });
    of_rules.chain(by_role).chain(of_targets).filter(|asked| !given.contains(&asked.fact)).collect()
}

/// Every fact that a rule cannot do without.
fn of_rule(rule: &Rule, expressions: &Expressions) -> Vec<UnknownFact> {
    let by_condition = rule.when.reads().into_iter().map(|fact| UnknownFact {
        asker: Asker::Rule { name: rule.name.clone(), line: rule.line },
        fact: fact.to_owned(),
    });
    let templates = rule.grants.values().flatten();
    let by_grants = templates.flat_map(|template| needed(template, expressions)).map(|fact| {
        UnknownFact { asker: Asker::Grant { rule: rule.name.clone(), line: rule.line }, fact }
    });
    by_condition.chain(by_grants).collect()
}

/// Every fact that the accounts of a target cannot do without.
fn of_target(
    name: &ConnectorName,
    target: &TargetPolicy,
    expressions: &Expressions,
) -> Vec<UnknownFact> {
    let attributes = target
        .attributes
        .iter()
        .flat_map(|(attribute, values)| values.iter().map(|it| (attribute.as_str(), it)));
    std::iter::once(("name", &target.name))
        .chain(attributes)
        .flat_map(|(what, template)| {
            needed(template, expressions).into_iter().map(|fact| UnknownFact {
                asker: Asker::Account { target: name.clone(), what: what.to_owned() },
                fact,
            })
        })
        .collect()
}

fn needed(template: &Template, expressions: &Expressions) -> Vec<String> {
    template
        .reads()
        .iter()
        .filter(|fact| !OWN.contains(&fact.as_str()) && expressions.needs(template, fact))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::CoverageKind,
        example::{named, policy, reading, record},
    };

    fn said(policy: &Policy, columns: &[&str]) -> Vec<String> {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let nobody = reading("hr", vec![record("1", &[])], CoverageKind::Exhaustive);
        unknown_facts(policy, &columns, &[nobody], &[]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_asks_for_a_fact_in_vain_is_named() {
        let mut policy = policy();
        let name = policy.expressions.template("{{ nick }}-{{ pet | default('none') }}").unwrap();
        let grant = policy.expressions.template("floor-{{ floor }}").unwrap();
        let mail = policy.expressions.template("{{ login }}{{ suffix }}@{{ domain }}").unwrap();
        let target = policy.targets.get_mut("crm").unwrap();
        target.name = name;
        target.attributes = [("mail".to_owned(), vec![mail])].into();
        for rule in &mut policy.rules {
            rule.grants = [(named("crm"), vec![grant.clone()])].into();
        }
        let all = ["given_name", "family_name", "department", "town"];
        let told = said(&policy, &all);
        assert!(told.iter().any(|it| it.starts_with("a grant of rule")), "{told:?}");
        let expected = [
            "`name` of the accounts at `crm` asks for the fact `nick`, which no source gives",
            "`mail` of the accounts at `crm` asks for the fact `domain`, which no source gives",
        ];
        for sentence in expected {
            assert!(told.iter().any(|it| it == sentence), "{told:?}");
        }
        assert!(!told.iter().any(|it| it.contains("`pet`")), "it has a default: {told:?}");
        let given = ["nick", "floor", "domain"];
        assert_eq!(said(&policy, &[&all[..], &given].concat()), Vec::<String>::new());
    }
}
