//! Accounts of nobody that look like somebody's.  They are shown, and a
//! person decides; planning never writes them.

use std::collections::BTreeMap;

use super::{
    Adoption,
    outline::Outline,
    world::{Site, There, World},
};
use crate::{
    account::{Account, AccountState},
    desired::{AccountContent, DesiredIdentity, Presence},
    id::{ConnectorName, IdentityId},
    matching::normal,
    observed::ObservedTarget,
    recognition::{Recognition, Verdict, keys, named, of_account, of_content},
    schema::{Matching, ObjectDef},
    value::ObjectRef,
};

/// Unlinked accounts by object type and what they may be recognised by.
pub(crate) struct Candidates<'a> {
    anchors: BTreeMap<(&'a str, &'a str), Vec<&'a Account>>,
    names: BTreeMap<(&'a str, String), Vec<&'a Account>>,
    /// Type, number of the list of attributes, values.
    values: BTreeMap<(&'a str, usize, Vec<String>), Vec<&'a Account>>,
}

impl<'a> Candidates<'a> {
    pub(crate) fn new(
        target: &'a ObservedTarget,
        match_by: &'a Recognition,
        linked: &BTreeMap<&ObjectRef, IdentityId>,
    ) -> Self {
        let mut candidates =
            Self { anchors: BTreeMap::new(), names: BTreeMap::new(), values: BTreeMap::new() };
        for account in target.accounts.iter().filter(|it| !linked.contains_key(&it.reference)) {
            let kind = account.reference.object_type.as_str();
            let Some(def) = target.schema.object(kind) else { continue };
            if let Some(anchor) = &account.anchor {
                candidates.anchors.entry((kind, anchor)).or_default().push(account);
            }
            let name = normal(name_matching(def), &account.name).into_owned();
            candidates.names.entry((kind, name)).or_default().push(account);
            for (number, marks) in match_by.lists().enumerate() {
                for key in keys(marks, |attribute| of_account(def, account, attribute)) {
                    candidates.values.entry((kind, number, key)).or_default().push(account);
                }
            }
        }
        candidates
    }

    /// Each account once, with the strongest reason.
    pub(crate) fn like(
        &self,
        def: &ObjectDef,
        content: &AccountContent,
        match_by: &Recognition,
    ) -> BTreeMap<&'a ObjectRef, (&'a Account, String)> {
        let kind = content.object_type.as_str();
        let mut found: BTreeMap<&ObjectRef, (&Account, String)> = BTreeMap::new();
        let mut add = |accounts: Option<&Vec<&'a Account>>, matched: &str| {
            for account in accounts.into_iter().flatten() {
                found.entry(&account.reference).or_insert_with(|| (account, matched.to_owned()));
            }
        };
        add(self.anchors.get(&(kind, content.anchor.as_str())), "anchor");
        let name = normal(name_matching(def), &content.name).into_owned();
        add(self.names.get(&(kind, name)), "name");
        for (number, marks) in match_by.lists().enumerate() {
            for key in keys(marks, |attribute| of_content(def, content, attribute)) {
                let alike = self.values.get(&(kind, number, key)).into_iter().flatten();
                // What something stronger tells apart is two.
                let alike = alike
                    .filter(|it| match_by.verdict(def, content, it) != Verdict::Different)
                    .copied()
                    .collect();
                add(Some(&alike), &named(marks));
            }
        }
        found
    }

    /// Those that carry an anchor.
    pub(super) fn carrying(&self, kind: &str, anchor: &str) -> Vec<&'a Account> {
        self.anchors.get(&(kind, anchor)).cloned().unwrap_or_default()
    }

    /// Those with a login name.
    pub(super) fn called(&self, def: &ObjectDef, name: &str) -> Vec<&'a Account> {
        let name = normal(name_matching(def), name).into_owned();
        self.names.get(&(def.object_type.as_str(), name)).cloned().unwrap_or_default()
    }
}

/// Whether somebody's account may be among those of nobody; says so in the
/// outline, once for each.
pub(super) fn suggested(
    site: &Site<'_>,
    def: &ObjectDef,
    content: &AccountContent,
    outline: &mut Outline,
) -> bool {
    let mut found = site.there.candidates.like(def, content, site.match_by);
    found.retain(|account, _| !site.there.declined.contains(&(site.identity, *account)));
    let any = !found.is_empty();
    for (reference, (account, matched)) in found {
        outline.adoptions.insert(Adoption {
            identity: site.identity,
            target: site.target.clone(),
            account: reference.clone(),
            name: account.name.clone(),
            matched,
            doubt: outline
                .doubts
                .get(&(site.identity, site.target.clone()))
                .filter(|_| site.match_by.verdict(def, content, account) == Verdict::Same)
                .cloned(),
        });
    }
    any
}

/// Accounts of nobody where nothing gives somebody one: they carry the id we
/// know them by, or stand under the key of one of theirs that was gone.  What
/// is not ours is not closed by us, so a person has to.
pub(super) fn left_behind(
    world: &World<'_>,
    identity: IdentityId,
    person: &DesiredIdentity,
    outline: &mut Outline,
) {
    let anchor = identity.to_string();
    for (target, there) in &world.targets {
        let wanted = person.accounts.get(*target).map(|account| &account.presence);
        if matches!(wanted, Some(Presence::Present { .. })) {
            continue;
        }
        let kind = there.observed.account_type.as_str();
        let mut found: BTreeMap<&ObjectRef, (&Account, &str)> = BTreeMap::new();
        for account in there.candidates.carrying(kind, &anchor) {
            found.insert(&account.reference, (account, "carries the id we know them by"));
        }
        for account in standing(world, there, (identity, target)) {
            let why = "stands where theirs was before it was gone";
            found.entry(&account.reference).or_insert((account, why));
        }
        for (reference, (account, why)) in found {
            if account.state == AccountState::SoftDeleted {
                continue;
            }
            let text = format!(
                "the account `{}` {why}, nothing gives them one, and it is not ours: adopt it, so \
                 that it is closed (`lanyard account adopt {target} {} --identity {identity}`), or close it \
                 there by hand",
                account.name, reference.uid
            );
            outline.about_account(
                (identity, target),
                text,
                account.state != AccountState::Disabled,
            );
        }
    }
}

/// Accounts of nobody under the key of one of theirs that was gone.
pub(super) fn standing<'a>(
    world: &World<'_>,
    there: &There<'a>,
    (identity, target): (IdentityId, &ConnectorName),
) -> Vec<&'a Account> {
    let anchor = identity.to_string();
    let gone = world.links_at(identity, target).iter().filter(|link| link.gone);
    gone.filter_map(|link| {
        let account = *there.accounts.get(&link.account)?;
        // With an id of somebody else it is theirs.
        let is_theirs = !there.owners.contains_key(&link.account)
            && account.anchor.as_ref().is_none_or(|it| it.is_empty() || *it == anchor);
        is_theirs.then_some(account)
    })
    .collect()
}

/// Where the schema is silent, ignoring case finds more, and a match only
/// asks a person.
fn name_matching(def: &ObjectDef) -> &Matching {
    def.attribute(&def.name_attribute).map_or(&Matching::IgnoreCase, |it| &it.matching)
}
