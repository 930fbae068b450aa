//! A target in memory that does what it is told at once, and a source.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use lanyard::connector::{
    Abilities, AssignmentScope, Connector, Lookup, Outcome, Page, PageRequest, Status, Write,
    WriteContext,
};
use lanyard_core::{
    account::{Account, Assignment, Coverage, Entitlement},
    fault::{Fault, FaultKind},
    schema::{
        AttributeDef, Capabilities, CheckDepth, CheckReport, CreateSafety, Matching, Mutability,
        ObjectDef, ObjectRole, Returned, Schema, Sensitivity, ValueKind,
    },
    value::ObjectRef,
};

use crate::company;

pub(crate) fn schema() -> Schema {
    let attribute = |name: &str, path: Option<&str>| AttributeDef {
        name: name.to_owned(),
        kind: ValueKind::Text,
        multi: false,
        ordered: false,
        required: false,
        unique: name == "login",
        mutability: Mutability::ReadWrite,
        returned: Returned::Always,
        matching: Matching::IgnoreCase,
        sensitivity: Sensitivity::Personal,
        allowed: Vec::new(),
        description: String::new(),
        scim_path: path.map(str::to_owned),
    };
    let object = |object_type: &str, role, attributes| ObjectDef {
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
            ..Capabilities::default()
        },
    };
    let user = vec![
        attribute("login", None),
        attribute("external", None),
        attribute("givenName", Some("name.givenName")),
        attribute("familyName", Some("name.familyName")),
        attribute("displayName", Some("displayName")),
        attribute("mail", Some("emails.value")),
        attribute("title", Some("title")),
        attribute("department", Some("department")),
    ];
    Schema {
        objects: vec![
            object("user", ObjectRole::Account, user),
            object("group", ObjectRole::Entitlement, vec![attribute("login", None)]),
        ],
    }
}

pub(crate) fn entitlements() -> Vec<Entitlement> {
    let entitlement = |name: String| Entitlement {
        reference: ObjectRef { object_type: "group".to_owned(), uid: format!("g-{name}") },
        name,
        description: String::new(),
        grantable: true,
        privileged: false,
    };
    company::entitlements().into_iter().map(entitlement).collect()
}

/// A target's accounts and who holds what.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<ObjectRef, Account>,
    pub(crate) held: BTreeMap<ObjectRef, Vec<Assignment>>,
}

impl State {
    /// Does a create or a grant; nothing else is measured.
    pub(crate) fn write(&mut self, write: &Write) -> Option<Account> {
        match write {
            Write::Create { object_type, name, anchor, attributes, state } => {
                let uid = format!("u-{:08}", self.accounts.len());
                let account = Account {
                    reference: ObjectRef { object_type: object_type.clone(), uid },
                    revision: None,
                    name: name.clone(),
                    anchor: Some(anchor.clone()),
                    state: *state,
                    state_until: None,
                    last_used: None,
                    attributes: attributes.clone(),
                };
                self.accounts.insert(account.reference.clone(), account.clone());
                Some(account)
            }
            Write::Grant { holder, entitlement, relation } => {
                self.held.entry(holder.clone()).or_default().push(Assignment {
                    holder: holder.clone(),
                    entitlement: entitlement.clone(),
                    relation: relation.clone(),
                    direct: true,
                });
                None
            }
            other => panic!("not part of the benchmark: {other:?}"),
        }
    }
}

/// A connector that answers from memory, without waiting for anything.
pub(crate) struct System {
    records: Vec<Account>,
    state: Mutex<State>,
    target: bool,
}

impl System {
    pub(crate) fn source(records: Vec<Account>) -> Self {
        Self { records, state: Mutex::default(), target: false }
    }

    pub(crate) fn target() -> Self {
        Self { records: Vec::new(), state: Mutex::default(), target: true }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None, coverage: Coverage::exhaustive(), total_hint: None }
}

#[async_trait]
impl Connector for System {
    fn abilities(&self) -> Abilities {
        Abilities {
            directory: true,
            provisioning: self.target,
            entitlements: self.target,
            credentials: false,
            step: false,
        }
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        Ok(CheckReport { findings: Vec::new(), system_version: None })
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        let mut schema = schema();
        if !self.target {
            schema.objects.truncate(1);
            "person".clone_into(&mut schema.objects[0].object_type);
        }
        Ok(schema)
    }

    async fn list(&self, _object_type: &str, _page: PageRequest) -> Result<Page<Account>, Fault> {
        let mut accounts = self.records.clone();
        accounts.extend(self.state().accounts.values().cloned());
        Ok(whole(accounts))
    }

    async fn get(&self, account: &ObjectRef) -> Result<Account, Fault> {
        let found = self.state().accounts.get(account).cloned();
        found.ok_or_else(|| Fault::new(FaultKind::NotFound, "there is no such account"))
    }

    async fn find(&self, _object_type: &str, _by: &Lookup) -> Result<Vec<Account>, Fault> {
        Err(Fault::new(FaultKind::Unsupported("find".to_owned()), "it cannot look"))
    }

    async fn list_entitlements(
        &self,
        _object_type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        Ok(whole(entitlements()))
    }

    async fn list_assignments(
        &self,
        scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        let state = self.state();
        Ok(whole(match scope {
            AssignmentScope::OfAccount(account) => {
                state.held.get(account).cloned().unwrap_or_default()
            }
            AssignmentScope::OfEntitlement(_) | AssignmentScope::Everything => {
                state.held.values().flatten().cloned().collect()
            }
        }))
    }

    async fn write(&self, _context: WriteContext, write: &Write) -> Result<Outcome, Fault> {
        let account = self.state().write(write);
        Ok(Outcome {
            status: Status::Applied,
            account,
            side_effects: Vec::new(),
            failed: Vec::new(),
        })
    }
}
