//! What is written down of an attempt: its event, what is ours because of
//! it, and the audit row, in one transaction.

use std::collections::BTreeMap;

use lanyard_core::{
    account::AccountState,
    fault::{Fault, FaultKind},
    observed::{Ended, Link, Origin, OwnedGrant},
    operation::{Cause, Change, Operation},
    run::{OperationEvent, OperationState, Verification},
    value::ObjectRef,
};

use super::{obligations, perform::Task};
use crate::store::{Answer, AuditEntry, Effect, StoreError, Unsettled};

/// The account is the identity's, and we made it.
pub(super) fn linked(
    operation: &Operation,
    account: ObjectRef,
    (state, proven): (AccountState, bool),
    now: jiff::Timestamp,
) -> Effect {
    let disabled = state == AccountState::Disabled;
    Effect::Linked(Link {
        identity: operation.identity,
        target: operation.target.clone(),
        account,
        origin: Origin::Created,
        disabled_since: disabled.then_some(now),
        unproven: disabled && !proven,
        was_enabled: !disabled,
        unwanted_since: None,
        gone: false,
        ended: Ended::default(),
    })
}

/// What is ours from now on.  What drifted took no effect, except that a
/// created account or a grant is ours even when it does not look right.
fn effects(
    operation: &Operation,
    account: Option<&ObjectRef>,
    verification: &Verification,
    now: jiff::Timestamp,
) -> Vec<Effect> {
    let Some(account) = account.cloned() else { return Vec::new() };
    let target = operation.target.clone();
    let drifted = matches!(verification, Verification::Drifted(_));
    // Only a verified read takes something off our books: what may still
    // be there is looked at again.
    let verified = *verification == Verification::Verified;
    let grant = |holder: &ObjectRef, entitlement: &ObjectRef, relation: &str| OwnedGrant {
        target: target.clone(),
        holder: holder.clone(),
        entitlement: entitlement.clone(),
        relation: relation.to_owned(),
    };
    match &operation.change {
        Change::Create { state, .. } => {
            vec![linked(operation, account, (*state, verified), now)]
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
        Change::Credentials { verb, .. } => {
            vec![Effect::Ended { target, account, verb: *verb, at: now }]
        }
        Change::Update { .. }
        | Change::Enable { .. }
        | Change::Disable { .. }
        | Change::Delete { .. }
        | Change::Revoke { .. } => Vec::new(),
    }
}

impl Task {
    /// As [`effects`], of this operation, now.
    pub(super) fn effects(
        &self,
        account: Option<&ObjectRef>,
        verification: &Verification,
    ) -> Vec<Effect> {
        effects(&self.operation, account, verification, self.context.now())
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
        let mut effects = effects;
        effects.extend(obligations::heard(&self.context, &self.operation, &event, at));
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

    /// Whose word a reading is.
    fn verifier(&self) -> String {
        let target = &self.operation.target;
        let policy = self.context.policy.targets.get(target);
        match policy.and_then(|it| it.checked_by.as_ref()) {
            Some(checked) => format!("{target}'s own reading, before {} looked", checked.target),
            None => format!("{target}'s own reading"),
        }
    }

    fn audit(
        &self,
        event: &OperationEvent,
        result: &str,
        verification: Option<&Verification>,
        at: jiff::Timestamp,
    ) -> AuditEntry {
        let Operation { identity, target, change, event: why, causes, .. } = &self.operation;
        let mut detail = BTreeMap::from([
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
        if let Some(agreed) = self.agreed.get(&self.operation.id) {
            detail.insert("approval".to_owned(), agreed.clone());
        }
        if matches!(verification, Some(Verification::Verified | Verification::Drifted(_))) {
            detail.insert("verified by".to_owned(), self.verifier());
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

/// What a person says of an operation that nobody knows the outcome of, in
/// the order it is to be recorded; `account` is the one it is about, where it
/// is there.
pub fn said_by_a_person(
    unsettled: &Unsettled,
    applied: bool,
    account: Option<&ObjectRef>,
    by: (&str, jiff::Timestamp),
) -> Vec<Answer> {
    let unknown = |text: &str| Fault::new(FaultKind::OutcomeUnknown { retry_after_ms: None }, text);
    if !applied {
        let event = OperationEvent::GaveUp { fault: unknown("it was not applied, a person said") };
        return vec![closed(unsettled, event, ("not-applied", PERSON), by)];
    }
    let mut answers = Vec::new();
    if matches!(unsettled.state, OperationState::RetryAt { .. }) {
        let event = OperationEvent::LostAnswer { fault: unknown("it was cut off") };
        answers.push(closed(unsettled, event, ("uncertain", PERSON), by));
    }
    let verification = Verification::Unverifiable("a person said so".to_owned());
    let event = OperationEvent::Answered { verification };
    // A person looked, as a read would have.
    let effects = effects(&unsettled.operation, account, &Verification::Verified, by.1);
    answers.push(Answer { effects, ..closed(unsettled, event, ("applied", PERSON), by) });
    answers
}

const PERSON: &str = "by a person";

/// Closes an operation that was left open, by another word than its
/// target's: `result` for the audit, whose word it is, and who orders it when.
pub(super) fn closed(
    unsettled: &Unsettled,
    event: OperationEvent,
    (result, said): (&str, &str),
    (actor, at): (&str, jiff::Timestamp),
) -> Answer {
    let Unsettled { run, operation, epoch, .. } = unsettled;
    let mut detail = BTreeMap::from([
        ("run".to_owned(), run.0.to_string()),
        ("operation".to_owned(), operation.id.0.to_string()),
        ("said".to_owned(), said.to_owned()),
    ]);
    if let Change::Grant { label, .. } | Change::Revoke { label, .. } = &operation.change {
        detail.insert("entitlement".to_owned(), label.clone());
    }
    let audit = AuditEntry {
        at,
        actor: actor.to_owned(),
        action: operation.change.kind().word().to_owned(),
        identity: Some(operation.identity),
        target: Some(operation.target.clone()),
        account: operation.change.account().cloned(),
        result: result.to_owned(),
        verification: None,
        detail,
    };
    let effects = Vec::new();
    Answer { run: *run, operation: operation.id, epoch: *epoch, event, effects, audit, at }
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
