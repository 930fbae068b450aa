//! The systems of a scenario: sources that say what they are told, targets
//! that do what they are told and remember it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use jiff::{civil::Date, tz::TimeZone};
use lanyard::connector::{
    Abilities, AssignmentScope, Connector, Lookup, Outcome, Page, PageRequest, Write, WriteContext,
};
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage, CoverageKind, Entitlement},
    fault::{Fault, FaultKind},
    schema::{
        AttributeDef, Capabilities, CheckDepth, CheckReport, CreateSafety, DeleteKind,
        DisableEffect, Matching, Mutability, ObjectDef, ObjectRole, Returned, Schema, Sensitivity,
        ValueKind,
    },
    value::{Attribute, AttributeChange, ObjectRef, Value, ValueChange},
};

use crate::{keys::Keys, owed, pace::Temper};

/// What every target knows of a person, beside what its file asks for.
const USUAL: [(&str, &str); 6] = [
    ("givenName", "name.givenName"),
    ("familyName", "name.familyName"),
    ("displayName", "displayName"),
    ("mail", "emails.value"),
    ("title", "title"),
    ("department", "department"),
];

/// A source or a target.
pub(crate) struct System {
    target: bool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Records under a key that another one has, too.
    pub(crate) again: Vec<Account>,
    /// Holder and name of the group.
    pub(crate) held: BTreeSet<(String, String)>,
    pub(crate) groups: BTreeSet<String>,
    /// Attributes beside the usual ones.
    pub(crate) attributes: BTreeSet<String>,
    /// What was deleted, to be brought back by hand.
    deleted: Vec<Account>,
    pub(crate) down: bool,
    /// It says that it took something away, and did not.
    pub(crate) lies: bool,
    /// A listing stops before its end.
    pub(crate) cut_short: bool,
    /// What it promises of an account that is disabled.
    pub(crate) promised: BTreeSet<DisableEffect>,
    pub(crate) keys: Keys,
    pub(crate) temper: Temper,
    sequence: u32,
}

impl System {
    pub(crate) fn source() -> Self {
        Self { target: false, inner: Mutex::default() }
    }

    pub(crate) fn target() -> Self {
        Self { target: true, inner: Mutex::default() }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> Result<MutexGuard<'_, Inner>, Fault> {
        let inner = self.inner();
        if inner.down {
            return Err(Fault::new(FaultKind::PermissionDenied(None), "it does not let us in"));
        }
        Ok(inner)
    }
}

impl Inner {
    fn whole<T>(&self, items: Vec<T>) -> Page<T> {
        let mut coverage = Coverage::exhaustive();
        if self.cut_short {
            coverage.kind = CoverageKind::Truncated;
        }
        Page { items, next: None, coverage, total_hint: None }
    }

    pub(crate) fn account(&mut self, reference: &ObjectRef) -> Result<&mut Account, Fault> {
        self.accounts
            .get_mut(&reference.uid)
            .ok_or_else(|| Fault::new(FaultKind::NotFound, "there is no such account"))
    }

    fn apply(&mut self, write: &Write) -> Result<Account, Fault> {
        if let Some(account) = owed::only_said(write).filter(|_| self.lies) {
            return Ok(self.account(account)?.clone());
        }
        match write {
            Write::Create { name, anchor, attributes, state, .. } => {
                self.sequence += 1;
                let uid = format!("u{}", self.sequence);
                let made = Account {
                    anchor: Some(anchor.clone()),
                    attributes: attributes.clone(),
                    ..account(&uid, name, *state)
                };
                self.accounts.insert(uid, made.clone());
                Ok(made)
            }
            Write::Update { account, name, anchor, attributes } => {
                let found = self.account(account)?;
                if let Some(name) = name {
                    found.name.clone_from(name);
                }
                if anchor.is_some() {
                    found.anchor.clone_from(anchor);
                }
                for change in attributes {
                    set(found, change);
                }
                Ok(found.clone())
            }
            Write::Enable(account) => self.state(account, AccountState::Active),
            Write::Disable(account) => self.state(account, AccountState::Disabled),
            Write::Delete(reference) => {
                let found = self.account(reference)?.clone();
                self.accounts.remove(&reference.uid);
                self.deleted.push(found.clone());
                self.held.retain(|(holder, _)| *holder != reference.uid);
                Ok(found)
            }
            Write::Grant { holder, entitlement, .. } => {
                self.held.insert((holder.uid.clone(), entitlement.uid.clone()));
                Ok(self.account(holder)?.clone())
            }
            Write::Revoke { holder, entitlement, .. } => {
                self.held.remove(&(holder.uid.clone(), entitlement.uid.clone()));
                Ok(self.account(holder)?.clone())
            }
            Write::EndSessions(_) | Write::RevokeCredentials(_) | Write::SetPassword { .. } => {
                self.key(write)
            }
        }
    }

