//! One identity at one target: what its account needs.

use jiff::Timestamp;

use super::{
    NoteKind, adoption, attributes, credentials, event, grants, outline::Outline, world::Site,
};
use crate::{
    account::{Account, AccountState},
    desired::{AccountContent, Presence},
    observed::Link,
    operation::{Cause, Change, Event},
    schema::{DeleteKind, ObjectDef},
};

pub(super) fn plan_account(site: &Site<'_>, outline: &mut Outline) {
    let seen: Vec<(&Link, &Account)> = site
        .links
        .iter()
        .filter(|link| site.there.owners.get(&link.account) == Some(&site.identity))
        .filter_map(|link| site.there.accounts.get(&link.account).map(|account| (*link, *account)))
        .collect();
    if let Some((account, owner)) = site.stranger(&seen) {
        let text = format!(
            "the account `{}`, which we took for theirs, carries the id of {owner}; it is not \
             written: is this the system it was, or was it restored from a backup?",
            account.name
        );
        return outline.remark_open(site, NoteKind::Unmanaged, text, true);
    }
    match &site.wanted.presence {
        Presence::Present { enabled, content } => {
            plan_present(site, *enabled, content, &seen, outline);
        }
        Presence::Kept { until } => {
            for (_, account) in &seen {
                let text = format!(
                    "the account `{}` is kept until {until:.0}, though nothing gives it any more",
                    account.name
                );
                outline.remark(site, NoteKind::Waits, text);
                grants::for_kept(site, account, outline);
            }
        }
        Presence::Disabled => plan_closed(site, None, &seen, outline),
        Presence::Deleted { due } => plan_closed(site, Some(*due), &seen, outline),
    }
    credentials::plan(site, &seen, outline);
}

fn plan_present(
    site: &Site<'_>,
    enabled: bool,
    content: &AccountContent,
    seen: &[(&Link, &Account)],
    outline: &mut Outline,
) {
    let Some(def) = site.there.observed.schema.object(&content.object_type) else {
        let text = format!("the target has no object type `{}`", content.object_type);
        return outline.remark_target(site, NoteKind::Unable, text);
    };
    for name in attributes::unknown(def, content) {
        let text = format!("`{}` has no attribute `{name}`; it is not written", def.object_type);
        outline.remark_target(site, NoteKind::Unable, text);
    }
    for text in &content.waits {
        outline.remark(site, NoteKind::Waits, text.clone());
    }
    let Some(((link, account), others)) = seen.split_first() else {
        return plan_missing(site, def, enabled, content, outline);
    };
    keep(site, def, enabled, content, link, account, outline);
    for (_, other) in others {
        let text = format!(
            "the account `{}` is theirs besides `{}`; a person has to decide which one stays",
            other.name, account.name
        );
        outline.remark(site, NoteKind::Unmanaged, text);
        grants::for_another(site, other, outline);
    }
}

/// There is no account of theirs in what was read.
fn plan_missing(
    site: &Site<'_>,
    def: &ObjectDef,
    enabled: bool,
    content: &AccountContent,
    outline: &mut Outline,
) {
    let unclaimed = site.there.proves_absence() || site.links.is_empty();
    if unclaimed && adoption::suggested(site, def, content, outline) {
        return;
    }
    if site.links.iter().any(|link| site.there.is_of_another_type(link)) {
        // Theirs may be there all the same, which the target's note says.
        return;
    }
    if !site.there.proves_absence() {
        let text = "the accounts were not read wholly, so it is not known whether theirs exists; \
                    none is created";
        let open = site.links.iter().any(|link| {
            (!enabled && link.is_open())
                || (!link.gone && grants::has_excess(site, Some(content), &link.account))
        });
        return outline.remark_open(site, NoteKind::NotRead, text, open);
    }
    if site.in_doubt {
        let text = "an account may have been created by an answer that was lost, and the target \
                    cannot tell; look for it there: adopt it, or say that there is none \
                    (`lanyard account settle`)";
        return outline.remark_open(site, NoteKind::Waits, text.to_owned(), true);
    }
    if !def.capabilities.create {
        let text = format!("the connector cannot create `{}`", def.object_type);
        return outline.remark(site, NoteKind::Unable, text);
    }
    let event = event::created(site);
    let change = Change::Create {
        object_type: content.object_type.clone(),
        name: content.name.clone(),
        anchor: content.anchor.clone(),
        attributes: attributes::initial(def, content),
        state: if enabled { AccountState::Active } else { AccountState::Disabled },
    };
    outline.draft(site, event, site.wanted.causes.clone(), change);
    grants::for_created(site, def, content, event, outline);
}

