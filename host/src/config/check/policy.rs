//! What the operator decided: facts, accounts, rules, lifecycle, limits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use lanyard_core::{
    condition::{Condition, Test},
    id::{ConnectorName, FactName},
    lifecycle::LifecycleState,
    pattern::Pattern,
    policy::{LeaverPolicy, LifecyclePolicy, Rule, SourcePolicy, TargetPolicy, WhenMissing},
    template::Template,
};

use super::{Check, access};
use crate::config::{
    document::{Part, Place},
    element::{
        duration::After,
        entries::Entries,
        when::{EXPRESSION, FactTest, When},
    },
    report::ConfigError,
    written::{self, File, GrantsOfLeaver, Missing},
};

pub(super) fn sources(
    check: &mut Check<'_, '_>,
    file: &File,
) -> BTreeMap<ConnectorName, SourcePolicy> {
    let mut sources = BTreeMap::new();
    for (name, source) in file.source.iter() {
        let place = Place::of(["source", name.as_str(), "facts"]);
        let mut facts = BTreeMap::new();
        for (fact, template) in source.facts.iter() {
            let template = check.record_template(&place.key(fact.as_str()), template);
            facts.extend(template.map(|template| (fact.clone(), template)));
        }
        let missing = match source.missing {
            Missing::Departed => WhenMissing::Departed,
            Missing::Keep => WhenMissing::Keep,
        };
        let shrink_limit_percent = source.shrink_limit.0;
        sources.insert(name.clone(), SourcePolicy { facts, missing, shrink_limit_percent });
    }
    sources
}

pub(super) fn targets(
    check: &mut Check<'_, '_>,
    file: &File,
) -> BTreeMap<ConnectorName, TargetPolicy> {
    let mut targets = BTreeMap::new();
    for (name, target) in file.target.iter() {
        let place = Place::of(["target", name.as_str()]);
        let after = after(check, &place.key("after"), name, &target.after);
        let checked = account(check, &place, target, after);
        targets.extend(checked.map(|target| (name.clone(), target)));
    }
    cycles(check, &targets);
    targets
}

fn after(
    check: &mut Check<'_, '_>,
    place: &Place,
    own: &ConnectorName,
    names: &[String],
) -> BTreeSet<ConnectorName> {
    let mut after = BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        let place = place.index(index);
        if name == own.as_str() {
            let error =
                ConfigError::new(format!("`{own}` cannot wait for itself")).label("is this target");
            check.value(&place, error);
        } else if check.target(&place, Part::Value, name) {
            after.extend(ConnectorName::new(name.as_str()));
        }
    }
    after
}

fn account(
    check: &mut Check<'_, '_>,
    place: &Place,
    target: &written::Target,
    after: BTreeSet<ConnectorName>,
) -> Option<TargetPolicy> {
    let access = access::of_target(check, place, target);
    let account = &target.account;
    let place = place.key("account");
    let name = check.template(&place.key("name"), &account.name, &["suffix"]);
    let mut attributes = BTreeMap::new();
    for (attribute, texts) in account.attributes.iter() {
        let place = place.key("attributes").key(attribute);
        let mut templates = Vec::new();
        for (index, text) in texts.0.iter().enumerate() {
            // A single value may be written without brackets.
            let element = place.index(index);
            let place = if check.report.document.has(&element) { &element } else { &place };
            templates.extend(check.template(place, text, &["login"]));
        }
        attributes.insert(attribute.clone(), templates);
    }
    Some(TargetPolicy {
        object_type: account.object_type.clone(),
        name: name?,
        attributes,
        match_by: account.match_by.clone(),
        entitlements: target.entitlements.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        after,
        protected: target.protected.iter().map(Pattern::new).collect(),
        access,
    })
}

/// Reports each circle of targets that wait for each other, once.
fn cycles(check: &mut Check<'_, '_>, targets: &BTreeMap<ConnectorName, TargetPolicy>) {
    let mut reported: BTreeSet<&ConnectorName> = BTreeSet::new();
    for start in targets.keys() {
        if reported.contains(start) {
            continue;
        }
        let Some(circle) = circle(targets, start) else { continue };
        let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
        let error = ConfigError::new("targets wait for each other")
            .label(format!("{} → {start}", names.join(" → ")))
            .hint("take one of these out of its `after`");
        reported.extend(circle);
        check.value(&Place::of(["target", start.as_str(), "after"]), error);
    }
}

/// The shortest way along `after` from `start` back to it.
fn circle<'t>(
    targets: &'t BTreeMap<ConnectorName, TargetPolicy>,
    start: &'t ConnectorName,
) -> Option<Vec<&'t ConnectorName>> {
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let next = way.last().and_then(|last| targets.get(*last)).map(|target| &target.after);
        for name in next.into_iter().flatten() {
            if name == start {
                return Some(way);
            }
            if seen.insert(name) {
                let mut longer = way.clone();
                longer.push(name);
                ways.push_back(longer);
            }
        }
    }
    None
}

