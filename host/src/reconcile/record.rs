//! What is written down of an attempt: its event, what is ours because of
//! it, and the audit row, in one transaction.

use lanyard_core::{
    account::AccountState,
    fault::Fault,
    observed::{Link, Origin, OwnedGrant},
    operation::{Cause, Change, Operation},
    run::{OperationEvent, Verification},
    value::ObjectRef,
};

use super::perform::Task;
use crate::store::{Answer, AuditEntry, Effect, StoreError};

impl Task {
    pub(super) fn linked(&self, account: ObjectRef, state: AccountState, proven: bool) -> Effect {
        let disabled = state == AccountState::Disabled;
        Effect::Linked(Link {
            identity: self.operation.identity,
            target: self.operation.target.clone(),
            account,
            origin: Origin::Created,
            disabled_since: disabled.then(|| self.context.now()),
            unproven: disabled && !proven,
            was_enabled: !disabled,
            unwanted_since: None,
            gone: false,
        })
    }

    /// What is ours from now on.  What drifted took no effect, except that a
    /// created account or a grant is ours even when it does not look right.
    pub(super) fn effects(
        &self,
        account: Option<&ObjectRef>,
        verification: &Verification,
    ) -> Vec<Effect> {
        let Some(account) = account.cloned() else { return Vec::new() };
        let target = self.operation.target.clone();
        let drifted = matches!(verification, Verification::Drifted(_));
        // Only a verified read takes something off our books: what may still
        // be there is looked at again.
        let verified = *verification == Verification::Verified;
        let now = self.context.now();
        let grant = |holder: &ObjectRef, entitlement: &ObjectRef, relation: &str| OwnedGrant {
            target: target.clone(),
            holder: holder.clone(),
            entitlement: entitlement.clone(),
            relation: relation.to_owned(),
        };
        match &self.operation.change {
            Change::Create { state, .. } => {
                vec![self.linked(account, *state, verified)]
            }
            Change::Update { account: before, .. } if *before != account => {
                vec![Effect::Rekeyed { target, from: before.clone(), to: account }]
            }
            Change::Enable { .. } if !drifted => {
                vec![Effect::Enabled { target, account }]
            }
            Change::Disable { .. } if !drifted => {
                vec![Effect::Disabled { target, account, since: now, proven: verified }]
            }
            Change::Delete { .. } if verified => vec![Effect::Gone { target, account }],
            Change::Grant { entitlement, relation, .. } => {
                vec![Effect::Granted(grant(&account, entitlement, relation))]
            }
            Change::Revoke { entitlement, relation, .. } if verified => {
                vec![Effect::Revoked(grant(&account, entitlement, relation))]
            }
            Change::Update { .. }
            | Change::Enable { .. }
            | Change::Disable { .. }
            | Change::Delete { .. }
            | Change::Revoke { .. } => Vec::new(),
        }
    }

    pub(super) async fn record(
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
            let causes: Vec<String> = causes.iter().map(Cause::named).collect();
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
