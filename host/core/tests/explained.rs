//! P20: every operation has a cause, every cause is told by `explain`, and
//! every chain of them ends in what a source, a person or a target said.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics fails")]

mod firm;

use std::collections::{BTreeMap, BTreeSet};

use firm::{at, empty_world, identity, target};
use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    access::{AccessPolicy, Risk, Role, Validity},
    account::{Account, AccountState, Coverage},
    asking::{Asking, Detail, Root, World},
    authority::Authority,
    condition::{Condition, Test},
    correlation::Correlation,
    desired::desired,
    fact::{Identity, Reading},
    guard::{GuardSettings, Lately, guard},
    identity::{Assembled, assemble},
    lifecycle::{Ejection, LifecycleState},
    observed::Observed,
    operation::{Change, Operation},
    plan::{Plan, PlanSettings, plan},
    policy::{
        LeaverPolicy, LifecyclePolicy, LimitsPolicy, Policy, Rule, SourcePolicy, StepsPolicy,
        TargetPolicy,
    },
    template::Expressions,
    value::{Attribute, ObjectRef, Value},
    whole::applied,
    workflow::{
        Action, ConditionDefinition, Definition, On, OnFailure, StepDefinition, TaskDefinition,
        Workflow,
    },
};
use proptest::prelude::*;

const FIRST: &str = "2026-03-01T09:00:00Z";
const LATER: &str = "2026-05-01T09:00:00Z";

/// Somebody as the source has them, and what befell their account since.
#[derive(Debug, Clone)]
struct Someone {
    department: Option<&'static str>,
    end: Option<&'static str>,
    ejected: bool,
    missing: bool,
    closed_by_others: bool,
}

fn someone() -> impl Strategy<Value = Someone> {
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
) -> BTreeMap<lanyard_core::id::ConnectorName, Vec<lanyard_core::template::Template>> {
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
fn policy() -> Policy {
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
        attributes: attributes.into_iter().map(attribute).collect(),
    }
}

/// One look: what is read, and what is to be done.
struct Look {
    assembled: Assembled,
    desired: lanyard_core::desired::Desired,
    observed: Observed,
    plan: Plan,
    now: Timestamp,
}

fn look(
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

fn texts(details: &[Detail]) -> BTreeMap<&str, &[Detail]> {
    details.iter().map(|it| (it.text.as_str(), it.details.as_slice())).collect()
}

/// Whether a root is there: the record and its fact, the order, the reading.
fn is_there(root: &Root, operation: &Operation, look: &Look) -> bool {
    let person = look.assembled.identity(operation.identity).unwrap();
    match root {
        Root::Record { source, key, fact } => {
            person.records.iter().any(|it| it.source == *source && it.key == *key)
                && fact.as_ref().is_none_or(|fact| {
                    let known = person.facts.get(fact).into_iter().flatten();
                    known.into_iter().any(|it| it.record.key == *key && !it.values.is_empty())
                })
        }
        Root::Order { by } => {
            let ejection = look.observed.kept.ejected(operation.identity);
            ejection.is_some_and(|it| it.by == *by)
        }
        Root::Target { target } => look
            .observed
            .links
            .iter()
            .any(|it| it.identity == operation.identity && it.target == *target),
    }
}

fn every_operation_is_explained(policy: &Policy, look: &Look) -> Result<usize, TestCaseError> {
    let settings = GuardSettings::of(policy);
    let findings = guard(&settings, &look.plan, &look.observed, &Lately::default(), &[]);
    let world = World {
        policy,
        desired: &look.desired,
        observed: &look.observed,
        plan: &look.plan,
        findings: &findings,
        touched: &[],
        now: look.now,
    };
    for operation in &look.plan.operations {
        prop_assert!(!operation.causes.is_empty(), "{operation:?}");
        let identity = look.assembled.identity(operation.identity).expect("is known");
        let asking = Asking::about(world, identity).expect("is decided");
        for cause in &operation.causes {
            let roots = asking.roots(&operation.target, std::slice::from_ref(cause));
            prop_assert!(!roots.is_empty(), "{cause} of {operation:?}");
            for root in &roots {
                prop_assert!(is_there(root, operation, look), "{root:?} of {operation:?}");
            }
        }
        let answer = match &operation.change {
            Change::Grant { label, .. } | Change::Revoke { label, .. } => {
                asking.entitlement(&operation.target, label)
            }
            _ => asking.account(&operation.target),
        };
        let told = texts(&answer.details);
        let verb = operation.change.kind().word();
        let (_, behind) = told
            .iter()
            .find(|(text, behind)| {
                let because = texts(behind);
                let all = operation.causes.iter().all(|it| {
                    let told = because.get(format!("because {it}").as_str());
                    told.is_some_and(|behind| !behind.is_empty())
                });
                text.starts_with("the next plan") && text.contains(verb) && all
            })
            .ok_or_else(|| TestCaseError::fail(format!("{operation:?}\n{}", answer.render())))?;
        prop_assert!(!behind.is_empty());
    }
    Ok(look.plan.operations.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn explain_finds_the_cause_of_every_operation(
        before in prop::collection::vec(someone(), 1..5),
        after in prop::collection::vec(someone(), 5),
    ) {
        let policy = policy();
        let mut world = empty_world();
        world.workflows.known_since.insert("welcome".parse().unwrap(), at("2020-01-01T00:00:00Z"));
        let first = look(&policy, &before, &[], world, FIRST);
        let mut done = every_operation_is_explained(&policy, &first)?;
        let mut world = applied(&first.observed, &first.plan, |_| true, first.now);
        let after: Vec<Someone> = after.into_iter().take(before.len()).collect();
        for (number, it) in after.iter().enumerate() {
            let id = identity(&format!("p{number}"));
            let own: BTreeSet<ObjectRef> =
                world.links.iter().filter(|it| it.identity == id).map(|it| it.account.clone()).collect();
            for there in world.targets.values_mut().filter(|_| it.closed_by_others) {
                for account in there.accounts.iter_mut().filter(|it| own.contains(&it.reference)) {
                    account.state = AccountState::Disabled;
                }
            }
            if it.ejected {
                let (by, reason) = ("operator".to_owned(), "asked for".to_owned());
                world.kept.ejections.push(Ejection { identity: id, at: at(FIRST), by, reason, undone: None });
            }
        }
        let known = first.assembled.identities.clone();
        let second = look(&policy, &after, &known, world, LATER);
        done += every_operation_is_explained(&policy, &second)?;
        prop_assume!(done > 0);
    }
}
