//! The one trait: a source or a target.
//!
//! Implemented by WebAssembly components (`wasm`) and by the systems the
//! tests simulate.  Reading functions never change the system: the sandbox
//! behind them is read-only.  Only `write` can, and it carries the durable
//! intent it belongs to.

mod gate;
mod password;
mod step;
mod unusable;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage, Entitlement},
    fault::Fault,
    id::{ConnectorName, Digest},
    schema::{CheckDepth, CheckReport, Schema},
    value::{Attribute, AttributeChange, ObjectRef, Value},
};

pub use gate::{Clock, Gate, Going, Later, Pass};
pub use password::Password;
pub use step::{StepCall, StepComponent};
pub use unusable::Unusable;

/// A configured instance of a plugin, ready to be called.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What it can do, by its exports.
    fn abilities(&self) -> Abilities;
    async fn check(&self, depth: CheckDepth) -> Result<CheckReport, Fault>;
    async fn discover(&self) -> Result<Schema, Fault>;
    /// One page of all accounts (or records) of a type.
    async fn list(&self, object_type: &str, page: PageRequest) -> Result<Page<Account>, Fault>;
    async fn get(&self, account: &ObjectRef) -> Result<Account, Fault>;
    /// Zero, one or many; never the first of many.
    async fn find(&self, object_type: &str, by: &Lookup) -> Result<Vec<Account>, Fault>;
    async fn list_entitlements(
        &self,
        object_type: &str,
        page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault>;
    async fn list_assignments(
        &self,
        scope: &AssignmentScope,
        page: PageRequest,
    ) -> Result<Page<Assignment>, Fault>;
    /// One write; the caller has made its intent durable.
    async fn write(&self, context: WriteContext, write: &Write) -> Result<Outcome, Fault>;
}

/// Which optional interfaces a connector exports.
#[expect(clippy::struct_excessive_bools, reason = "each is an export of the contract")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    pub directory: bool,
    pub provisioning: bool,
    pub entitlements: bool,
    pub credentials: bool,
    /// Carries out steps of workflows.
    pub step: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    pub cursor: Option<String>,
    /// Upper bound of items.
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
    pub coverage: Coverage,
    pub total_hint: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    Anchor(String),
    Name(String),
    Attribute { name: String, value: Value },
    IdempotencyKey(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentScope {
    OfAccount(ObjectRef),
    OfEntitlement(ObjectRef),
    Everything,
}

/// What a write carries besides the change.
#[derive(Clone)]
pub struct WriteContext {
    /// Same for every attempt of one intent.
    pub idempotency_key: String,
    /// From 1.
    pub attempt: u32,
    pub trace_id: String,
    pub reason: Option<String>,
    pub expect_revision: Option<String>,
    pub journal: Arc<dyn Journal>,
}

/// Durable memory of one intent, given to the guest during a write.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Durable when it returns.
    ///
    /// # Errors
    /// When another host took the operation over, or the store fails.
    async fn mark(&self, step: &str, data: &str) -> Result<(), JournalError>;
    async fn recall(&self, step: &str) -> Result<Option<String>, JournalError>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    #[error("another host took this operation over")]
    StaleClaim,
    #[error("the journal of one operation is full")]
    Quota,
    #[error("the store failed: {0}")]
    Store(String),
}

/// A change with every pointer resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Create {
        object_type: String,
        name: String,
        anchor: String,
        attributes: Vec<Attribute>,
        state: AccountState,
    },
    Update {
        account: ObjectRef,
        name: Option<String>,
        anchor: Option<String>,
        attributes: Vec<AttributeChange>,
    },
    Enable(ObjectRef),
    Disable(ObjectRef),
    Delete(ObjectRef),
    Grant {
        holder: ObjectRef,
        entitlement: ObjectRef,
        relation: String,
    },
    Revoke {
        holder: ObjectRef,
        entitlement: ObjectRef,
        relation: String,
    },
    EndSessions(ObjectRef),
    /// Sessions, tokens, app passwords, keys.
    RevokeCredentials(ObjectRef),
    SetPassword {
        account: ObjectRef,
        password: Password,
        /// At the first sign-in.
        must_change: bool,
    },
}

/// What the target answered to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    /// The account after the call; its reference is authoritative.
    pub account: Option<Account>,
    /// What the target changed on its own, in words.
    pub side_effects: Vec<String>,
    /// Parts that were not written: name of the part and why.
    pub failed: Vec<(String, Fault)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Applied,
    Unchanged,
    Pending {
        ticket: String,
        /// When to ask again.
        poll_after: Option<SignedDuration>,
        needs_human: Option<String>,
        expires_at: Option<Timestamp>,
    },
    Partial,
    Named(String),
}

/// A connector in its place: what a plan and a run need to know of it.
#[derive(Clone)]
pub struct Attached {
    pub connector: Arc<dyn Connector>,
    /// Digest of the component.
    pub plugin: Digest,
    /// Digest of everything it is permitted.
    pub permission: Digest,
    /// Accounts per page.
    pub page_size: u32,
    /// Writes at the same time.
    pub parallel: u32,
    /// When it may be called.
    pub gate: Arc<Gate>,
}

/// All connectors of the file.
#[derive(Clone, Default)]
pub struct Connectors {
    pub sources: BTreeMap<ConnectorName, Attached>,
    pub targets: BTreeMap<ConnectorName, Attached>,
    /// They carry out steps.
    pub components: BTreeMap<ConnectorName, Arc<dyn StepComponent>>,
}
