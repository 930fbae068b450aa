//! What the file of a generated firm says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::firm::File;
use crate::{
    access::{
        Exclusive, LastOf, Risk, Role, Separation, SeparationMode, Side, Unmanaged, Validity,
    },
    condition::{Condition, Test},
    example::{attributes, expression, named, policy, rule},
    id::ConnectorName,
    lifecycle::{LeavePolicy, LifecycleState},
    operation::CredentialVerb,
    pattern::Pattern,
    policy::{LeaverPolicy, Message, Policy, TargetPolicy},
    workflow::{
        AccountVerb, Action, Approve, ConditionDefinition, Definition, Offset, On, OnFailure,
        Recipient, StepDefinition, TaskDefinition, WaitDefinition, Whom, Workflow,
    },
};

pub(super) const TARGETS: [&str; 3] = ["crm", "directory", "post"];

pub(super) fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn when(fact: &str, values: &[&str]) -> Condition {
    let values = values.iter().map(|it| (*it).to_owned()).collect();
    Condition { all: vec![(named(fact), Test::OneOf(values))], expr: None }
}

pub(super) fn policy_of(file: &File) -> Policy {
    let mut policy = policy();
    let name = "{{ given_name | slug }}.{{ family_name | slug }}";
    let name = policy.expressions.template(name).expect("is correct");
    policy.targets.insert(named("post"), TargetPolicy::new(name));
    let present = Condition { all: vec![(named("department"), Test::Present(true))], expr: None };
    rule(&mut policy, "post", present, &["post"], &[]);
    let senior = expression(&mut policy, "level | int >= 3");
    rule(&mut policy, "senior", senior, &[], &[("directory", "seniors")]);
    for (status, state) in
        [("gone", LifecycleState::Departed), ("withdrawn", LifecycleState::Cancelled)]
    {
        policy.lifecycle.status.insert(status.to_owned(), state);
    }
    policy.lifecycle.leaving = days(30);
    policy.lifecycle.overlap = if file.overlap { days(10) } else { days(0) };
    let delete_after = if file.delete_at_once { days(0) } else { days(30) };
    policy.leaver = LeaverPolicy {
        delete_after: Some(delete_after),
        revoke_grants: true,
        retain: None,
        begins_anew: false,
    };
    // The limits have properties of their own.
    policy.limits.removals_percent = 100;
    policy.limits.removals_floor = 1000;
    targets(&mut policy, file);
    if file.leaves {
        let leave = LeavePolicy { keep: BTreeSet::from([named("post")]), ..LeavePolicy::default() };
        policy.lifecycle.leaves.insert("away".to_owned(), leave);
        policy.lifecycle.leave_status.insert("leave".to_owned(), "away".to_owned());
    }
    if file.roles {
        roles(&mut policy);
    }
    if file.last_of {
        rule(&mut policy, "admins", when("job", &["admin"]), &[], &[("directory", "admins")]);
        let entitlements =
            BTreeMap::from([(named("directory"), BTreeSet::from(["admins".to_owned()]))]);
        policy.access.last_of = LastOf { entitlements, least: 1 };
    }
    workflows(&mut policy, file);
    policy
}

fn targets(policy: &mut Policy, file: &File) {
    if file.references {
        attributes(
            policy,
            &[("sn", &["{{ family_name }}"]), ("title", &["{{ reference.boss.name }}"])],
        );
        let boss = policy.expressions.template("{{ manager }}").expect("is correct");
        target(policy, "directory").references.insert("boss".to_owned(), boss);
    }
    if file.after {
        target(policy, "crm").after.insert(named("directory"));
        target(policy, "post").prefer_after.insert(named("crm"));
    }
    if file.shared_names {
        target(policy, "post").unique_with.insert(named("directory"));
    }
    if file.protected {
        target(policy, "crm").protected.insert(Pattern::new("bo.*"));
    }
    target(policy, "crm").access.unmanaged =
        [Unmanaged::Report, Unmanaged::Keep, Unmanaged::Remove][usize::from(file.unmanaged)];
}

fn target<'a>(policy: &'a mut Policy, name: &str) -> &'a mut TargetPolicy {
    policy.targets.get_mut(&named::<ConnectorName>(name)).expect("is there")
}

