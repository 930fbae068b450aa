//! Since when nobody has wanted an account.

use jiff::Timestamp;

use super::{Desired, DesiredIdentity, Presence};
use crate::{identity::Assembled, lifecycle::LifecycleState, observed::Link};

/// The links whose `unwanted_since` is no longer right, with what it is now.
///
/// It begins when an account is first found to be wanted no longer, and only
/// a want ends it: a hold says neither.  Whoever a shrunk source does not
/// name is not taken to have left, and somebody announced comes back.
pub fn unwanted(
    assembled: &Assembled,
    desired: &Desired,
    links: &[Link],
    now: Timestamp,
) -> Vec<Link> {
    let changed = links.iter().filter_map(|link| {
        let person = desired.identities.get(&link.identity)?;
        if !person.holds.is_empty() || assembled.is_doubtful(link.identity) {
            return None;
        }
        let since = wanted_no_longer(person, link).then(|| link.unwanted_since.unwrap_or(now));
        (since != link.unwanted_since).then(|| Link { unwanted_since: since, ..link.clone() })
    });
    changed.collect()
}

fn wanted_no_longer(person: &DesiredIdentity, link: &Link) -> bool {
    let presence = person.accounts.get(&link.target).map(|account| &account.presence);
    let closed = matches!(
        presence,
        Some(Presence::Kept { .. } | Presence::Disabled | Presence::Deleted { .. })
    );
    closed && !link.gone && person.state.state != LifecycleState::Announced
}
