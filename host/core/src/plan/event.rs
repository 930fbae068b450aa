//! What to call what happens to a person.  A label for people: nothing is
//! decided by it except that leavers come first.

use super::world::Site;
use crate::{
    account::Account,
    desired::{AccountContent, Presence},
    lifecycle::LifecycleState,
    observed::Link,
    operation::Event,
};

/// An account is made.  One that was there before and is gone makes a
/// rehire when we knew that, and drift when it vanished just now.
pub(super) fn created(site: &Site<'_>) -> Event {
    if site.newcomer {
        Event::Joiner
    } else if site.links.is_empty() {
        Event::Mover
    } else if site.links.iter().all(|link| link.gone) {
        Event::Rehire
    } else {
        Event::Drift
    }
}

/// An account of ours is enabled, for the first time or again.  The first
/// working day is later than the account that was made disabled for it, or
/// still to come when a step is before it, and no account that was enabled
/// before has one.  Leavers lose their grants or begin anew and people on
/// leave do neither, which tells the two apart.
pub(super) fn enabled(site: &Site<'_>, link: &Link, content: &AccountContent) -> Event {
    let Some(disabled_since) = link.disabled_since else { return Event::Drift };
    let begins = site.person.state.since.is_some_and(|since| since > disabled_since);
    let early = site.person.state.state == LifecycleState::Prehire;
    if (begins || early) && !link.was_enabled {
        return Event::Joiner;
    }
    let kept_grants = site.there.owned(&link.account).next().is_some();
    let lost_grants = !kept_grants && !content.grants.is_empty();
    if begins || lost_grants { Event::Rehire } else { Event::Leave }
}

/// An account of ours is closed.
pub(super) fn disabled(site: &Site<'_>) -> Event {
    match site.person.state.state.broad() {
        _ if site.person.state.ejected => Event::Eject,
        LifecycleState::Departed | LifecycleState::Cancelled => Event::Leaver,
        LifecycleState::OnLeave => Event::Leave,
        LifecycleState::Announced
        | LifecycleState::Prehire
        | LifecycleState::Active
        | LifecycleState::Leaving
        | LifecycleState::Retained
        | LifecycleState::Held => match site.wanted.presence {
            Presence::Present { .. } => Event::Drift,
            Presence::Kept { .. } | Presence::Disabled | Presence::Deleted { .. } => Event::Mover,
        },
    }
}

/// Anything else about an account: `turn` is what its state shows.
pub(super) fn changed(site: &Site<'_>, turn: Option<Event>) -> Event {
    match turn {
        Some(event) => event,
        None if site.person.state.ejected => Event::Eject,
        None if site.person.state.state.is_over() => Event::Leaver,
        None => Event::Mover,
    }
}

/// The sentence for an account that somebody disabled.
pub(super) fn drifted(account: &Account) -> String {
    format!("the account `{}` was disabled at the target, and not by us", account.name)
}
