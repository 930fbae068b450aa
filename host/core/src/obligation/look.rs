//! What a look at the world makes of obligations: which open, which close.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    CheckedBy, Closed, ClosedBy, Due, Loss, Obligation, Place, Shows, check_shows, lost_by, shows,
};
use crate::{
    desired::Desired,
    guard::{Finding, blocked},
    id::{ConnectorName, IdentityId, OperationId},
    observed::{Link, Observed, ObservedTarget},
    plan::{NoteKind, Plan},
    policy::Policy,
    value::ObjectRef,
};

/// What was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    pub policy: &'a Policy,
    pub desired: &'a Desired,
    /// Targets as they were read now, and no others.
    pub observed: &'a Observed,
    /// The plan of this look, and what the guard says to it.
    pub plan: &'a Plan,
    pub findings: &'a [Finding],
    /// What those said before that were not read now.
    pub before: &'a BTreeMap<ConnectorName, ObservedTarget>,
    /// Operations that nothing is sent for now, and why.
    pub waits: &'a BTreeMap<OperationId, String>,
    /// Why targets could not be read.
    pub unread: &'a BTreeMap<ConnectorName, String>,
    pub due: &'a BTreeMap<Place, Due>,
    pub now: Timestamp,
}

/// An obligation as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub obligation: Obligation,
    /// None: it stays open, and something about it is new.
    pub turn: Option<Turn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Opened,
    Closed,
}

/// What becomes of obligations; `kept` has the latest of each place.
pub fn look<'a>(
    looked: &Looked<'_>,
    kept: impl IntoIterator<Item = &'a Obligation>,
) -> Vec<Changed> {
    let kept: BTreeMap<&Place, &Obligation> = kept.into_iter().map(|it| (&it.place, it)).collect();
    let looking = Looking::new(looked);
    let mut changed = Vec::new();
    for before in kept.values().filter(|it| it.is_open()) {
        let after = looking.goes_on((*before).clone());
        if after != **before {
            let turn = (!after.is_open()).then_some(Turn::Closed);
            changed.push(Changed { obligation: after, turn });
        }
    }
    for (place, due) in looked.due {
        let last = kept.get(place).copied();
        if last.is_none_or(|it| !it.is_open())
            && let Some(obligation) = looking.begins(place, due, last)
        {
            changed.push(Changed { obligation, turn: Some(Turn::Opened) });
        }
    }
    changed
}

struct Looking<'l, 'a> {
    looked: &'l Looked<'a>,
    links: BTreeMap<(&'a ConnectorName, &'a ObjectRef), &'a Link>,
    /// Losses that are planned, and what holds them back.
    planned: BTreeMap<Place, Option<String>>,
}

impl<'l, 'a> Looking<'l, 'a> {
    fn new(looked: &'l Looked<'a>) -> Self {
        let held = blocked(looked.plan, looked.findings, &BTreeSet::new());
        let word = |id| {
            let mut findings = looked.findings.iter();
            findings.find(|it| it.blocks.contains(&id)).map_or("finding", |it| it.kind.word())
        };
        let back = |id| {
            if held.contains(&id) {
                Some(format!("held back ({})", word(id)))
            } else {
                looked.waits.get(&id).cloned()
            }
        };
        let operations = looked.plan.operations.iter();
        let planned = operations.filter_map(|it| Some((lost_by(it)?, back(it.id)))).collect();
        let links = looked.observed.links.iter();
        let links = links.map(|link| ((&link.target, &link.account), link)).collect();
        Self { looked, links, planned }
    }

