//! Whose every account is.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AccountXray, Class, Owner, Planned, Recognised, TargetXray,
    likely::{self, Likely},
    people::People,
};
use crate::{
    account::Account,
    desired::AccountContent,
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    observed::{Observed, ObservedTarget},
    plan::{Candidates, owners},
    policy::{Policy, TargetPolicy},
    recognition::Verdict,
    value::ObjectRef,
};

/// What everything is judged by.
pub(super) struct Around<'a> {
    pub policy: &'a Policy,
    /// With what is surely somebody's taken for theirs.
    pub observed: &'a Observed,
    pub contents: &'a BTreeMap<ConnectorName, BTreeMap<IdentityId, AccountContent>>,
    pub doubts: &'a BTreeMap<(IdentityId, ConnectorName), String>,
    pub planned: &'a Planned,
    pub people: &'a People,
}

/// Who may have an account, and by what.
type Suggested = BTreeMap<IdentityId, String>;

pub(super) fn targets(around: &Around<'_>, assembled: &Assembled) -> Vec<TargetXray> {
    let mut whose = owners(around.observed);
    let mut found = Vec::new();
    for (name, there) in &around.observed.targets {
        let Some(policy) = around.policy.targets.get(name) else { continue };
        let site = Site { around, name, policy, there };
        let whose = whose.remove(name).unwrap_or_default();
        found.push(site.look(&whose, assembled));
    }
    found
}

/// One target.
struct Site<'a> {
    around: &'a Around<'a>,
    name: &'a ConnectorName,
    policy: &'a TargetPolicy,
    there: &'a ObservedTarget,
}

