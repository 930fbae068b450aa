//! How several sources become one identity: authority, correlation, tables.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    authority::Authority,
    correlation::{Compare, Correlation, Tier},
    id::{ConnectorName, FactName},
    policy::{TablePolicy, Tree},
};

use super::Check;
use crate::config::{
    document::Place,
    report::ConfigError,
    written::{self, File},
};

/// The key of `authority` for facts without an order of their own.
const DEFAULT: &str = "default";
/// What a target is called in an order.
const TARGET: &str = "target.";

/// Sources in the order of the file, unless it has another one.
pub(super) fn authority(check: &mut Check<'_, '_>, file: &File) -> Authority {
    let mut authority = Authority {
        default: file.source.iter().map(|(name, _)| name.clone()).collect(),
        facts: BTreeMap::new(),
    };
    for (fact, names) in file.authority.iter() {
        let place = Place::of(["authority", fact.as_str()]);
        let is_default = fact.as_str() == DEFAULT;
        if !is_default {
            check.fact(fact.as_str(), |check, error| check.key(&place, error));
        }
        let mut order = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let place = place.index(index);
            let found = match name.strip_prefix(TARGET) {
                Some(target) if is_default => {
                    let error = ConfigError::new("the order of all facts has only sources")
                        .label("is a target")
                        .hint(format!(
                            "write `FACT = [\"{TARGET}{target}\", …]` for what it provides"
                        ));
                    check.value(&place, error);
                    None
                }
                Some(target) => provider(check, file, &place, fact, target),
                None => source(check, file, &place, name),
            };
            order.extend(found);
        }
        if is_default {
            authority.default = order;
        } else {
            authority.facts.insert(fact.clone(), order);
        }
    }
    authority
}

fn source(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    name: &str,
) -> Option<ConnectorName> {
    let found = file.source.iter().map(|(source, _)| source).find(|it| it.as_str() == name);
    if found.is_none() && !check.names("source").iter().any(|it| it == name) {
        let names = check.names("source");
        let error = ConfigError::new(format!("unknown source `{name}`"))
            .label(format!("no `[source.{name}]` in this file"))
            .nearest(name, names.iter().map(String::as_str));
        let is_target = check.names("target").iter().any(|it| it == name);
        let error = if is_target {
            error.hint(format!("a target is written `{TARGET}{name}`, for facts it provides"))
        } else {
            error
        };
        check.value(place, error);
    }
    found.cloned()
}

/// A target that provides the fact.
fn provider(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    fact: &FactName,
    name: &str,
) -> Option<ConnectorName> {
    let found = file.target.iter().find(|(target, _)| target.as_str() == name);
    let Some((target, written)) = found else {
        check.target(place, crate::config::document::Part::Value, name);
        return None;
    };
    if written.provides.iter().all(|(provided, _)| provided != fact) {
        let error = ConfigError::new(format!("the target `{name}` does not provide `{fact}`"))
            .label("gives no such fact")
            .hint(format!("add `provides = {{ {fact} = \"ATTRIBUTE\" }}` to `[target.{name}]`"));
        check.value(place, error);
    }
    Some(target.clone())
}

pub(super) fn correlation(check: &mut Check<'_, '_>, file: &File) -> Correlation {
    let written::Correlate { key, sure, ask, never, compare } = &file.correlate;
    let place = Place::of(["correlate"]);
    let sure = tiers(check, &place.key("sure"), sure, never);
    let asked = tiers(check, &place.key("ask"), ask, never);
    for (index, tier) in asked.iter().enumerate() {
        if sure.contains(tier) {
            let error = ConfigError::new("what is sure is not asked")
                .label("stands in `sure` as well")
                .hint("take it out of one of the two");
            check.value(&place.key("ask").index(index), error);
        }
    }
    let looked_at: BTreeSet<&FactName> = sure.iter().chain(&asked).flatten().collect();
    let mut ways = BTreeMap::new();
    for (fact, way) in compare.iter() {
        if !looked_at.contains(fact) {
            let error = ConfigError::new(format!("`{fact}` is not compared"))
                .label("stands neither in `sure` nor in `ask`");
            check.key(&place.key("compare").key(fact.as_str()), error);
        }
        ways.insert(fact.clone(), way_of(*way));
    }
    Correlation { key: *key, sure, ask: asked, compare: ways }
}

/// Lists of facts, none of which may be in `never`.
fn tiers(
    check: &mut Check<'_, '_>,
    place: &Place,
    tiers: &[Vec<FactName>],
    never: &[FactName],
) -> Vec<Tier> {
    for (index, facts) in tiers.iter().enumerate() {
        let place = place.index(index);
        if facts.is_empty() {
            let error =
                ConfigError::new("a list of no facts recognises nobody").label("names no fact");
            check.value(&place, error);
        }
        for (index, fact) in facts.iter().enumerate() {
            let place = place.index(index);
            check.fact(fact.as_str(), |check, error| check.value(&place, error));
            if never.contains(fact) {
                let error = ConfigError::new(format!("`{fact}` may not recognise anybody"))
                    .label("stands in `never` as well")
                    .hint("take it out of one of the two");
                check.value(&place, error);
            }
        }
    }
    tiers.iter().map(|facts| facts.iter().cloned().collect()).collect()
}

