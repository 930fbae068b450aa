//! A small company for tests; everybody in it is invented.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::{
    access::{AccessPolicy, Validity},
    account::{Account, AccountState, Coverage, CoverageKind},
    authority::Authority,
    condition::{Condition, Test},
    correlation::Correlation,
    fact::{Identity, Reading},
    id::IdentityId,
    identity::{Assembled, assemble},
    lifecycle::LifecycleState,
    observed::{Link, Observed, ObservedTarget, Origin},
    policy::{
        LeaverPolicy, LifecyclePolicy, LimitsPolicy, Policy, Rule, SourcePolicy, StepsPolicy,
        TargetPolicy,
    },
    schema::{
        AttributeDef, Capabilities, Matching, Mutability, ObjectDef, ObjectRole, Returned, Schema,
        Sensitivity, ValueKind,
    },
    template::Expressions,
    value::{Attribute, ObjectRef, Value},
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("is an instant")
}

pub(crate) fn noon() -> Timestamp {
    at("2026-06-01T12:00:00Z")
}

pub(crate) fn named<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> T {
    name.parse().expect("is a name")
}

const LOGIN: &str = "{{ given_name | slug }}.{{ family_name | slug }}";

/// Sources `hr` and `more`; target `directory` for everybody with
/// `department`, `crm` for Sales.
pub(crate) fn policy() -> Policy {
    let mut policy = Policy {
        sources: BTreeMap::new(),
        tables: BTreeMap::new(),
        targets: BTreeMap::new(),
        retired_sources: BTreeSet::new(),
        retired_targets: BTreeSet::new(),
        authority: Authority::default(),
        correlation: Correlation::default(),
        rules: Vec::new(),
        workflows: Vec::new(),
        steps: StepsPolicy::default(),
        versions: BTreeMap::new(),
        access: AccessPolicy::default(),
        lifecycle: LifecyclePolicy {
            status: BTreeMap::from([
                ("active".to_owned(), LifecycleState::Active),
                ("leave".to_owned(), LifecycleState::OnLeave),
            ]),
            ..LifecyclePolicy::default()
        },
        leaver: LeaverPolicy {
            delete_after: Some(SignedDuration::from_hours(30 * 24)),
            revoke_grants: true,
            retain: None,
            begins_anew: false,
        },
        limits: LimitsPolicy::default(),
        holds: BTreeMap::new(),
        expressions: Expressions::new(),
    };
    for source in ["hr", "more"] {
        policy.sources.insert(named(source), SourcePolicy::default());
    }
    for target in ["crm", "directory"] {
        let name = policy.expressions.template(LOGIN).expect("is correct");
        policy.targets.insert(named(target), TargetPolicy::new(name));
    }
    rule(
        &mut policy,
        "everyone",
        Condition { all: vec![(named("department"), Test::Present(true))], expr: None },
        &["directory"],
        &[("directory", "dept-{{ department | slug }}")],
    );
    rule(
        &mut policy,
        "sales",
        Condition {
            all: vec![(named("department"), Test::OneOf(vec!["Sales".to_owned()]))],
            expr: None,
        },
        &["crm"],
        &[("crm", "sellers"), ("crm", "{% if level is defined %}l{{ level }}{% endif %}")],
    );
    policy
}

pub(crate) fn rule(
    policy: &mut Policy,
    name: &str,
    when: Condition,
    accounts: &[&str],
    grants: &[(&str, &str)],
) {
    let mut templates: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (target, source) in grants {
        let template = policy.expressions.template(source).expect("is correct");
        templates.entry(named(target)).or_default().push(template);
    }
    let line = 10 + u32::try_from(policy.rules.len()).expect("are few");
    policy.rules.push(Rule {
        name: named(name),
        line,
        when,
        valid: Validity::default(),
        roles: Vec::new(),
        accounts: accounts.iter().map(|target| named(target)).collect(),
        grants: templates,
    });
}

pub(crate) fn expression(policy: &mut Policy, source: &str) -> Condition {
    let expr = policy.expressions.condition(source).expect("is correct");
    Condition { all: Vec::new(), expr: Some(expr) }
}

/// Sets the facts of source `hr` to templates.
pub(crate) fn facts(policy: &mut Policy, templates: &[(&str, &str)]) {
    let compiled = templates
        .iter()
        .map(|(name, source)| {
            (named(name), policy.expressions.template(source).expect("is correct"))
        })
        .collect();
    policy.sources.get_mut("hr").expect("is there").facts = compiled;
}

/// Sets the attributes of target `directory` to templates.
pub(crate) fn attributes(policy: &mut Policy, templates: &[(&str, &[&str])]) {
    let mut compiled = BTreeMap::new();
    for (name, sources) in templates {
        let values = sources
            .iter()
            .map(|source| policy.expressions.template(source).expect("is correct"))
            .collect();
        compiled.insert((*name).to_owned(), values);
    }
    policy.targets.get_mut("directory").expect("is there").attributes = compiled;
}

