//! What of a plan waits for whom, and what becomes of what was agreed to.

use std::slice;

use super::*;
use crate::{
    desired::{Desired, desired},
    example::{hired, observed, policy, worker},
    identity::Assembled,
    observed::Observed,
    policy::Policy,
};

/// A plan that gives Ada two accounts; Ben and Cy work there too.
struct World {
    policy: Policy,
    plan: Plan,
    digest: Digest,
    assembled: Assembled,
    desired: Desired,
    observed: Observed,
}

impl World {
    fn new(rule: ApprovalRule) -> Self {
        let mut policy = policy();
        policy.access.approvals.push(rule);
        let people = vec![
            worker("1", ("Ada", "Example"), &[]),
            worker("2", ("Ben", "Beispiel"), &[]),
            worker("3", ("Cy", "Example"), &[]),
        ];
        let assembled = hired(&policy, people);
        let observed = observed(&[]);
        let desired = desired(&policy, &assembled, &observed, noon());
        let there = Operation { target: named("directory"), ..create(1, "1") };
        let plan = Plan { operations: vec![create(0, "1"), there], ..Plan::default() };
        let digest = plan.digest().unwrap();
        Self { policy, plan, digest, assembled, desired, observed }
    }

    fn looked<'a>(&'a self, known: &'a [PlanApproval]) -> Looked<'a> {
        Looked {
            policy: &self.policy,
            plan: &self.plan,
            digest: &self.digest,
            assembled: &self.assembled,
            desired: &self.desired,
            observed: &self.observed,
            known,
            now: noon(),
        }
    }
}

/// The one with this key has to agree.
fn rule(key: &str, gives: Gives, releases: &[FindingKind]) -> ApprovalRule {
    ApprovalRule {
        name: named("all"),
        line: 1,
        releases: releases.iter().copied().collect(),
        gives,
        approve: Approve {
            stages: vec![vec![Whom::Key(key.to_owned())]],
            expire: SignedDuration::from_hours(24 * 5),
            reason: None,
            escalate: None,
            template: None,
        },
    }
}

fn everything() -> Gives {
    Gives { everything: true, ..Gives::default() }
}

fn operator() -> Asker {
    Asker { user: "operator".to_owned(), identity: None }
}

#[test]
fn whoever_has_to_agree_is_asked_once_of_all_that_nothing_else_holds_back() {
    let world = World::new(rule("3", everything(), &[]));
    let ask = |known: &[PlanApproval], besides: &[u32]| {
        let besides = besides.iter().map(|it| OperationId(*it)).collect();
        world.looked(known).questions(&besides, &operator())
    };
    let Asks { letters, unasked } = ask(&[], &[]);
    assert_eq!((letters.len(), unasked.len()), (1, 0), "{letters:?} {unasked:?}");
    let approval = &letters[0].approval;
    assert_eq!(approval.asked.waits_for(noon()), BTreeSet::from([id("3")]));
    assert_eq!(approval.asked.reason, "2 create for Ada Example");
    assert_eq!(approval.people, BTreeSet::from([id("1")]));
    assert_eq!(approval.waiting().count(), 2);
    assert_eq!(ask(slice::from_ref(approval), &[]), Asks::default());
    assert_eq!(ask(&[], &[0]).letters[0].approval.waiting().count(), 1);
    assert_eq!(ask(&[], &[0, 1]), Asks::default());
}

#[test]
fn what_nobody_but_whom_it_concerns_could_agree_to_is_told_with_the_reason() {
    let world = World::new(rule("1", everything(), &[]));
    let Asks { letters, unasked } = world.looked(&[]).questions(&BTreeSet::new(), &operator());
    assert_eq!(letters, []);
    assert_eq!((unasked.len(), unasked[0].operations), (1, 2));
    assert!(unasked[0].why.contains("nobody decides about themselves"), "{unasked:?}");
}

#[test]
fn all_that_gives_access_waits_or_all_of_a_kind_of_which_there_is_too_much() {
    let waits = |gives: Gives| {
        let world = World::new(rule("3", gives, &[]));
        let found = world.looked(&[]).findings(&operator());
        found.into_iter().map(|it| it.blocks.len()).sum::<usize>()
    };
    let more_than = |most: u32| {
        let more_than = [(OperationKind::Create, most)].into();
        Gives { more_than, ..Gives::default() }
    };
    assert_eq!(waits(everything()), 2);
    assert_eq!(waits(more_than(1)), 2);
    assert_eq!(waits(more_than(2)), 0);
}

#[test]
fn an_agreement_is_used_up_by_what_was_carried_out_and_a_question_is_not() {
    let world = World::new(rule("3", everything(), &[]));
    let waiting = |operation: &Operation| {
        let (identity, target) = (operation.identity, operation.target.clone());
        (judge::key(operation).unwrap(), Waiting { identity, target, over: false })
    };
    let about = world.plan.operations.iter().map(waiting).collect();
    let open = approval(Agreement::Operations(about));
    let given = PlanApproval { given: Some(noon()), ..open.clone() };
    let used = |approval: &PlanApproval, done: &[u32]| {
        let done = done.iter().map(|it| OperationId(*it)).collect();
        world.looked(slice::from_ref(approval)).used(&done)
    };
    assert_eq!(used(&open, &[0, 1]), []);
    assert_eq!(used(&given, &[]), []);
    let partly = used(&given, &[0]);
    assert_eq!((partly[0].waiting().count(), &partly[0].ended), (1, &None));
    let wholly = used(&given, &[0, 1]);
    assert_eq!(wholly[0].ended, Some((noon(), ApprovalEnd::Over)));
}

#[test]
fn a_release_that_was_agreed_to_is_of_that_plan_and_of_no_other() {
    let kind = FindingKind::MassCreate;
    let world = World::new(rule("3", Gives::default(), &[kind]));
    let finding = Finding {
        kind,
        target: None,
        text: "2 accounts would be created".to_owned(),
        blocks: vec![OperationId(0), OperationId(1)],
    };
    let agreed = |plan: &Digest| PlanApproval {
        plan: plan.clone(),
        given: Some(noon()),
        ..approval(Agreement::Release([kind].into()))
    };
    let release = |known: &PlanApproval| {
        let looked = world.looked(slice::from_ref(known));
        looked.release(slice::from_ref(&finding), &[kind].into(), &operator())
    };
    assert_eq!(release(&agreed(&world.digest)), Release::default());
    let other = release(&agreed(&Digest::of("another plan")));
    assert_eq!((other.asks.len(), other.waits.len()), (1, 1), "{other:?}");
}
