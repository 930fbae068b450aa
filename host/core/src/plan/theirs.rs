//! Accounts that are, or may be, those of somebody who is to be erased:
//! nobody could tell afterwards whose they were.

use std::collections::BTreeMap;

use super::{
    PlanSettings, TargetSettings, adoption,
    world::{There, World},
};
use crate::{
    account::{Account, AccountState},
    desired::DesiredIdentity,
    diff::counted,
    forgetting::{Missing, Proof},
    id::{ConnectorName, IdentityId},
    observed::{Link, Observed},
    value::ObjectRef,
};

/// What of accounts keeps somebody from being erased, in sentences.
pub(super) fn hindrances(
    world: &World<'_>,
    settings: &PlanSettings<'_>,
    observed: &Observed,
    (identity, person): (IdentityId, &DesiredIdentity),
) -> Vec<String> {
    let mut found = Vec::new();
    let links = world.links.get(&identity).into_iter().flat_map(BTreeMap::values).flatten();
    found.extend(links.filter_map(|link| of_ours(link, observed)));
    for (target, here) in &settings.targets {
        let Some(there) = world.targets.get(*target) else {
            found.push(format!("{target} was not read, where an account may be theirs"));
            continue;
        };
        for link in world.links_at(identity, target) {
            let account = there.accounts.get(&link.account);
            if account.is_some_and(|it| it.state == AccountState::SoftDeleted) {
                let uid = &link.account.uid;
                found.push(format!(
                    "the account `{uid}` at {target} is deleted, and still kept there"
                ));
            }
        }
        let of_nobody = OfNobody { world, here, there, target, identity };
        found.extend(of_nobody.sentences(person, observed));
    }
    found
}

/// Of an account of ours that is not known for good to be gone.
fn of_ours(link: &Link, observed: &Observed) -> Option<String> {
    let Link { target, account: ObjectRef { uid, .. }, .. } = link;
    if !link.gone {
        let how = if link.is_open() { "enabled" } else { "disabled, and not deleted" };
        return Some(format!("their account `{uid}` at {target} is {how}"));
    }
    match observed.forgetting.gone.get(&(target.clone(), link.account.clone())) {
        Some(Proof::Proven) => None,
        Some(Proof::Missing(Missing { since, seen, .. })) => Some(format!(
            "their account `{uid}` at {target} is missing since {since:.0}, by {} so far, and was \
             not deleted by us",
            counted(usize::try_from(*seen).unwrap_or(usize::MAX), "reading", "readings")
        )),
        None => Some(format!(
            "their account `{uid}` at {target} is missing, and no later reading has confirmed that"
        )),
    }
}

/// Accounts of nobody at one target.
struct OfNobody<'w, 'a> {
    world: &'w World<'a>,
    here: &'w TargetSettings<'a>,
    there: &'w There<'a>,
    target: &'w ConnectorName,
    identity: IdentityId,
}

impl<'a> OfNobody<'_, 'a> {
    fn sentences(&self, person: &DesiredIdentity, observed: &Observed) -> Vec<String> {
        let target = self.target;
        let mut found: BTreeMap<&ObjectRef, String> = BTreeMap::new();
        let anchor = self.identity.to_string();
        let kind = self.there.observed.account_type.as_str();
        for account in self.there.candidates.carrying(kind, &anchor) {
            found.insert(&account.reference, "carries their id, and is not ours".to_owned());
        }
        for account in adoption::standing(self.world, self.there, (self.identity, target)) {
            let why = "stands where theirs was before it was gone, and is not ours";
            found.entry(&account.reference).or_insert_with(|| why.to_owned());
        }
        let mut unread = Vec::new();
        let given_back = &self.world.kept.given_back;
        for it in
            given_back.iter().filter(|it| it.identity == self.identity && it.target == *target)
        {
            match self.there.accounts.get_key_value(&it.account) {
                Some((reference, account)) if self.is_open(account) => {
                    let why = "was given back, and is enabled: adopt or decline it".to_owned();
                    found.entry(reference).or_insert(why);
                }
                None if !self.there.observed.proves_absence(&it.account) => {
                    let uid = &it.account.uid;
                    unread.push(format!(
                        "the account `{uid}` at {target} was given back, and no reading tells \
                         whether it is there"
                    ));
                }
                Some(_) | None => {}
            }
        }
        for (account, matched) in self.alike(person, observed) {
            let why =
                format!("may be theirs by the same {matched}, and is enabled: adopt or decline it");
            found.entry(&account.reference).or_insert(why);
        }
        let mut sentences: Vec<String> = found
            .into_iter()
            .filter(|(reference, _)| !self.is_declined(reference))
            .map(|(reference, why)| format!("the account `{}` at {target} {why}", reference.uid))
            .collect();
        sentences.extend(unread);
        sentences
    }

    /// Those that look like theirs did, or are called as theirs were.
    fn alike(&self, person: &DesiredIdentity, observed: &Observed) -> Vec<(&'a Account, String)> {
        let Some(content) = person.likeness.get(self.target) else { return Vec::new() };
        let Some(def) = self.there.observed.schema.object(&content.object_type) else {
            return Vec::new();
        };
        let candidates = &self.there.candidates;
        let like = candidates.like(def, content, self.here.match_by).into_values();
        let mut found: Vec<(&Account, String)> = like.collect();
        let names = observed.names.get(self.target).into_iter().flatten();
        for held in names.filter(|it| it.identity == self.identity) {
            let called = candidates.called(def, &held.name).into_iter();
            found.extend(called.map(|account| (account, "name".to_owned())));
        }
        found.retain(|(account, _)| self.is_open(account) && !self.is_of_others(account));
        found
    }

    /// Enabled, as far as anybody can tell, and of nobody.
    fn is_open(&self, account: &Account) -> bool {
        let is_closed = matches!(account.state, AccountState::Disabled | AccountState::SoftDeleted);
        !is_closed && !self.there.owners.contains_key(&account.reference)
    }

    /// It carries the id of somebody else, or the file says that it is a
    /// service's.
    fn is_of_others(&self, account: &Account) -> bool {
        let carried = account.anchor.as_deref().and_then(|it| it.parse::<IdentityId>().ok());
        carried
            .is_some_and(|it| it != self.identity && self.world.known.identities.contains_key(&it))
            || self.here.access.service.iter().any(|it| it.matches(&account.name))
    }

    fn is_declined(&self, account: &ObjectRef) -> bool {
        self.there.declined.contains(&(self.identity, account))
    }
}
