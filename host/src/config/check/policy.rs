//! What the operator decided: facts, accounts, rules, lifecycle, limits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, tz::TimeZone};
use lanyard_core::{
    condition::{Condition, Test},
    id::{ConnectorName, FactName},
    lifecycle::LifecycleState,
    policy::{LeaverPolicy, LifecyclePolicy, Rule, SourcePolicy, TargetPolicy, WhenMissing},
    template::Template,
};

use super::{
    Check,
    account::{self, Order},
    forgetting, lives, obligation, sources,
};
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

pub(super) fn people(
    check: &mut Check<'_, '_>,
    file: &File,
) -> BTreeMap<ConnectorName, SourcePolicy> {
    let mut sources = BTreeMap::new();
    let people = file.source.iter().filter(|(_, source)| source.table.is_none());
    for (name, source) in people {
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
        lives::confirmations(check, &Place::of(["source", name.as_str()]), source);
        let policy = SourcePolicy {
            facts,
            missing,
            shrink_limit_percent,
            confirmations: source.confirmations,
            confirmation_interval: source.interval.0,
        };
        sources.insert(name.clone(), policy);
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
        let checked_by = obligation::checked_by(check, &place, name, target);
        let mut others = |key: Place, names| others(check, &key, name, names);
        let order = Order {
            after: others(place.key("after"), &target.after),
            prefer_after: others(place.key("prefer-after"), &target.prefer_after),
            unique_with: others(
                place.key("account").key("unique-with"),
                &target.account.unique_with,
            ),
            checked_by,
        };
        let provides = sources::provides(check, file, name, target);
        let checked = account::target(check, &place, target, (order, provides));
        targets.extend(checked.map(|target| (name.clone(), target)));
    }
    cycles(check, &targets);
    share_names(&mut targets);
    targets
}

/// Names are shared both ways, and with whom the others share them.
fn share_names(targets: &mut BTreeMap<ConnectorName, TargetPolicy>) {
    let mut circles: Vec<BTreeSet<ConnectorName>> = Vec::new();
    for (name, target) in &*targets {
        let mut circle = target.unique_with.clone();
        circle.insert(name.clone());
        circles.retain(|other| {
            let apart = circle.is_disjoint(other);
            if !apart {
                circle.extend(other.iter().cloned());
            }
            apart
        });
        circles.push(circle);
    }
    for circle in circles {
        for name in &circle {
            if let Some(target) = targets.get_mut(name) {
                target.unique_with = circle.iter().filter(|it| *it != name).cloned().collect();
            }
        }
    }
}

/// Other targets that a target names.
fn others(
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
                ConfigError::new(format!("`{own}` is this target")).label("names another one here");
            check.value(&place, error);
        } else if check.target(&place, Part::Value, name) {
            after.extend(ConnectorName::new(name.as_str()));
        }
    }
    after
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
            .hint("take one of these out of its `after` or `prefer-after`");
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
        let next = way.last().and_then(|last| targets.get(*last));
        for name in next.into_iter().flat_map(|it| it.after.iter().chain(&it.prefer_after)) {
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
    /// One that nobody knows is reported.
    pub(super) fn zone(&mut self, place: &Place, name: &str) -> TimeZone {
        TimeZone::get(name).unwrap_or_else(|_| {
            let zones = jiff::tz::db().available().map(|zone| zone.to_string()).collect::<Vec<_>>();
            let error = ConfigError::new(format!("unknown time zone `{name}`"))
                .label("no zone of the IANA database has this name")
                .nearest(name, zones.iter().map(String::as_str));
            self.value(place, error);
            TimeZone::UTC
        })
    }

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

pub(super) fn lifecycle(check: &mut Check<'_, '_>, file: &File) -> LifecyclePolicy {
    let written = &file.lifecycle;
    let place = Place::of(["lifecycle"]);
    let timezone = check.zone(&place.key("timezone"), &written.timezone);
    let mut status = BTreeMap::new();
    let written::Status { active, on_leave, cancelled, departed } = &written.status;
    for (key, values, state) in [
        ("active", active, LifecycleState::Active),
        ("on-leave", on_leave, LifecycleState::OnLeave),
        ("cancelled", cancelled, LifecycleState::Cancelled),
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
    let mut policy = LifecyclePolicy {
        timezone,
        prehire: written.prehire.0,
        status,
        last_hour: lives::last_hour(check, written.last_hour.as_deref()),
        leaving: written.leaving.0,
        overlap: written.overlap.0,
        clock_jump: duration(written.clock_jump),
        engagements: lives::engagements(check, file),
        bridge: written.bridge.0,
        ..LifecyclePolicy::default()
    };
    lives::leaves(check, written, &mut policy);
    policy
}

/// None: never.
fn duration(written: After) -> Option<SignedDuration> {
    match written {
        After::Never => None,
        After::Duration(duration) => Some(duration.0),
    }
}

pub(super) fn leaver(
    check: &mut Check<'_, '_>,
    written: &written::Leaver,
    zone: &TimeZone,
) -> LeaverPolicy {
    LeaverPolicy {
        delete_after: duration(written.delete_after),
        revoke_grants: matches!(written.grants, GrantsOfLeaver::Revoke),
        begins_anew: written.rehire == written::Rehire::New,
        retain: forgetting::retain(check, written, zone),
    }
}
