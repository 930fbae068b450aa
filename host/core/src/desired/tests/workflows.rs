//! Steps of workflows about accounts and access, and when workflows go on.

use jiff::SignedDuration;

use super::*;
use crate::{
    account::Entitlement,
    lifecycle::LifecycleState,
    observed::OwnedGrant,
    workflow::{
        AccountVerb, Action, ConditionDefinition, Definition, Episode, On, OnFailure,
        StepDefinition, StepEnd, StepRecord, TaskDefinition, Unused, Workflow,
    },
};

pub(super) const BEN: (&str, &str) = ("Ben", "Beispiel");

fn one_step(policy: &mut Policy, on: On, action: Action<String>) -> Workflow {
    let step = StepDefinition {
        id: named("it"),
        task: TaskDefinition::Do(action),
        after: BTreeSet::new(),
        when: ConditionDefinition::default(),
        timeout: None,
        on_failure: OnFailure::Stop,
    };
    let definition = Definition {
        name: named("handover"),
        on,
        when: ConditionDefinition::default(),
        steps: vec![step],
    };
    Workflow::compile(&definition, Some(40), &mut policy.expressions).expect("is correct")
}

/// The episode of Ada, as far as its step is.
fn episode(of: &Workflow, by: Option<&str>, step: Option<StepRecord>) -> Episode {
    Episode {
        identity: id("1"),
        workflow: of.name.clone(),
        ordinal: 1,
        version: of.version.clone(),
        began: at("2026-05-01T00:00:00Z"),
        by: by.map(ToOwned::to_owned),
        end: None,
        left: None,
        steps: step.into_iter().map(|it| (named("it"), it)).collect(),
        tried: BTreeMap::new(),
    }
}

fn remember(observed: &mut Observed, episode: Episode) {
    let hers = observed.workflows.episodes.entry(episode.identity).or_default();
    hers.insert(episode.workflow.clone(), episode);
}

/// What is desired while Ada is in a workflow that a person began for her,
/// whose only step is so far.
pub(super) fn during(
    policy: &mut Policy,
    observed: &mut Observed,
    people: Vec<Account>,
    (action, step): (Action<String>, Option<StepRecord>),
) -> Desired {
    let workflow = one_step(policy, On::Demand, action);
    remember(observed, episode(&workflow, Some("operator"), step));
    policy.workflows.push(workflow);
    now(policy, people, observed)
}

/// How the step of Ada's episode ended, if it has.
fn ended(desired: &Desired) -> Option<StepEnd> {
    let ada = of(desired, "1");
    let (_, end) = ada.episodes[0].episode.ended(&named("it"))?;
    Some(end.clone())
}

fn group(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() }
}

/// Both targets have these groups.
fn with_groups(accounts: &[(&str, Option<&str>)], groups: &[&str]) -> Observed {
    let mut observed = observed(accounts);
    for there in observed.targets.values_mut() {
        let groups = groups.iter().map(|name| Entitlement {
            reference: group(name),
            name: (*name).to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        });
        there.entitlements = groups.collect();
    }
    observed
}

#[test]
fn a_step_that_grants_is_done_by_what_they_hold_themselves_and_by_nothing_else() {
    for (holder, entitlement, done) in [
        ("ada.example", "vips", true),
        ("ben.beispiel", "vips", false),
        ("ada.example", "sellers", false),
    ] {
        let accounts = [("ada.example", Some("1")), ("ben.beispiel", Some("2"))];
        let mut observed = with_groups(&accounts, &["sellers", "vips"]);
        let there = observed.targets["crm"].accounts.iter().find(|it| it.name == holder);
        let holder_there = there.expect("is there").reference.clone();
        observed.ledger.insert(OwnedGrant {
            target: named("crm"),
            holder: holder_there,
            entitlement: group(entitlement),
            relation: String::new(),
        });
        let grant = Action::Grant { grants: [(named("crm"), vec!["vips".to_owned()])].into() };
        let people = vec![worker("1", ADA, &[]), worker("2", BEN, &[])];
        let desired = during(&mut policy(), &mut observed, people, (grant, None));
        assert_eq!(ended(&desired), done.then_some(StepEnd::Done), "{holder} {entitlement}");
    }
}

