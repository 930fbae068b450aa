//! What somebody is signed in with: ended when they are closed, and when a
//! step of a workflow says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{NoteKind, event, outline::Outline, world::Site};
use crate::{
    account::{Account, AccountState},
    desired::{Presence, WantedEnd},
    lifecycle::LifecycleState,
    observed::Link,
    operation::{Cause, Change, CredentialVerb},
    schema::ObjectDef,
};

/// What is to be ended at an account, and why.
type Wanted = BTreeMap<CredentialVerb, Vec<Cause>>;

pub(super) fn plan(site: &Site<'_>, seen: &[(&Link, &Account)], outline: &mut Outline) {
    for (link, account) in seen {
        let def = site.there.observed.schema.object(&account.reference.object_type);
        let Some(def) = def.filter(|_| account.state != AccountState::SoftDeleted) else {
            continue;
        };
        if deleted(site, account, outline) {
            continue;
        }
        let mut wanted = closing(site, def, link);
        for end in site.person.ends.iter().filter(|end| end.is_at(site.target)) {
            by_step(site, (def, link, account), end, &mut wanted, outline);
        }
        // Revoking everything ends sessions as well.
        if let Some(causes) = wanted.remove(&CredentialVerb::EndSessions) {
            let all = wanted.contains_key(&CredentialVerb::Revoke);
            let verb = if all { CredentialVerb::Revoke } else { CredentialVerb::EndSessions };
            wanted.entry(verb).or_default().extend(causes);
        }
        for (verb, mut causes) in wanted {
            let mut seen = BTreeSet::new();
            causes.retain(|cause| seen.insert(cause.clone()));
            let change = Change::Credentials { account: account.reference.clone(), verb };
            let event =
                if is_closed(site) { event::disabled(site) } else { event::changed(site, None) };
            outline.draft(site, event, causes, change);
        }
    }
}

fn is_closed(site: &Site<'_>) -> bool {
    matches!(site.wanted.presence, Presence::Disabled | Presence::Deleted { .. })
}

/// What goes wholly need not be ended first.
fn deleted(site: &Site<'_>, account: &Account, outline: &Outline) -> bool {
    outline.drafts.iter().any(|draft| {
        draft.identity == site.identity
            && draft.target == *site.target
            && matches!(&draft.change, Change::Delete { account: it } if *it == account.reference)
    })
}

/// Whoever left may be signed in where disabling keeps them from doing it
/// again and no more.  Done once each time an account is wanted no longer.
fn closing(site: &Site<'_>, def: &ObjectDef, link: &Link) -> Wanted {
    // Somebody announced comes back: nobody left.
    let left = is_closed(site) && site.person.state.state != LifecycleState::Announced;
    let done = |verb: &CredentialVerb| {
        link.unwanted_since.is_some_and(|since| link.ended.since(*verb, since))
    };
    // Nobody ever signed in to what was made for a first day and not opened.
    let used = link.was_enabled || link.disabled_since.is_none();
    let verb = def.capabilities.beside_disable().filter(|verb| left && used && !done(verb));
    verb.map(|verb| (verb, site.wanted.causes.clone())).into_iter().collect()
}

fn by_step(
    site: &Site<'_>,
    (def, link, account): (&ObjectDef, &Link, &Account),
    end: &WantedEnd,
    wanted: &mut Wanted,
    outline: &mut Outline,
) {
    if !def.capabilities.ends(end.verb) {
        let what = match end.verb {
            CredentialVerb::EndSessions => "end sessions",
            CredentialVerb::Revoke => "revoke credentials",
        };
        let text = format!(
            "{}: the connector cannot {what}; whoever is signed in to `{}` stays so",
            end.cause, account.name
        );
        return outline.remark(site, NoteKind::Unable, text);
    }
    if end.since.is_some_and(|since| !link.ended.since(end.verb, since)) {
        wanted.entry(end.verb).or_default().push(end.cause.clone());
    }
}