pub(crate) fn record(key: &str, attributes: &[(&str, &str)]) -> Account {
    Account {
        reference: ObjectRef { object_type: "person".to_owned(), uid: key.to_owned() },
        revision: None,
        name: key.to_owned(),
        anchor: None,
        state: AccountState::Unknown,
        state_until: None,
        last_used: None,
        attributes: attributes
            .iter()
            .map(|(name, text)| Attribute::new(*name, vec![Value::Text((*text).to_owned())]))
            .collect(),
    }
}

/// Somebody active of a department, with whatever else.
pub(crate) fn worker(key: &str, name: (&str, &str), more: &[(&str, &str)]) -> Account {
    let mut attributes = vec![
        ("given_name", name.0),
        ("family_name", name.1),
        ("department", "Sales"),
        ("status", "Active"),
    ];
    attributes.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    attributes.extend(more);
    record(key, &attributes)
}

pub(crate) fn reading(source: &str, records: Vec<Account>, kind: CoverageKind) -> Reading {
    Reading {
        source: named(source),
        records,
        coverage: Coverage { kind, skipped: Vec::new() },
        read_at: noon(),
    }
}

/// One exhaustive reading of `hr`.
pub(crate) fn hired(policy: &Policy, records: Vec<Account>) -> Assembled {
    round(policy, records, &[])
}

/// The same, with what was known before.
pub(crate) fn round(policy: &Policy, records: Vec<Account>, known: &[Identity]) -> Assembled {
    let readings = [reading("hr", records, CoverageKind::Exhaustive)];
    assemble(policy, &readings, known, &BTreeMap::new(), noon())
}

pub(crate) fn id(key: &str) -> IdentityId {
    IdentityId::first_seen(&named("hr"), key)
}

fn attribute(name: &str, path: &str, kind: ValueKind) -> AttributeDef {
    AttributeDef {
        name: name.to_owned(),
        kind,
        multi: name == "mail",
        ordered: false,
        required: name == "sn",
        unique: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Always,
        matching: Matching::IgnoreCase,
        sensitivity: Sensitivity::Personal,
        allowed: Vec::new(),
        description: String::new(),
        scim_path: (!path.is_empty()).then(|| path.to_owned()),
    }
}

fn schema() -> Schema {
    Schema {
        objects: vec![ObjectDef {
            object_type: "user".to_owned(),
            role: ObjectRole::Account,
            attributes: vec![
                attribute("uid", "userName", ValueKind::Text),
                attribute("employeeNumber", "externalId", ValueKind::Text),
                attribute("givenName", "name.givenName", ValueKind::Text),
                attribute("sn", "name.familyName", ValueKind::Text),
                attribute("cn", "displayName", ValueKind::Text),
                attribute("mail", "emails[type eq \"work\"].value", ValueKind::Text),
                attribute("title", "title", ValueKind::Text),
                attribute("phone", "phoneNumbers.value", ValueKind::Text),
                attribute("costs", "", ValueKind::Integer),
                attribute("enabled", "active", ValueKind::Boolean),
            ],
            anchor_attribute: Some("employeeNumber".to_owned()),
            name_attribute: "uid".to_owned(),
            capabilities: Capabilities::default(),
        }],
    }
}

/// Both targets, read wholly; accounts by name, ours when an identity's key
/// is given.
pub(crate) fn observed(accounts: &[(&str, Option<&str>)]) -> Observed {
    let mut observed = Observed::default();
    for target in ["crm", "directory"] {
        let found = accounts
            .iter()
            .map(|(name, _)| {
                let mut account = record(&format!("u-{name}"), &[]);
                account.reference.object_type = "user".to_owned();
                account.name = (*name).to_owned();
                account
            })
            .collect::<Vec<_>>();
        for ((_, key), account) in accounts.iter().zip(&found) {
            if let Some(key) = key {
                observed.links.push(Link {
                    identity: id(key),
                    target: named(target),
                    account: account.reference.clone(),
                    origin: Origin::Created,
                    disabled_since: None,
                    unproven: false,
                    was_enabled: true,
                    unwanted_since: None,
                    gone: false,
                    ended: crate::observed::Ended::default(),
                });
            }
        }
        observed.targets.insert(
            named(target),
            ObservedTarget {
                schema: schema(),
                account_type: "user".to_owned(),
                accounts: found,
                entitlements: Vec::new(),
                assignments: Vec::new(),
                accounts_coverage: Coverage::exhaustive(),
                assignments_coverage: Coverage::exhaustive(),
                read_at: noon(),
            },
        );
    }
    observed
}