fn way_of(written: written::Compare) -> Compare {
    match written {
        written::Compare::Exact => Compare::Exact,
        written::Compare::Unicode => Compare::Unicode,
        written::Compare::IgnoreCase => Compare::IgnoreCase,
        written::Compare::Email => Compare::Email,
        written::Compare::Dn => Compare::DistinguishedName,
        written::Compare::Uuid => Compare::Uuid,
        written::Compare::Digits => Compare::Digits,
    }
}

/// Sources that are tables; what else such a source says would do nothing.
pub(super) fn tables(
    check: &mut Check<'_, '_>,
    file: &File,
) -> BTreeMap<ConnectorName, TablePolicy> {
    let mut tables = BTreeMap::new();
    for (name, source) in file.source.iter() {
        let Some(table) = &source.table else { continue };
        let place = Place::of(["source", name.as_str()]);
        if !source.facts.is_empty() {
            let error = ConfigError::new("a table gives no facts of its own")
                .label("is for sources of people")
                .hint("write `facts` into `table`: fact = \"attribute\"");
            check.key(&place.key("facts"), error);
        }
        if source.missing == written::Missing::Keep {
            let error = ConfigError::new("nobody can be missing from a table")
                .label("is for sources of people")
                .hint("leave it out");
            check.key(&place.key("missing"), error);
        }
        let place = place.key("table");
        check.fact(table.key.as_str(), |check, error| check.value(&place.key("key"), error));
        let tree = match (&table.parent, &table.within) {
            (Some(parent), Some(within)) => {
                Some(Tree { parent: parent.clone(), within: within.clone() })
            }
            (None, None) => None,
            (parent, _) => {
                let (has, needs) =
                    if parent.is_some() { ("parent", "within") } else { ("within", "parent") };
                let error = ConfigError::new(format!("a tree needs `{needs}` as well"))
                    .label(format!("does nothing without `{needs}`"));
                check.key(&place.key(has), error);
                None
            }
        };
        unheard(check, file, (name, table), &place);
        let facts: BTreeMap<FactName, String> =
            table.facts.iter().map(|(fact, it)| (fact.clone(), it.clone())).collect();
        let shrink_limit_percent = source.shrink_limit.0;
        let key = table.key.clone();
        tables.insert(name.clone(), TablePolicy { key, facts, tree, shrink_limit_percent });
    }
    tables
}

/// Reports the facts of a table that no order of `[authority]` lets count.
fn unheard(
    check: &mut Check<'_, '_>,
    file: &File,
    (name, table): (&ConnectorName, &written::Table),
    place: &Place,
) {
    let listed = |fact: &str| {
        let order = file.authority.iter().find(|(it, _)| it.as_str() == fact);
        order.map(|(_, names)| names.iter().any(|it| it == name.as_str()))
    };
    // Without an order of all facts every source is in it.
    if listed(DEFAULT).unwrap_or(true) {
        return;
    }
    let facts = table.facts.iter().map(|(fact, _)| (fact, place.key("facts").key(fact.as_str())));
    let within = table.within.iter().map(|fact| (fact, place.key("within")));
    for (fact, place) in facts.chain(within) {
        if listed(fact.as_str()) != Some(true) {
            let error = ConfigError::new(format!("nothing asks `{name}` for `{fact}`"))
                .label("counts for nothing like this")
                .hint(format!("add \"{name}\" to `default` in `[authority]`"));
            check.key(&place, error);
        }
    }
}

/// Facts that a target's accounts give; what we write there is not its word.
pub(super) fn provides(
    check: &mut Check<'_, '_>,
    file: &File,
    name: &ConnectorName,
    target: &written::Target,
) -> BTreeMap<FactName, String> {
    let place = Place::of(["target", name.as_str(), "provides"]);
    let called = format!("{TARGET}{name}");
    let mut provides = BTreeMap::new();
    for (fact, attribute) in target.provides.iter() {
        let place = place.key(fact.as_str());
        if target.account.attributes.iter().any(|(written, _)| written == attribute) {
            let error = ConfigError::new(format!("`{attribute}` is written by us"))
                .label("has what we gave it, so it can tell nothing")
                .hint(format!("take `{attribute}` out of `account.attributes`"));
            check.value(&place, error);
        }
        let order = file.authority.iter().find(|(it, _)| *it == fact).map(|(_, names)| names);
        if order.is_none_or(|names| !names.contains(&called)) {
            let error = ConfigError::new(format!("nothing asks `{name}` for `{fact}`"))
                .label("does nothing like this")
                .hint(format!("add `{fact} = [\"{called}\", …]` to `[authority]`"));
            check.key(&place, error);
        }
        provides.insert(fact.clone(), attribute.clone());
    }
    provides
}