/// An account of ours that should stay.
fn keep(
    site: &Site<'_>,
    def: &ObjectDef,
    enabled: bool,
    content: &AccountContent,
    link: &Link,
    account: &Account,
    outline: &mut Outline,
) {
    match account.state {
        AccountState::Pending if enabled => {
            let text = format!("the account `{}` waits to be accepted", account.name);
            outline.remark(site, NoteKind::Waits, text);
            return grants::for_pending(site, def, content, account, outline);
        }
        AccountState::SoftDeleted => {
            let text = format!(
                "the account `{}` is deleted but kept by the target; restore it there by hand",
                account.name
            );
            return outline.remark(site, NoteKind::Unable, text);
        }
        AccountState::Active
        | AccountState::Disabled
        | AccountState::Locked
        | AccountState::Pending
        | AccountState::Unknown => {}
    }
    let turn = if enabled {
        enable(site, def, content, link, account, outline)
    } else {
        disable(site, def, link, account, outline)
    };
    update(site, def, content, account, turn, outline);
    grants::for_present(site, def, content, account, turn, outline);
}

fn enable(
    site: &Site<'_>,
    def: &ObjectDef,
    content: &AccountContent,
    link: &Link,
    account: &Account,
    outline: &mut Outline,
) -> Option<Event> {
    // A state that is not told is what we last made it.
    let disabled = match account.state {
        AccountState::Disabled => true,
        AccountState::Unknown => link.disabled_since.is_some(),
        _ => false,
    };
    match account.state {
        _ if disabled && def.capabilities.enable => {
            let event = event::enabled(site, link, content);
            let mut causes = site.wanted.causes.clone();
            if event == Event::Drift {
                causes.push(Cause::Observed { because: event::drifted(account) });
            }
            let change = Change::Enable { account: account.reference.clone() };
            outline.draft(site, event, causes, change);
            Some(event)
        }
        _ if disabled => {
            let text = format!(
                "the account `{}` is disabled, and the connector cannot enable accounts",
                account.name
            );
            outline.remark(site, NoteKind::Unable, text);
            None
        }
        AccountState::Locked => {
            let text = format!(
                "the account `{}` is locked by the target; a person unlocks it",
                account.name
            );
            outline.remark(site, NoteKind::Waits, text);
            None
        }
        AccountState::Active
        | AccountState::Disabled
        | AccountState::Pending
        | AccountState::SoftDeleted
        | AccountState::Unknown => None,
    }
}

/// Disables unless it is so already.  Where the target does not tell the
/// state, it is disabled once, for there would be no end otherwise, and stays
/// visibly open: nothing shows that nobody enabled it since.
fn disable(
    site: &Site<'_>,
    def: &ObjectDef,
    link: &Link,
    account: &Account,
    outline: &mut Outline,
) -> Option<Event> {
    let open = match account.state {
        AccountState::Active | AccountState::Locked | AccountState::Pending => true,
        AccountState::Unknown => link.disabled_since.is_none(),
        AccountState::Disabled | AccountState::SoftDeleted => false,
    };
    if !open {
        if account.state == AccountState::Unknown {
            let text = format!(
                "the target does not tell whether `{}` is still disabled, as we left it; look there",
                account.name
            );
            outline.remark_open(site, NoteKind::Unable, text, true);
        }
        return None;
    }
    if !def.capabilities.disable {
        let text = format!(
            "this target cannot disable accounts; `{}` stays as it is until it is deleted or \
             closed by hand",
            account.name
        );
        outline.remark_open(site, NoteKind::Unable, text, true);
        return None;
    }
    let event = event::disabled(site);
    let change = Change::Disable { account: account.reference.clone() };
    outline.draft(site, event, site.wanted.causes.clone(), change);
    Some(event)
}