#[test]
fn sessions_that_no_target_can_end_of_somebody_at_work_are_told_as_that() {
    let end = Action::EndCredentials { verb: CredentialVerb::EndSessions, targets: None };
    let mut observed = observed(&[("ada.example", Some("1"))]);
    let people = vec![worker("1", ADA, &[])];
    let desired = during(&mut policy(), &mut observed, people, (end, None));
    let targets = BTreeSet::from([named("crm"), named("directory")]);
    assert_eq!(ended(&desired), Some(StepEnd::Unable { targets }));
}

#[test]
fn a_step_that_revokes_takes_what_it_names_and_leaves_the_rest() {
    let mut policy = policy();
    rule(&mut policy, "vips", Condition::always(), &[], &[("crm", "vips")]);
    let mut observed = with_groups(&[("ada.example", Some("1"))], &["sellers", "vips"]);
    let revoke = Action::Revoke { grants: [(named("crm"), vec!["vips".to_owned()])].into() };
    let people = vec![worker("1", ADA, &[])];
    let desired = during(&mut policy, &mut observed, people, (revoke, None));
    let grants = content(&desired, "1", "crm").grants;
    let left: Vec<&str> = grants.keys().map(|grant| grant.entitlement.as_str()).collect();
    assert_eq!(left, ["sellers"]);
    let taken = of(&desired, "1").access.taken;
    let taken: Vec<&str> = taken.iter().map(|it| it.entitlement.as_str()).collect();
    assert_eq!(taken, ["vips"]);
}

#[test]
fn a_mover_keeps_an_account_for_a_while_unless_a_step_closes_it() {
    for (verb, expected) in [
        (AccountVerb::Enable, "crm: kept until 2026-06-11T12:00:00Z"),
        (AccountVerb::Disable, "crm: gone: disabled"),
    ] {
        let mut policy = policy();
        policy.lifecycle.overlap = SignedDuration::from_hours(10 * 24);
        let mut observed = observed(&[("ada.example", Some("1"))]);
        let action = Action::Accounts { verb, targets: Some([named("crm")].into()) };
        let people = vec![worker("1", ADA, &[("department", "Ops")])];
        let desired = during(&mut policy, &mut observed, people, (action, None));
        let told = told(&desired, "1");
        assert!(told.contains(expected), "{verb:?}: {told}");
    }
}

#[test]
fn what_the_file_has_no_more_goes_on_as_long_as_it_is_so_or_somebody_asked_for_it() {
    for (on, goes_on) in [
        (On::Demand, true),
        (On::State(LifecycleState::Active), true),
        (On::State(LifecycleState::OnLeave), false),
    ] {
        let mut policy = policy();
        let close = Action::Accounts { verb: AccountVerb::Disable, targets: None };
        let workflow = one_step(&mut policy, on.clone(), close);
        let mut observed = observed(&[("ada.example", Some("1"))]);
        remember(&mut observed, episode(&workflow, None, None));
        policy.versions.insert(workflow.version.clone(), workflow);
        let desired = now(&policy, vec![worker("1", ADA, &[])], &observed);
        let ada = of(&desired, "1");
        assert_eq!(ada.episodes[0].episode.left.is_none(), goes_on, "{on:?}");
    }
}

#[test]
fn a_workflow_about_unused_accounts_begins_for_whoever_is_at_work() {
    for (status, begins) in [("Active", true), ("Leave", false)] {
        let mut policy = policy();
        let unused = Unused { after: SignedDuration::from_hours(90 * 24), targets: None };
        let close = Action::Accounts { verb: AccountVerb::Disable, targets: None };
        let workflow = one_step(&mut policy, On::Unused(unused), close);
        policy.workflows.push(workflow);
        let mut observed = observed(&[("ada.example", Some("1"))]);
        for there in observed.targets.values_mut() {
            there.accounts[0].last_used = Some(at("2026-01-01T00:00:00Z"));
        }
        let desired = now(&policy, vec![worker("1", ADA, &[("status", status)])], &observed);
        assert_eq!(!of(&desired, "1").episodes.is_empty(), begins, "{status}");
    }
}
