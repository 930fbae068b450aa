//! Accounts that wait for those of other targets.

use std::collections::BTreeSet;

use super::{
    NoteKind, PlanSettings,
    accounts::deletes,
    outline::{Draft, Outline},
    world::World,
};
use crate::{
    account::AccountState,
    desired::{DesiredIdentity, Presence},
    id::{ConnectorName, IdentityId},
    operation::Change,
};

/// Takes out deletes at targets that others come `after`, as long as an
/// account that goes first is still at one of those.
///
/// `drafts` are all of this identity.
pub(super) fn take_out_early_deletes(
    settings: &PlanSettings<'_>,
    world: &World<'_>,
    (identity, person): (IdentityId, &DesiredIdentity),
    mut drafts: Vec<Draft>,
    outline: &mut Outline,
) -> Vec<Draft> {
    let deletes = |drafts: &[Draft]| -> BTreeSet<ConnectorName> {
        let deletes = drafts.iter().filter(|it| matches!(it.change, Change::Delete { .. }));
        deletes.map(|draft| draft.target.clone()).collect()
    };
    loop {
        let now = deletes(&drafts);
        let still = |target: &ConnectorName| {
            let mut later = settings.targets.iter().filter(|(_, it)| it.after.contains(target));
            later
                .find(|(later, _)| !now.contains(**later) && goes(world, (identity, person), later))
        };
        // Where only a delete shows that an account is closed, it waits for
        // nothing.
        let mut late = now.iter().filter(|target| is_closed(world, (identity, target), &drafts));
        let found = late.find_map(|target| Some((target, still(target)?.0)));
        let Some((target, first)) = found else { return drafts };
        let is_early =
            |it: &Draft| it.target == *target && matches!(it.change, Change::Delete { .. });
        drafts.retain(|draft| !is_early(draft));
        let text = format!(
            "their account at {first} is deleted first (`after` in [target.{first}]), and is there"
        );
        outline.about_site((identity, target), NoteKind::Waits, text);
    }
}

/// Whether every account of theirs there was seen to be disabled, or is and
/// will be seen so.
fn is_closed(
    world: &World<'_>,
    (identity, target): (IdentityId, &ConnectorName),
    drafts: &[Draft],
) -> bool {
    let Some(there) = world.targets.get(target) else { return false };
    let mut links = world.links_at(identity, target).iter().filter(|link| !link.gone);
    links.all(|link| {
        let disables = |it: &Draft| {
            it.target == *target
                && matches!(&it.change, Change::Disable { account } if *account == link.account)
        };
        let account = there.accounts.get(&link.account);
        account.is_some_and(|account| match account.state {
            AccountState::Disabled => true,
            AccountState::Unknown => false,
            _ => drafts.iter().any(disables),
        })
    })
}

/// Whether an account there is to be deleted, or may be: it was not read.
fn goes(
    world: &World<'_>,
    (identity, person): (IdentityId, &DesiredIdentity),
    target: &ConnectorName,
) -> bool {
    let mut links = world.links_at(identity, target).iter().filter(|link| !link.gone);
    let wanted = person.accounts.get(target).map(|it| &it.presence);
    match world.targets.get(target) {
        None => links.next().is_some(),
        Some(there) => {
            matches!(wanted, Some(Presence::Deleted { .. }))
                && links.any(|link| {
                    let account = there.accounts.get(&link.account);
                    let def = there.observed.schema.object(&link.account.object_type);
                    account.zip(def).is_some_and(|(account, def)| {
                        account.state != AccountState::SoftDeleted && deletes(def, account)
                    })
                })
        }
    }
}

/// Takes out accounts whose target comes `after` one where this identity
/// should have an account, has none, and is not given one by this plan.
///
/// `drafts` are all of this identity.
pub(super) fn take_out_early(
    settings: &PlanSettings<'_>,
    world: &World<'_>,
    (identity, person): (IdentityId, &DesiredIdentity),
    mut drafts: Vec<Draft>,
    outline: &mut Outline,
) -> Vec<Draft> {
    while let Some((target, first)) = early(settings, world, (identity, person), &drafts) {
        drafts.retain(|draft| draft.target != target);
        let text = format!(
            "their account at {first} comes first (`after` in [target.{target}]), and there is \
             none yet"
        );
        outline.about_site((identity, &target), NoteKind::Waits, text);
    }
    drafts
}

/// A target where an account would be made too early, and the one it waits
/// for.
fn early(
    settings: &PlanSettings<'_>,
    world: &World<'_>,
    (identity, person): (IdentityId, &DesiredIdentity),
    drafts: &[Draft],
) -> Option<(ConnectorName, ConnectorName)> {
    let made: BTreeSet<&ConnectorName> = drafts
        .iter()
        .filter(|draft| matches!(draft.change, Change::Create { .. }))
        .map(|draft| &draft.target)
        .collect();
    made.iter().find_map(|target| {
        let mut before = settings.targets.get(*target)?.after.iter();
        let first = before.find(|first| {
            let there = person.accounts.get(*first).map(|it| &it.presence);
            let wanted = matches!(there, Some(Presence::Present { .. }));
            let has_one = world.links_at(identity, first).iter().any(|link| !link.gone);
            (wanted || person.unread.contains(*first)) && !has_one && !made.contains(first)
        })?;
        Some(((*target).clone(), first.clone()))
    })
}
