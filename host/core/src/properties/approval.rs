//! Losing access waits for nobody's agreement; gaining it does, whatever was
//! answered before, and each answer counts once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;
use crate::{
    approval::{ApprovalRule, Asker, Asks, Gives, Looked, PlanApproval, Standing, Unread, key_of},
    guard::blocked,
    id::{Digest, OperationId},
    workflow::{Agreed, Approve, Whom},
};

/// Everything that gives access waits, for anybody of the first few there are.
fn everything() -> ApprovalRule {
    ApprovalRule {
        name: crate::example::named("all"),
        line: 1,
        releases: [].into(),
        gives: Gives { everything: true, ..Gives::default() },
        approve: Approve {
            stages: vec![(0..3).map(|number| Whom::Key(firm::key(number))).collect()],
            expire: SignedDuration::from_hours(24 * 20),
            reason: None,
            escalate: None,
            template: None,
        },
    }
}

fn operator() -> Asker {
    Asker { user: "operator".to_owned(), identity: None }
}

fn looked<'a>(world: &'a World, seen: &'a Seen, known: &'a [PlanApproval]) -> Looked<'a> {
    Looked {
        policy: &world.policy,
        plan: &seen.plan,
        digest: &seen.digest,
        assembled: &seen.assembled,
        desired: &seen.desired,
        observed: &seen.observed,
        known,
        now: world.now,
    }
}

/// Takes up what changed of them.
fn keep(known: &mut [PlanApproval], changed: Vec<PlanApproval>) {
    for changed in changed {
        for approval in known.iter_mut().filter(|it| it.id == changed.id) {
            approval.clone_from(&changed);
        }
    }
}

/// Yes, no, or nothing at all, by whoever is asked.
fn answered(approval: PlanApproval, yes: Option<bool>, world: &World) -> PlanApproval {
    let Some(yes) = yes else { return approval };
    let mut asked = approval.asked.clone();
    let who = *asked.waits_for(world.now).first().expect("somebody is asked");
    if yes {
        asked.approved.push(Agreed { at: world.now, by: who });
    }
    approval.answered((asked, !yes), (who, String::new()), world.now)
}

/// What is agreed to, and what was denied.
fn standing(known: &[PlanApproval], world: &World) -> BTreeMap<Digest, Standing> {
    let mut standing = BTreeMap::new();
    for approval in known {
        let now = approval.standing(world.now);
        if now != Standing::Over {
            standing.extend(approval.waiting().map(|(key, _)| (key.clone(), now.clone())));
        }
    }
    standing
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn losing_access_waits_for_nobodys_agreement_and_gaining_it_does_for_each_time_anew(
        firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..6),
        answers in prop::collection::vec(prop::option::weighted(0.8, any::<bool>()), 1..8),
    ) {
        let mut world = World::new(&firm);
        world.policy.access.approvals.push(everything());
        let mut known: Vec<PlanApproval> = Vec::new();
        let mut answers = answers.into_iter().cycle();
        for version in 0..firm.versions() {
            for trouble in &troubles {
                let mut seen = world.look(&firm.readings(version, world.now), trouble);
                let denied = |known: &[PlanApproval]| -> BTreeSet<Digest> {
                    let standing = standing(known, &world).into_iter();
                    standing.filter(|(_, it)| matches!(it, Standing::No(_))).map(|it| it.0).collect()
                };
                let before = denied(&known);
                let over = looked(&world, &seen, &known).over(&Unread::default());
                keep(&mut known, over);
                prop_assert!(before.is_subset(&denied(&known)), "a no was forgotten");
                let stands = standing(&known, &world);
                let now = looked(&world, &seen, &known);
                let waits = blocked(&seen.plan, &now.findings(&operator()), &[].into());
                for operation in &seen.plan.operations {
                    let agreed = key_of(operation).is_some_and(|key| {
                        stands.get(&key) == Some(&Standing::Given)
                    });
                    let after = operation.after.iter().any(|before| waits.contains(before));
                    if operation.change.kind().removes() {
                        prop_assert!(!waits.contains(&operation.id), "{operation:?}");
                    } else if crate::approval::gives(operation) && !after {
                        prop_assert_eq!(waits.contains(&operation.id), !agreed, "{:?}", operation);
                    }
                }
                let Asks { letters, .. } = now.questions(&seen.stopped, &operator());
                let done: BTreeSet<OperationId> = seen.plan.operations.iter().map(|it| it.id)
                    .filter(|id| !waits.contains(id) && !seen.stopped.contains(id)).collect();
                let used = now.used(&done);
                keep(&mut known, used);
                let left = standing(&known, &world);
                for operation in seen.plan.operations.iter().filter(|it| done.contains(&it.id)) {
                    let again = key_of(operation).is_some_and(|key| {
                        left.get(&key) == Some(&Standing::Given)
                    });
                    prop_assert!(!again, "agreed to for another time: {operation:?}");
                }
                for letter in letters {
                    known.push(answered(letter.approval, answers.next().flatten(), &world));
                }
                let ids: BTreeSet<&str> = known.iter().map(|it| it.id.as_str()).collect();
                prop_assert_eq!(ids.len(), known.len(), "two questions under one name");
                seen.stopped.extend(waits);
                world.apply(&seen, trouble);
            }
            world.pass(SignedDuration::from_hours(24 * 9));
        }
    }
}