fn roles(policy: &mut Policy) {
    for (line, name, grant) in [(60, "payer", "pay"), (61, "approver", "approve")] {
        let template = policy.expressions.template(grant).expect("is correct");
        let role = Role {
            line,
            valid: Validity::default(),
            includes: BTreeSet::new(),
            accounts: BTreeSet::from([named("crm")]),
            grants: BTreeMap::from([(named("crm"), vec![template])]),
            owner: None,
            risk: Risk::High,
            description: String::new(),
        };
        policy.access.roles.insert(named(name), role);
        rule(policy, name, when("job", &[name, "both"]), &[], &[]);
        policy.rules.last_mut().expect("is there").roles.push(named(name));
    }
    policy.access.separations.push(Separation {
        name: named("four-eyes"),
        line: 62,
        sides: vec![Side::Role(named("payer")), Side::Role(named("approver"))],
        mode: SeparationMode::Prevent,
        except: Vec::new(),
    });
    rule(
        policy,
        "licence",
        when("department", &["Sales"]),
        &[],
        &[("crm", "pro"), ("crm", "basic")],
    );
    policy.access.exclusives.push(Exclusive {
        name: named("licence"),
        of: vec![(named("crm"), "pro".to_owned()), (named("crm"), "basic".to_owned())],
    });
}

fn workflows(policy: &mut Policy, file: &File) {
    let text = |policy: &mut Policy, text: &str| {
        let template = policy.expressions.template(text).expect("is correct");
        BTreeMap::from([("en".to_owned(), template)])
    };
    let subject = text(policy, "About {{ given_name }}");
    let body = text(policy, "{{ workflow }}");
    policy.steps.messages.insert(named("note"), Message { subject, body });
    "en".clone_into(&mut policy.steps.language);
    for (definition, on) in definitions().into_iter().zip(file.workflows) {
        if on {
            let workflow = Workflow::compile(&definition, Some(70), &mut policy.expressions);
            policy.workflows.push(workflow.expect("is correct"));
        }
    }
}

fn step(id: &str, task: TaskDefinition, after: &[&str], on_failure: OnFailure) -> StepDefinition {
    StepDefinition {
        id: named(id),
        task,
        after: after.iter().map(|step| named(step)).collect(),
        when: ConditionDefinition::default(),
        timeout: None,
        on_failure,
    }
}

fn definitions() -> [Definition; 4] {
    let accounts = |verb| TaskDefinition::Do(Action::Accounts { verb, targets: None });
    let tell = |whom| {
        TaskDefinition::Do(Action::Notify {
            to: vec![Recipient::Person(whom)],
            template: named("note"),
        })
    };
    let wait = |by| TaskDefinition::Wait(WaitDefinition::For(by));
    let (stop, go) = (OnFailure::Stop, OnFailure::Continue);
    let leaver = vec![
        step("off", accounts(AccountVerb::Disable), &[], stop),
        step(
            "out",
            TaskDefinition::Do(Action::EndCredentials {
                verb: CredentialVerb::EndSessions,
                targets: None,
            }),
            &[],
            stop,
        ),
        step("rights", TaskDefinition::Do(Action::RevokeAll { targets: None }), &[], stop),
        step("tell", tell(Whom::Manager(1)), &[], OnFailure::Obligation),
        step("grace", wait(days(5)), &["off", "tell"], stop),
        step("gone", accounts(AccountVerb::Delete), &["grace"], stop),
    ];
    let note = Action::SetFact { fact: named("greeted"), value: "yes".to_owned() };
    let joiner = vec![
        step("tell", tell(Whom::Themself), &[], go),
        step("note", TaskDefinition::Do(note), &["tell"], stop),
    ];
    let ask = Approve {
        stages: vec![vec![Whom::Manager(1)]],
        expire: days(5),
        reason: None,
        escalate: None,
        template: Some(named("note")),
    };
    let welcome = |group: &str| {
        TaskDefinition::Do(Action::Grant {
            grants: BTreeMap::from([(named("directory"), vec![group.to_owned()])]),
        })
    };
    let mover = vec![
        step("ask", TaskDefinition::Do(Action::Approve(ask)), &[], stop),
        step("give", welcome("moved"), &["ask"], stop),
    ];
    let active = vec![step("give", welcome("here"), &[], stop)];
    let offset = Offset { by: days(0), fact: named("start") };
    let changed = On::Changed(BTreeSet::from([named("department")]));
    [
        ("leaver", On::State(LifecycleState::Departed), leaver),
        ("joiner", On::Offset(offset), joiner),
        ("mover", changed, mover),
        ("here", On::State(LifecycleState::Active), active),
    ]
    .map(|(name, on, steps)| Definition {
        name: named(name),
        on,
        when: ConditionDefinition::default(),
        steps,
    })
}
