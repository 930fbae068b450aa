//! Some people, with every account that theirs could be confused with.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Whole,
    place::{Mark, Place},
};
use crate::{
    desired::{AccountContent, Desired, Presence},
    id::{ConnectorName, IdentityId},
    observed::{Observed, ObservedTarget, OwnedGrant},
    value::ObjectRef,
    workflow::Remembered,
};

pub(super) struct Part<'a> {
    whole: &'a Whole,
    ids: BTreeSet<IdentityId>,
    accounts: BTreeMap<&'a ConnectorName, BTreeSet<&'a ObjectRef>>,
}

impl Whole {
    pub(super) fn part(&self, ids: &BTreeSet<IdentityId>) -> Part<'_> {
        let mut part = Part { whole: self, ids: BTreeSet::new(), accounts: BTreeMap::new() };
        for id in ids {
            part.add_person(*id);
        }
        part
    }
}

impl<'a> Part<'a> {
    pub(super) fn ids(&self) -> &BTreeSet<IdentityId> {
        &self.ids
    }

    /// Somebody with all accounts that are theirs or look it.
    fn add_person(&mut self, id: IdentityId) {
        if !self.ids.insert(id) {
            return;
        }
        let whole = self.whole;
        for link in whole.links_of(id) {
            self.add_account(&link.target, &link.account);
        }
        let anchor = Mark::anchor(&id.to_string());
        for (target, place) in &whole.places {
            for account in place.found(&anchor) {
                self.add_account(target, account);
            }
        }
        let said = whole.books.declined.iter().chain(&whole.books.kept.given_back);
        for declined in said.filter(|it| it.identity == id) {
            self.add_account(&declined.target, &declined.account);
        }
    }

    /// An account, and those that have its name; whoever's id it carries is
    /// looked at as well.
    fn add_account(&mut self, target: &'a ConnectorName, account: &'a ObjectRef) -> bool {
        let new = self.accounts.entry(target).or_default().insert(account);
        let place = self.whole.places.get(target);
        let Some((place, there)) =
            place.filter(|_| new).and_then(|place| Some((place, place.accounts.get(account)?)))
        else {
            return new;
        };
        for alike in place.found(&Mark::name(&there.name)) {
            self.accounts.entry(target).or_default().insert(alike);
        }
        let carried = there.anchor.as_deref().and_then(|it| it.parse::<IdentityId>().ok());
        let theirs = |id: &IdentityId| self.whole.assembled.identity(*id).is_some();
        let linked = place.links(account).filter_map(|it| self.whole.books.links.get(it));
        let ours = linked.map(|link| link.identity).any(|id| self.ids.contains(&id));
        if let Some(other) = carried.filter(theirs).filter(|_| ours) {
            self.add_person(other);
        }
        new
    }

    /// Whether what is desired may meet accounts or people that are not in it
    /// yet, which are then.
    pub(super) fn widened_by(&mut self, desired: &Desired) -> bool {
        let mut widened = false;
        let whole = self.whole;
        for (id, person) in &desired.identities {
            for (target, account) in &person.accounts {
                let (Presence::Present { content, .. }, Some((target, place))) =
                    (&account.presence, whole.places.get_key_value(target))
                else {
                    continue;
                };
                for other in place.reserved(&content.name) {
                    if other != *id && !self.ids.contains(&other) {
                        self.add_person(other);
                        widened = true;
                    }
                }
                widened |= self.add_like((target, place), content);
            }
            for (target, content) in &person.likeness {
                let Some((target, place)) = whole.places.get_key_value(target) else { continue };
                widened |= self.add_like((target, place), content);
                let names = whole.books.names.get(target).into_iter().flatten();
                for held in names.filter(|it| it.identity == *id) {
                    for account in place.found(&Mark::name(&held.name)) {
                        widened |= self.add_account(target, account);
                    }
                }
            }
        }
        widened
    }

    /// Accounts that may be recognised by what an account looks like.
    fn add_like(
        &mut self,
        (target, place): (&'a ConnectorName, &'a Place),
        content: &AccountContent,
    ) -> bool {
        let values = place.match_by().iter().flat_map(|by| {
            let values = content.attributes.get(by).into_iter().flatten();
            values.map(|value| Mark::value(by, &value.to_string()))
        });
        let marks = values.chain([Mark::name(&content.name), Mark::anchor(&content.anchor)]);
        let mut widened = false;
        for account in marks.flat_map(|mark| place.found(&mark).collect::<Vec<_>>()) {
            widened |= self.add_account(target, account);
        }
        widened
    }

    pub(super) fn observed(&self) -> Observed {
        let Whole { books, places, .. } = self.whole;
        let own = self.ids.iter().filter_map(|id| self.whole.links.get(id)).flatten().copied();
        let linked = self.accounts.iter().flat_map(|(target, accounts)| {
            let place = places.get(*target);
            let links = |account| place.into_iter().flat_map(move |place| place.links(account));
            accounts.iter().flat_map(move |account| links(*account)).collect::<Vec<_>>()
        });
        let links: BTreeSet<usize> = own.chain(linked).collect();
        let here = |name: &ConnectorName, place: &Place| (name.clone(), self.target(name, place));
        let episodes = &books.workflows.episodes;
        let theirs = self.ids.iter().filter_map(|id| Some((*id, episodes.get(id)?.clone())));
        Observed {
            targets: places.iter().map(|(name, place)| here(name, place)).collect(),
            links: links.into_iter().filter_map(|it| books.links.get(it).cloned()).collect(),
            ledger: self.ledger(),
            in_doubt: of(&books.in_doubt, |(id, _)| self.ids.contains(id)),
            workflows: Remembered {
                known_since: books.workflows.known_since.clone(),
                episodes: theirs.collect(),
            },
            declined: of(&books.declined, |it| self.ids.contains(&it.identity)),
            // A name that anybody had may be the one that somebody would get.
            names: books.names.clone(),
            kept: books.kept.clone(),
            forgetting: books.forgetting.clone(),
            adopting: Vec::new(),
        }
    }

    fn target(&self, name: &ConnectorName, place: &Place) -> ObservedTarget {
        let accounts = self.accounts.get(name).into_iter().flatten();
        let held = accounts.clone().filter_map(|account| place.assignments.get(*account));
        ObservedTarget {
            accounts: accounts.filter_map(|it| place.accounts.get(*it).cloned()).collect(),
            assignments: held.flatten().cloned().collect(),
            ..place.frame().clone()
        }
    }

    fn ledger(&self) -> BTreeSet<OwnedGrant> {
        let accounts = self
            .accounts
            .iter()
            .flat_map(|(target, accounts)| accounts.iter().map(|account| ((*target), *account)));
        accounts.flat_map(|(target, account)| self.whole.owned(target, account)).cloned().collect()
    }
}

impl Whole {
    /// Grants of ours that an account holds.
    pub(super) fn owned<'a>(
        &'a self,
        target: &'a ConnectorName,
        account: &'a ObjectRef,
    ) -> impl Iterator<Item = &'a OwnedGrant> {
        let least = ObjectRef { object_type: String::new(), uid: String::new() };
        let first = OwnedGrant {
            target: target.clone(),
            holder: account.clone(),
            entitlement: least,
            relation: String::new(),
        };
        let theirs = |it: &&OwnedGrant| it.target == *target && it.holder == *account;
        self.books.ledger.range(first..).take_while(theirs)
    }
}

fn of<T: Ord + Clone>(set: &BTreeSet<T>, wanted: impl Fn(&T) -> bool) -> BTreeSet<T> {
    set.iter().filter(|it| wanted(it)).cloned().collect()
}
