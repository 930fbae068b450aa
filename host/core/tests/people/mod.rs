//! People of a firm whose facts change, under rules, a role and a workflow.

#![allow(dead_code, reason = "each test file uses its part")]
#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    access::{AccessPolicy, Risk, Role, Validity},
    account::{Account, AccountState, Coverage},
    authority::Authority,
    condition::{Condition, Test},
    correlation::Correlation,
    desired::{Desired, desired},
    fact::{Identity, Reading},
    id::ConnectorName,
    identity::{Assembled, assemble},
    lifecycle::{Ejection, LifecycleState},
    observed::Observed,
    plan::{Plan, PlanSettings, plan},
    policy::{
        LeaverPolicy, LifecyclePolicy, LimitsPolicy, Policy, Rule, SourcePolicy, StepsPolicy,
        TargetPolicy,
    },
    template::{Expressions, Template},
    value::{Attribute, ObjectRef, Value},
    workflow::{
        Action, ConditionDefinition, Definition, On, OnFailure, StepDefinition, TaskDefinition,
        Workflow,
    },
};
use proptest::prelude::*;

use crate::firm::{at, empty_world, identity, target};

pub(crate) const FIRST: &str = "2026-03-01T09:00:00Z";
pub(crate) const LATER: &str = "2026-05-01T09:00:00Z";

/// Somebody as the source has them, and what befell their account since.
#[derive(Debug, Clone)]
pub(crate) struct Someone {
    pub(crate) department: Option<&'static str>,
    pub(crate) end: Option<&'static str>,
    pub(crate) ejected: bool,
    pub(crate) missing: bool,
    pub(crate) closed_by_others: bool,
}

pub(crate) fn someone() -> impl Strategy<Value = Someone> {
    let departments = [None, Some("Sales"), Some("Ops"), Some("Legal")];
    let ends = [None, None, Some("2026-02-01"), Some("2026-04-01"), Some("2027-01-01")];
    (
        prop::sample::select(departments.to_vec()),
        prop::sample::select(ends.to_vec()),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(department, end, ejected, missing, closed_by_others)| Someone {
            department,
            end,
            ejected,
            missing,
            closed_by_others,
        })
}

fn grants(
    policy: &mut Policy,
    target_name: &str,
    text: &str,
) -> BTreeMap<ConnectorName, Vec<Template>> {
    let template = policy.expressions.template(text).unwrap();
    [(target(target_name), vec![template])].into()
}

fn rule(name: &str, line: u32, when: Condition, accounts: &[&str]) -> Rule {
    Rule {
        name: name.parse().unwrap(),
        line,
        when,
        valid: Validity::default(),
        roles: Vec::new(),
        accounts: accounts.iter().map(|it| target(it)).collect(),
        grants: BTreeMap::new(),
    }
}

fn department(names: &[&str]) -> Condition {
    let names = names.iter().map(|it| (*it).to_owned()).collect();
    Condition { all: vec![("department".parse().unwrap(), Test::OneOf(names))], expr: None }
}

