//! Grants of one account: made, taken over, revoked, or left to a person.

use std::collections::{BTreeMap, BTreeSet};

use super::{NoteKind, event, outline::Outline, overlap, requests, world::Site};
use crate::{
    access::Unmanaged,
    account::{Account, Assignment},
    desired::{AccountContent, DesiredGrant},
    observed::{OwnedGrant, related},
    operation::{AccountPointer, Cause, Change, Event},
    schema::ObjectDef,
    value::ObjectRef,
};

/// Entitlement and relation, with the causes.
type Resolved<'a> = BTreeMap<(&'a ObjectRef, &'a str), &'a [Cause]>;

/// Grants for an account that this plan creates.
pub(super) fn for_created(
    site: &Site<'_>,
    def: &ObjectDef,
    content: &AccountContent,
    event: Event,
    outline: &mut Outline,
) {
    let (wanted, _) = resolved(site, def, content, None, outline);
    for ((entitlement, relation), causes) in wanted {
        let holder = AccountPointer::Created { object_type: content.object_type.clone() };
        grant(site, event, holder, entitlement, relation, causes, outline);
    }
}

/// Grants of an account of ours that should be there.
pub(super) fn for_present(
    site: &Site<'_>,
    def: &ObjectDef,
    content: &AccountContent,
    account: &Account,
    turn: Option<Event>,
    outline: &mut Outline,
) {
    let holder = &account.reference;
    let (wanted, all) = resolved(site, def, content, Some(account), outline);
    let proven = site.there.observed.assignments_coverage.proves_absence();
    for ((entitlement, relation), causes) in &wanted {
        let seen = site
            .there
            .assigned(holder)
            .filter(|it| it.entitlement == **entitlement && related(&it.relation, relation));
        let ours = site
            .there
            .owned(holder)
            .any(|it| it.entitlement == **entitlement && related(&it.relation, relation));
        // A direct assignment says more than an inherited one.
        match seen.max_by_key(|it| it.direct) {
            Some(seen) if seen.direct && !ours => claim(site, seen, outline),
            // Not proven to be missing, and we made it: it is there.
            None if !ours || proven => {
                let event = if ours { Event::Drift } else { event::changed(site, turn) };
                let pointer = AccountPointer::Known(holder.clone());
                grant(site, event, pointer, entitlement, relation, causes, outline);
            }
            Some(_) | None => {}
        }
    }
    let excess = |entitlement: &ObjectRef, relation: &str| {
        !wanted.keys().any(|(it, of)| *it == entitlement && related(of, relation))
    };
    for owned in site.there.owned(holder) {
        if !excess(&owned.entitlement, &owned.relation) {
            overlap::given(site, owned, outline);
        }
    }
    revoke_excess(site, def, account, all, &excess, turn, outline);
    unmanaged(site, def, account, all, &excess, turn, outline);
}

/// Grants of an account that waits to be accepted: none is given before it
/// is, and what nothing gives any longer is taken back.
pub(super) fn for_pending(
    site: &Site<'_>,
    def: &ObjectDef,
    content: &AccountContent,
    account: &Account,
    outline: &mut Outline,
) {
    let (wanted, all) = resolved(site, def, content, Some(account), outline);
    let excess = |entitlement: &ObjectRef, relation: &str| {
        !wanted.keys().any(|(it, of)| *it == entitlement && related(of, relation))
    };
    revoke_excess(site, def, account, all, &excess, None, outline);
    reviewed(site, def, account, outline);
}

/// Grants of an account that is kept for a while: what goes at once does.
pub(super) fn for_kept(site: &Site<'_>, account: &Account, outline: &mut Outline) {
    let schema = &site.there.observed.schema;
    if let Some(def) = schema.object(&account.reference.object_type) {
        let at_once = |it: &ObjectRef, _: &str| site.person.at_once.takes(site.target, it);
        revoke_excess(site, def, account, true, &at_once, None, outline);
        reviewed(site, def, account, outline);
    }
}

/// Grants of an account of ours that is closed.
pub(super) fn for_closed(
    site: &Site<'_>,
    def: &ObjectDef,
    account: &Account,
    outline: &mut Outline,
) {
    if site.revoke_grants {
        revoke_excess(site, def, account, true, &|_, _| true, None, outline);
        unmanaged(site, def, account, true, &|_, _| true, None, outline);
    } else {
        let taken = &site.person.access.reviewed;
        let taken = |it: &ObjectRef, with: &str| taken.cause(site.target, it, with).is_some();
        revoke_excess(site, def, account, true, &taken, None, outline);
        reviewed(site, def, account, outline);
    }
}

/// Grants of an account of theirs besides the one that stays: what a review
/// took goes from there as well.
pub(super) fn for_another(site: &Site<'_>, account: &Account, outline: &mut Outline) {
    let schema = &site.there.observed.schema;
    if let Some(def) = schema.object(&account.reference.object_type) {
        let taken = &site.person.access.reviewed;
        let taken = |it: &ObjectRef, with: &str| taken.cause(site.target, it, with).is_some();
        revoke_excess(site, def, account, true, &taken, None, outline);
        reviewed(site, def, account, outline);
    }
}