    fn state(&mut self, reference: &ObjectRef, state: AccountState) -> Result<Account, Fault> {
        let found = self.account(reference)?;
        found.state = state;
        Ok(found.clone())
    }

    pub(crate) fn by_name(&mut self, name: &str) -> Result<&mut Account, String> {
        let mut accounts = self.accounts.values_mut();
        accounts.find(|it| it.name == name).ok_or_else(|| format!("there is no account `{name}`"))
    }

    /// Each carries the id of the other from now on, as after a backup of
    /// another day.
    pub(crate) fn confuse(&mut self, one: &str, other: &str) -> Result<(), String> {
        let anchor = self.by_name(one)?.anchor.clone();
        let anchor = std::mem::replace(&mut self.by_name(other)?.anchor, anchor);
        self.by_name(one)?.anchor = anchor;
        Ok(())
    }

    /// Somebody puts an account into a group.
    pub(crate) fn put_by_hand(&mut self, name: &str, group: &str) -> Result<(), String> {
        let uid = self.by_name(name)?.reference.uid.clone();
        self.groups.insert(group.to_owned());
        self.held.insert((uid, group.to_owned()));
        Ok(())
    }

    /// Somebody deletes a group, with all who are in it.
    pub(crate) fn lose(&mut self, group: &str) {
        self.groups.remove(group);
        self.held.retain(|(_, held)| held != group);
    }

    pub(crate) fn delete_by_hand(&mut self, name: &str) -> Result<(), String> {
        let uid = self.by_name(name)?.reference.uid.clone();
        self.held.retain(|(holder, _)| *holder != uid);
        self.deleted.extend(self.accounts.remove(&uid));
        Ok(())
    }

    /// As it was when it was deleted, and enabled.
    pub(crate) fn restore_by_hand(&mut self, name: &str) -> Result<(), String> {
        let place = self.deleted.iter().position(|it| it.name == name);
        let place = place.ok_or_else(|| format!("no account `{name}` was deleted"))?;
        let account = Account { state: AccountState::Active, ..self.deleted.remove(place) };
        self.accounts.insert(account.reference.uid.clone(), account);
        Ok(())
    }

    /// Adds an account somebody made by hand.
    pub(crate) fn add(&mut self, name: &str, state: AccountState) -> &mut Account {
        let uid = format!("x-{name}");
        self.accounts.entry(uid.clone()).or_insert_with(|| account(&uid, name, state))
    }
}

fn set(account: &mut Account, change: &AttributeChange) {
    account.attributes.retain(|attribute| attribute.name != change.name);
    if let ValueChange::Replace(values) = &change.change
        && !values.is_empty()
    {
        account.attributes.push(Attribute::new(change.name.clone(), values.clone()));
    }
}

fn account(uid: &str, name: &str, state: AccountState) -> Account {
    Account {
        reference: ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() },
        revision: None,
        name: name.to_owned(),
        anchor: None,
        state,
        state_until: None,
        last_used: None,
        attributes: Vec::new(),
    }
}

/// A person as a source has them; an empty cell is no value.
pub(crate) fn record(row: Vec<(String, String)>) -> Account {
    let mut cells = row.into_iter();
    let (_, key) = cells.next().unwrap_or_default();
    let attributes = cells.flat_map(|(name, cell)| dated(&name, &cell)).collect();
    let reference = ObjectRef { object_type: "person".to_owned(), uid: key.clone() };
    Account { reference, attributes, ..account(&key, &key, AccountState::Unknown) }
}

/// What a cell says: nothing, a value, or one and another from a day on
/// (`Sales, Legal from 2026-07-01`).
fn dated(name: &str, cell: &str) -> Vec<Attribute> {
    let later = cell.rsplit_once(", ").and_then(|(now, later)| {
        let (later, day) = later.split_once(" from ")?;
        let day = day.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some((
            now,
            Attribute { effective_from: Some(day.timestamp()), ..attribute_of(name, later) },
        ))
    });
    match later {
        Some((now, later)) => vec![attribute_of(name, now), later],
        None if cell.is_empty() => vec![Attribute::new(name, Vec::new())],
        None => vec![attribute_of(name, cell)],
    }
}

/// An attribute with one text.
pub(crate) fn attribute_of(name: &str, text: &str) -> Attribute {
    Attribute::new(name.to_owned(), vec![Value::Text(text.to_owned())])
}

fn attribute(name: &str, path: Option<&str>) -> AttributeDef {
    AttributeDef {
        name: name.to_owned(),
        kind: ValueKind::Text,
        multi: false,
        ordered: false,
        required: false,
        unique: name == "login",
        mutability: Mutability::ReadWrite,
        returned: Returned::Always,
        matching: Matching::IgnoreCase,
        sensitivity: Sensitivity::Ordinary,
        allowed: Vec::new(),
        description: String::new(),
        scim_path: path.map(str::to_owned),
    }
}

