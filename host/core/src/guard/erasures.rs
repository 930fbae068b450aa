//! Erasing is for good: only so many go without a person having looked.

use jiff::Timestamp;

use super::{Finding, FindingKind, plan_word};
use crate::{diff::counted, forgetting::Forgotten, plan::Plan, policy::LimitsPolicy};

/// How many may be erased now.
pub fn room_to_erase(limits: &LimitsPolicy, forgotten: &Forgotten, now: Timestamp) -> usize {
    let since = now.checked_sub(limits.erasures_window).unwrap_or(Timestamp::MIN);
    let most = usize::try_from(limits.erasures_max).unwrap_or(usize::MAX);
    most.saturating_sub(forgotten.since(since))
}

/// More people would be erased than may be within the window; who left first
/// goes, and the others wait.
pub fn mass_erasures(
    limits: &LimitsPolicy,
    plan: &Plan,
    forgotten: &Forgotten,
    now: Timestamp,
) -> Option<Finding> {
    let room = room_to_erase(limits, forgotten, now);
    let waiting = plan.erasures.len().checked_sub(room).filter(|waiting| *waiting > 0)?;
    let text = format!(
        "{} are to be erased, and {} at most within any {:#}: {waiting} of them wait. If that is \
         right, `lanyard apply {} --release {}`",
        counted(plan.erasures.len(), "person", "people"),
        limits.erasures_max,
        limits.erasures_window,
        plan_word(plan),
        FindingKind::MassErase.word(),
    );
    Some(Finding { kind: FindingKind::MassErase, target: None, text, blocks: Vec::new() })
}
