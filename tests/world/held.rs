//! What a target holds, and how writes change it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard::connector::Write;
use lanyard_core::{
    account::{Account, AccountState},
    fault::{Fault, FaultKind},
    schema::CreateSafety,
    value::{Attribute, ObjectRef, ValueChange},
};

use crate::{schedule::Kind, target::blank};

/// An account that is there.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) account: Account,
    /// We made it.
    pub(crate) ours: bool,
    /// What reads show of it until then; none: nothing.
    before: Option<(Timestamp, Option<Account>)>,
}

#[derive(Debug)]
pub(crate) struct Holds {
    kind: Kind,
    pub(crate) accounts: BTreeMap<String, Held>,
    /// Holder and group, and whether somebody put it there by hand.
    pub(crate) grants: BTreeMap<(String, String), bool>,
    /// What was made with which key.
    pub(crate) keys: BTreeMap<String, String>,
    /// Keys of what was done in part: they continue it.
    pub(crate) partly: BTreeSet<String>,
    sequence: u32,
}

pub(crate) fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
}

pub(crate) fn group(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() }
}

/// The verb, the account and the group of a write.
pub(crate) fn described(write: &Write) -> (&'static str, String, Option<String>) {
    let about = |verb, account: &ObjectRef| (verb, account.uid.clone(), None);
    match write {
        Write::Create { name, .. } => ("create", name.clone(), None),
        Write::Update { account, .. } => about("update", account),
        Write::Enable(account) => about("enable", account),
        Write::Disable(account) => about("disable", account),
        Write::Delete(account) => about("delete", account),
        Write::Grant { holder, entitlement, .. } => {
            ("grant", holder.uid.clone(), Some(entitlement.uid.clone()))
        }
        Write::Revoke { holder, entitlement, .. } => {
            ("revoke", holder.uid.clone(), Some(entitlement.uid.clone()))
        }
        Write::EndSessions(account) => about("end-sessions", account),
        Write::RevokeCredentials(account) => about("revoke-credentials", account),
        Write::SetPassword { account, .. } => about("set-password", account),
    }
}

fn missing() -> Fault {
    Fault::new(FaultKind::NotFound, "there is no such account")
}

impl Holds {
    pub(crate) fn new(kind: &Kind) -> Self {
        Self {
            kind: kind.clone(),
            accounts: BTreeMap::new(),
            grants: BTreeMap::new(),
            keys: BTreeMap::new(),
            partly: BTreeSet::new(),
            sequence: 0,
        }
    }

    pub(crate) fn anchor(&self, uid: &str) -> Option<String> {
        self.accounts.get(uid).and_then(|held| held.account.anchor.clone())
    }

    pub(crate) fn groups(&self, uid: &str) -> BTreeSet<String> {
        let held = self.grants.keys().filter(|(holder, _)| holder == uid);
        held.map(|(_, group)| group.clone()).collect()
    }

    /// As reads show it.
    pub(crate) fn shown(&self, now: Timestamp) -> BTreeMap<String, Account> {
        let shown = self.accounts.values().filter_map(|held| match &held.before {
            Some((until, before)) if now < *until => before.clone(),
            _ => Some(held.account.clone()),
        });
        shown.map(|account| (account.reference.uid.clone(), account)).collect()
    }

    /// Reads show what was there before, for a while.
    fn lag(&mut self, uid: &str, before: Option<Account>, now: Timestamp) {
        let delay = SignedDuration::from_millis(i64::from(self.kind.delay_ms));
        let until = now.checked_add(delay).unwrap();
        if until > now
            && let Some(held) = self.accounts.get_mut(uid)
        {
            held.before = Some((until, before));
        }
    }

    /// Reads show it as it is.
    pub(crate) fn is_seen(&mut self, uid: &str) {
        if let Some(held) = self.accounts.get_mut(uid) {
            held.before = None;
        }
    }

    /// The account it is about by then, and whether anything became otherwise.
    pub(crate) fn apply(
        &mut self,
        write: &Write,
        key: &str,
        now: Timestamp,
    ) -> Result<(ObjectRef, bool), Fault> {
        match write {
            Write::Create { .. } => self.create(write, key, now),
            Write::Update { .. } => self.update(write, key),
            Write::Enable(account) => self.switch(account, AccountState::Active, now),
            Write::Disable(account) => self.switch(account, AccountState::Disabled, now),
            Write::Delete(account) => {
                self.accounts.remove(&account.uid).ok_or_else(missing)?;
                self.grants.retain(|(holder, _), _| *holder != account.uid);
                Ok((account.clone(), true))
            }
            Write::Grant { holder, entitlement, .. } => {
                self.accounts.get(&holder.uid).ok_or_else(missing)?;
                let place = (holder.uid.clone(), entitlement.uid.clone());
                let before = self.grants.entry(place);
                let new = matches!(before, std::collections::btree_map::Entry::Vacant(_));
                before.or_insert(false);
                Ok((holder.clone(), new))
            }
            Write::Revoke { holder, entitlement, .. } => {
                let place = (holder.uid.clone(), entitlement.uid.clone());
                Ok((holder.clone(), self.grants.remove(&place).is_some()))
            }
            Write::EndSessions(account)
            | Write::RevokeCredentials(account)
            | Write::SetPassword { account, .. } => Ok((account.clone(), false)),
        }
    }

