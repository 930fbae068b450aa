//! A part of a plan that stands by itself.

use std::collections::BTreeMap;

use super::Plan;
use crate::id::{IdentityId, OperationId};

impl Plan {
    /// Only what is done for one identity: no operation waits for another
    /// one's.
    #[must_use]
    pub fn only(&self, identity: IdentityId) -> Self {
        let of_them = || self.operations.iter().filter(|it| it.identity == identity);
        let ids: BTreeMap<OperationId, OperationId> =
            of_them().map(|it| it.id).zip((0..).map(OperationId)).collect();
        let operations = of_them().filter_map(|it| {
            let mut operation = it.clone();
            operation.id = *ids.get(&it.id)?;
            operation.after = it.after.iter().filter_map(|id| ids.get(id).copied()).collect();
            Some(operation)
        });
        let label = |(id, label): (&IdentityId, &String)| (*id, label.clone());
        Self {
            operations: operations.collect(),
            notes: self.notes.iter().filter(|it| it.identity == Some(identity)).cloned().collect(),
            labels: self.labels.iter().filter(|(id, _)| **id == identity).map(label).collect(),
            ..Self::default()
        }
    }
}
