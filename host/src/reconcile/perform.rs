//! One operation: intent, call, answer, read-back, and the look after doubt.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard_core::{
    account::AccountState,
    fault::{Applied, Fault, FaultKind},
    id::OperationId,
    operation::{Change, Operation},
    retry::{Decision, RetryPolicy, backoff, decide},
    run::{OperationEvent, Verification},
    schedule::{Came, Class},
    schema::{IdStability, ObjectDef},
    value::ObjectRef,
    verify::compare,
};

use super::{
    Context,
    answer::{ELSEWHERE, first_failure, nameless},
    call::{OperationJournal, answered_about, read_back, resolved, write_of},
    look::{Look, look},
    record::linked,
    turn::{not_halted, patiently_from, turn},
    whose::Before,
};
use crate::{
    connector::{Attached, Outcome, Pass, Status, Write, WriteContext},
    store::{Intent, RunId, StoreError},
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
    /// What the target had before the plan.
    pub(super) before: Arc<Before>,
    /// By whose agreement operations of the run are carried out.
    pub(super) agreed: Arc<BTreeMap<OperationId, String>>,
    /// Of an operation that is settled: since when reads may lag behind it.
    pub(super) left_at: Option<Timestamp>,
}

/// Where an attempt left the operation.
#[derive(Debug)]
pub(super) enum Attempted {
    Done {
        verification: Verification,
        account: Option<ObjectRef>,
    },
    Again {
        at: Timestamp,
    },
    /// The account has its new name; another attempt ends what else there is.
    Unfinished {
        at: Timestamp,
    },
    Parked {
        fault: Fault,
    },
    /// Looked, and still nobody knows.
    Uncertain {
        fault: Fault,
        /// The target could not be asked at all.
        away: bool,
    },
}