impl Site<'_> {
    fn look(&self, whose: &BTreeMap<&ObjectRef, IdentityId>, assembled: &Assembled) -> TargetXray {
        let declared = self.policy.match_by.lists().next().is_some();
        let mut suggested = if declared { self.declared(whose) } else { self.likely(assembled) };
        self.forget_declined(&mut suggested);
        let linked: BTreeSet<IdentityId> = whose.values().copied().collect();
        let recognised = if declared { Recognised::Match } else { Recognised::Likeness };
        let coverages = [&self.there.accounts_coverage, &self.there.assignments_coverage];
        let mut target = TargetXray::new(self.name, recognised, coverages, self.there.read_at);
        target.telling = likely::telling(self.there);
        let mut accounts: Vec<&Account> = self.there.accounts.iter().collect();
        accounts.sort_by_key(|it| (&it.name, &it.reference));
        for account in accounts {
            let suggested = suggested.remove(&account.reference).unwrap_or_default();
            let owner = whose.get(&account.reference).copied();
            let (class, owners) = self.class(account, owner, suggested, &linked);
            let adopted_next = class == Class::Sure && self.is_adopted_next(account, &owners);
            target.accounts.push(AccountXray {
                name: account.name.clone(),
                uid: account.reference.uid.clone(),
                object_type: account.reference.object_type.clone(),
                state: account.state,
                last_used: account.last_used,
                class,
                adopted_next,
                owners,
                flags: BTreeSet::new(),
                privileged: Vec::new(),
            });
        }
        target
    }

    /// Whether the next plan adopts it, or closes it: whoever has left gets no
    /// account, and what they have is closed when it is known for theirs.
    fn is_adopted_next(&self, account: &Account, owners: &[Owner]) -> bool {
        owners.iter().any(|owner| {
            let id = owner.person.identity;
            self.around.people.over.contains(&id)
                || self.around.planned.contains(&(id, self.name.clone(), account.reference.clone()))
        })
    }

    fn class(
        &self,
        account: &Account,
        owner: Option<IdentityId>,
        suggested: Suggested,
        linked: &BTreeSet<IdentityId>,
    ) -> (Class, Vec<Owner>) {
        let people = self.around.people;
        if let Some(id) = owner {
            let mut adopting = self.around.observed.adopting.iter();
            let adopting =
                adopting.find(|it| it.target == *self.name && it.account == account.reference);
            let class = if adopting.is_some() { Class::Sure } else { Class::Mine };
            return (class, vec![people.owner(id, adopting.map(|it| it.matched.clone()), None)]);
        }
        if self.policy.access.service.iter().any(|pattern| pattern.matches(&account.name)) {
            return (Class::Service, Vec::new());
        }
        // Who has an account already is asked about only where nobody else
        // may be meant.
        let (others, free): (Suggested, Suggested) =
            suggested.into_iter().partition(|(id, _)| linked.contains(id));
        let asked = if free.is_empty() { others } else { free };
        if asked.is_empty() {
            return (Class::Orphan, Vec::new());
        }
        let mut owners: Vec<Owner> = asked
            .into_iter()
            .map(|(id, matched)| {
                let doubt = if linked.contains(&id) {
                    Some("they have another one there".to_owned())
                } else {
                    self.doubt(id, account)
                };
                people.owner(id, Some(matched), doubt)
            })
            .collect();
        owners.sort_by(|one, other| {
            let by = |it: &Owner| (it.person.label.clone(), it.person.key.clone());
            by(one).cmp(&by(other))
        });
        (Class::Ask, owners)
    }

    /// Why what is sure of them is not sure of this one.
    fn doubt(&self, id: IdentityId, account: &Account) -> Option<String> {
        let doubt = self.around.doubts.get(&(id, self.name.clone()))?;
        let content = self.around.contents.get(self.name)?.get(&id)?;
        let def = self.there.schema.object(&content.object_type)?;
        let same = self.policy.match_by.verdict(def, content, account) == Verdict::Same;
        same.then(|| doubt.clone())
    }

    /// By what the file says, as planning does.
    fn declared(&self, whose: &BTreeMap<&ObjectRef, IdentityId>) -> BTreeMap<ObjectRef, Suggested> {
        let candidates = Candidates::new(self.there, &self.policy.match_by, whose);
        let mut suggested: BTreeMap<ObjectRef, Suggested> = BTreeMap::new();
        for (id, content) in self.around.contents.get(self.name).into_iter().flatten() {
            let Some(def) = self.there.schema.object(&content.object_type) else { continue };
            let found = candidates.like(def, content, &self.policy.match_by);
            for (reference, (account, matched)) in found {
                // Nobody is recognised by having no name.
                if !account.name.is_empty() || matched != "name" {
                    suggested.entry(reference.clone()).or_default().insert(*id, matched);
                }
            }
        }
        suggested
    }

    /// By what is usual.
    fn likely(&self, assembled: &Assembled) -> BTreeMap<ObjectRef, Suggested> {
        let likely = Likely::new(self.there);
        let contents = self.around.contents.get(self.name);
        let mut suggested: BTreeMap<ObjectRef, Suggested> = BTreeMap::new();
        for identity in &assembled.identities {
            let name = contents.and_then(|it| it.get(&identity.id)).map(|it| it.name.as_str());
            for (reference, matched) in likely.like(identity, name.unwrap_or_default()) {
                suggested.entry(reference.clone()).or_default().insert(identity.id, matched);
            }
        }
        // An account with somebody's id of ours is like nobody else.
        for account in &self.there.accounts {
            let carried = account.anchor.as_deref().and_then(|it| it.parse().ok());
            let Some(people) = suggested.get_mut(&account.reference) else { continue };
            if let Some(id) = carried.filter(|id: &IdentityId| people.contains_key(id)) {
                people.retain(|other, _| *other == id);
            }
        }
        suggested
    }

    fn forget_declined(&self, suggested: &mut BTreeMap<ObjectRef, Suggested>) {
        let declined = self.around.observed.declined.iter().filter(|it| it.target == *self.name);
        for declined in declined {
            if let Some(people) = suggested.get_mut(&declined.account) {
                people.remove(&declined.identity);
            }
        }
    }
}
