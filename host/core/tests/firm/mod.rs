//! A small invented firm: two targets, and a target that does what a plan
//! says.

#![allow(dead_code, reason = "each test file uses its part of the firm")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics fails")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    access::TargetAccess,
    account::{Account, AccountState, Assignment, Coverage, Entitlement},
    desired::{
        AccessNow, AccountContent, Desired, DesiredAccount, DesiredGrant, DesiredIdentity,
        DesiredSteps, Presence,
    },
    id::{ConnectorName, IdentityId},
    lifecycle::{LifecycleState, StateNow},
    observed::{Link, Observed, ObservedTarget, Origin, OwnedGrant},
    operation::{AccountPointer, Cause, Change},
    plan::{Plan, PlanSettings, TargetSettings},
    schema::{
        AttributeDef, Capabilities, DeleteKind, Matching, Mutability, ObjectDef, ObjectRole,
        Returned, Schema, Sensitivity, ValueKind,
    },
    value::{Attribute, ObjectRef, Value, ValueChange},
};

pub(crate) const NOW: &str = "2026-03-01T09:00:00Z";

pub(crate) fn now() -> Timestamp {
    at(NOW)
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn target(name: &str) -> ConnectorName {
    ConnectorName::new(name).unwrap()
}

pub(crate) fn identity(key: &str) -> IdentityId {
    IdentityId::first_seen(&target("hr"), key)
}

pub(crate) fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".into(), uid: uid.into() }
}

pub(crate) fn group(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "group".into(), uid: uid.into() }
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// What the file says; settings borrow from it.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) targets: BTreeMap<ConnectorName, FileTarget>,
    pub(crate) revoke_grants: bool,
}

#[derive(Clone, Default)]
pub(crate) struct FileTarget {
    pub(crate) match_by: Vec<String>,
    pub(crate) entitlements: BTreeMap<String, String>,
    pub(crate) after: BTreeSet<ConnectorName>,
    pub(crate) prefer_after: BTreeSet<ConnectorName>,
    pub(crate) access: TargetAccess,
}

impl File {
    /// `crm` first, then `directory`.
    pub(crate) fn new() -> Self {
        let crm = FileTarget { match_by: vec!["mail".into()], ..FileTarget::default() };
        let directory = FileTarget {
            entitlements: [("staff".to_owned(), "g1".to_owned())].into(),
            after: [target("crm")].into(),
            ..FileTarget::default()
        };
        let targets = [(target("crm"), crm), (target("directory"), directory)].into();
        Self { targets, revoke_grants: true }
    }

    pub(crate) fn settings(&self) -> PlanSettings<'_> {
        let targets = self.targets.iter().map(|(name, file)| {
            let settings = TargetSettings {
                match_by: &file.match_by,
                entitlements: &file.entitlements,
                after: &file.after,
                prefer_after: &file.prefer_after,
                access: &file.access,
            };
            (name, settings)
        });
        PlanSettings {
            targets: targets.collect(),
            spoken: BTreeMap::new(),
            revoke_grants: self.revoke_grants,
            overlap: SignedDuration::ZERO,
        }
    }
}

pub(crate) fn attribute(name: &str, matching: Matching) -> AttributeDef {
    AttributeDef {
        name: name.into(),
        kind: ValueKind::Text,
        multi: false,
        ordered: false,
        required: false,
        unique: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Always,
        matching,
        sensitivity: Sensitivity::Ordinary,
        allowed: Vec::new(),
        description: String::new(),
        scim_path: None,
    }
}

pub(crate) fn user_object() -> ObjectDef {
    ObjectDef {
        object_type: "user".into(),
        role: ObjectRole::Account,
        attributes: vec![
            attribute("login", Matching::IgnoreCase),
            attribute("external", Matching::Exact),
            attribute("mail", Matching::Email),
            attribute("department", Matching::Exact),
            AttributeDef { multi: true, ..attribute("tags", Matching::IgnoreCase) },
            AttributeDef { multi: true, ordered: true, ..attribute("phones", Matching::Phone) },
            AttributeDef {
                mutability: Mutability::WriteOnly,
                returned: Returned::Never,
                sensitivity: Sensitivity::Secret,
                ..attribute("pin", Matching::Exact)
            },
            AttributeDef {
                sensitivity: Sensitivity::SpecialCategory,
                ..attribute("health", Matching::Exact)
            },
            AttributeDef {
                mutability: Mutability::CreateOnly,
                ..attribute("home", Matching::Exact)
            },
            AttributeDef {
                mutability: Mutability::ReadOnly,
                ..attribute("serial", Matching::Exact)
            },
        ],
        anchor_attribute: Some("external".into()),
        name_attribute: "login".into(),
        capabilities: Capabilities {
            create: true,
            update: true,
            enable: true,
            disable: true,
            delete: true,
            entitlements: true,
            full_list: true,
            ..Capabilities::default()
        },
    }
}

