//! One operation: intent, call, answer, read-back, and the look after doubt.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lanyard_core::{
    account::AccountState,
    fault::{Fault, FaultKind},
    observed::{Link, Origin, OwnedGrant},
    operation::{AccountPointer, Change, Operation},
    retry::{Decision, RetryPolicy, backoff, decide},
    run::{OperationEvent, Verification},
    schema::ObjectDef,
    value::ObjectRef,
    verify::{AccountRead, ReadBack, compare},
};

use super::{
    Context,
    settle::{Look, look},
};
use crate::{
    connector::{
        AssignmentScope, Attached, Journal, JournalError, Outcome, PageRequest, Status, Write,
        WriteContext,
    },
    store::{Answer, AuditEntry, Effect, Intent, MarkResult, RunId, Store, StoreError},
};

/// An operation with everything its attempts need.
pub(super) struct Task {
    pub(super) context: Context,
    pub(super) run: RunId,
    pub(super) epoch: u64,
    pub(super) operation: Operation,
    /// The idempotency key: of this run and this operation.
    pub(super) key: String,
    pub(super) target: Attached,
    /// What the target says of the type of account.
    pub(super) object: ObjectDef,
    pub(super) retry: RetryPolicy,
}

/// Where an attempt left the operation.
#[derive(Debug)]
pub(super) enum Attempted {
    Done {
        verification: Verification,
        account: Option<ObjectRef>,
    },
    Again {
        at: jiff::Timestamp,
    },
    Parked {
        fault: Fault,
    },
    /// Looked, and still nobody knows.
    Uncertain {
        fault: Fault,
    },
}

impl Task {
    /// One attempt.  `account` is what a `Created` pointer stands for.
    pub(super) async fn attempt(
        &self,
        attempt: u32,
        account: Option<&ObjectRef>,
    ) -> Result<Attempted, StoreError> {
        self.intend(attempt).await?;
        let write = match write_of(&self.operation.change, account) {
            Ok(write) => write,
            Err(fault) => return self.park(fault, Vec::new()).await,
        };
        if let Some(fault) = self.came_back_to_life(&write).await {
            return self.park(fault, Vec::new()).await;
        }
        let context = WriteContext {
            idempotency_key: self.key.clone(),
            attempt,
            trace_id: format!("run-{}-{}", self.run.0, self.operation.id.0),
            reason: Some(self.operation.event.word().to_owned()),
            expect_revision: None,
            journal: Arc::new(OperationJournal {
                store: Arc::clone(&self.context.store),
                key: self.key.clone(),
                epoch: self.epoch,
            }),
        };
        match self.target.connector.write(context, &write).await {
            Ok(outcome) => self.answered(attempt, &write, outcome).await,
            Err(fault) => self.failed(attempt, account, fault).await,
        }
    }

    async fn intend(&self, attempt: u32) -> Result<(), StoreError> {
        self.context
            .store
            .intend(&Intent {
                run: self.run,
                operation: self.operation.clone(),
                key: self.key.clone(),
                attempt,
                epoch: self.epoch,
                permission: self.target.permission.clone(),
                plugin: self.target.plugin.clone(),
                at: self.context.now(),
            })
            .await
    }

    /// A deletion is preceded by a fresh read: an account that somebody
    /// enabled since the plan was made is not deleted.
    async fn came_back_to_life(&self, write: &Write) -> Option<Fault> {
        let Write::Delete(account) = write else { return None };
        match self.target.connector.get(account).await {
            Ok(found) if found.state == AccountState::Active => Some(Fault::new(
                FaultKind::Conflict(None),
                "the account was enabled after the plan was made, so it is not deleted; plan again",
            )),
            Ok(_) => None,
            Err(fault) if fault.kind == FaultKind::NotFound => None,
            Err(fault) => Some(fault),
        }
    }

    async fn answered(
        &self,
        attempt: u32,
        write: &Write,
        outcome: Outcome,
    ) -> Result<Attempted, StoreError> {
        let account = outcome
            .account
            .as_ref()
            .map(|account| account.reference.clone())
            .or_else(|| account_of(write).cloned());
        if outcome.status == Status::Partial {
            return self.partly(attempt, account, outcome).await;
        }
        if let Status::Pending { needs_human, .. } = &outcome.status {
            let waits = needs_human.as_deref().unwrap_or("the target has not finished yet");
            return self.finish(account, Verification::Unverifiable(waits.to_owned())).await;
        }
        self.settle_visibility().await;
        let verification = match &account {
            None => Verification::Unverifiable("the target did not say which account".to_owned()),
            Some(account) => {
                let change = resolved(&self.operation.change, account);
                let after = read_back(&self.target, account, &change).await;
                compare(&change, &after, &self.object)
            }
        };
        self.finish(account, verification).await
    }

