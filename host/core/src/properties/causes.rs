//! P20: every operation and step has a cause chain, back to what the file or
//! somebody's life says, and to records there are.  P10: what cannot be
//! evaluated changes nothing.

use std::collections::BTreeSet;

use super::*;
use crate::{
    operation::{Cause, OperationKind},
    plan::NoteKind,
};

/// Operations and steps that nobody could explain.
fn unexplained(seen: &Seen) -> Vec<String> {
    let mut unexplained = Vec::new();
    for operation in &seen.plan.operations {
        let causes = &operation.causes;
        let told = |cause: &Cause| match operation.change.kind() {
            // What is given, is given by the file.
            OperationKind::Create | OperationKind::Grant => {
                matches!(cause, Cause::Rule { .. } | Cause::Step { .. })
            }
            OperationKind::Enable
            | OperationKind::Disable
            | OperationKind::EndSessions
            | OperationKind::RevokeCredentials => matches!(
                cause,
                Cause::Rule { .. }
                    | Cause::Step { .. }
                    | Cause::State { .. }
                    | Cause::Leaver { .. }
                    | Cause::Observed { .. }
            ),
            OperationKind::Delete => {
                matches!(cause, Cause::State { .. } | Cause::Step { .. } | Cause::Leaver { .. })
            }
            OperationKind::Update | OperationKind::Revoke => true,
        };
        if !causes.iter().any(told) {
            unexplained.push(format!("{operation:?}"));
        }
        // Whoever gives something by a condition names the record it was in.
        let given = matches!(operation.change.kind(), OperationKind::Create);
        let record = causes.iter().any(|it| matches!(it, Cause::Fact { .. } | Cause::Step { .. }));
        if given && !record {
            unexplained.push(format!("no record: {operation:?}"));
        }
    }
    for step in &seen.plan.steps {
        if !step.causes.iter().any(|it| matches!(it, Cause::Step { .. })) {
            unexplained.push(format!("{step:?}"));
        }
    }
    unexplained
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn p20_everything_that_is_planned_has_a_cause_and_every_fact_a_record(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..6),
    ) {
        let mut world = World::new(&firm);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round, world.now), trouble);
            prop_assert_eq!(unexplained(&seen), Vec::<String>::new());
            let records: BTreeSet<(&str, &str)> = seen
                .assembled
                .identities
                .iter()
                .flat_map(|it| &it.records)
                .map(|it| (it.source.as_str(), it.key.as_str()))
                .collect();
            for cause in seen.plan.operations.iter().flat_map(|it| &it.causes) {
                if let Cause::Fact { source, record, .. } = cause {
                    let is_there = records.contains(&(source.as_str(), record.as_str()));
                    // A step's fact stands under the name of its workflow.
                    prop_assert!(is_there || source.as_str() == crate::workflow::OURS, "{cause}");
                }
            }
            world.apply(&seen, trouble);
            world.pass(file::days(3));
        }
    }

    #[test]
    fn p10_who_cannot_be_evaluated_is_neither_given_nor_relieved_of_anything(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..4),
    ) {
        let mut world = World::new(&firm);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round, world.now), trouble);
            for (id, person) in seen.desired.identities.iter().filter(|(_, it)| !it.holds.is_empty()) {
                let planned = seen.plan.operations.iter().any(|it| it.identity == *id)
                    || seen.plan.steps.iter().any(|it| it.identity == *id)
                    || seen.plan.claims.iter().any(|claim| {
                        let links = seen.observed.links.iter().filter(|it| it.identity == *id);
                        links.into_iter().any(|it| it.account == claim.holder)
                    });
                prop_assert!(!planned, "{} is held, and changed", person.label);
                let mut notes = seen.plan.notes.iter();
                let said = notes.any(|it| it.identity == Some(*id) && it.kind == NoteKind::Held);
                prop_assert!(said, "nobody says that {} is held", person.label);
                prop_assert!(!person.state.state.is_over(), "{} left, and stays open", person.label);
            }
            world.apply(&seen, trouble);
            world.pass(file::days(1));
        }
    }
}
