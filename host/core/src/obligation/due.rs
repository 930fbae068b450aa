//! Which losses of access are due, whether or not a target was read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Loss, Place, Shows, check_shows, lost_by};
use crate::{
    desired::{Desired, DesiredIdentity, Presence},
    id::{ConnectorName, IdentityId},
    lifecycle::LifecycleState,
    observed::{Link, Observed},
    operation::{Cause, Change},
    plan::{Note, NoteKind, Plan},
    policy::Policy,
    value::ObjectRef,
};

/// A loss that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub identity: IdentityId,
    /// None: since it is found for the first time.
    pub since: Option<Timestamp>,
    /// The account's login name.
    pub name: String,
    /// Of a grant: what people call the entitlement.
    pub label: Option<String>,
    pub causes: Vec<Cause>,
    /// By what we know, they still have it.
    pub presumed: bool,
}

/// What has to be lost by now of what is ours.
///
/// `plan` is what there is to do where every target is taken to be as it was
/// last read, and `observed` has them so.
pub fn due(
    policy: &Policy,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
    now: Timestamp,
) -> BTreeMap<Place, Due> {
    let names = names(observed);
    let mut found = BTreeMap::new();
    for link in observed.links.iter().filter(|link| !link.gone) {
        let person = desired.identities.get(&link.identity);
        // Whoever is held is left as they are: nobody knows what is due.
        if let Some(person) = person.filter(|person| person.holds.is_empty()) {
            of_account(policy, person, link, (&names, now), &mut found);
        }
    }
    for operation in &plan.operations {
        let Some(place) = lost_by(operation) else { continue };
        let known = Place { loss: Loss::Disabled, ..place.clone() };
        let since = found.get(&known).and_then(|it: &Due| it.since);
        let label = match &operation.change {
            Change::Revoke { label, .. } => Some(label.clone()),
            _ => None,
        };
        let due = Due {
            identity: operation.identity,
            since,
            name: called(&names, &place.target, &place.account),
            label,
            causes: operation.causes.clone(),
            presumed: true,
        };
        found.entry(place).or_insert(due);
    }
    found
}

type Names<'a> = BTreeMap<(&'a ConnectorName, &'a ObjectRef), &'a str>;

/// The login names of accounts.
fn names(observed: &Observed) -> Names<'_> {
    let targets = observed.targets.iter();
    targets
        .flat_map(|(target, there)| there.accounts.iter().map(move |it| (target, it)))
        .map(|(target, account)| ((target, &account.reference), account.name.as_str()))
        .collect()
}

fn called(names: &Names<'_>, target: &ConnectorName, account: &ObjectRef) -> String {
    names.get(&(target, account)).map_or_else(|| account.uid.clone(), |name| (*name).to_owned())
}

/// What an account of ours has to lose by what is desired of it.
fn of_account(
    policy: &Policy,
    person: &DesiredIdentity,
    link: &Link,
    (names, now): (&Names<'_>, Timestamp),
    found: &mut BTreeMap<Place, Due>,
) {
    let Link { identity, target, account, .. } = link;
    let mut add = |loss: Loss, since: Option<Timestamp>, causes: &[Cause], presumed: bool| {
        let due = Due {
            identity: *identity,
            since,
            name: called(names, target, account),
            label: None,
            causes: causes.to_vec(),
            presumed,
        };
        found.insert(Place { target: target.clone(), account: account.clone(), loss }, due);
    };
    if !policy.targets.contains_key(target) {
        // Nothing is desired there any more, and who has left has left.
        if person.state.state.is_over() && !policy.retired_targets.contains(target) {
            let (state, because) = (person.state.state, person.state.because.clone());
            let causes = [Cause::State { state, because }];
            add(Loss::Disabled, person.state.since, &causes, link.is_open());
        }
        return;
    }
    let Some(wanted) = person.accounts.get(target) else { return };
    if is_closed(&wanted.presence) {
        let since = closed_since(person, link);
        add(Loss::Disabled, since, &wanted.causes, link.is_open());
    }
    if let Presence::Deleted { due } = wanted.presence
        && due <= now
        && person.legal_holds.is_empty()
    {
        add(Loss::Deleted, Some(due), &wanted.causes, true);
    }
}

fn is_closed(presence: &Presence) -> bool {
    match presence {
        Presence::Present { enabled, .. } => !enabled,
        Presence::Kept { .. } => false,
        Presence::Disabled | Presence::Deleted { .. } => true,
    }
}

/// Of somebody at work it is their access that ended, and not their work.
fn closed_since(person: &DesiredIdentity, link: &Link) -> Option<Timestamp> {
    let unwanted = link.unwanted_since;
    if person.state.state.broad() == LifecycleState::Active {
        unwanted
    } else {
        person.state.since.or(unwanted)
    }
}

/// What a plan says of losses that it does nothing about, because the target
/// shows them, and that whoever checks the target does not.
pub fn left_unchecked(
    policy: &Policy,
    due: &BTreeMap<Place, Due>,
    observed: &Observed,
    plan: &Plan,
) -> Vec<Note> {
    let planned: BTreeSet<Place> = plan.operations.iter().filter_map(lost_by).collect();
    let still = |place: &Place, due: &Due| {
        let check = policy.targets.get(&place.target)?.checked_by.as_ref()?;
        let there = observed.targets.get(&check.target)?;
        let named = (due.name.as_str(), due.label.as_deref());
        let shown = check_shows(place, named, check.by, there);
        (shown == Shows::Still && !planned.contains(place)).then_some(&check.target)
    };
    due.iter()
        .filter(|(place, _)| place.loss.can_be_shown())
        .filter_map(|(place, due)| {
            let by = still(place, due)?;
            Some(Note {
                identity: Some(due.identity),
                target: Some(place.target.clone()),
                kind: NoteKind::Unconfirmed,
                text: format!(
                    "`{}` is to be {}, and `{by}`, which checks that, still shows it; look there",
                    due.name,
                    place.loss.word()
                ),
                open: true,
            })
        })
        .collect()
}

/// What a plan says of losses that are due where nothing was read: they are
/// open, and nothing of them is planned.
pub fn left_unread(due: &BTreeMap<Place, Due>, unread: &BTreeSet<ConnectorName>) -> Vec<Note> {
    let mut left: BTreeMap<(IdentityId, &ConnectorName), BTreeSet<String>> = BTreeMap::new();
    for (Place { target, loss, .. }, due) in due {
        if due.presumed && unread.contains(target) {
            let name = &due.name;
            let what = match loss {
                Loss::Disabled => format!("`{name}` is to be disabled"),
                Loss::Deleted => format!("`{name}` is to be deleted"),
                Loss::Revoked { entitlement, .. } => {
                    let label = due.label.as_deref().unwrap_or(&entitlement.uid);
                    format!("`{label}` is to be revoked")
                }
                Loss::SignedOut(_) => format!("`{name}` is to be signed out"),
            };
            left.entry((due.identity, target)).or_default().insert(what);
        }
    }
    left.into_iter()
        .map(|((identity, target), what)| {
            let what = what.into_iter().collect::<Vec<_>>().join(", ");
            Note {
                identity: Some(identity),
                target: Some(target.clone()),
                kind: NoteKind::NotRead,
                text: format!("{what}; that stays open until it can be read"),
                open: true,
            }
        })
        .collect()
}