fn update(
    site: &Site<'_>,
    def: &ObjectDef,
    content: &AccountContent,
    account: &Account,
    turn: Option<Event>,
    outline: &mut Outline,
) {
    let found = attributes::difference(def, content, account);
    if found.is_empty() {
        return;
    }
    if !def.capabilities.update {
        let text = format!(
            "the account `{}` differs, and the connector cannot update accounts",
            account.name
        );
        return outline.remark(site, NoteKind::Unable, text);
    }
    let renamed = found.name.as_ref().map(|_| def.name_attribute.as_str());
    let changed = found.attributes.iter().map(|it| it.name.as_str()).chain(renamed);
    let mut causes: Vec<Cause> =
        changed.filter_map(|name| content.attribute_causes.get(name)).flatten().cloned().collect();
    causes.sort();
    causes.dedup();
    if found.anchor.is_some() {
        let because = "the account does not carry the id we know it by".to_owned();
        causes.push(Cause::Observed { because });
    }
    if causes.is_empty() {
        causes.clone_from(&site.wanted.causes);
    }
    let change = Change::Update {
        account: account.reference.clone(),
        name: found.name,
        anchor: found.anchor,
        attributes: found.attributes,
        before: found.before,
    };
    outline.draft(site, event::changed(site, turn), causes, change);
}

/// Accounts of ours that nothing wants any more, to be deleted after
/// `delete_after`, if ever.
fn plan_closed(
    site: &Site<'_>,
    delete_after: Option<Timestamp>,
    seen: &[(&Link, &Account)],
    outline: &mut Outline,
) {
    let delete_after = delete_after.filter(|_| !legally_held(site, seen, outline));
    let due = delete_after.is_some_and(|after| after <= site.now);
    plan_unseen(site, due, outline);
    for (link, account) in seen {
        let Some(def) = site.there.observed.schema.object(&account.reference.object_type) else {
            let text = format!("the target has no object type `{}`", account.reference.object_type);
            let open = due || account.state != AccountState::Disabled;
            outline.remark_target_open(site, NoteKind::Unable, text, open);
            continue;
        };
        if account.state == AccountState::SoftDeleted {
            continue;
        }
        let goes = delete_after.filter(|_| deletes(def, account));
        let delete = goes.is_some_and(|after| after <= site.now);
        // What goes now need not be looked at first.
        let looks = account.state == AccountState::Unknown && link.disabled_since.is_some();
        if !delete || (def.capabilities.disable && !looks) {
            disable(site, def, link, account, outline);
        }
        grants::for_closed(site, def, account, outline);
        if delete {
            let change = Change::Delete { account: account.reference.clone() };
            let event = event::changed(site, None);
            outline.draft(site, event, site.wanted.causes.clone(), change);
        } else if let Some(after) = goes {
            let text = format!("the account `{}` is deleted after {after}", account.name);
            outline.remark(site, NoteKind::Waits, text);
        } else if delete_after.is_some() && !def.capabilities.delete {
            let text = format!("the connector cannot delete `{}`; accounts stay", def.object_type);
            outline.remark_target_open(site, NoteKind::Unable, text, due);
        }
    }
}

/// Whether a legal hold keeps accounts that are due to be deleted; each is
/// noted.  Disabling them is no part of it.
fn legally_held(site: &Site<'_>, seen: &[(&Link, &Account)], outline: &mut Outline) -> bool {
    let Some(hold) = site.person.legal_holds.first() else { return false };
    for (_, account) in seen {
        let text = format!(
            "the account `{}` is due to be deleted, and is kept by the legal hold `{hold}`",
            account.name
        );
        outline.remark(site, NoteKind::Waits, text);
    }
    true
}

/// Accounts of ours that nothing wants, and that were not among those read.
fn plan_unseen(site: &Site<'_>, due: bool, outline: &mut Outline) {
    let unseen = |link: &&&Link| {
        !link.gone
            && !site.there.accounts.contains_key(&link.account)
            && !site.there.observed.proves_absence(&link.account)
    };
    for link in site.links.iter().filter(unseen) {
        let open = due || link.is_open() || grants::has_excess(site, None, &link.account);
        let text = if site.there.is_of_another_type(link) {
            let read = &site.there.observed.account_type;
            let theirs = &link.account.object_type;
            format!(
                "their account is of type `{theirs}` and only `{read}` is read; it is left as it is"
            )
        } else {
            "the accounts were not read wholly, and theirs was not among them; it is left as it is"
                .to_owned()
        };
        outline.remark_open(site, NoteKind::NotRead, text, open);
    }
}

/// Where deleting only disables, a disabled account is as deleted as it can
/// be.
pub(super) fn deletes(def: &ObjectDef, account: &Account) -> bool {
    let closes_only = def.capabilities.delete_kind == DeleteKind::SameAsDisable
        && (def.capabilities.disable || account.state == AccountState::Disabled);
    def.capabilities.delete && !closes_only
}
