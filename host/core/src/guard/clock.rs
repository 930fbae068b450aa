//! What time alone would take away after the clock jumped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Finding, FindingKind, plan_word};
use crate::{
    desired::desired,
    id::{IdentityId, OperationId},
    identity::Assembled,
    lifecycle::Jump,
    observed::Observed,
    operation::Operation,
    plan::{Plan, PlanSettings, plan as planned},
    policy::Policy,
    review,
    workflow::{Episode, StepEnd, StepRecord},
};

/// Removals that nobody would have planned before the jump, with all that is
/// known now: no source, target or person says so, only the clock.  That
/// nobody answered a review in time counts as one.
pub fn clock_jump(
    plan: &Plan,
    policy: &Policy,
    (assembled, observed): (&Assembled, &Observed),
    (jump, now): (Jump, Timestamp),
) -> Option<Finding> {
    let Jump { from, to } = jump;
    let silent = silenced(policy, (assembled, observed), now);
    let silent = silent > 0 && silent > silenced(policy, (assembled, observed), from);
    let mut removals = plan.operations.iter().filter(|it| it.change.kind().removes()).peekable();
    if removals.peek().is_none() && plan.erasures.is_empty() && !silent {
        return None;
    }
    let observed = before(observed, jump);
    let wanted = desired(policy, assembled, &observed, from);
    let then = planned(&PlanSettings::of(policy), &wanted, &observed, from);
    let mut due: BTreeMap<IdentityId, Vec<&Operation>> = BTreeMap::new();
    for operation in &then.operations {
        due.entry(operation.identity).or_default().push(operation);
    }
    let by_time = |now: &&Operation| {
        let same = |it: &&Operation| it.target == now.target && it.change == now.change;
        !due.get(&now.identity).is_some_and(|then| then.iter().any(same))
    };
    let blocks: Vec<OperationId> = removals.filter(by_time).map(|it| it.id).collect();
    let was_due = |id: IdentityId| then.erasures.iter().any(|it| it.identity == id);
    let erases = plan.erasures.iter().any(|it| !was_due(it.identity));
    if blocks.is_empty() && !erases && !silent {
        return None;
    }
    let text = format!(
        "the clock went from {from:.0} to {to:.0} between two looks, and what is only due by that \
         waits. Is the clock right? Then `lanyard apply {} --release {}`",
        plan_word(plan),
        FindingKind::ClockJump.word(),
    );
    Some(Finding { kind: FindingKind::ClockJump, target: None, text, blocks })
}

/// What silence in reviews would take at a time.
fn silenced(
    policy: &Policy,
    (assembled, observed): (&Assembled, &Observed),
    at: Timestamp,
) -> usize {
    let reviews = observed.kept.reviews.iter();
    let open = reviews.flat_map(|review| &review.items).filter(|item| item.is_open());
    let open: BTreeSet<&str> = open.map(|item| item.id.as_str()).collect();
    let due = review::due(policy, assembled, observed, at);
    let items = due.iter().flat_map(|review| &review.items);
    let silent = items.filter(|item| open.contains(item.id.as_str()));
    silent.filter(|item| item.decision.as_ref().is_some_and(|it| it.revoke)).count()
}

/// What was observed, without what workflows took for over since the jump.
fn before(observed: &Observed, jump: Jump) -> Observed {
    let mut observed = observed.clone();
    let episodes = observed.workflows.episodes.values_mut();
    for Episode { end, steps, .. } in episodes.flat_map(BTreeMap::values_mut) {
        if end.as_ref().is_some_and(|end| jump.from < end.at()) {
            *end = None;
        }
        steps.retain(|_, record| match record {
            // A person said so, whatever the clock does.
            StepRecord::Ended { end: StepEnd::Denied { .. } | StepEnd::Closed { .. }, .. } => true,
            StepRecord::Ended { at, .. } => *at <= jump.from,
            _ => true,
        });
    }
    observed
}