impl Task {
    /// One attempt, whose first call may be made already.  `account` is what
    /// a `Created` pointer stands for.
    pub(super) async fn attempt(
        &self,
        attempt: u32,
        account: Option<&ObjectRef>,
        mut pass: Option<Pass>,
    ) -> Result<Attempted, StoreError> {
        self.intend(attempt).await?;
        let write = match write_of(&self.operation.change, account) {
            Ok(write) => write,
            Err(fault) => return self.park(fault).await,
        };
        match self.came_back_to_life(&write, &mut pass).await {
            Ok(None) => {}
            Ok(Some(fault)) => return self.park(fault).await,
            Err(fault) => return self.failed(attempt, account, fault).await,
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
        let class = Class::of(&self.operation);
        let pass = match pass {
            Some(pass) => not_halted(&self.context.stop).await.map(|()| pass),
            None => turn(&self.target, &self.context.stop, Some(class)).await,
        };
        let pass = match pass {
            Ok(pass) => pass,
            Err(fault) => return self.failed(attempt, account, fault).await,
        };
        let answer = self.target.connector.write(context, &write).await;
        pass.ended(Came::of(&answer));
        match answer {
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
    async fn came_back_to_life(
        &self,
        write: &Write,
        pass: &mut Option<Pass>,
    ) -> Result<Option<Fault>, Fault> {
        let Write::Delete(account) = write else { return Ok(None) };
        not_halted(&self.context.stop).await?;
        let get = || self.target.connector.get(account);
        match patiently_from(&self.target, &self.context.stop, pass.take(), get).await {
            Ok(found) if found.state == AccountState::Active => Ok(Some(Fault::new(
                FaultKind::Conflict(None),
                "the account was enabled after the plan was made, so it is not deleted; plan again",
            ))),
            Ok(_) => Ok(None),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) if fault.applied() == Applied::No => Err(fault),
            // It was only a read: nothing was applied, whatever broke.
            Err(fault) => {
                Err(Fault { kind: FaultKind::Unavailable { retry_after_ms: None }, ..fault })
            }
        }
    }

    async fn answered(
        &self,
        attempt: u32,
        write: &Write,
        outcome: Outcome,
    ) -> Result<Attempted, StoreError> {
        let Some(account) = answered_about(write, &outcome) else {
            return self.lost(attempt, None, nameless(outcome)).await;
        };
        if outcome.status == Status::Partial {
            return self.partly(attempt, account, outcome).await;
        }
        if let Status::Pending { needs_human, expires_at, .. } = &outcome.status {
            let waits = needs_human.as_deref().unwrap_or("the target has not finished yet");
            // No reading would ever show whether it was.
            if matches!(write, Write::EndSessions(_) | Write::RevokeCredentials(_)) {
                let text = format!("it is not done: {waits}; a later run sends it again");
                return self.park(Fault::new(FaultKind::Pending { until: None }, text)).await;
            }
            // Once it has its new name it has another key, which is ours then.
            if self.rekeys() {
                let fault = Fault::new(FaultKind::Pending { until: *expires_at }, waits);
                return self.lost(attempt, Some(&account), fault).await;
            }
            return self.finish(Some(account), Verification::Unverifiable(waits.to_owned())).await;
        }
        if let Err(why) = self.shows().await {
            let unread = Verification::Unverifiable(why.to_owned());
            return self.finish(Some(account), unread).await;
        }
        let change = resolved(&self.operation.change, &account);
        let after = read_back(&self.target, &account, &change, &self.context.stop).await;
        let mut verification = compare(&change, &after.back, &self.object);
        if verification == Verification::Verified && self.may_be_elsewhere(&change).await {
            verification = Verification::Unverifiable(ELSEWHERE.to_owned());
        }
        self.finish(Some(account), verification).await
    }

    /// The account has another key once this is done.
    fn rekeys(&self) -> bool {
        matches!(self.operation.change, Change::Update { name: Some(_), .. })
            && self.object.capabilities.id_stability == IdStability::Renameable
    }

    /// Parts are missing: the same key again continues with them.
    async fn partly(
        &self,
        attempt: u32,
        account: ObjectRef,
        outcome: Outcome,
    ) -> Result<Attempted, StoreError> {
        let fault = first_failure(outcome);
        // What was created is ours, whatever became of the rest; what state
        // it is in shows when it is read.
        let effects = match &self.operation.change {
            Change::Create { .. } => {
                let now = self.context.now();
                let state = (AccountState::Active, false);
                vec![linked(&self.operation, account.clone(), state, now)]
            }
            _ => Vec::new(),
        };
        let (event, result, attempted) =
            if attempt >= self.retry.attempts || fault.kind == FaultKind::InvalidCredentials {
                let event = OperationEvent::GaveUp { fault: fault.clone() };
                (event, "failed", Attempted::Parked { fault })
            } else {
                let at = self.after_a_while(attempt);
                let event = OperationEvent::Refused { fault, retry_at: at };
                (event, "partial", Attempted::Again { at })
            };
        match self.keep(Some(&account), event, effects, result, None).await? {
            Ok(()) => Ok(attempted),
            Err(fault) => self.park(fault).await,
        }
    }

    async fn failed(
        &self,
        attempt: u32,
        account: Option<&ObjectRef>,
        fault: Fault,
    ) -> Result<Attempted, StoreError> {
        // What is to be deleted and is not there may be deleted already, and
        // what is to be renamed may have its new name, and another key by it.
        let gone = fault.kind == FaultKind::NotFound
            && (matches!(self.operation.change, Change::Delete { .. }) || self.rekeys());
        match decide(&fault, attempt, self.context.now(), &self.retry) {
            Decision::Park if gone => self.lost(attempt, account, fault).await,
            Decision::Park => self.park(fault).await,
            Decision::Leave { until } => {
                let message = format!(
                    "{}; the target asks to be left alone until {until:.0}, so a later run tries \
                     it again",
                    fault.message
                );
                self.park(Fault { message, ..fault }).await
            }
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
        if let Err(why) = self.shows().await {
            let unread = Fault { message: why.to_owned(), ..lost.clone() };
            return self.unknown(&lost, unread, false).await;
        }
        // A value that something else holds stays taken.
        let hopeless =
            attempt >= self.retry.attempts || matches!(lost.kind, FaultKind::AlreadyExists(_));
        match look(self, account).await {
            Look::Renamed { account, verification } if hopeless => {
                self.finish(Some(account), verification).await
            }
            Look::Renamed { .. } => {
                let at = self.after_a_while(attempt);
                let event = OperationEvent::FoundNotApplied { retry_at: at };
                self.record(event, Vec::new(), "unfinished", None).await?;
                Ok(Attempted::Unfinished { at })
            }
            Look::Applied { account, verification } => self.finish(account, verification).await,
            // It is not there yet, and a second one is not asked for.
            Look::NotApplied
            | Look::Person(Fault { kind: FaultKind::OutcomeUnknown { .. }, .. })
                if self.is_pending(&lost) =>
            {
                self.unknown(&lost, lost.clone(), false).await
            }
            Look::NotApplied if hopeless => self.park(lost).await,
            Look::NotApplied => {
                let at = self.after_a_while(attempt);
                let event = if self.left_at.is_some() {
                    // Nobody waits to send it again: that is for the next plan.
                    OperationEvent::GaveUp { fault: lost }
                } else {
                    OperationEvent::FoundNotApplied { retry_at: at }
                };
                self.record(event, Vec::new(), "not-applied", None).await?;
                Ok(Attempted::Again { at })
            }
            Look::Person(fault) => self.park(fault).await,
            Look::Unknown(fault) => self.unknown(&lost, fault, false).await,
            Look::Away(fault) => self.unknown(&lost, fault, true).await,
        }
    }

    /// Still nobody knows; that the target took it stays known.
    async fn unknown(
        &self,
        lost: &Fault,
        fault: Fault,
        away: bool,
    ) -> Result<Attempted, StoreError> {
        let fault = match &lost.kind {
            FaultKind::Pending { .. } => Fault { kind: lost.kind.clone(), ..fault },
            _ => fault,
        };
        let event = OperationEvent::LostAnswer { fault: fault.clone() };
        self.record(event, Vec::new(), "uncertain", None).await?;
        Ok(Attempted::Uncertain { fault, away })
    }

    fn is_pending(&self, lost: &Fault) -> bool {
        match &lost.kind {
            FaultKind::Pending { until } => until.is_none_or(|until| self.context.now() < until),
            _ => false,
        }
    }

    fn after_a_while(&self, attempt: u32) -> Timestamp {
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
        let kept = self.keep(account.as_ref(), event, effects, "done", Some(&verification));
        match kept.await? {
            Ok(()) => Ok(Attempted::Done { verification, account }),
            Err(fault) => self.park(fault).await,
        }
    }

    async fn park(&self, fault: Fault) -> Result<Attempted, StoreError> {
        let event = OperationEvent::GaveUp { fault: fault.clone() };
        self.record(event, Vec::new(), "failed", None).await?;
        Ok(Attempted::Parked { fault })
    }
}