/// An empty target with groups `g1` to `g4`; `g4` is not grantable.
pub(crate) fn empty_target() -> ObservedTarget {
    let entitlement = |uid: &str, name: &str, grantable| Entitlement {
        reference: group(uid),
        name: name.into(),
        description: String::new(),
        grantable,
    };
    ObservedTarget {
        schema: Schema { objects: vec![user_object()] },
        account_type: "user".into(),
        accounts: Vec::new(),
        entitlements: vec![
            entitlement("g1", "Staff", true),
            entitlement("g2", "Sales", true),
            entitlement("g3", "Approvers", true),
            entitlement("g4", "Everybody", false),
        ],
        assignments: Vec::new(),
        accounts_coverage: Coverage::exhaustive(),
        assignments_coverage: Coverage::exhaustive(),
        read_at: now(),
    }
}

pub(crate) fn empty_world() -> Observed {
    Observed {
        targets: [(target("crm"), empty_target()), (target("directory"), empty_target())].into(),
        ..Observed::default()
    }
}

pub(crate) fn there<'a>(observed: &'a mut Observed, name: &str) -> &'a mut ObservedTarget {
    observed.targets.get_mut(name).unwrap()
}

pub(crate) fn account(key: &str, uid: &str, state: AccountState) -> Account {
    Account {
        reference: user(uid),
        revision: None,
        name: format!("{key}.example"),
        anchor: Some(identity(key).to_string()),
        state,
        state_until: None,
        attributes: vec![Attribute::new("mail", vec![text(&format!("{key}@example.org"))])],
    }
}

pub(crate) fn link(key: &str, at: &str, uid: &str) -> Link {
    Link {
        identity: identity(key),
        target: target(at),
        account: user(uid),
        origin: Origin::Created,
        disabled_since: None,
        unproven: false,
        was_enabled: true,
        unwanted_since: None,
        gone: false,
    }
}

/// An account of ours at a target, as it is desired.
pub(crate) fn ours(observed: &mut Observed, key: &str, at: &str, uid: &str, state: AccountState) {
    there(observed, at).accounts.push(account(key, uid, state));
    observed.links.push(link(key, at, uid));
}

pub(crate) fn owned(at: &str, uid: &str, entitlement: &str) -> OwnedGrant {
    OwnedGrant {
        target: target(at),
        holder: user(uid),
        entitlement: group(entitlement),
        relation: String::new(),
    }
}

pub(crate) fn holds(observed: &mut Observed, at: &str, uid: &str, entitlement: &str) {
    there(observed, at).assignments.push(Assignment {
        holder: user(uid),
        entitlement: group(entitlement),
        relation: String::new(),
        direct: true,
    });
}

pub(crate) fn rule(name: &str, line: u32) -> Cause {
    Cause::Rule { rule: name.parse().unwrap(), line }
}

pub(crate) fn fact(name: &str, key: &str, column: &str) -> Cause {
    Cause::Fact {
        fact: name.parse().unwrap(),
        source: target("hr"),
        record: key.into(),
        from: vec![column.into()],
    }
}

pub(crate) fn content(key: &str, grants: &[&str]) -> AccountContent {
    let grant = |text: &&str| {
        let grant = DesiredGrant { entitlement: (*text).into(), relation: String::new() };
        (grant, vec![rule("staff", 20)])
    };
    AccountContent {
        object_type: "user".into(),
        name: format!("{key}.example"),
        anchor: identity(key).to_string(),
        attributes: [("mail".to_owned(), vec![text(&format!("{key}@example.org"))])].into(),
        initial: BTreeMap::new(),
        waits: Vec::new(),
        grants: grants.iter().map(grant).collect(),
        attribute_causes: [("mail".to_owned(), vec![fact("mail", key, "email")])].into(),
    }
}

