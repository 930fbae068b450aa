//! What a mover keeps for a while although nothing gives it any longer.

use super::{NoteKind, outline::Outline, world::Site};
use crate::{desired::Presence, lifecycle::LifecycleState, observed::OwnedGrant};

/// Whether a grant that nothing gives stays for now, which is noted.
///
/// Only for somebody at work, whose account stays: whoever leaves or is away
/// loses it at once, and so goes what a step takes, what something given
/// excludes, and what had an end.
pub(super) fn keeps(
    site: &Site<'_>,
    owned: &OwnedGrant,
    label: &str,
    outline: &mut Outline,
) -> bool {
    let present = matches!(site.wanted.presence, Presence::Present { enabled: true, .. });
    let at_work = site.person.state.state.broad() == LifecycleState::Active;
    let at_once = site.person.at_once.takes(site.target, &owned.entitlement);
    if site.overlap.is_zero() || !present || !at_work || at_once {
        return false;
    }
    let since = site.kept.unwanted_grants.get(owned).copied().unwrap_or(site.now);
    outline.overlaps.insert(owned.clone(), Some(since));
    // Beyond the calendar is for ever.
    let until = since.checked_add(site.overlap).unwrap_or(jiff::Timestamp::MAX);
    if until <= site.now {
        return false;
    }
    let text = format!("`{label}` is kept until {until:.0}, though nothing gives it any more");
    outline.remark(site, NoteKind::Waits, text);
    true
}

/// Something gives it again: its time begins anew when nothing does.
pub(super) fn given(site: &Site<'_>, owned: &OwnedGrant, outline: &mut Outline) {
    if site.kept.unwanted_grants.contains_key(owned) {
        outline.overlaps.insert(owned.clone(), None);
    }
}