    /// Parts are missing: the same key again continues with them.
    async fn partly(
        &self,
        attempt: u32,
        account: Option<ObjectRef>,
        outcome: Outcome,
    ) -> Result<Attempted, StoreError> {
        let fault = outcome.failed.into_iter().next().map_or_else(
            || Fault::new(FaultKind::Unavailable { retry_after_ms: None }, "only partly applied"),
            |(part, fault)| Fault { message: format!("{part}: {}", fault.message), ..fault },
        );
        // What was created is ours, whatever became of the rest.
        let effects = match (&self.operation.change, account) {
            (Change::Create { .. }, Some(account)) => vec![self.linked(account, None)],
            _ => Vec::new(),
        };
        if attempt >= self.retry.attempts || fault.kind == FaultKind::InvalidCredentials {
            return self.park(fault, effects).await;
        }
        let at = self.after_a_while(attempt);
        let event = OperationEvent::Refused { fault, retry_at: at };
        self.record(event, effects, "partial", None).await?;
        Ok(Attempted::Again { at })
    }

    async fn failed(
        &self,
        attempt: u32,
        account: Option<&ObjectRef>,
        fault: Fault,
    ) -> Result<Attempted, StoreError> {
        match decide(&fault, attempt, self.context.now(), &self.retry) {
            Decision::Park => self.park(fault, Vec::new()).await,
            Decision::Retry { at } => {
                let event = OperationEvent::Refused { fault, retry_at: at };
                self.record(event, Vec::new(), "refused", None).await?;
                Ok(Attempted::Again { at })
            }
            Decision::Settle => self.lost(attempt, account, fault).await,
        }
    }

    /// Nobody knows: say so first, durably, and then look.
    pub(super) async fn lost(
        &self,
        attempt: u32,
        account: Option<&ObjectRef>,
        fault: Fault,
    ) -> Result<Attempted, StoreError> {
        let event = OperationEvent::LostAnswer { fault: fault.clone() };
        self.record(event, Vec::new(), "uncertain", None).await?;
        self.settle(attempt, account, fault).await
    }

    /// Looks whether the lost attempt had its effect, and decides.
    pub(super) async fn settle(
        &self,
        attempt: u32,
        account: Option<&ObjectRef>,
        lost: Fault,
    ) -> Result<Attempted, StoreError> {
        self.settle_visibility().await;
        match look(&self.target, &self.object, &self.operation, &self.key, account).await {
            Look::Applied { account, verification } => self.finish(account, verification).await,
            Look::NotApplied if attempt >= self.retry.attempts => self.park(lost, Vec::new()).await,
            Look::NotApplied => {
                let at = self.after_a_while(attempt);
                let event = OperationEvent::FoundNotApplied { retry_at: at };
                self.record(event, Vec::new(), "not-applied", None).await?;
                Ok(Attempted::Again { at })
            }
            Look::Person(fault) => self.park(fault, Vec::new()).await,
            Look::Unknown(fault) => {
                let event = OperationEvent::LostAnswer { fault: fault.clone() };
                self.record(event, Vec::new(), "uncertain", None).await?;
                Ok(Attempted::Uncertain { fault })
            }
        }
    }

    /// As long as the target says a read may lag behind a write.
    async fn settle_visibility(&self) {
        let delay = self.object.capabilities.visibility_delay_ms;
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }

    fn after_a_while(&self, attempt: u32) -> jiff::Timestamp {
        let now = self.context.now();
        now.checked_add(backoff(attempt, &self.retry)).unwrap_or(now)
    }

    async fn finish(
        &self,
        account: Option<ObjectRef>,
        verification: Verification,
    ) -> Result<Attempted, StoreError> {
        let effects = self.effects(account.as_ref(), &verification);
        let event = OperationEvent::Answered { verification: verification.clone() };
        self.record(event, effects, "done", Some(&verification)).await?;
        Ok(Attempted::Done { verification, account })
    }

    async fn park(&self, fault: Fault, effects: Vec<Effect>) -> Result<Attempted, StoreError> {
        let event = OperationEvent::GaveUp { fault: fault.clone() };
        self.record(event, effects, "failed", None).await?;
        Ok(Attempted::Parked { fault })
    }

