//! What planning collects before it is put in order.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Adoption, Note, NoteKind,
    world::{Site, There},
};
use jiff::Timestamp;

use crate::{
    id::{ConnectorName, IdentityId},
    observed::{Link, OwnedGrant},
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
    pub(super) overlaps: BTreeMap<OwnedGrant, Option<Timestamp>>,
    /// Why accounts that seem surely somebody's are asked about.
    pub(super) doubts: BTreeMap<(IdentityId, ConnectorName), String>,
}

impl Outline {
    /// The same note is one, and open when one of them is.
    fn note(&mut self, mut note: Note) {
        note.open = !note.open;
        let twin = self.notes.take(&note);
        note.open = !note.open || twin.is_some();
        self.notes.insert(note);
    }

    /// A target without an observation; the run says so as well.
    pub(super) fn not_read(&mut self, target: &ConnectorName) {
        let text = "it was not read, so nothing is planned there".to_owned();
        let target = Some(target.clone());
        self.note(Note { identity: None, target, kind: NoteKind::NotRead, text, open: false });
    }

    /// Accounts of ours that no reading speaks of any more, because the file
    /// or the connector says another type.
    pub(super) fn of_other_types<'a>(
        &mut self,
        target: &ConnectorName,
        there: &There<'_>,
        links: impl Iterator<Item = &'a Link>,
    ) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for link in links.filter(|link| there.is_of_another_type(link)) {
            *counts.entry(&link.account.object_type).or_default() += 1;
        }
        let read = &there.observed.account_type;
        for (kind, count) in counts {
            let text = format!(
                "accounts of ours are of type `{kind}` ({count}), and only `{read}` is read now; \
                 they are left as they are, and whoever has one gets no other: put the type back, \
                 or adopt theirs of the new type where the key is the same"
            );
            let target = Some(target.clone());
            self.note(Note { identity: None, target, kind: NoteKind::NotRead, text, open: true });
        }
    }

    /// An account that is not ours and may be somebody's.
    pub(super) fn about_account(
        &mut self,
        (identity, target): (IdentityId, &ConnectorName),
        text: String,
        open: bool,
    ) {
        let (identity, target) = (Some(identity), Some(target.clone()));
        self.note(Note { identity, target, kind: NoteKind::Unmanaged, text, open });
    }

    /// Something about somebody, wherever they have accounts.
    pub(super) fn about_person(
        &mut self,
        kind: NoteKind,
        identity: IdentityId,
        text: &str,
        open: bool,
    ) {
        let text = text.to_owned();
        self.note(Note { identity: Some(identity), target: None, kind, text, open });
    }

    /// Something about somebody's account at a target.
    pub(super) fn about_site(
        &mut self,
        (identity, target): (IdentityId, &ConnectorName),
        kind: NoteKind,
        text: String,
    ) {
        let (identity, target) = (Some(identity), Some(target.clone()));
        self.note(Note { identity, target, kind, text, open: false });
    }

    /// Something about this identity's account here.
    pub(super) fn remark(&mut self, site: &Site<'_>, kind: NoteKind, text: impl Into<String>) {
        self.remark_open(site, kind, text, false);
    }

    /// The same; `open` when access that has to go stays because of it.
    pub(super) fn remark_open(
        &mut self,
        site: &Site<'_>,
        kind: NoteKind,
        text: impl Into<String>,
        open: bool,
    ) {
        let (identity, target) = (Some(site.identity), Some(site.target.clone()));
        self.note(Note { identity, target, kind, text: text.into(), open });
    }

    /// Something about the target, for everybody.
    pub(super) fn remark_target(&mut self, site: &Site<'_>, kind: NoteKind, text: String) {
        self.remark_target_open(site, kind, text, false);
    }

    /// The same; `open` when access that has to go stays because of it.
    pub(super) fn remark_target_open(
        &mut self,
        site: &Site<'_>,
        kind: NoteKind,
        text: String,
        open: bool,
    ) {
        let target = Some(site.target.clone());
        self.note(Note { identity: None, target, kind, text, open });
    }

    pub(super) fn draft(
        &mut self,
        site: &Site<'_>,
        event: Event,
        mut causes: Vec<Cause>,
        change: Change,
    ) {
        let deletes = matches!(change, Change::Delete { .. });
        if matches!(event, Event::Joiner | Event::Leaver) && !deletes {
            causes.extend(site.person.state.late_days.map(|days| Cause::Late { days }));
        }
        let Site { identity, target, .. } = site;
        let target = (*target).clone();
        self.drafts.push(Draft { identity: *identity, target, change, event, causes });
    }
}
