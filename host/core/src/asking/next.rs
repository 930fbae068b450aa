//! What the next plan does about one thing, and what keeps it from that.

use super::{Asking, Detail};
use crate::{
    diff::Names,
    id::ConnectorName,
    operation::{Change, Operation},
    plan::NoteKind,
};

impl Asking<'_> {
    /// Operations of the next plan for them at a target, those that a finding
    /// holds back with why.
    pub(super) fn next(&self, target: &ConnectorName, label: Option<&str>) -> Vec<Detail> {
        let names = Names::new(&self.world.observed.targets);
        let own = self.operations(target, label);
        let lines = own.iter().map(|operation| {
            let headline = names.headline(operation, &own);
            let mut behind = self.because(target, &operation.causes);
            behind.extend(self.held_back(operation).map(Detail::new));
            Detail::with(format!("the next plan: {headline}"), behind)
        });
        lines.collect()
    }

    /// Why the guard would not let it pass.
    pub(super) fn held_back(&self, operation: &Operation) -> impl Iterator<Item = String> {
        let findings = self.world.findings.iter();
        let blocking = findings.filter(move |it| it.blocks.contains(&operation.id));
        blocking.map(|it| format!("held back ({}): {}", it.kind.word(), it.text))
    }

    /// With a `label`, only what is about that entitlement.
    pub(super) fn operations(
        &self,
        target: &ConnectorName,
        label: Option<&str>,
    ) -> Vec<&Operation> {
        let own = self.world.plan.operations.iter();
        let own = own.filter(|it| it.identity == self.identity.id && it.target == *target);
        own.filter(|it| label.is_none_or(|label| about(&it.change) == Some(label))).collect()
    }

    /// What the next plan notes of them at a target, and of the target; of an
    /// entitlement, only what names it or is about everything of theirs.
    pub(super) fn notes(&self, target: &ConnectorName, label: Option<&str>) -> Vec<Detail> {
        let notes = self.world.plan.notes.iter().filter(|note| {
            let theirs = note.identity.is_none_or(|it| it == self.identity.id);
            let here = note.target.as_ref().is_none_or(|it| it == target);
            let anybody = note.identity.is_none() && note.target.is_none();
            let named = label.is_none_or(|label| {
                note.text.contains(&format!("`{label}`"))
                    || matches!(note.kind, NoteKind::Held | NoteKind::NotRead)
            });
            theirs && here && named && !anybody
        });
        notes.map(|note| Detail::new(format!("{}: {}", note.kind.word(), note.text))).collect()
    }
}

fn about(change: &Change) -> Option<&str> {
    match change {
        Change::Grant { label, .. } | Change::Revoke { label, .. } => Some(label),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Enable { .. }
        | Change::Disable { .. }
        | Change::Credentials { .. }
        | Change::Delete { .. } => None,
    }
}
