//! Facts that conditions ask for and nothing gives.

use std::collections::BTreeSet;

use super::record::plain_name;
use crate::{
    fact::{Identity, Reading},
    id::RuleName,
    policy::Policy,
};

/// Facts with a meaning to the lifecycle, and what conditions know besides.
const STANDING: [&str; 6] = ["start", "end", "status", "id", "key", "state"];

/// A rule asks for a fact that no source gives: most likely misspelt, and
/// then everybody would lose what the rule gives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}` (line {line}) asks for the fact `{fact}`, which no source gives")]
pub struct UnknownFact {
    pub rule: RuleName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub fact: String,
}

/// What rules ask for in vain.
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
    let asked = policy
        .rules
        .iter()
        .flat_map(|rule| rule.when.reads().into_iter().map(move |fact| (rule, fact.to_owned())));
    asked
        .filter(|(_, fact)| !given.contains(fact) && !STANDING.contains(&fact.as_str()))
        .map(|(rule, fact)| UnknownFact { rule: rule.name.clone(), line: rule.line, fact })
        .collect()
}