fn object(object_type: &str, role: ObjectRole, attributes: Vec<AttributeDef>) -> ObjectDef {
    ObjectDef {
        object_type: object_type.to_owned(),
        role,
        attributes,
        anchor_attribute: (role == ObjectRole::Account).then(|| "external".to_owned()),
        name_attribute: "login".to_owned(),
        capabilities: Capabilities {
            create: true,
            update: true,
            enable: true,
            disable: true,
            delete: true,
            full_list: true,
            entitlements: true,
            create_safety: CreateSafety::UniqueConstraint,
            delete_kind: DeleteKind::Hard,
            ..Capabilities::default()
        },
    }
}

#[async_trait]
impl Connector for System {
    fn abilities(&self) -> Abilities {
        Abilities {
            directory: true,
            provisioning: self.target,
            entitlements: self.target,
            credentials: self.target,
            step: false,
        }
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        Ok(CheckReport { findings: Vec::new(), system_version: None })
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        let inner = self.up()?;
        let mut attributes = vec![attribute("login", None), attribute("external", None)];
        if self.target {
            attributes.extend(USUAL.map(|(name, path)| attribute(name, Some(path))));
        }
        for name in &inner.attributes {
            if attributes.iter().all(|known| known.name != *name) {
                attributes.push(attribute(name, None));
            }
        }
        let objects = if self.target {
            let mut user = object("user", ObjectRole::Account, attributes);
            user.capabilities.disable_effects.clone_from(&inner.promised);
            user.capabilities.credential_abilities.clone_from(&inner.keys.can);
            vec![user, object("group", ObjectRole::Entitlement, vec![attribute("login", None)])]
        } else {
            vec![object("person", ObjectRole::Account, attributes)]
        };
        Ok(Schema { objects })
    }

    async fn list(&self, _object_type: &str, _page: PageRequest) -> Result<Page<Account>, Fault> {
        let inner = self.up()?;
        Ok(inner.whole(inner.accounts.values().chain(&inner.again).cloned().collect()))
    }

    async fn get(&self, account: &ObjectRef) -> Result<Account, Fault> {
        Ok(self.up()?.account(account)?.clone())
    }

    async fn find(&self, _object_type: &str, by: &Lookup) -> Result<Vec<Account>, Fault> {
        let inner = self.up()?;
        let fits = |account: &&Account| match by {
            Lookup::Anchor(anchor) => account.anchor.as_ref() == Some(anchor),
            Lookup::Name(name) => account.name.eq_ignore_ascii_case(name),
            Lookup::Attribute { name, value } => account
                .attributes
                .iter()
                .any(|attribute| attribute.name == *name && attribute.values.contains(value)),
            Lookup::IdempotencyKey(_) => false,
        };
        Ok(inner.accounts.values().filter(fits).cloned().collect())
    }

    async fn list_entitlements(
        &self,
        _object_type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        let inner = self.up()?;
        let entitlements = inner.groups.iter().map(|name| Entitlement {
            reference: ObjectRef { object_type: "group".to_owned(), uid: name.clone() },
            name: name.clone(),
            description: String::new(),
            grantable: true,
            privileged: false,
        });
        Ok(inner.whole(entitlements.collect()))
    }

    async fn list_assignments(
        &self,
        scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        let inner = self.up()?;
        let held = inner.held.iter().map(|(holder, group)| Assignment {
            holder: ObjectRef { object_type: "user".to_owned(), uid: holder.clone() },
            entitlement: ObjectRef { object_type: "group".to_owned(), uid: group.clone() },
            relation: String::new(),
            direct: true,
        });
        let asked = held.filter(|it| match scope {
            AssignmentScope::OfAccount(account) => it.holder == *account,
            AssignmentScope::OfEntitlement(entitlement) => it.entitlement == *entitlement,
            AssignmentScope::Everything => true,
        });
        Ok(inner.whole(asked.collect()))
    }

    async fn write(&self, _context: WriteContext, write: &Write) -> Result<Outcome, Fault> {
        let mut inner = self.up()?;
        inner.temper.written()?;
        let account = inner.apply(write)?;
        Ok(Outcome {
            status: inner.keys.status(write),
            account: Some(account),
            side_effects: Vec::new(),
            failed: Vec::new(),
        })
    }
}

/// What a target says that disabling does there: `blocks-login`, …
pub(crate) fn effect(word: &str) -> Result<DisableEffect, String> {
    use DisableEffect::{BlocksLogin, EndsSessions, ReleasesLicence, Reversible, RevokesTokens};
    [BlocksLogin, EndsSessions, ReleasesLicence, Reversible, RevokesTokens]
        .into_iter()
        .find(|effect| effect.word() == word)
        .ok_or_else(|| format!("`{word}` is nothing that disabling does"))
}

/// As scenarios call it.
pub(crate) fn account_state(word: &str) -> Result<AccountState, String> {
    [AccountState::Active, AccountState::Disabled]
        .into_iter()
        .find(|state| state.word() == word)
        .ok_or_else(|| format!("`{word}` is no state of an account here"))
}
