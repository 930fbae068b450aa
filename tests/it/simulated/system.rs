//! A target in memory that misbehaves as it is told to.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard::connector::{
    Abilities, AssignmentScope, Connector, Lookup, Outcome, Page, PageRequest, Status, Write,
    WriteContext,
};
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage, Entitlement},
    fault::{Fault, FaultKind},
    schema::{
        AttributeDef, Capabilities, CheckDepth, CheckReport, CreateSafety, CredentialAbility,
        IdStability, Matching, Mutability, ObjectDef, ObjectRole, Returned, Schema, Sensitivity,
        ValueKind,
    },
    value::{Attribute, ObjectRef, Value},
};

/// What happens to the next write of a kind.
pub(super) enum Trick {
    /// It fails and is not applied.
    Fail(FaultKind),
    /// It is applied, and then fails.
    ApplyAndFail(FaultKind),
    /// It succeeds and is not applied.
    Ignore,
    /// It is applied; the answer names no account.
    Nameless,
    /// It is applied when `true`; the answer says that it is pending until
    /// then, and names no account.
    Pending(bool, Option<Timestamp>),
    /// It is applied; the answer says that a part failed, and names no
    /// account.
    Partial,
    /// It succeeds with an account that has nothing to do with it.
    Name(&'static str),
    Panic,
}

/// What a target shows when it is read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reads {
    #[default]
    All,
    NoEntitlements,
    /// Its accounts are of another type by now.
    Persons,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) reads: Reads,
    pub(super) accounts: BTreeMap<String, Account>,
    /// Holder and group.
    pub(super) grants: BTreeSet<(String, String)>,
    pub(super) tricks: BTreeMap<&'static str, VecDeque<Trick>>,
    /// Faults of the next searches.
    pub(super) find_faults: VecDeque<FaultKind>,
    /// What the next reads of one account meet, if anything.
    pub(super) get_faults: VecDeque<Option<FaultKind>>,
    /// Faults of the next reads of what one account holds.
    pub(super) grant_faults: VecDeque<FaultKind>,
    /// What is found by any key of an operation; none: it has no such search.
    pub(super) by_key: Option<String>,
    pub(super) safety: Option<CreateSafety>,
    pub(super) renameable: bool,
    pub(super) max_concurrency: Option<u32>,
    pub(super) visibility_delay_ms: u64,
    /// What it can do with credentials.
    pub(super) abilities: BTreeSet<CredentialAbility>,
    /// Every password that was set.
    pub(super) passwords: Vec<String>,
    /// Writes at this moment, and the most there ever were.
    running: u32,
    pub(super) most: u32,
    /// Writes wait until so many have been here at the same time.
    pub(super) meet: u32,
    /// Keys and attempts of every create.
    pub(super) keys: Vec<(String, u32)>,
    sequence: u32,
}

#[derive(Default)]
pub(super) struct System {
    inner: Mutex<Inner>,
    /// One line per write that came in, of all systems of a test.
    log: Arc<Mutex<Vec<String>>>,
    name: &'static str,
}

pub(super) fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
}

fn group(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() }
}

impl System {
    pub(super) fn new(name: &'static str, log: &Arc<Mutex<Vec<String>>>) -> Arc<Self> {
        Arc::new(Self { name, log: Arc::clone(log), ..Self::default() })
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        // A trick may have panicked while it held this.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn trick(&self, kind: &'static str, trick: Trick) {
        self.inner().tricks.entry(kind).or_default().push_back(trick);
    }

    /// Somebody else makes an account by hand.
    pub(super) fn add(&self, uid: &str, name: &str, anchor: Option<&str>) {
        let account = account(uid, name, anchor, AccountState::Active);
        self.inner().accounts.insert(uid.to_owned(), account);
    }

    /// Somebody there ends a rename; the account is known by its name.
    pub(super) fn ends_rename(&self, from: &str, to: &str) {
        let write = Write::Update {
            account: user(from),
            name: Some(to.to_owned()),
            anchor: None,
            attributes: Vec::new(),
        };
        self.inner().apply(&write).unwrap();
    }

    /// Names, anchors are left out: `ada active [staff]`.
    pub(super) fn shown(&self) -> String {
        let inner = self.inner();
        let lines = inner.accounts.values().map(|account| {
            let uid = &account.reference.uid;
            let groups: Vec<&str> = inner
                .grants
                .iter()
                .filter(|(holder, _)| holder == uid)
                .map(|(_, group)| group.as_str())
                .collect();
            format!("{} {} [{}]", account.name, account.state.word(), groups.join(" "))
        });
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines.join(", ")
    }

