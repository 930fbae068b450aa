//! P9: what comes after a target is made after it and deleted before it, and
//! closing an account waits for nothing.

use super::*;
use crate::{
    id::IdentityId,
    operation::{Event, Operation, OperationKind},
};

fn of<'p>(
    seen: &'p Seen,
    identity: IdentityId,
    target: &str,
    kind: OperationKind,
) -> Option<&'p Operation> {
    let mut operations = seen.plan.operations.iter();
    operations.find(|it| {
        it.identity == identity && it.target.as_str() == target && it.change.kind() == kind
    })
}

/// What breaks the order in a plan of a firm whose `crm` comes after its
/// `directory`.
fn broken(seen: &Seen) -> Vec<String> {
    let mut broken = Vec::new();
    for (id, person) in &seen.desired.identities {
        let of = |target, kind| of(seen, *id, target, kind);
        if let (Some(first), Some(then)) =
            (of("directory", OperationKind::Create), of("crm", OperationKind::Create))
            && !then.after.contains(&first.id)
        {
            broken.push(format!("{} is created at the crm too early", person.label));
        }
        if let (Some(last), Some(before)) =
            (of("directory", OperationKind::Delete), of("crm", OperationKind::Delete))
            && !last.after.contains(&before.id)
        {
            broken.push(format!("{} is deleted in the directory too early", person.label));
        }
    }
    for operation in &seen.plan.operations {
        let disable = operation.change.kind() == OperationKind::Disable;
        if disable && !(operation.after.is_empty() && operation.prefer_after.is_empty()) {
            broken.push(format!("a disable waits: {operation:?}"));
        }
    }
    // Signing somebody out goes with the disabling.
    let leaves = |it: &Operation| {
        let kind = it.change.kind();
        it.event == Event::Leaver && (kind == OperationKind::Disable || kind.is_about_credentials())
    };
    let mut operations = seen.plan.operations.iter();
    let late = operations.by_ref().skip_while(|it| leaves(it)).any(leaves);
    if late {
        broken.push("a leaver comes after somebody else".to_owned());
    }
    broken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn p9_accounts_are_made_in_their_order_deleted_in_reverse_and_closed_at_once(
        mut firm in firm(),
        troubles in prop::collection::vec(trouble(), 1..6),
    ) {
        firm.file.after = true;
        let mut world = World::new(&firm);
        for (round, trouble) in troubles.iter().enumerate() {
            let seen = world.look(&firm.readings(round, world.now), trouble);
            prop_assert_eq!(broken(&seen), Vec::<String>::new());
            // And so it is done: no account at the crm is made while the one
            // in the directory is not there.
            world.apply(&seen, trouble);
            for operation in &seen.plan.operations {
                let waits = operation.change.kind() == OperationKind::Create
                    && operation.target.as_str() == "crm";
                let anchor = Some(operation.identity.to_string());
                let at = |target: &str| {
                    let there = &world.truth.targets[target];
                    there.accounts.iter().any(|it| it.anchor == anchor)
                };
                prop_assert!(!waits || !at("crm") || at("directory"));
            }
            world.pass(file::days(20));
        }
    }
}
