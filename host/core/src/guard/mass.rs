//! How many may lose something at once, or come back.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Finding, FindingKind, GuardSettings, by_target, counting::Counting, is_beyond, limited, ours,
    plan_word,
};
use crate::{
    id::ConnectorName,
    observed::Observed,
    operation::{Event, Operation, OperationKind},
    plan::Plan,
    policy::{Bound, Class},
    value::ObjectRef,
};

pub(super) fn removals(
    settings: &GuardSettings<'_>,
    plan: &Plan,
    observed: &Observed,
    removed: &BTreeMap<ConnectorName, BTreeSet<ObjectRef>>,
    counting: &Counting,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (target, operations) in by_target(plan, |it| limited(it) && it.change.kind().removes()) {
        let linked = ours(observed, target);
        let bound = bound(settings, target);
        let limit = bound.limit(linked);
        let lost = removed.get(target).into_iter().flatten();
        let before: BTreeSet<&ObjectRef> = lost.collect();
        let affected = |operations: &[&Operation]| accounts(operations).union(&before).count();
        let blocks = counting.held_back(&operations, |it| is_beyond(affected(it), limit));
        if blocks.is_empty() {
            continue;
        }
        let (planned, affected) = (accounts(&operations), affected(&operations));
        let text = format!(
            "{} of {linked} accounts at {target} would lose access, and {} did so lately: {affected} \
             in all, where {limit} are allowed ({bound}). If that is right, \
             `lanyard apply {} --release {}`",
            planned.len(),
            before.len(),
            plan_word(plan),
            FindingKind::MassRemoval.word(),
        );
        findings.push(Finding {
            kind: FindingKind::MassRemoval,
            target: Some(target.clone()),
            text,
            blocks,
        });
    }
    findings
}

/// Many who come back at once are most likely people whose leaving the source
/// forgot.  Whoever begins, with an account that was made for the day, is not
/// one of them.
pub(super) fn enables(
    settings: &GuardSettings<'_>,
    plan: &Plan,
    observed: &Observed,
    counting: &Counting,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (target, mut operations) in by_target(plan, |it| it.change.kind() == OperationKind::Enable)
    {
        operations.retain(|it| it.event != Event::Joiner);
        let linked = ours(observed, target);
        let bound = bound(settings, target);
        let limit = bound.limit(linked);
        let beyond = |it: &[&Operation]| is_beyond(accounts(it).len(), limit);
        let blocks = counting.held_back(&operations, beyond);
        if blocks.is_empty() {
            continue;
        }
        let text = format!(
            "{} of {linked} accounts at {target} are disabled and would be enabled, where {limit} \
             are allowed ({bound}). If that is right, `lanyard apply {} --release {}`",
            accounts(&operations).len(),
            plan_word(plan),
            FindingKind::MassEnable.word(),
        );
        findings.push(Finding {
            kind: FindingKind::MassEnable,
            target: Some(target.clone()),
            text,
            blocks,
        });
    }
    findings
}

fn accounts<'a>(operations: &[&'a Operation]) -> BTreeSet<&'a ObjectRef> {
    operations.iter().filter_map(|it| it.change.account()).collect()
}

/// How many accounts of a target may lose something, or be enabled at once.
fn bound(settings: &GuardSettings<'_>, target: &ConnectorName) -> Bound {
    settings.access.bound(Class::Removals, target).unwrap_or(Bound {
        percent: Some(settings.removals_percent),
        floor: settings.removals_floor,
        max: None,
    })
}