pub(crate) fn present(content: AccountContent) -> DesiredAccount {
    DesiredAccount {
        presence: Presence::Present { enabled: true, content },
        causes: vec![rule("everyone", 12)],
    }
}

pub(crate) fn closed(presence: Presence) -> DesiredAccount {
    let because = "end 2026-02-28 has passed".to_owned();
    DesiredAccount {
        presence,
        causes: vec![Cause::State { state: LifecycleState::Departed, because }],
    }
}

pub(crate) fn person(
    key: &str,
    state: LifecycleState,
    accounts: impl IntoIterator<Item = (&'static str, DesiredAccount)>,
) -> (IdentityId, DesiredIdentity) {
    let person = DesiredIdentity {
        label: format!("{key} Example"),
        state: StateNow::new(state, "start 2026-01-01"),
        accounts: accounts.into_iter().map(|(at, account)| (target(at), account)).collect(),
        unread: BTreeSet::new(),
        holds: Vec::new(),
        legal_holds: Vec::new(),
        at_once: BTreeSet::new(),
        episodes: Vec::new(),
        steps: DesiredSteps::default(),
        access: AccessNow::default(),
    };
    (identity(key), person)
}

pub(crate) fn wanting(people: impl IntoIterator<Item = (IdentityId, DesiredIdentity)>) -> Desired {
    Desired { identities: people.into_iter().collect() }
}

/// What targets and store hold after every operation of `plan` succeeded.
pub(crate) fn apply(observed: &Observed, plan: &Plan) -> Observed {
    apply_if(observed, plan, |_| true)
}

/// As `apply`, with only some of the operations.
pub(crate) fn apply_if(
    observed: &Observed,
    plan: &Plan,
    done: impl Fn(&lanyard_core::operation::Operation) -> bool,
) -> Observed {
    let mut world = observed.clone();
    world.ledger.extend(plan.claims.iter().cloned());
    let mut renamed = BTreeMap::new();
    for operation in plan.operations.iter().filter(|it| done(it)) {
        let name = &operation.target;
        let new_uid = format!("new-{}-{name}", operation.identity);
        let change = &operation.change;
        let now_called = change.account().and_then(|it| renamed.get(&(name.clone(), it.clone())));
        let change = now_called.map_or_else(|| change.clone(), |it| about(change, it));
        write(&mut world, name, operation.identity, &new_uid, &change);
        if let Change::Update { account, name: Some(login), .. } = &change
            && !world.targets[name].gives_keys_once(&account.object_type)
        {
            let to = user(&format!("named-{login}"));
            rekey(&mut world, name, account, &to);
            renamed.insert((name.clone(), account.clone()), to);
        }
    }
    world
}

/// The same change of an account that has another key by now.
fn about(change: &Change, now_called: &ObjectRef) -> Change {
    let mut change = change.clone();
    match &mut change {
        Change::Create { .. } => {}
        Change::Update { account, .. }
        | Change::Enable { account }
        | Change::Disable { account }
        | Change::Delete { account }
        | Change::Revoke { holder: account, .. } => account.clone_from(now_called),
        Change::Grant { holder, .. } => *holder = AccountPointer::Known(now_called.clone()),
    }
    change
}

fn rekey(world: &mut Observed, name: &ConnectorName, from: &ObjectRef, to: &ObjectRef) {
    found(world, name, from).reference = to.clone();
    let there = world.targets.get_mut(name).unwrap();
    for assignment in there.assignments.iter_mut().filter(|it| it.holder == *from) {
        assignment.holder = to.clone();
    }
    for link in world.links.iter_mut().filter(|it| it.target == *name && it.account == *from) {
        link.account = to.clone();
    }
    world.ledger = std::mem::take(&mut world.ledger)
        .into_iter()
        .map(|grant| {
            let ours = grant.target == *name && grant.holder == *from;
            if ours { OwnedGrant { holder: to.clone(), ..grant } } else { grant }
        })
        .collect();
}

fn write(
    world: &mut Observed,
    name: &ConnectorName,
    identity: IdentityId,
    new_uid: &str,
    change: &Change,
) {
    match change {
        Change::Create { .. } => create(world, name, identity, new_uid, change),
        Change::Update { account, name: login, anchor, attributes, .. } => {
            let account = found(world, name, account);
            if let Some(login) = login {
                account.name.clone_from(login);
            }
            if let Some(anchor) = anchor {
                account.anchor = Some(anchor.clone());
            }
            for change in attributes {
                set(account, &change.name, &change.change);
            }
        }
        Change::Enable { account } => {
            let account_there = found(world, name, account);
            if account_there.state != AccountState::Unknown {
                account_there.state = AccountState::Active;
            }
            known_disabled(world, name, account, None);
        }
        Change::Disable { account } => {
            let account_there = found(world, name, account);
            if account_there.state != AccountState::Unknown {
                account_there.state = AccountState::Disabled;
            }
            known_disabled(world, name, account, Some(now()));
        }
        Change::Delete { account } => delete(world, name, account),
        Change::Grant { holder, entitlement, relation, .. } => {
            let holder = match holder {
                AccountPointer::Known(holder) => holder.clone(),
                AccountPointer::Created { .. } => user(new_uid),
            };
            world.targets.get_mut(name).unwrap().assignments.push(Assignment {
                holder: holder.clone(),
                entitlement: entitlement.clone(),
                relation: relation.clone(),
                direct: true,
            });
            world.ledger.insert(OwnedGrant {
                target: name.clone(),
                holder,
                entitlement: entitlement.clone(),
                relation: relation.clone(),
            });
        }
        Change::Revoke { holder, entitlement, .. } => {
            world.targets.get_mut(name).unwrap().assignments.retain(|it| {
                !(it.direct && it.holder == *holder && it.entitlement == *entitlement)
            });
            world.ledger.retain(|it| {
                !(it.target == *name && it.holder == *holder && it.entitlement == *entitlement)
            });
        }
    }
}

fn found<'a>(
    world: &'a mut Observed,
    name: &ConnectorName,
    account: &ObjectRef,
) -> &'a mut Account {
    let there = world.targets.get_mut(name).unwrap();
    there.accounts.iter_mut().find(|it| it.reference == *account).unwrap()
}

