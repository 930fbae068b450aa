//! One target, by everything its accounts are looked for by.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

use crate::{
    account::{Account, Assignment},
    id::IdentityId,
    observed::ObservedTarget,
    value::ObjectRef,
};

#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Schema, entitlements and coverage; accounts and assignments are below.
    frame: ObservedTarget,
    pub(super) accounts: BTreeMap<ObjectRef, Account>,
    /// By holder.
    pub(super) assignments: BTreeMap<ObjectRef, Vec<Assignment>>,
    /// Places in the books of every link to an account.
    links: BTreeMap<ObjectRef, Vec<usize>>,
    match_by: Vec<String>,
    /// Accounts by login name, anchor, and what they are recognised by.
    marks: BTreeMap<Mark, BTreeSet<ObjectRef>>,
    /// Names that people without an account are to get.
    reserved: BTreeMap<String, BTreeSet<IdentityId>>,
    reserves: BTreeMap<IdentityId, String>,
}

/// What an account may be found by, in a form that no matching of a schema
/// tells further apart: too many found do no harm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Name(String),
    Anchor(String),
    Value(String, String),
}

impl Mark {
    pub(super) fn name(name: &str) -> Self {
        Self::Name(coarse(name))
    }

    pub(super) fn anchor(anchor: &str) -> Self {
        Self::Anchor(coarse(anchor))
    }

    pub(super) fn value(attribute: &str, value: &str) -> Self {
        Self::Value(attribute.to_owned(), coarse(value))
    }
}

fn coarse(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).filter(|it| it.is_alphanumeric()).collect()
}

impl Place {
    pub(super) fn new(mut target: ObservedTarget, match_by: BTreeSet<&str>) -> Self {
        let accounts = std::mem::take(&mut target.accounts);
        let assignments = std::mem::take(&mut target.assignments);
        let mut place = Self {
            frame: target,
            accounts: BTreeMap::new(),
            assignments: BTreeMap::new(),
            links: BTreeMap::new(),
            match_by: match_by.into_iter().map(ToOwned::to_owned).collect(),
            marks: BTreeMap::new(),
            reserved: BTreeMap::new(),
            reserves: BTreeMap::new(),
        };
        for account in accounts {
            place.add(account);
        }
        for assignment in assignments {
            let held = place.assignments.entry(assignment.holder.clone()).or_default();
            held.push(assignment);
        }
        place
    }

    pub(super) fn frame(&self) -> &ObservedTarget {
        &self.frame
    }

    pub(super) fn match_by(&self) -> &[String] {
        &self.match_by
    }

    pub(super) fn add(&mut self, account: Account) {
        for mark in self.marks_of(&account) {
            self.marks.entry(mark).or_default().insert(account.reference.clone());
        }
        self.accounts.insert(account.reference.clone(), account);
    }

    pub(super) fn take(&mut self, account: &ObjectRef) -> Option<Account> {
        let account = self.accounts.remove(account)?;
        for mark in self.marks_of(&account) {
            if let Some(found) = self.marks.get_mut(&mark) {
                found.remove(&account.reference);
            }
        }
        Some(account)
    }

    /// Changes an account, under whatever it is found by then.
    pub(super) fn change(&mut self, account: &ObjectRef, change: impl FnOnce(&mut Account)) {
        if let Some(mut account) = self.take(account) {
            change(&mut account);
            self.add(account);
        }
    }

    pub(super) fn link(&mut self, account: &ObjectRef, place: usize) {
        self.links.entry(account.clone()).or_default().push(place);
    }

    /// Places in the books of the links to an account.
    pub(super) fn links(&self, account: &ObjectRef) -> impl Iterator<Item = usize> {
        self.links.get(account).into_iter().flatten().copied()
    }

    /// The account has another key, and so have its links and assignments.
    pub(super) fn rekey(&mut self, from: &ObjectRef, to: &ObjectRef) {
        if let Some(mut account) = self.take(from) {
            account.reference.clone_from(to);
            self.add(account);
        }
        if let Some(mut held) = self.assignments.remove(from) {
            for assignment in &mut held {
                assignment.holder.clone_from(to);
            }
            self.assignments.insert(to.clone(), held);
        }
        if let Some(links) = self.links.remove(from) {
            self.links.entry(to.clone()).or_default().extend(links);
        }
    }

    pub(super) fn found(&self, mark: &Mark) -> impl Iterator<Item = &ObjectRef> {
        self.marks.get(mark).into_iter().flatten()
    }

    /// Whoever else is to get a name like this one.
    pub(super) fn reserved(&self, name: &str) -> impl Iterator<Item = IdentityId> {
        self.reserved.get(&coarse(name)).into_iter().flatten().copied()
    }

    pub(super) fn reserve(&mut self, id: IdentityId, name: &str) {
        let name = coarse(name);
        self.reserved.entry(name.clone()).or_default().insert(id);
        self.reserves.insert(id, name);
    }

    pub(super) fn unreserve(&mut self, id: IdentityId) {
        let Some(name) = self.reserves.remove(&id) else { return };
        if let Some(holders) = self.reserved.get_mut(&name) {
            holders.remove(&id);
        }
    }

    pub(super) fn into_target(self) -> ObservedTarget {
        ObservedTarget {
            accounts: self.accounts.into_values().collect(),
            assignments: self.assignments.into_values().flatten().collect(),
            ..self.frame
        }
    }

    fn marks_of(&self, account: &Account) -> Vec<Mark> {
        let mut marks = vec![Mark::name(&account.name)];
        marks.extend(account.anchor.as_deref().map(Mark::anchor));
        for attribute in account.attributes.iter().filter(|it| self.match_by.contains(&it.name)) {
            let values = attribute.values.iter();
            marks.extend(values.map(|value| Mark::value(&attribute.name, &value.to_string())));
        }
        marks
    }
}