    fn create(
        &mut self,
        write: &Write,
        key: &str,
        now: Timestamp,
    ) -> Result<(ObjectRef, bool), Fault> {
        let Write::Create { name, anchor, attributes, state, .. } = write else {
            return Err(missing());
        };
        if (self.kind.safety == CreateSafety::NativeKey || self.partly.contains(key))
            && let Some(uid) = self.keys.get(key)
        {
            return Ok((user(uid), false));
        }
        let taken = self.accounts.values().any(|it| it.account.name.eq_ignore_ascii_case(name));
        let one_each = self.kind.renameable
            || [CreateSafety::NativeKey, CreateSafety::UniqueConstraint]
                .contains(&self.kind.safety);
        if taken && one_each {
            return Err(Fault::new(FaultKind::AlreadyExists(None), "the name is taken"));
        }
        self.sequence += 1;
        let uid =
            if self.kind.renameable { name.clone() } else { format!("u{:03}", self.sequence) };
        let account = Account {
            name: name.clone(),
            anchor: Some(anchor.clone()),
            state: *state,
            attributes: attributes.clone(),
            ..blank(&uid)
        };
        self.accounts.insert(uid.clone(), Held { account, ours: true, before: None });
        self.keys.insert(key.to_owned(), uid.clone());
        self.lag(&uid, None, now);
        Ok((user(&uid), true))
    }

    fn update(&mut self, write: &Write, key: &str) -> Result<(ObjectRef, bool), Fault> {
        let Write::Update { account, name, anchor, attributes } = write else {
            return Err(missing());
        };
        // The same key goes on with what was done in part.
        let known = self.keys.get(key).filter(|_| self.partly.contains(key));
        let account = &known.map_or_else(|| account.clone(), |uid| user(uid));
        let mut held = self.accounts.get(&account.uid).ok_or_else(missing)?.clone();
        let before = held.account.clone();
        let mut others = self.accounts.iter().filter(|(uid, _)| **uid != account.uid);
        if let Some(name) = name
            && (self.kind.renameable || self.kind.safety == CreateSafety::UniqueConstraint)
            && others.any(|(_, it)| it.account.name.eq_ignore_ascii_case(name))
        {
            return Err(Fault::new(FaultKind::AlreadyExists(None), "the name is taken"));
        }
        if anchor.is_some() {
            held.account.anchor.clone_from(anchor);
        }
        for change in attributes {
            if let ValueChange::Replace(values) = &change.change {
                held.account.attributes.retain(|it| it.name != change.name);
                held.account.attributes.push(Attribute::new(&change.name, values.clone()));
            }
        }
        if let Some(name) = name {
            held.account.name.clone_from(name);
        }
        let uid = match name {
            Some(name) if self.kind.renameable => name.clone(),
            _ => account.uid.clone(),
        };
        held.account.reference = user(&uid);
        self.keys.insert(key.to_owned(), uid.clone());
        let changed = held.account != before;
        self.accounts.remove(&account.uid);
        self.accounts.insert(uid.clone(), held);
        let grants = std::mem::take(&mut self.grants).into_iter();
        let moved = grants.map(|((holder, group), hand)| {
            let holder = if holder == account.uid { uid.clone() } else { holder };
            ((holder, group), hand)
        });
        self.grants = moved.collect();
        Ok((user(&uid), changed))
    }

    fn switch(
        &mut self,
        account: &ObjectRef,
        state: AccountState,
        now: Timestamp,
    ) -> Result<(ObjectRef, bool), Fault> {
        let held = self.accounts.get_mut(&account.uid).ok_or_else(missing)?;
        let before = held.account.clone();
        held.account.state = state;
        if before.state == state {
            return Ok((account.clone(), false));
        }
        self.lag(&account.uid, Some(before), now);
        Ok((account.clone(), true))
    }

    // --- what people do there themselves --------------------------------------

    /// The account that carries an id.
    pub(crate) fn of(&mut self, anchor: &str) -> Option<&mut Held> {
        let mut accounts = self.accounts.values_mut();
        accounts.find(|held| held.account.anchor.as_deref() == Some(anchor))
    }

    pub(crate) fn delete_by_hand(&mut self, anchor: &str) {
        let Some(uid) = self.of(anchor).map(|held| held.account.reference.uid.clone()) else {
            return;
        };
        self.accounts.remove(&uid);
        self.grants.retain(|(holder, _), _| *holder != uid);
    }

    /// Somebody else's account, under that name.
    pub(crate) fn add_by_hand(&mut self, name: &str) {
        if self.accounts.values().any(|it| it.account.name.eq_ignore_ascii_case(name)) {
            return;
        }
        let uid = if self.kind.renameable { name.to_owned() } else { format!("x-{name}") };
        let account = Account { name: name.to_owned(), ..blank(&uid) };
        self.accounts.insert(uid, Held { account, ours: false, before: None });
    }

    /// Whoever took somebody's name gives it back.
    pub(crate) fn give_back_names(&mut self) {
        self.accounts.retain(|_, held| held.ours);
    }

    pub(crate) fn put_by_hand(&mut self, anchor: &str, group: &str) {
        if let Some(uid) = self.of(anchor).map(|held| held.account.reference.uid.clone()) {
            self.grants.entry((uid, group.to_owned())).or_insert(true);
        }
    }

    pub(crate) fn take_by_hand(&mut self, anchor: &str, group: &str) {
        if let Some(uid) = self.of(anchor).map(|held| held.account.reference.uid.clone()) {
            self.grants.remove(&(uid, group.to_owned()));
        }
    }
}
