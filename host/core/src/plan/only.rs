//! A part of a plan that stands by itself.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use crate::{
    id::{ConnectorName, IdentityId, OperationId},
    operation::{Change, Operation, OperationKind},
    schedule::Class,
    value::ObjectRef,
};

impl Plan {
    /// Only what is done for one identity: no operation waits for another
    /// one's.
    #[must_use]
    pub fn only(&self, identity: IdentityId) -> Self {
        let label = |(id, label): (&IdentityId, &String)| (*id, label.clone());
        Self {
            operations: self.part(|it| it.identity == identity),
            notes: self.notes.iter().filter(|it| it.identity == Some(identity)).cloned().collect(),
            labels: self.labels.iter().filter(|(id, _)| **id == identity).map(label).collect(),
            ..Self::default()
        }
    }

    /// Of that what takes access from somebody who is ejected, and can be
    /// given back: nothing is deleted without having been looked at.
    #[must_use]
    pub fn at_once(&self, identity: IdentityId) -> Self {
        let only = self.only(identity);
        let operations = only
            .part(|it| Class::of(it) == Class::Eject && it.change.kind() != OperationKind::Delete);
        Self { operations, notes: Vec::new(), ..only }
    }

    /// The same without what deletes one of these: it was closed a moment ago,
    /// and nobody has seen that it is to go.
    #[must_use]
    pub fn without_deleting(self, accounts: &BTreeSet<(ConnectorName, ObjectRef)>) -> Self {
        let operations = self.part(|it| match &it.change {
            Change::Delete { account } => !accounts.contains(&(it.target.clone(), account.clone())),
            _ => true,
        });
        Self { operations, ..self }
    }

    /// Operations under new numbers, each after those of the same part.
    fn part(&self, keep: impl Fn(&Operation) -> bool) -> Vec<Operation> {
        let kept = || self.operations.iter().filter(|it| keep(it));
        let ids: BTreeMap<OperationId, OperationId> =
            kept().map(|it| it.id).zip((0..).map(OperationId)).collect();
        let in_part = |before: &[OperationId]| -> Vec<OperationId> {
            before.iter().filter_map(|id| ids.get(id).copied()).collect()
        };
        let numbered = kept().filter_map(|it| {
            Some(Operation {
                id: *ids.get(&it.id)?,
                after: in_part(&it.after),
                prefer_after: in_part(&it.prefer_after),
                ..it.clone()
            })
        });
        numbered.collect()
    }
}
