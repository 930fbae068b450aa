//! A small invented firm: two targets, and a target that does what a plan
//! says.

#![allow(dead_code, reason = "each test file uses its part of the firm")]
#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    access::TargetAccess,
    account::{Account, AccountState, Assignment, Coverage, Entitlement},
    desired::{
        AccessNow, AccountContent, AtOnce, Desired, DesiredAccount, DesiredGrant, DesiredIdentity,
        DesiredSteps, Presence,
    },
    id::{ConnectorName, IdentityId},
    lifecycle::{LifecycleState, StateNow},
    observed::{Ended, Link, Observed, ObservedTarget, Origin, OwnedGrant},
    operation::Cause,
    pattern::Pattern,
    plan::{Plan, PlanSettings, TargetSettings},
    recognition::Recognition,
    schema::{
        AttributeDef, Capabilities, Matching, Mutability, ObjectDef, ObjectRole, Returned, Schema,
        Sensitivity, ValueKind,
    },
    value::{Attribute, ObjectRef, Value},
    whole::applied,
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
    pub(crate) match_by: Recognition,
    pub(crate) protected: BTreeSet<Pattern>,
    pub(crate) entitlements: BTreeMap<String, String>,
    pub(crate) after: BTreeSet<ConnectorName>,
    pub(crate) prefer_after: BTreeSet<ConnectorName>,
    pub(crate) access: TargetAccess,
}

impl File {
    /// `crm` first, then `directory`.
    pub(crate) fn new() -> Self {
        let crm = FileTarget { match_by: Recognition::asking(["mail"]), ..FileTarget::default() };
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
                protected: &file.protected,
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
            retain: None,
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
        privileged: false,
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
        last_used: None,
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
        ended: Ended::default(),
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
        engagements: Vec::new(),
        label: format!("{key} Example"),
        state: StateNow::new(state, "start 2026-01-01"),
        accounts: accounts.into_iter().map(|(at, account)| (target(at), account)).collect(),
        unread: BTreeSet::new(),
        holds: Vec::new(),
        legal_holds: Vec::new(),
        at_once: AtOnce::default(),
        episodes: Vec::new(),
        steps: DesiredSteps::default(),
        ends: Vec::new(),
        access: AccessNow::default(),
        likeness: BTreeMap::new(),
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
    let done: BTreeSet<_> = plan.operations.iter().filter(|it| done(it)).map(|it| it.id).collect();
    applied(observed, plan, |id| done.contains(&id), now())
}
