//! Losing access waits for nobody's agreement.

use jiff::SignedDuration;

use super::*;
use crate::{
    approval::{ApprovalRule, Gives, Looked},
    guard::blocked,
    workflow::{Approve, Whom},
};

/// Everything that gives access waits, for somebody there may not be.
fn everything() -> ApprovalRule {
    ApprovalRule {
        name: crate::example::named("all"),
        line: 1,
        releases: [].into(),
        gives: Gives { everything: true, ..Gives::default() },
        approve: Approve {
            stages: vec![vec![Whom::Key("1".to_owned())]],
            expire: SignedDuration::from_hours(1),
            reason: None,
            escalate: None,
            template: None,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn losing_access_waits_for_nobodys_agreement_and_gaining_it_does(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..6),
    ) {
        let mut world = World::new(&firm);
        world.policy.access.approvals.push(everything());
        for version in 0..firm.versions() {
            for trouble in &troubles {
                let seen = world.look(&firm.readings(version, world.now), trouble);
                let looked = Looked {
                    policy: &world.policy,
                    plan: &seen.plan,
                    digest: &seen.digest,
                    assembled: &seen.assembled,
                    desired: &seen.desired,
                    observed: &seen.observed,
                    known: &[],
                    now: world.now,
                };
                let by = crate::approval::Asker { user: "operator".to_owned(), identity: None };
                let waits = blocked(&seen.plan, &looked.findings(&by), &[].into());
                for operation in &seen.plan.operations {
                    let kind = operation.change.kind();
                    if kind.removes() {
                        prop_assert!(!waits.contains(&operation.id), "{operation:?}");
                    } else if crate::approval::gives(operation) {
                        prop_assert!(waits.contains(&operation.id), "{operation:?}");
                    }
                }
                world.apply(&seen, trouble);
            }
            world.pass(SignedDuration::from_hours(24 * 9));
        }
    }
}