pub(super) fn rules(check: &mut Check<'_, '_>, file: &File, zone: &TimeZone) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (name, rule) in file.rule.iter() {
        let place = Place::of(["rule", name.as_str()]);
        let when = condition(check, &place.key("when"), &rule.when);
        rules.push(Rule {
            name: name.clone(),
            line: check.report.line(&place),
            when,
            valid: check.validity(&place.key("valid"), &rule.valid, zone),
            roles: check.roles(&place.key("roles"), &rule.roles),
            accounts: check.target_names(&place.key("accounts"), &rule.accounts),
            grants: grants(check, &place.key("grants"), &rule.grants),
        });
    }
    rules
}

/// Entitlements by target, as templates.
pub(super) fn grants(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &Entries<String, Vec<String>>,
) -> BTreeMap<ConnectorName, Vec<Template>> {
    let mut grants = BTreeMap::new();
    for (target, templates) in written.iter() {
        let place = place.key(target);
        let known = check.target(&place, Part::Key, target);
        let mut compiled = Vec::new();
        for (index, template) in templates.iter().enumerate() {
            compiled.extend(check.template(&place.index(index), template, &[]));
        }
        if known && let Ok(target) = ConnectorName::new(target.as_str()) {
            grants.insert(target, compiled);
        }
    }
    grants
}

impl Check<'_, '_> {
    /// Those of `names` that are targets; the others are reported.
    pub(super) fn target_names(
        &mut self,
        place: &Place,
        names: &[String],
    ) -> BTreeSet<ConnectorName> {
        let mut known = BTreeSet::new();
        for (index, name) in names.iter().enumerate() {
            if self.target(&place.index(index), Part::Value, name) {
                known.extend(ConnectorName::new(name.as_str()));
            }
        }
        known
    }
}

fn condition(check: &mut Check<'_, '_>, place: &Place, when: &When) -> Condition {
    let all = tests_of(check, place, when);
    let place = place.key(EXPRESSION);
    let expr = when.expression.as_ref().and_then(|source| check.condition(&place, source));
    Condition { all, expr }
}

/// What a condition asks of facts, without its expression.
pub(super) fn tests_of(
    check: &mut Check<'_, '_>,
    place: &Place,
    when: &When,
) -> Vec<(FactName, Test)> {
    let mut all = Vec::new();
    for (fact, test) in &when.tests {
        let place = place.key(fact.as_str());
        check.fact(fact.as_str(), |check, error| check.key(&place, error));
        let test = match test {
            FactTest::OneOf(texts) => {
                if texts.0.is_empty() {
                    let error = ConfigError::new(format!("no value of `{fact}` is right"))
                        .label("a rule with an empty list is for nobody")
                        .hint("to ask for no value at all, write `{ present = false }`");
                    check.value(&place, error);
                }
                Test::OneOf(texts.0.clone())
            }
            FactTest::Not(texts) => Test::NoneOf(texts.0.clone()),
            FactTest::Present(present) => Test::Present(*present),
        };
        all.push((fact.clone(), test));
    }
    all
}

pub(super) fn lifecycle(
    check: &mut Check<'_, '_>,
    written: &written::Lifecycle,
) -> LifecyclePolicy {
    let place = Place::of(["lifecycle"]);
    let timezone = TimeZone::get(&written.timezone).unwrap_or_else(|_| {
        let zones = jiff::tz::db().available().map(|zone| zone.to_string()).collect::<Vec<_>>();
        let error = ConfigError::new(format!("unknown time zone `{}`", written.timezone))
            .label("no zone of the IANA database has this name")
            .nearest(&written.timezone, zones.iter().map(String::as_str));
        check.value(&place.key("timezone"), error);
        TimeZone::UTC
    });
    let mut status = BTreeMap::new();
    let written::Status { active, on_leave, departed } = &written.status;
    for (key, values, state) in [
        ("active", active, LifecycleState::Active),
        ("on-leave", on_leave, LifecycleState::OnLeave),
        ("departed", departed, LifecycleState::Departed),
    ] {
        for (index, value) in values.iter().enumerate() {
            let before = status.insert(value.to_lowercase(), state);
            if let Some(other) = before.filter(|other| *other != state) {
                let error = ConfigError::new(format!("status `{value}` means two things"))
                    .label(format!("is also in `{}`", other.word()));
                check.value(&place.key("status").key(key).index(index), error);
            }
        }
    }
    LifecyclePolicy { timezone, prehire: written.prehire.0, status }
}

pub(super) fn leaver(written: &written::Leaver) -> LeaverPolicy {
    LeaverPolicy {
        delete_after: match written.delete_after {
            After::Never => None,
            After::Duration(duration) => Some(duration.0),
        },
        revoke_grants: matches!(written.grants, GrantsOfLeaver::Revoke),
    }
}
