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
        let disabling = is_disabled_now(site, account, outline);
        let mut wanted = closing(site, (def, link, account), disabling);
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
                if is_shut(site) { event::disabled(site) } else { event::changed(site, None) };
            outline.draft(site, event, causes, change);
        }
    }
}

/// Whether nobody is to sign in to their account.
fn is_shut(site: &Site<'_>) -> bool {
    match site.wanted.presence {
        Presence::Present { enabled, .. } => !enabled,
        Presence::Kept { .. } => false,
        Presence::Disabled | Presence::Deleted { .. } => true,
    }
}

fn is_disabled_now(site: &Site<'_>, account: &Account, outline: &Outline) -> bool {
    outline.drafts.iter().any(|draft| {
        draft.identity == site.identity
            && draft.target == *site.target
            && matches!(&draft.change, Change::Disable { account: it } if *it == account.reference)
    })
}

/// Whoever is kept out from now on may be signed in where disabling keeps them
/// from doing it again and no more.  Done with every disabling, whatever was
/// done before: somebody could sign in until then.  Of an account that is
/// closed already, done if it was not since it is, or somebody was in there.
fn closing(
    site: &Site<'_>,
    (def, link, account): (&ObjectDef, &Link, &Account),
    disabling: bool,
) -> Wanted {
    let Some(verb) = def.capabilities.beside_disable().filter(|_| is_shut(site)) else {
        return Wanted::new();
    };
    // Somebody announced comes back: nobody left.
    let left = !matches!(site.wanted.presence, Presence::Present { .. })
        && site.person.state.state != LifecycleState::Announced;
    // Nobody ever signed in to what was made for a first day and not opened.
    let used = link.was_enabled || link.disabled_since.is_none();
    // Once they were disabled, it matters no more when that was decided.
    let since = link.disabled_since.or(link.unwanted_since.filter(|_| left));
    let owed = match since {
        Some(since) => !link.ended.since(verb, since) || was_used(site, account, link, verb),
        None => left,
    };
    if disabling || used && owed {
        Wanted::from([(verb, site.wanted.causes.clone())])
    } else {
        Wanted::new()
    }
}

/// Whether the target says that somebody used it after that was ended.  What
/// its clock says of times to come is not believed.
fn was_used(site: &Site<'_>, account: &Account, link: &Link, verb: CredentialVerb) -> bool {
    let used = account.last_used.filter(|used| *used <= site.there.observed.read_at);
    used.is_some_and(|used| !link.ended.since(verb, used))
}

fn by_step(
    site: &Site<'_>,
    (def, link, account): (&ObjectDef, &Link, &Account),
    end: &WantedEnd,
    wanted: &mut Wanted,
    outline: &mut Outline,
) {
    if !def.capabilities.ends(end.verb) {
        // Where disabling does it, whoever is disabled is out.
        if def.capabilities.disabling_ends(end.verb) && is_shut(site) {
            return;
        }
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
    if end.since.is_none_or(|since| link.ended.since(end.verb, since)) {
        return;
    }
    let verb = def.capabilities.ending(end.verb);
    if verb != end.verb {
        let text = format!(
            "{}: the connector cannot end sessions alone; everything that `{}` is signed in with \
             is revoked",
            end.cause, account.name
        );
        outline.remark(site, NoteKind::Unable, text);
    }
    wanted.entry(verb).or_default().push(end.cause.clone());
}
