//! What a limit counts: not what another finding holds back anyway.

use std::collections::BTreeSet;

use super::{Finding, blocked};
use crate::{id::OperationId, operation::Operation, plan::Plan};

/// What is held back besides, whatever limits say.
pub(super) struct Counting {
    /// By what nobody can release.
    never: BTreeSet<OperationId>,
    /// By what a person can release, all of it at once.
    held: BTreeSet<OperationId>,
}

impl Counting {
    pub(super) fn besides(plan: &Plan, others: &[Finding]) -> Self {
        let (can, cannot): (Vec<Finding>, Vec<Finding>) =
            others.iter().cloned().partition(|it| it.kind.releasable());
        let nothing = BTreeSet::new();
        Self { never: blocked(plan, &cannot, &nothing), held: blocked(plan, &can, &nothing) }
    }

    /// Those of `operations` that a limit holds back, by whether some of them
    /// are `beyond` it.
    ///
    /// Where only those are beyond that wait for another release, they wait
    /// for this one as well: the limit holds when they are released.
    pub(super) fn held_back(
        &self,
        operations: &[&Operation],
        beyond: impl Fn(&[&Operation]) -> bool,
    ) -> Vec<OperationId> {
        let counted: Vec<&Operation> =
            operations.iter().filter(|it| !self.never.contains(&it.id)).copied().collect();
        if !beyond(&counted) {
            return Vec::new();
        }
        let (held, going): (Vec<&Operation>, Vec<&Operation>) =
            counted.iter().partition(|it| self.held.contains(&it.id));
        let blocks = if beyond(&going) { counted } else { held };
        blocks.into_iter().map(|it| it.id).collect()
    }
}
