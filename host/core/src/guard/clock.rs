//! What time alone would take away after the clock jumped.

use super::{Finding, FindingKind, plan_word};
use crate::{
    desired::Desired,
    id::OperationId,
    lifecycle::Jump,
    operation::{Operation, OperationKind},
    plan::Plan,
};

/// Deletes, and removals by a last day that came in the jump.  Whoever was
/// ejected, or left by a status or by going from a source, loses access all
/// the same: no clock says so.
pub fn clock_jump(plan: &Plan, desired: &Desired, jump: Jump) -> Option<Finding> {
    let Jump { from, to } = jump;
    let by_time = |operation: &&Operation| {
        let kind = operation.change.kind();
        let Some(person) = desired.identities.get(&operation.identity) else { return false };
        let in_jump = person.state.since.is_some_and(|since| from < since && since <= to);
        kind == OperationKind::Delete || kind.removes() && person.state.by_end && in_jump
    };
    let blocks: Vec<OperationId> = plan.operations.iter().filter(by_time).map(|it| it.id).collect();
    if blocks.is_empty() {
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
