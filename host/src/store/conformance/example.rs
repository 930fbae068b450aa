//! Invented people, accounts and plans.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage},
    fact::{Fact, Hold, Identity, RecordKey, Unreadable},
    id::{ConnectorName, Digest, FactName, IdentityId, OperationId},
    observed::{Link, ObservedTarget, Origin, OwnedGrant},
    operation::{Change, Event, Operation},
    plan::{Note, NoteKind, Plan},
    run::{OperationEvent, Verification},
    schema::{Capabilities, IdStability, ObjectDef, ObjectRole, Schema},
    value::{ObjectRef, Value},
};

use crate::store::{
    Answer, AuditEntry, AuditFilter, Effect, Intent, NewRun, RunId, Store, StoredPlan,
};

/// So many seconds after the beginning of these tests' time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) fn name(text: &str) -> ConnectorName {
    ConnectorName::new(text).unwrap()
}

pub(crate) fn ada() -> IdentityId {
    IdentityId::first_seen(&name("hr"), "1")
}

pub(crate) fn bob() -> IdentityId {
    IdentityId::first_seen(&name("hr"), "2")
}

pub(crate) fn identity(key: &str) -> Identity {
    let record = RecordKey { source: name("hr"), key: key.to_owned() };
    let fact = Fact {
        values: vec![Value::Text("Ada Example".to_owned()), Value::Integer(7)],
        record: record.clone(),
        from: vec!["name".to_owned()],
        learned: at(0),
        effective_from: None,
        effective_until: Some(at(9)),
    };
    Identity {
        id: IdentityId::first_seen(&name("hr"), key),
        records: vec![record.clone()],
        facts: BTreeMap::from([(FactName::new("display_name").unwrap(), vec![fact])]),
        absent_since: None,
        unchanged: BTreeMap::from([(FactName::new("display_name").unwrap(), at(0))]),
        unreadable: vec![Unreadable {
            record,
            hold: Hold { fact: None, text: "two records".to_owned() },
            since: at(1),
        }],
    }
}

pub(crate) fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
}

pub(crate) fn link(identity: IdentityId, uid: &str) -> Link {
    Link {
        identity,
        target: name("directory"),
        account: user(uid),
        origin: Origin::Created,
        disabled_since: None,
        unproven: false,
        was_enabled: true,
        unwanted_since: None,
        gone: false,
        ended: lanyard_core::observed::Ended::default(),
    }
}

pub(crate) fn grant(uid: &str, group: &str) -> OwnedGrant {
    OwnedGrant {
        target: name("directory"),
        holder: user(uid),
        entitlement: ObjectRef { object_type: "group".to_owned(), uid: group.to_owned() },
        relation: "member".to_owned(),
    }
}

pub(crate) fn account(uid: &str, state: AccountState) -> Account {
    Account {
        reference: user(uid),
        revision: None,
        name: format!("{uid}.example"),
        anchor: None,
        state,
        state_until: None,
        last_used: None,
        attributes: Vec::new(),
    }
}

/// The type of those accounts.
pub(crate) fn user_object(id_stability: IdStability) -> ObjectDef {
    ObjectDef {
        object_type: "user".to_owned(),
        role: ObjectRole::Account,
        attributes: Vec::new(),
        anchor_attribute: None,
        name_attribute: "name".to_owned(),
        capabilities: Capabilities { id_stability, ..Capabilities::default() },
    }
}

/// An exhaustive read of these accounts and grants.
pub(crate) fn observed(
    seconds: i64,
    accounts: Vec<Account>,
    grants: &[OwnedGrant],
) -> ObservedTarget {
    let assignments = grants.iter().map(|grant| Assignment {
        holder: grant.holder.clone(),
        entitlement: grant.entitlement.clone(),
        relation: grant.relation.clone(),
        direct: true,
    });
    ObservedTarget {
        schema: Schema { objects: Vec::new() },
        account_type: "user".to_owned(),
        accounts,
        entitlements: Vec::new(),
        assignments: assignments.collect(),
        accounts_coverage: Coverage::exhaustive(),
        assignments_coverage: Coverage::exhaustive(),
        read_at: at(seconds),
    }
}

pub(crate) fn entry(seconds: i64, action: &str) -> AuditEntry {
    AuditEntry {
        at: at(seconds),
        actor: "operator".to_owned(),
        action: action.to_owned(),
        identity: Some(ada()),
        target: Some(name("directory")),
        account: Some(user("a")),
        result: "done".to_owned(),
        verification: Some("verified".to_owned()),
        detail: BTreeMap::from([("attributes".to_owned(), "mail, title".to_owned())]),
    }
}

/// Plans that differ by their only note.
pub(crate) fn plan(text: &str) -> StoredPlan {
    let note = Note {
        kind: NoteKind::Waits,
        identity: None,
        target: None,
        text: text.to_owned(),
        open: false,
    };
    let plan = Plan { notes: vec![note], ..Plan::default() };
    StoredPlan {
        digest: plan.digest().unwrap(),
        plan,
        findings: Vec::new(),
        config: Digest::of("file"),
        made_at: at(0),
    }
}

/// A run of a plan of its own, with this epoch.
pub(crate) async fn begin(store: &dyn Store, epoch: u64) -> RunId {
    let plan = plan("a run");
    store.save_plan(&plan).await.unwrap();
    let run = NewRun {
        plan: plan.digest,
        actor: "operator".to_owned(),
        released: Vec::new(),
        at: at(0),
        epoch,
    };
    store.begin_run(&run).await.unwrap()
}

pub(crate) fn operation(id: u32, change: Change) -> Operation {
    Operation {
        id: OperationId(id),
        identity: ada(),
        target: name("directory"),
        change,
        after: Vec::new(),
        prefer_after: Vec::new(),
        event: Event::Joiner,
        causes: Vec::new(),
    }
}

/// The first attempt of operation `id`, which disables account `uid`.
pub(crate) fn intent(run: RunId, id: u32, epoch: u64, uid: &str) -> Intent {
    Intent {
        run,
        operation: operation(id, Change::Disable { account: user(uid) }),
        key: format!("key-{id}"),
        attempt: 1,
        epoch,
        permission: Digest::of("permission"),
        plugin: Digest::of("plugin"),
        at: at(1),
    }
}

pub(crate) fn answer(intent: &Intent, event: OperationEvent, effects: Vec<Effect>) -> Answer {
    Answer {
        run: intent.run,
        operation: intent.operation.id,
        epoch: intent.epoch,
        event,
        effects,
        audit: entry(2, "disable"),
        at: at(2),
    }
}

pub(crate) fn done() -> OperationEvent {
    OperationEvent::Answered { verification: Verification::Verified }
}

/// Sends and answers one operation with these effects.
pub(crate) async fn perform(store: &dyn Store, intent: &Intent, effects: Vec<Effect>) {
    store.intend(intent).await.unwrap();
    store.answer(&answer(intent, done(), effects)).await.unwrap();
}

/// Everything an answer can change, to see that it did not.
pub(crate) async fn everything(store: &dyn Store, run: RunId) -> String {
    format!(
        "{:?} {:?} {:?} {:?}",
        store.operation_states(run).await.unwrap(),
        store.links().await.unwrap(),
        store.ledger().await.unwrap(),
        store.audit(&AuditFilter::default()).await.unwrap(),
    )
}