fn known_disabled(
    world: &mut Observed,
    name: &ConnectorName,
    account: &ObjectRef,
    since: Option<Timestamp>,
) {
    for link in world.links.iter_mut().filter(|it| it.target == *name && it.account == *account) {
        link.disabled_since = since;
    }
}

fn create(
    world: &mut Observed,
    name: &ConnectorName,
    identity: IdentityId,
    uid: &str,
    change: &Change,
) {
    let Change::Create { name: login, anchor, attributes, state, .. } = change else { return };
    let there = world.targets.get_mut(name).unwrap();
    let def = &there.schema.objects[0];
    let shown = |it: &&Attribute| def.attribute(&it.name).unwrap().returned != Returned::Never;
    there.accounts.push(Account {
        reference: user(uid),
        revision: None,
        name: login.clone(),
        anchor: Some(anchor.clone()),
        state: *state,
        state_until: None,
        attributes: attributes.iter().filter(shown).cloned().collect(),
    });
    world.links.push(Link {
        identity,
        target: name.clone(),
        account: user(uid),
        origin: Origin::Created,
        disabled_since: (*state == AccountState::Disabled).then(now),
        unproven: false,
        was_enabled: *state != AccountState::Disabled,
        unwanted_since: None,
        gone: false,
    });
}

fn delete(world: &mut Observed, name: &ConnectorName, account: &ObjectRef) {
    let kind = world.targets[name].schema.objects[0].capabilities.delete_kind;
    match kind {
        DeleteKind::SoftDays(_) => found(world, name, account).state = AccountState::SoftDeleted,
        DeleteKind::SameAsDisable => found(world, name, account).state = AccountState::Disabled,
        DeleteKind::Hard => {
            let there = world.targets.get_mut(name).unwrap();
            there.accounts.retain(|it| it.reference != *account);
            there.assignments.retain(|it| it.holder != *account);
            world.ledger.retain(|it| it.holder != *account || it.target != *name);
            for link in world.links.iter_mut().filter(|it| it.account == *account) {
                link.gone = true;
            }
        }
    }
}

fn set(account: &mut Account, name: &str, change: &ValueChange) {
    if !account.attributes.iter().any(|it| it.name == name) {
        account.attributes.push(Attribute::new(name, Vec::new()));
    }
    let attribute = account.attributes.iter_mut().find(|it| it.name == name).unwrap();
    match change {
        ValueChange::Replace(values) => attribute.values.clone_from(values),
        ValueChange::Modify { add, remove } => {
            attribute.values.retain(|it| !remove.contains(it));
            attribute.values.extend(add.iter().cloned());
        }
    }
}
