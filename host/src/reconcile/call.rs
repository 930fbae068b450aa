//! What is sent to a target, and what is read back from it.

use std::sync::Arc;

use async_trait::async_trait;
use lanyard_core::{
    account::Assignment,
    fault::{Fault, FaultKind},
    operation::{AccountPointer, Change, CredentialVerb},
    value::ObjectRef,
    verify::{AccountRead, ReadBack},
};

use super::{stop::Stop, turn::patiently};
use crate::{
    connector::{AssignmentScope, Attached, Journal, JournalError, Outcome, PageRequest, Write},
    store::{MarkResult, Store},
};

/// The change with its pointer resolved.
pub(super) fn write_of(change: &Change, created: Option<&ObjectRef>) -> Result<Write, Fault> {
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
        Change::Credentials { account, verb: CredentialVerb::EndSessions } => {
            Write::EndSessions(account)
        }
        Change::Credentials { account, verb: CredentialVerb::Revoke } => {
            Write::RevokeCredentials(account)
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
        | Write::EndSessions(account)
        | Write::RevokeCredentials(account)
        | Write::SetPassword { account, .. }
        | Write::Grant { holder: account, .. }
        | Write::Revoke { holder: account, .. } => Some(account),
    }
}

/// The account an answer is about.  A create gives it its key, and a rename
/// may give it another; every other write is about the account it was sent
/// for, whatever the answer names.
pub(super) fn answered_about(write: &Write, outcome: &Outcome) -> Option<ObjectRef> {
    let named = outcome.account.as_ref().map(|account| account.reference.clone());
    match write {
        Write::Create { .. } | Write::Update { .. } => named.or_else(|| account_of(write).cloned()),
        other => account_of(other).cloned(),
    }
}

/// What was read back, and the fault that kept it from being read.
pub(super) struct Read {
    pub(super) back: ReadBack,
    pub(super) fault: Option<Fault>,
}

/// What the target shows of the account now; for a grant, what it holds.
pub(super) async fn read_back(
    target: &Attached,
    account: &ObjectRef,
    change: &Change,
    stop: &Stop,
) -> Read {
    if matches!(change, Change::Grant { .. } | Change::Revoke { .. }) {
        let held = assignments(target, account, stop).await;
        let fault = held.as_ref().err().cloned();
        let back = ReadBack {
            account: AccountRead::Unread("only its grants were read".to_owned()),
            assignments: held.map_err(|fault| fault.message),
        };
        return Read { back, fault };
    }
    let (account, fault) = match patiently(target, stop, || target.connector.get(account)).await {
        Ok(account) => (AccountRead::Found(account), None),
        Err(fault) if fault.kind == FaultKind::NotFound => (AccountRead::NotFound, None),
        Err(fault) => (AccountRead::Unread(fault.message.clone()), Some(fault)),
    };
    Read { back: ReadBack { account, assignments: Err("not read".to_owned()) }, fault }
}

async fn assignments(
    target: &Attached,
    account: &ObjectRef,
    stop: &Stop,
) -> Result<Vec<Assignment>, Fault> {
    let untold = |text: &str| Fault::new(FaultKind::Unsupported("grants".to_owned()), text);
    let scope = AssignmentScope::OfAccount(account.clone());
    let mut found = Vec::new();
    let mut cursor = None;
    // An account with more grants than this many pages cannot be verified.
    for _ in 0..1_000 {
        let request = PageRequest { cursor: cursor.clone(), limit: target.page_size };
        let ask = || target.connector.list_assignments(&scope, request.clone());
        let page = patiently(target, stop, ask).await;
        let page = match page {
            Ok(page) => page,
            // What is not there holds nothing.
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        };
        if !page.coverage.proves_absence() {
            return Err(untold("its grants could not be read wholly"));
        }
        found.extend(page.items);
        match page.next {
            None => return Ok(found),
            next => cursor = next,
        }
    }
    Err(untold("its grants have no end"))
}

/// A guest's memory of this operation, in the store.
pub(super) struct OperationJournal {
    pub(super) store: Arc<dyn Store>,
    pub(super) key: String,
    pub(super) epoch: u64,
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
