//! P20: every operation has a cause, every cause is told by `explain`, and
//! every chain of them ends in what a source, a person or a target said.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics fails")]

mod firm;
mod people;

use std::collections::BTreeMap;

use lanyard_core::{
    asking::{Asking, Detail, Root, World},
    guard::{GuardSettings, Lately, guard},
    operation::{Change, Operation},
    policy::Policy,
    whole::applied,
};
use people::{FIRST, LATER, Look, Someone, befall, known_world, look, policy, someone};
use proptest::prelude::*;

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
        let first = look(&policy, &before, &[], known_world(), FIRST);
        let mut done = every_operation_is_explained(&policy, &first)?;
        let mut world = applied(&first.observed, &first.plan, |_| true, first.now);
        let after: Vec<Someone> = after.into_iter().take(before.len()).collect();
        befall(&mut world, &after);
        let known = first.assembled.identities.clone();
        let second = look(&policy, &after, &known, world, LATER);
        done += every_operation_is_explained(&policy, &second)?;
        prop_assume!(done > 0);
    }
}