    fn linked(&self, account: ObjectRef, disabled_since: Option<jiff::Timestamp>) -> Effect {
        Effect::Linked(Link {
            identity: self.operation.identity,
            target: self.operation.target.clone(),
            account,
            origin: Origin::Created,
            disabled_since,
            gone: false,
        })
    }

    /// What is ours from now on.  What drifted took no effect, except that a
    /// created account or a grant is ours even when it does not look right.
    fn effects(&self, account: Option<&ObjectRef>, verification: &Verification) -> Vec<Effect> {
        let Some(account) = account.cloned() else { return Vec::new() };
        let target = self.operation.target.clone();
        let drifted = matches!(verification, Verification::Drifted(_));
        let now = self.context.now();
        let grant = |holder: &ObjectRef, entitlement: &ObjectRef, relation: &str| OwnedGrant {
            target: target.clone(),
            holder: holder.clone(),
            entitlement: entitlement.clone(),
            relation: relation.to_owned(),
        };
        match &self.operation.change {
            Change::Create { state, .. } => {
                vec![self.linked(account, (*state == AccountState::Disabled).then_some(now))]
            }
            Change::Update { account: before, .. } if *before != account => {
                vec![Effect::Rekeyed { target, from: before.clone(), to: account }]
            }
            Change::Enable { .. } if !drifted => {
                vec![Effect::Disabled { target, account, since: None }]
            }
            Change::Disable { .. } if !drifted => {
                vec![Effect::Disabled { target, account, since: Some(now) }]
            }
            Change::Delete { .. } if !drifted => vec![Effect::Gone { target, account }],
            Change::Grant { entitlement, relation, .. } => {
                vec![Effect::Granted(grant(&account, entitlement, relation))]
            }
            Change::Revoke { entitlement, relation, .. } if !drifted => {
                vec![Effect::Revoked(grant(&account, entitlement, relation))]
            }
            Change::Update { .. }
            | Change::Enable { .. }
            | Change::Disable { .. }
            | Change::Delete { .. }
            | Change::Revoke { .. } => Vec::new(),
        }
    }

    async fn record(
        &self,
        event: OperationEvent,
        effects: Vec<Effect>,
        result: &str,
        verification: Option<&Verification>,
    ) -> Result<(), StoreError> {
        let at = self.context.now();
        let audit = self.audit(&event, result, verification, at);
        self.context
            .store
            .answer(&Answer {
                run: self.run,
                operation: self.operation.id,
                epoch: self.epoch,
                event,
                effects,
                audit,
                at,
            })
            .await
    }

    fn audit(
        &self,
        event: &OperationEvent,
        result: &str,
        verification: Option<&Verification>,
        at: jiff::Timestamp,
    ) -> AuditEntry {
        let Operation { identity, target, change, event: why, causes, .. } = &self.operation;
        let mut detail = std::collections::BTreeMap::from([
            ("event".to_owned(), why.word().to_owned()),
            ("run".to_owned(), self.run.0.to_string()),
            ("operation".to_owned(), self.operation.id.0.to_string()),
            ("plugin".to_owned(), self.target.plugin.to_string()),
            ("permission".to_owned(), self.target.permission.to_string()),
        ]);
        if !causes.is_empty() {
            let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
            detail.insert("because".to_owned(), causes.join("; "));
        }
        if let Change::Grant { label, .. } | Change::Revoke { label, .. } = change {
            detail.insert("entitlement".to_owned(), label.clone());
        }
        if let Some(Verification::Drifted(what)) = verification {
            detail.insert("differs".to_owned(), what.join(", "));
        }
        if let Some(fault) = fault_of(event) {
            detail.insert("fault".to_owned(), fault.kind.word().to_owned());
            if let Some(code) = &fault.native_code {
                detail.insert("code".to_owned(), code.clone());
            }
        }
        AuditEntry {
            at,
            actor: self.context.actor.clone(),
            action: change.kind().word().to_owned(),
            identity: Some(*identity),
            target: Some(target.clone()),
            account: change.account().cloned(),
            result: result.to_owned(),
            verification: verification.map(|verification| verification.word().to_owned()),
            detail,
        }
    }
}

fn fault_of(event: &OperationEvent) -> Option<&Fault> {
    match event {
        OperationEvent::Refused { fault, .. }
        | OperationEvent::GaveUp { fault }
        | OperationEvent::LostAnswer { fault } => Some(fault),
        OperationEvent::Intended { .. }
        | OperationEvent::Answered { .. }
        | OperationEvent::FoundNotApplied { .. } => None,
    }
}