    fn schema(&self) -> Schema {
        let inner = self.inner();
        let attribute = |name: &str| AttributeDef {
            name: name.to_owned(),
            kind: ValueKind::Text,
            multi: false,
            ordered: false,
            required: false,
            unique: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Always,
            matching: Matching::Exact,
            sensitivity: Sensitivity::Ordinary,
            allowed: Vec::new(),
            description: String::new(),
            scim_path: None,
        };
        let capabilities = Capabilities {
            create: true,
            update: true,
            enable: true,
            disable: true,
            delete: true,
            entitlements: true,
            create_safety: inner.safety.unwrap_or(CreateSafety::UniqueConstraint),
            id_stability: if inner.renameable {
                IdStability::Renameable
            } else {
                IdStability::Immutable
            },
            max_concurrency: inner.max_concurrency,
            visibility_delay_ms: inner.visibility_delay_ms,
            credential_abilities: inner.abilities.clone(),
            ..Capabilities::default()
        };
        let object = |object_type: &str, role, capabilities| ObjectDef {
            object_type: object_type.to_owned(),
            role,
            attributes: ["login", "number", "title"].map(attribute).into(),
            anchor_attribute: Some("number".to_owned()),
            name_attribute: "login".to_owned(),
            capabilities,
        };
        let kind = if inner.reads == Reads::Persons { "person" } else { "user" };
        Schema {
            objects: vec![
                object(kind, ObjectRole::Account, capabilities),
                object("group", ObjectRole::Entitlement, Capabilities::default()),
            ],
        }
    }
}

fn account(uid: &str, name: &str, anchor: Option<&str>, state: AccountState) -> Account {
    Account {
        reference: user(uid),
        revision: None,
        name: name.to_owned(),
        anchor: anchor.map(str::to_owned),
        state,
        state_until: None,
        last_used: None,
        attributes: Vec::new(),
    }
}

fn one_page<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None, coverage: Coverage::exhaustive(), total_hint: None }
}

fn missing() -> Fault {
    Fault::new(FaultKind::NotFound, "there is no such account")
}

impl Inner {
    fn apply(&mut self, write: &Write) -> Result<ObjectRef, Fault> {
        let uid = match write {
            Write::Create { name, anchor, attributes, state, .. } => {
                self.sequence += 1;
                let uid =
                    if self.renameable { name.clone() } else { format!("u{}", self.sequence) };
                let mut made = account(&uid, name, Some(anchor), *state);
                made.attributes.clone_from(attributes);
                self.accounts.insert(uid.clone(), made);
                uid
            }
            Write::Update { account, name, anchor, attributes } => {
                let mut changed = self.accounts.remove(&account.uid).ok_or_else(missing)?;
                if anchor.is_some() {
                    changed.anchor.clone_from(anchor);
                }
                if let Some(name) = name {
                    changed.name.clone_from(name);
                    if self.renameable {
                        changed.reference = user(name);
                    }
                }
                for change in attributes {
                    if let lanyard_core::value::ValueChange::Replace(values) = &change.change {
                        changed.attributes.retain(|it| it.name != change.name);
                        changed.attributes.push(Attribute::new(&change.name, values.clone()));
                    }
                }
                let uid = changed.reference.uid.clone();
                let grants = std::mem::take(&mut self.grants).into_iter();
                let moved = grants.map(|(holder, group)| {
                    (if holder == account.uid { uid.clone() } else { holder }, group)
                });
                self.grants = moved.collect();
                self.accounts.insert(uid.clone(), changed);
                uid
            }
            Write::Enable(account) => self.switch(account, AccountState::Active)?,
            Write::Disable(account) => self.switch(account, AccountState::Disabled)?,
            Write::Delete(account) => {
                self.accounts.remove(&account.uid).ok_or_else(missing)?;
                self.grants.retain(|(holder, _)| *holder != account.uid);
                account.uid.clone()
            }
            Write::Grant { holder, entitlement, .. } => {
                self.accounts.get(&holder.uid).ok_or_else(missing)?;
                self.grants.insert((holder.uid.clone(), entitlement.uid.clone()));
                holder.uid.clone()
            }
            Write::Revoke { holder, entitlement, .. } => {
                self.grants.remove(&(holder.uid.clone(), entitlement.uid.clone()));
                holder.uid.clone()
            }
            Write::EndSessions(account) | Write::RevokeCredentials(account) => account.uid.clone(),
            Write::SetPassword { account, password, .. } => {
                self.passwords.push(password.text().to_owned());
                account.uid.clone()
            }
        };
        Ok(user(&uid))
    }

