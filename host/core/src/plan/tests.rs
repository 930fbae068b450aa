//! What is planned for one person, in a firm of two targets.

mod closed;
mod given;
mod turns;
mod untouched;
mod whose;

use std::collections::BTreeSet;

use super::*;
use crate::{
    account::{Account, AccountState, Assignment},
    desired::{AccessNow, AccountContent, AtOnce, DesiredAccount, DesiredGrant, Presence},
    example::{id, named, noon, policy, record},
    lifecycle::{LifecycleState, StateNow},
    observed::ObservedTarget,
    operation::{Change, OperationKind},
    policy::{Policy, TargetPolicy},
    schema::Capabilities,
    simulate::tests::able,
    value::{Attribute, Value},
};

/// What the file says, what should be true of Ada, and what is there.
pub(super) struct Firm {
    pub(super) policy: Policy,
    pub(super) desired: Desired,
    pub(super) observed: Observed,
}

impl Firm {
    /// Ada is at work, nothing is wanted for her, and both targets are empty.
    pub(super) fn new() -> Self {
        let desired = Desired { identities: [(id("1"), ada())].into() };
        Self { policy: policy(), desired, observed: able(&[]) }
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&PlanSettings::of(&self.policy), &self.desired, &self.observed, noon())
    }

    fn ada(&mut self) -> &mut DesiredIdentity {
        self.desired.identities.get_mut(&id("1")).unwrap()
    }

    fn file(&mut self, at: &str) -> &mut TargetPolicy {
        self.policy.targets.get_mut(at).unwrap()
    }

    fn there(&mut self, at: &str) -> &mut ObservedTarget {
        self.observed.targets.get_mut(at).unwrap()
    }

    fn can(&mut self, at: &str) -> &mut Capabilities {
        &mut self.there(at).schema.objects[0].capabilities
    }

    fn wants(&mut self, at: &str, presence: Presence) {
        let account = DesiredAccount { presence, causes: Vec::new() };
        self.ada().accounts.insert(named(at), account);
    }

    /// An account of hers there, as it should be.
    pub(super) fn has(&mut self, at: &str, uid: &str, state: AccountState) -> &mut Account {
        self.observed.links.push(adopted_link(id("1"), &named(at), &user(uid)));
        let accounts = &mut self.there(at).accounts;
        accounts.push(account(uid, state));
        accounts.last_mut().unwrap()
    }

    /// One that is nobody's, under her login name.
    fn has_of_nobody(&mut self, at: &str, uid: &str) -> &mut Account {
        let accounts = &mut self.there(at).accounts;
        accounts.push(Account { anchor: None, ..account(uid, AccountState::Active) });
        accounts.last_mut().unwrap()
    }

    /// An account holds a group there.
    fn holds(&mut self, at: &str, uid: &str, group: &str) {
        self.there(at).assignments.push(Assignment {
            holder: user(uid),
            entitlement: self::group(group),
            relation: String::new(),
            direct: true,
        });
    }

    fn left(&mut self) {
        self.ada().state = StateNow::new(LifecycleState::Departed, "end 2026-05-31 has passed");
    }
}

fn ada() -> DesiredIdentity {
    DesiredIdentity {
        label: "Ada Example".to_owned(),
        state: StateNow::new(LifecycleState::Active, "start 2026-01-01 has come"),
        engagements: Vec::new(),
        accounts: BTreeMap::new(),
        unread: BTreeSet::new(),
        holds: Vec::new(),
        legal_holds: Vec::new(),
        at_once: AtOnce::default(),
        episodes: Vec::new(),
        steps: DesiredSteps::default(),
        ends: Vec::new(),
        access: AccessNow::default(),
        likeness: BTreeMap::new(),
    }
}

pub(super) fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
}

pub(super) fn group(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() }
}

fn account(uid: &str, state: AccountState) -> Account {
    Account {
        reference: user(uid),
        name: "ada.example".to_owned(),
        anchor: Some(id("1").to_string()),
        state,
        ..record(uid, &[("title", "Clerk")])
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn content(groups: &[&str]) -> AccountContent {
    let grant = |group: &&str| {
        let grant = DesiredGrant { entitlement: (*group).to_owned(), relation: String::new() };
        (grant, Vec::new())
    };
    AccountContent {
        object_type: "user".to_owned(),
        name: "ada.example".to_owned(),
        anchor: id("1").to_string(),
        attributes: [("title".to_owned(), vec![text("Clerk")])].into(),
        initial: BTreeMap::new(),
        waits: Vec::new(),
        grants: groups.iter().map(grant).collect(),
        attribute_causes: BTreeMap::new(),
    }
}

/// There should be an account that is enabled and holds these groups.
fn present(groups: &[&str]) -> Presence {
    Presence::Present { enabled: true, content: content(groups) }
}

/// A grant that we made.
fn ours(at: &str, uid: &str, group: &str) -> OwnedGrant {
    OwnedGrant {
        target: named(at),
        holder: user(uid),
        entitlement: self::group(group),
        relation: String::new(),
    }
}

fn kinds(plan: &Plan) -> Vec<OperationKind> {
    plan.operations.iter().map(|it| it.change.kind()).collect()
}

fn told(plan: &Plan) -> Vec<&str> {
    plan.notes.iter().map(|note| note.text.as_str()).collect()
}
