//! Accounts that wait for those of other targets.

use std::collections::BTreeSet;

use super::{
    NoteKind, PlanSettings,
    outline::{Draft, Outline},
    world::World,
};
use crate::{
    desired::{DesiredIdentity, Presence},
    id::{ConnectorName, IdentityId},
    operation::Change,
};

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