/// The change with its pointer resolved.
fn write_of(change: &Change, created: Option<&ObjectRef>) -> Result<Write, Fault> {
    Ok(match change.clone() {
        Change::Create { object_type, name, anchor, attributes, state } => {
            Write::Create { object_type, name, anchor, attributes, state }
        }
        Change::Update { account, name, anchor, attributes, before: _ } => {
            Write::Update { account, name, anchor, attributes }
        }
        Change::Enable { account } => Write::Enable(account),
        Change::Disable { account } => Write::Disable(account),
        Change::Delete { account } => Write::Delete(account),
        Change::Grant { holder, entitlement, relation, .. } => Write::Grant {
            holder: match holder {
                AccountPointer::Known(holder) => holder,
                AccountPointer::Created { .. } => created.cloned().ok_or_else(|| {
                    Fault::new(FaultKind::NotFound, "the account of this plan was not created")
                })?,
            },
            entitlement,
            relation,
        },
        Change::Revoke { holder, entitlement, relation, .. } => {
            Write::Revoke { holder, entitlement, relation }
        }
    })
}

/// The change about the account that a `Created` pointer came to mean.
pub(super) fn resolved(change: &Change, account: &ObjectRef) -> Change {
    let mut change = change.clone();
    if let Change::Grant { holder: holder @ AccountPointer::Created { .. }, .. } = &mut change {
        *holder = AccountPointer::Known(account.clone());
    }
    change
}

fn account_of(write: &Write) -> Option<&ObjectRef> {
    match write {
        Write::Create { .. } => None,
        Write::Update { account, .. }
        | Write::Enable(account)
        | Write::Disable(account)
        | Write::Delete(account)
        | Write::Grant { holder: account, .. }
        | Write::Revoke { holder: account, .. } => Some(account),
    }
}

/// What the target shows of the account now; for a grant, what it holds.
pub(super) async fn read_back(target: &Attached, account: &ObjectRef, change: &Change) -> ReadBack {
    if matches!(change, Change::Grant { .. } | Change::Revoke { .. }) {
        return ReadBack {
            account: AccountRead::Unread("only its grants were read".to_owned()),
            assignments: assignments(target, account).await,
        };
    }
    let account = match super::read::patiently(|| target.connector.get(account)).await {
        Ok(account) => AccountRead::Found(account),
        Err(fault) if fault.kind == FaultKind::NotFound => AccountRead::NotFound,
        Err(fault) => AccountRead::Unread(fault.message),
    };
    ReadBack { account, assignments: Err("not read".to_owned()) }
}

async fn assignments(
    target: &Attached,
    account: &ObjectRef,
) -> Result<Vec<lanyard_core::account::Assignment>, String> {
    let scope = AssignmentScope::OfAccount(account.clone());
    let mut found = Vec::new();
    let mut cursor = None;
    // An account with more grants than this many pages cannot be verified.
    for _ in 0..1_000 {
        let request = PageRequest { cursor: cursor.clone(), limit: target.page_size };
        let page =
            super::read::patiently(|| target.connector.list_assignments(&scope, request.clone()))
                .await
                .map_err(|fault| fault.message)?;
        if !page.coverage.proves_absence() {
            return Err("its grants could not be read wholly".to_owned());
        }
        found.extend(page.items);
        match page.next {
            None => return Ok(found),
            next => cursor = next,
        }
    }
    Err("its grants have no end".to_owned())
}

/// A guest's memory of this operation, in the store.
struct OperationJournal {
    store: Arc<dyn Store>,
    key: String,
    epoch: u64,
}

#[async_trait]
impl Journal for OperationJournal {
    async fn mark(&self, step: &str, data: &str) -> Result<(), JournalError> {
        match self.store.mark(&self.key, self.epoch, step, data).await {
            Ok(MarkResult::Marked) => Ok(()),
            Ok(MarkResult::StaleClaim) => Err(JournalError::StaleClaim),
            Ok(MarkResult::Quota) => Err(JournalError::Quota),
            Err(error) => Err(JournalError::Store(error.to_string())),
        }
    }

    async fn recall(&self, step: &str) -> Result<Option<String>, JournalError> {
        let recalled = self.store.recall(&self.key, step).await;
        recalled.map_err(|error| JournalError::Store(error.to_string()))
    }
}