/// Takes back what a review took and we did not grant.
fn reviewed(site: &Site<'_>, def: &ObjectDef, account: &Account, outline: &mut Outline) {
    for seen in site.there.assigned(&account.reference).filter(|it| it.direct) {
        let Assignment { holder, entitlement, relation, .. } = seen;
        let mut owned = site.there.owned(holder);
        let ours =
            owned.any(|it| it.entitlement == *entitlement && related(&it.relation, relation));
        let review = site.person.access.reviewed.cause(site.target, entitlement, relation);
        let Some(review) = review.filter(|_| !ours) else { continue };
        let label = site.there.catalogue.label(entitlement);
        if def.capabilities.entitlements {
            let change = Change::Revoke {
                holder: holder.clone(),
                entitlement: entitlement.clone(),
                relation: relation.clone(),
                label,
            };
            outline.draft(site, event::changed(site, None), vec![review.clone()], change);
        } else {
            unable_to_take(site, &label, review, outline);
        }
    }
}

fn unable_to_take(site: &Site<'_>, label: &str, review: &Cause, outline: &mut Outline) {
    let text = format!("`{label}` cannot be revoked by this connector, though {review}");
    outline.remark_open(site, NoteKind::Unable, text, true);
}

/// Whether an account holds grants of ours that nothing gives any longer, as
/// far as the texts tell; without content nothing gives any.
pub(super) fn has_excess(
    site: &Site<'_>,
    content: Option<&AccountContent>,
    holder: &ObjectRef,
) -> bool {
    if content.is_none() && !site.revoke_grants {
        return false;
    }
    let mut wanted = BTreeSet::new();
    for grant in content.into_iter().flat_map(|content| content.grants.keys()) {
        match site.there.catalogue.get(&grant.entitlement) {
            Some(Ok(found)) => wanted.insert(&found.reference),
            Some(Err(_)) | None => return false,
        };
    }
    site.there.owned(holder).any(|owned| !wanted.contains(&owned.entitlement))
}

/// What the texts mean, and whether all of them mean something.
fn resolved<'a>(
    site: &Site<'a>,
    def: &ObjectDef,
    content: &'a AccountContent,
    account: Option<&Account>,
    outline: &mut Outline,
) -> (Resolved<'a>, bool) {
    let mut wanted = Resolved::new();
    let mut all = true;
    for (DesiredGrant { entitlement: text, relation }, causes) in &content.grants {
        let found = match site.there.catalogue.get(text) {
            Some(Ok(found)) => *found,
            Some(Err(problem)) => {
                all = false;
                let kind = if problem.certain { NoteKind::Unable } else { NoteKind::NotRead };
                outline.remark_target(site, kind, problem.text.clone());
                continue;
            }
            None => continue,
        };
        let held = account.is_some_and(|account| {
            site.there
                .assigned(&account.reference)
                .any(|it| it.entitlement == found.reference && related(&it.relation, relation))
        });
        if held || (found.grantable && def.capabilities.entitlements) {
            wanted.insert((&found.reference, relation), causes);
        } else {
            outline.remark_target(site, NoteKind::Unable, not_grantable(def, &found.name));
        }
    }
    (wanted, all)
}

fn not_grantable(def: &ObjectDef, name: &str) -> String {
    if def.capabilities.entitlements {
        format!("nobody can be granted `{name}`: the target decides itself who holds it")
    } else {
        format!("nobody can be granted `{name}`: the connector cannot write grants here")
    }
}

fn claim(site: &Site<'_>, seen: &Assignment, outline: &mut Outline) {
    outline.claims.insert(OwnedGrant {
        target: site.target.clone(),
        holder: seen.holder.clone(),
        entitlement: seen.entitlement.clone(),
        relation: seen.relation.clone(),
    });
}

fn grant(
    site: &Site<'_>,
    event: Event,
    holder: AccountPointer,
    entitlement: &ObjectRef,
    relation: &str,
    causes: &[Cause],
    outline: &mut Outline,
) {
    let change = Change::Grant {
        holder,
        entitlement: entitlement.clone(),
        relation: relation.to_owned(),
        label: site.there.catalogue.label(entitlement),
    };
    outline.draft(site, event, causes.to_vec(), change);
}