    fn switch(&mut self, account: &ObjectRef, state: AccountState) -> Result<String, Fault> {
        self.accounts.get_mut(&account.uid).ok_or_else(missing)?.state = state;
        Ok(account.uid.clone())
    }

    fn finish(&mut self, kind: &str, write: &Write) -> Result<Outcome, Fault> {
        let fault = |kind| Fault::new(kind, "as told");
        let named = |reference: ObjectRef| {
            let mut found = account(&reference.uid, "", None, AccountState::Active);
            found.reference = reference;
            Outcome {
                status: Status::Applied,
                account: Some(found),
                side_effects: Vec::new(),
                failed: Vec::new(),
            }
        };
        match self.tricks.get_mut(kind).and_then(VecDeque::pop_front) {
            None => self.apply(write).map(named),
            Some(Trick::Fail(kind)) => Err(fault(kind)),
            Some(Trick::ApplyAndFail(kind)) => self.apply(write).and(Err(fault(kind))),
            Some(Trick::Ignore) => Ok(Outcome { account: None, ..named(user("-")) }),
            Some(Trick::Nameless) => {
                self.apply(write)?;
                Ok(Outcome { account: None, ..named(user("-")) })
            }
            Some(Trick::Pending(applied, expires_at)) => {
                if applied {
                    self.apply(write)?;
                }
                let status = Status::Pending {
                    ticket: "t1".to_owned(),
                    needs_human: None,
                    poll_after: None,
                    expires_at,
                };
                Ok(Outcome { status, account: None, ..named(user("-")) })
            }
            Some(Trick::Partial) => {
                self.apply(write)?;
                let failed = vec![("photo".to_owned(), fault(FaultKind::TimedOut))];
                let status = Status::Partial;
                Ok(Outcome { status, account: None, failed, ..named(user("-")) })
            }
            Some(Trick::Name(uid)) => Ok(named(user(uid))),
            Some(Trick::Panic) => panic!("as told"),
        }
    }
}

fn described(write: &Write, inner: &Inner) -> (&'static str, String) {
    let name = |account: &ObjectRef| {
        inner.accounts.get(&account.uid).map_or("?", |it| it.name.as_str()).to_owned()
    };
    match write {
        Write::Create { name, .. } => ("create", name.clone()),
        Write::Update { account, .. } => ("update", name(account)),
        Write::Enable(account) => ("enable", name(account)),
        Write::Disable(account) => ("disable", name(account)),
        Write::Delete(account) => ("delete", name(account)),
        Write::Grant { holder, entitlement, .. } => {
            ("grant", format!("{} {}", name(holder), entitlement.uid))
        }
        Write::Revoke { holder, entitlement, .. } => {
            ("revoke", format!("{} {}", name(holder), entitlement.uid))
        }
        Write::EndSessions(account) => ("end-sessions", name(account)),
        Write::RevokeCredentials(account) => ("revoke-credentials", name(account)),
        Write::SetPassword { account, .. } => ("set-password", name(account)),
    }
}

#[async_trait]
impl Connector for System {
    fn abilities(&self) -> Abilities {
        let entitlements = self.inner().reads != Reads::NoEntitlements;
        Abilities {
            directory: true,
            provisioning: true,
            entitlements,
            credentials: false,
            step: false,
        }
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        Ok(CheckReport { findings: Vec::new(), system_version: None })
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        Ok(self.schema())
    }

    async fn list(&self, kind: &str, _page: PageRequest) -> Result<Page<Account>, Fault> {
        let mut accounts: Vec<Account> = self.inner().accounts.values().cloned().collect();
        for account in &mut accounts {
            kind.clone_into(&mut account.reference.object_type);
        }
        Ok(one_page(accounts))
    }

    async fn get(&self, account: &ObjectRef) -> Result<Account, Fault> {
        let mut inner = self.inner();
        if let Some(kind) = inner.get_faults.pop_front().flatten() {
            return Err(Fault::new(kind, "not now"));
        }
        inner.accounts.get(&account.uid).cloned().ok_or_else(missing)
    }

