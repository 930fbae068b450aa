//! What planning collects before it is put in order.

use std::collections::BTreeSet;

use super::{Adoption, Note, NoteKind, world::Site};
use crate::{
    id::{ConnectorName, IdentityId},
    observed::OwnedGrant,
    operation::{Cause, Change, Event},
};

/// An operation without its place in the plan.
pub(super) struct Draft {
    pub(super) identity: IdentityId,
    pub(super) target: ConnectorName,
    pub(super) change: Change,
    pub(super) event: Event,
    pub(super) causes: Vec<Cause>,
}

/// Ordered sets where the order of finding says nothing.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) drafts: Vec<Draft>,
    pub(super) adoptions: BTreeSet<Adoption>,
    pub(super) claims: BTreeSet<OwnedGrant>,
    pub(super) notes: BTreeSet<Note>,
}

impl Outline {
    pub(super) fn note(
        &mut self,
        kind: NoteKind,
        identity: Option<IdentityId>,
        target: Option<ConnectorName>,
        text: String,
    ) {
        self.notes.insert(Note { identity, target, kind, text });
    }

    /// Something about this identity's account here.
    pub(super) fn remark(&mut self, site: &Site<'_>, kind: NoteKind, text: impl Into<String>) {
        self.note(kind, Some(site.identity), Some(site.target.clone()), text.into());
    }

    /// Something about the target, for everybody.
    pub(super) fn remark_target(&mut self, site: &Site<'_>, kind: NoteKind, text: String) {
        self.note(kind, None, Some(site.target.clone()), text);
    }

    pub(super) fn draft(
        &mut self,
        site: &Site<'_>,
        event: Event,
        causes: Vec<Cause>,
        change: Change,
    ) {
        let Site { identity, target, .. } = site;
        let target = (*target).clone();
        self.drafts.push(Draft { identity: *identity, target, change, event, causes });
    }
}
