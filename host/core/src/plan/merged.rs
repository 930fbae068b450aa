//! A plan of before, about those whom people said to be one since.

use super::Plan;
use crate::lifecycle::Kept;

impl Plan {
    /// As if whoever was merged into somebody had been them already.
    #[must_use]
    pub fn of_those_now(&self, kept: &Kept) -> Self {
        let mut plan = self.clone();
        for operation in &mut plan.operations {
            operation.identity = kept.by_now(operation.identity);
        }
        for step in &mut plan.steps {
            step.identity = kept.by_now(step.identity);
        }
        for planned in &mut plan.episodes {
            planned.episode.identity = kept.by_now(planned.episode.identity);
        }
        for adoption in plan.adoptions.iter_mut().chain(&mut plan.adopted) {
            adoption.identity = kept.by_now(adoption.identity);
        }
        plan
    }
}