/// Takes back what is ours and no longer wanted; `certain` is false while
/// some wanted text means nothing, because it may mean one of these.
fn revoke_excess(
    site: &Site<'_>,
    def: &ObjectDef,
    account: &Account,
    certain: bool,
    excess: &dyn Fn(&ObjectRef, &str) -> bool,
    turn: Option<Event>,
    outline: &mut Outline,
) {
    let holder = &account.reference;
    let ours = site.there.owned(holder).filter(|it| excess(&it.entitlement, &it.relation));
    for owned in ours {
        let label = site.there.catalogue.label(&owned.entitlement);
        let seen = site.there.assigned(holder).filter(|it| {
            it.entitlement == owned.entitlement && related(&it.relation, &owned.relation)
        });
        let reviewed = &site.person.access.reviewed;
        let reviewed = reviewed.cause(site.target, &owned.entitlement, &owned.relation);
        // Whatever the unknown text means, it is not what a review took.
        let certain = certain || reviewed.is_some();
        let refusal = match seen.max_by_key(|it| it.direct).map(|it| it.direct) {
            Some(true) if !certain => (
                NoteKind::Waits,
                format!("`{label}` is not revoked while another entitlement is unknown"),
            ),
            Some(true) if !def.capabilities.entitlements => {
                (NoteKind::Unable, format!("`{label}` cannot be revoked by this connector"))
            }
            Some(true) if overlap::keeps(site, owned, &label, outline) => continue,
            Some(true) => {
                let by_step = taken_by_steps(site, &owned.entitlement);
                let because = if by_step.is_empty() {
                    format!("nothing gives `{label}` any more, and we granted it")
                } else {
                    format!("`{label}` is no longer given, and we granted it")
                };
                let change = Change::Revoke {
                    holder: holder.clone(),
                    entitlement: owned.entitlement.clone(),
                    relation: owned.relation.clone(),
                    label,
                };
                let ended = requests::causes(site, &owned.entitlement).into_iter();
                let ended = ended.chain(reviewed.cloned()).chain(by_step);
                let causes = ended.chain([Cause::Observed { because }]).collect();
                outline.draft(site, event::changed(site, turn), causes, change);
                continue;
            }
            Some(false) => (
                NoteKind::Unable,
                format!(
                    "`{label}` is held through another entitlement and cannot be revoked alone"
                ),
            ),
            // Whether it is wanted is unknown, which is noted already.
            None if !certain => continue,
            None if site.there.observed.assignments_coverage.proves_absence() => continue,
            None => (
                NoteKind::NotRead,
                format!("whether `{label}` is still held was not read, so it is not revoked"),
            ),
        };
        // What is unknown waits for the file, not for the target.
        let open = refusal.0 != NoteKind::Waits;
        outline.remark_open(site, refusal.0, refusal.1, open);
    }
}

/// The steps of workflows that took it away, though something gives it.
fn taken_by_steps(site: &Site<'_>, entitlement: &ObjectRef) -> Vec<Cause> {
    let meant = |text: &str| match site.there.catalogue.get(text) {
        Some(Ok(found)) => found.reference == *entitlement,
        Some(Err(_)) | None => false,
    };
    let taken = site.person.access.taken.iter();
    let here = taken.filter(|it| it.target == *site.target && meant(&it.entitlement));
    here.map(|it| it.taken.clone()).collect()
}

/// What an account of ours holds and neither the file nor we gave.
fn unmanaged(
    site: &Site<'_>,
    def: &ObjectDef,
    account: &Account,
    certain: bool,
    excess: &dyn Fn(&ObjectRef, &str) -> bool,
    turn: Option<Event>,
    outline: &mut Outline,
) {
    for seen in site.there.assigned(&account.reference) {
        let Assignment { holder, entitlement, relation, direct } = seen;
        let mut owned = site.there.owned(holder);
        let ours =
            owned.any(|it| it.entitlement == *entitlement && related(&it.relation, relation));
        if !direct || ours || !excess(entitlement, relation) {
            continue;
        }
        let label = site.there.catalogue.label(entitlement);
        let reviewed = site.person.access.reviewed.cause(site.target, entitlement, relation);
        if site.access.unmanaged == Unmanaged::Keep && reviewed.is_none() {
            continue;
        }
        let removed = reviewed.is_some()
            || site.access.unmanaged == Unmanaged::Remove
                && (site.there.catalogue.speaks_of(entitlement)
                    || site.access.remove.iter().any(|pattern| {
                        pattern.matches(&label) || pattern.matches(&entitlement.uid)
                    }));
        if removed && (certain || reviewed.is_some()) && def.capabilities.entitlements {
            let because = format!("nothing gives `{label}`, and nobody may have it otherwise here");
            let change = Change::Revoke {
                holder: holder.clone(),
                entitlement: entitlement.clone(),
                relation: relation.clone(),
                label,
            };
            let observed = Cause::Observed { because };
            let causes = reviewed.cloned().map_or_else(|| vec![observed], |review| vec![review]);
            outline.draft(site, event::changed(site, turn), causes, change);
        } else if let Some(review) = reviewed {
            unable_to_take(site, &label, review, outline);
        } else {
            let text = format!(
                "the account `{}` holds `{label}`, which no rule gives and we did not grant",
                account.name
            );
            outline.remark(site, NoteKind::Unmanaged, text);
        }
    }
}