/// Everybody is in the directory; Sales in the crm, sellers by a role; a
/// workflow gives who is active one thing more.
pub(crate) fn policy() -> Policy {
    let mut policy = Policy {
        sources: [(target("hr"), SourcePolicy::default())].into(),
        tables: BTreeMap::new(),
        targets: BTreeMap::new(),
        retired_sources: BTreeSet::new(),
        retired_targets: BTreeSet::new(),
        authority: Authority::default(),
        correlation: Correlation::default(),
        rules: Vec::new(),
        workflows: Vec::new(),
        versions: BTreeMap::new(),
        access: AccessPolicy::default(),
        lifecycle: LifecyclePolicy::default(),
        leaver: LeaverPolicy {
            delete_after: Some(SignedDuration::from_hours(24 * 20)),
            revoke_grants: true,
            retain: None,
            begins_anew: false,
        },
        limits: LimitsPolicy::default(),
        holds: BTreeMap::new(),
        steps: StepsPolicy::default(),
        expressions: Expressions::new(),
    };
    for name in ["crm", "directory"] {
        let login = policy.expressions.template("{{ given_name }}.example").unwrap();
        let mut there = TargetPolicy::new(login);
        let templates =
            [("mail", "{{ login }}@example.org"), ("department", "{{ department | default('') }}")];
        for (attribute, text) in templates {
            let template = policy.expressions.template(text).unwrap();
            there.attributes.insert(attribute.to_owned(), vec![template]);
        }
        policy.targets.insert(target(name), there);
    }
    let role = Role {
        line: 40,
        valid: Validity::default(),
        includes: BTreeSet::new(),
        accounts: BTreeSet::new(),
        grants: grants(&mut policy, "crm", "Sales"),
        owner: None,
        risk: Risk::Low,
        description: String::new(),
    };
    policy.access.roles.insert("seller".parse().unwrap(), role);
    let mut everyone = rule("everyone", 10, Condition::always(), &["directory"]);
    everyone.grants = grants(&mut policy, "directory", "Staff");
    let mut sales = rule("sales", 20, department(&["Sales"]), &["crm"]);
    sales.roles.push("seller".parse().unwrap());
    let mut office = rule("office", 30, department(&["Ops", "Sales"]), &[]);
    office.grants =
        grants(&mut policy, "directory", "{% if department == 'Ops' %}Approvers{% endif %}");
    policy.rules = vec![everyone, sales, office];
    let definition = Definition {
        name: "welcome".parse().unwrap(),
        on: On::State(LifecycleState::Active),
        when: ConditionDefinition::default(),
        steps: vec![StepDefinition {
            id: "extra".parse().unwrap(),
            task: TaskDefinition::Do(Action::Grant {
                grants: [(target("directory"), vec!["Sales".to_owned()])].into(),
            }),
            after: BTreeSet::new(),
            when: ConditionDefinition::default(),
            timeout: None,
            on_failure: OnFailure::Stop,
        }],
    };
    let workflow = Workflow::compile(&definition, Some(50), &mut policy.expressions).unwrap();
    policy.workflows.push(workflow);
    policy
}

fn record(key: &str, it: &Someone) -> Account {
    let mut attributes = vec![("given_name", key)];
    attributes.extend(it.department.map(|department| ("department", department)));
    attributes.extend(it.end.map(|end| ("end", end)));
    let attribute =
        |(name, text): (&str, &str)| Attribute::new(name, vec![Value::Text(text.to_owned())]);
    Account {
        reference: ObjectRef { object_type: "person".to_owned(), uid: key.to_owned() },
        revision: None,
        name: key.to_owned(),
        anchor: None,
        state: AccountState::Unknown,
        state_until: None,
        last_used: None,
        attributes: attributes.into_iter().map(attribute).collect(),
    }
}

/// One look: what is read, and what is to be done.
pub(crate) struct Look {
    pub(crate) assembled: Assembled,
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
    pub(crate) plan: Plan,
    pub(crate) now: Timestamp,
}

pub(crate) fn look(
    policy: &Policy,
    people: &[Someone],
    known: &[Identity],
    observed: Observed,
    now: &str,
) -> Look {
    let now = at(now);
    let there = people.iter().enumerate().filter(|(_, it)| known.is_empty() || !it.missing);
    let records = there.map(|(number, it)| record(&format!("p{number}"), it)).collect();
    let coverage = Coverage::exhaustive();
    let reading = Reading { source: target("hr"), records, coverage, read_at: now };
    let assembled = assemble(policy, &[reading], known, &BTreeMap::new(), now);
    let desired = desired(policy, &assembled, &observed, now);
    let plan = plan(&PlanSettings::of(policy), &desired, &observed, now);
    Look { assembled, desired, observed, plan, now }
}

/// Two empty targets, and a workflow that was there before everybody.
pub(crate) fn known_world() -> Observed {
    let mut world = empty_world();
    world.workflows.known_since.insert("welcome".parse().unwrap(), at("2020-01-01T00:00:00Z"));
    world
}

/// What happened to them besides facts.
pub(crate) fn befall(world: &mut Observed, people: &[Someone]) {
    for (number, it) in people.iter().enumerate() {
        let id = identity(&format!("p{number}"));
        let own: BTreeSet<ObjectRef> = world
            .links
            .iter()
            .filter(|it| it.identity == id)
            .map(|it| it.account.clone())
            .collect();
        for there in world.targets.values_mut().filter(|_| it.closed_by_others) {
            for account in there.accounts.iter_mut().filter(|it| own.contains(&it.reference)) {
                account.state = AccountState::Disabled;
            }
        }
        if it.ejected {
            let (by, reason) = ("operator".to_owned(), "asked for".to_owned());
            world.kept.ejections.push(Ejection {
                identity: id,
                at: at(FIRST),
                by,
                reason,
                undone: None,
            });
        }
    }
}