    fn checked_by(&self, target: &ConnectorName) -> Option<&'a CheckedBy> {
        self.looked.policy.targets.get(target)?.checked_by.as_ref()
    }

    /// What this look shows, and who says so.
    fn shown(&self, obligation: &Obligation) -> (Shows, Option<ClosedBy>) {
        let Place { target, loss, .. } = &obligation.place;
        let targets = &self.looked.observed.targets;
        let check = self.checked_by(target).filter(|_| loss.can_be_shown());
        if let Some(CheckedBy { target: by, by: key }) = check {
            let Some(there) = targets.get(by) else { return (Shows::Nothing, None) };
            let at = there.read_at;
            let by = ClosedBy::Check { by: by.clone(), at };
            let named = (obligation.name.as_str(), obligation.label.as_deref());
            let shown = check_shows(&obligation.place, named, *key, there);
            // Whoever does not know of the account has not seen it closed.
            let own = targets.get(target).map(|it| shows(&obligation.place, it));
            let shown = if own == Some(Shows::Still) { Shows::Still } else { shown };
            return (shown, Some(by));
        }
        let Some(there) = targets.get(target) else { return (Shows::Nothing, None) };
        let by = ClosedBy::Read { at: there.read_at };
        (shows(&obligation.place, there), Some(by))
    }

    /// One that was open.
    fn goes_on(&self, mut it: Obligation) -> Obligation {
        let link = self.links.get(&(&it.place.target, &it.place.account)).copied();
        if let Some(link) = link {
            // Accounts go over when people are merged or split.
            it.identity = link.identity;
        }
        if let Some(due) = self.looked.due.get(&it.place) {
            // Where nothing was ever read, it is only called by its key.
            if due.name != it.place.account.uid {
                it.name.clone_from(&due.name);
            }
            it.causes.clone_from(&due.causes);
            it.label = due.label.clone().or(it.label);
        }
        let now = self.looked.now;
        if let (Shows::Lost, Some(by)) = self.shown(&it) {
            it.close(Closed { at: now, by });
        } else if let Some(because) = self.over(&it, link) {
            it.close(Closed { at: now, by: ClosedBy::Over { because } });
        } else {
            it.why = self.why(&it);
        }
        it
    }

    /// Why it is due no more; none: it is, or nobody can tell.
    fn over(&self, it: &Obligation, link: Option<&Link>) -> Option<String> {
        let Place { target, loss, .. } = &it.place;
        if self.looked.due.contains_key(&it.place) {
            return None;
        }
        let Some(link) = link else {
            return Some("the account is nobody's here any more".to_owned());
        };
        if self.looked.policy.retired_targets.contains(target) {
            return Some("the file says that it is retired: others answer for it".to_owned());
        }
        let checked = self.checked_by(target).is_some() && loss.can_be_shown();
        if link.gone {
            // Whoever checks the target has not said so yet.
            return (!checked).then(|| "a reading no longer had the account".to_owned());
        }
        let person = self.looked.desired.identities.get(&it.identity)?;
        let read = self.looked.observed.targets.contains_key(target);
        // What a target holds decides which grants are theirs to lose.
        let known = read || matches!(loss, Loss::Disabled | Loss::Deleted);
        if !person.holds.is_empty() || !known || (checked && self.is_off_books(it)) {
            return None;
        }
        let state = &person.state;
        Some(format!("nothing takes it any more (state {}: {})", state.state.word(), state.because))
    }

    /// Of a grant that left our ledger: it is ours to take no more, and
    /// whoever checks the target may still see it.
    fn is_off_books(&self, it: &Obligation) -> bool {
        let Loss::Revoked { entitlement, .. } = &it.place.loss else { return false };
        let wanted = self.looked.plan.claims.iter().chain(&self.looked.observed.ledger);
        !wanted.into_iter().any(|owned| {
            owned.target == it.place.target
                && owned.holder == it.place.account
                && owned.entitlement == *entitlement
        })
    }

    /// One that is due and not open; none: it came about already.
    fn begins(&self, place: &Place, due: &Due, last: Option<&Obligation>) -> Option<Obligation> {
        let now = self.looked.now;
        let mut it = Obligation {
            identity: due.identity,
            place: place.clone(),
            name: due.name.clone(),
            label: due.label.clone(),
            since: due.since.unwrap_or(now).min(now),
            opened: now,
            causes: due.causes.clone(),
            tries: 0,
            last_try: None,
            last_error: None,
            next_try: None,
            why: None,
            closed: None,
        };
        let (shown, _) = self.shown(&it);
        let open = shown == Shows::Still || (shown == Shows::Nothing && due.presumed);
        if !open {
            return None;
        }
        if let Some(Obligation { since, closed: Some(Closed { at, by }), .. }) = last {
            let before = due.since.is_none_or(|since| since <= *at);
            match by {
                // A person's word stands until a reading says otherwise.
                ClosedBy::Person { .. } if before && self.had_it_since(place, *at) => {}
                ClosedBy::Person { .. } if before && shown == Shows::Nothing => return None,
                // Nor was it lost while it was not due.
                ClosedBy::Person { .. } | ClosedBy::Over { .. } if before => it.since = *since,
                // They had lost it, and have it again.
                _ if before => it.since = now,
                _ => {}
            }
        }
        it.why = self.why(&it);
        Some(it)
    }

    /// Whether a reading that is over showed that they have it, after that.
    fn had_it_since(&self, place: &Place, at: Timestamp) -> bool {
        let before = self.looked.before.get(&place.target).filter(|it| it.read_at > at);
        before.is_some_and(|it| shows(place, it) == Shows::Still)
    }

    /// Why nothing is sent for it now, or why that is not enough.
    fn why(&self, it: &Obligation) -> Option<String> {
        let Place { target, .. } = &it.place;
        let Looked { policy, unread, plan, .. } = self.looked;
        if !policy.targets.contains_key(target) {
            return Some("it is no longer in the file: nothing is sent there".to_owned());
        }
        if let Some(fault) = unread.get(target) {
            return Some(format!("it could not be read: {fault}"));
        }
        if let Some(back) = self.planned.get(&it.place) {
            return back.clone();
        }
        let about = |id: Option<IdentityId>| id.is_none_or(|id| id == it.identity);
        let mut notes = plan.notes.iter().filter(|note| note.kind != NoteKind::Unconfirmed);
        let note = notes
            .find(|note| note.open && note.target.as_ref() == Some(target) && about(note.identity));
        note.map(|note| note.text.clone()).or_else(|| self.unchecked(it))
    }

    /// What whoever checks the target says.
    fn unchecked(&self, it: &Obligation) -> Option<String> {
        let CheckedBy { target: by, .. } = self.checked_by(&it.place.target)?;
        let said = match (self.shown(it).0, self.looked.unread.get(by)) {
            (_, Some(fault)) => format!("`{by}`, which checks it, could not be read: {fault}"),
            (Shows::Still, None) => format!("`{by}`, which checks it, still shows it"),
            (Shows::Nothing | Shows::Lost, None) => {
                format!("`{by}`, which checks it, does not tell")
            }
        };
        Some(said)
    }
}