    async fn find(&self, _type: &str, by: &Lookup) -> Result<Vec<Account>, Fault> {
        let mut inner = self.inner();
        if let Some(kind) = inner.find_faults.pop_front() {
            return Err(Fault::new(kind, "not now"));
        }
        let fits = |account: &&Account| match by {
            Lookup::Anchor(anchor) => account.anchor.as_ref() == Some(anchor),
            Lookup::Name(name) => account.name == *name,
            Lookup::IdempotencyKey(_) => inner.by_key.as_ref() == Some(&account.reference.uid),
            Lookup::Attribute { .. } => false,
        };
        if matches!(by, Lookup::IdempotencyKey(_)) && inner.by_key.is_none() {
            return Err(Fault::new(FaultKind::Unsupported("key".to_owned()), "no keys here"));
        }
        Ok(inner.accounts.values().filter(fits).cloned().collect())
    }

    async fn list_entitlements(
        &self,
        _type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        let entitlement = |name: &str| Entitlement {
            reference: group(name),
            name: name.to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        };
        Ok(one_page(["staff", "sales", "support"].map(entitlement).into()))
    }

    async fn list_assignments(
        &self,
        scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        let mut inner = self.inner();
        if matches!(scope, AssignmentScope::OfAccount(_))
            && let Some(kind) = inner.grant_faults.pop_front()
        {
            return Err(Fault::new(kind, "not now"));
        }
        let fits = |holder: &str| match scope {
            AssignmentScope::OfAccount(account) => account.uid == holder,
            AssignmentScope::OfEntitlement(_) | AssignmentScope::Everything => true,
        };
        let held = inner.grants.iter().filter(|(holder, _)| fits(holder));
        let assignments = held.map(|(holder, entitlement)| Assignment {
            holder: user(holder),
            entitlement: group(entitlement),
            relation: String::new(),
            direct: true,
        });
        Ok(one_page(assignments.collect()))
    }

    async fn write(&self, context: WriteContext, write: &Write) -> Result<Outcome, Fault> {
        let kind = {
            let mut inner = self.inner();
            let (kind, whom) = described(write, &inner);
            self.log.lock().unwrap().push(format!("{} {kind} {whom}", self.name));
            if kind == "create" {
                inner.keys.push((context.idempotency_key, context.attempt));
            }
            inner.running += 1;
            inner.most = inner.most.max(inner.running);
            kind
        };
        // Others get their chance to come at the same time.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let waits = || {
            let inner = self.inner();
            inner.most < inner.meet
        };
        while waits() {
            tokio::task::yield_now().await;
        }
        let mut inner = self.inner();
        inner.running -= 1;
        inner.finish(kind, write)
    }
}

/// A source in memory: a list of records.
#[derive(Default)]
pub(super) struct Source(pub(super) Mutex<Vec<Account>>);

/// Somebody in a department with a title.
pub(super) fn record(key: &str, given_name: &str, department: &str, title: &str) -> Account {
    let mut record = account(key, key, None, AccountState::Unknown);
    let columns = [
        ("given_name", given_name),
        ("department", department),
        ("title", title),
        ("status", "active"),
    ];
    record.attributes =
        columns.map(|(name, text)| Attribute::new(name, vec![Value::Text(text.to_owned())])).into();
    record
}

#[async_trait]
impl Connector for Source {
    fn abilities(&self) -> Abilities {
        Abilities { directory: true, ..Abilities::default() }
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        Ok(CheckReport { findings: Vec::new(), system_version: None })
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        let object = ObjectDef {
            object_type: "user".to_owned(),
            role: ObjectRole::Account,
            attributes: Vec::new(),
            anchor_attribute: None,
            name_attribute: "key".to_owned(),
            capabilities: Capabilities::default(),
        };
        Ok(Schema { objects: vec![object] })
    }

    async fn list(&self, _type: &str, _page: PageRequest) -> Result<Page<Account>, Fault> {
        Ok(one_page(self.0.lock().unwrap().clone()))
    }

    async fn get(&self, _account: &ObjectRef) -> Result<Account, Fault> {
        Err(missing())
    }

    async fn find(&self, _type: &str, _by: &Lookup) -> Result<Vec<Account>, Fault> {
        Ok(Vec::new())
    }

    async fn list_entitlements(
        &self,
        _type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        Ok(one_page(Vec::new()))
    }

    async fn list_assignments(
        &self,
        _scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        Ok(one_page(Vec::new()))
    }

    async fn write(&self, _context: WriteContext, _write: &Write) -> Result<Outcome, Fault> {
        Err(Fault::new(FaultKind::Unsupported("writing".to_owned()), "a source is only read"))
    }
}
