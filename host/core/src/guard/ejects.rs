//! Ejections pass every limit but their own.

use jiff::Timestamp;

use super::{Finding, FindingKind, plan_word};
use crate::{id::OperationId, lifecycle::Kept, operation::Event, plan::Plan, policy::LimitsPolicy};

/// More people were ejected than may be within the window; those who were
/// first are not held back by the others.
pub fn mass_ejects(
    limits: &LimitsPolicy,
    plan: &Plan,
    kept: &Kept,
    now: Timestamp,
) -> Option<Finding> {
    let waiting = kept.waiting(limits, now);
    let held = plan
        .operations
        .iter()
        .filter(|it| it.event == Event::Eject && waiting.contains(&it.identity));
    let blocks: Vec<OperationId> = held.map(|it| it.id).collect();
    if blocks.is_empty() {
        return None;
    }
    let text = format!(
        "{} more were ejected than the {} allowed within any {:#}; they wait for their turn. If \
         that is right, `lanyard apply {} --release {}`",
        waiting.len(),
        limits.ejects_max,
        limits.ejects_window,
        plan_word(plan),
        FindingKind::MassEject.word(),
    );
    Some(Finding { kind: FindingKind::MassEject, target: None, text, blocks })
}
