//! What an answer leaves to be found out: whether a read shows it yet, under
//! which key, and what went wrong.

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    fault::{Fault, FaultKind},
    operation::Change,
    schema::IdStability,
};

use super::{perform::Task, turn::patiently};
use crate::connector::{Outcome, Status};

/// Why a write was not read back.
const STOPPED: &str = "the run was stopped before it could be read back";
pub(super) const ELSEWHERE: &str = "the account is not there under its key, and may have another";
const TOO_LATE: &str = "the target shows what is written later than a run waits; a later run looks";

/// Clocks of two machines, or of one before it was set, may differ by so much.
const CLOCKS: SignedDuration = SignedDuration::from_hours(1);

/// From when on this process counts how long reads may lag behind what an
/// earlier one sent: from now, where that one's clock may have been wrong.
pub(super) fn lags_since(sent_at: Timestamp, now: Timestamp) -> Timestamp {
    if now.duration_since(sent_at) > CLOCKS { sent_at } else { now }
}

impl Task {
    /// Whether the account has another key by now: then that it holds nothing
    /// under the old one says nothing.
    pub(super) async fn may_be_elsewhere(&self, change: &Change) -> bool {
        let Change::Revoke { holder, .. } = change else { return false };
        if self.object.capabilities.id_stability != IdStability::Renameable {
            return false;
        }
        let get = || self.target.connector.get(holder);
        let read = patiently(&self.target, &self.context.stop, get).await;
        read.is_err_and(|fault| fault.kind == FaultKind::NotFound)
    }

    /// Waits as long as the target says a read may lag behind a write.
    ///
    /// # Errors
    /// Why a read would not show it: a stop came first, or it is too long.
    pub(super) async fn shows(&self) -> Result<(), &'static str> {
        let delay = self.object.capabilities.visibility_delay_ms;
        let delay = SignedDuration::from_millis(i64::try_from(delay).unwrap_or(i64::MAX));
        let passed = self.left_at.map(|at| self.context.now().duration_since(at));
        let wait = delay.saturating_sub(passed.unwrap_or_default());
        if !wait.is_positive() {
            return Ok(());
        }
        if wait > self.retry.longest {
            return Err(TOO_LATE);
        }
        if self.context.stop.wait(wait.unsigned_abs()).await { Err(STOPPED) } else { Ok(()) }
    }
}

/// Of a create that was answered without an account.
pub(super) fn nameless(outcome: Outcome) -> Fault {
    let (kind, message) = match outcome.status {
        Status::Pending { needs_human, expires_at, .. } => {
            let waits = needs_human.unwrap_or_else(|| "the target has not finished yet".to_owned());
            (FaultKind::Pending { until: expires_at }, waits)
        }
        Status::Partial => {
            let Fault { message, .. } = first_failure(outcome);
            (FaultKind::OutcomeUnknown { retry_after_ms: None }, message)
        }
        Status::Applied | Status::Unchanged | Status::Named(_) => (
            FaultKind::OutcomeUnknown { retry_after_ms: None },
            "the target did not say which account it created".to_owned(),
        ),
    };
    Fault::new(kind, message)
}

pub(super) fn first_failure(outcome: Outcome) -> Fault {
    outcome.failed.into_iter().next().map_or_else(
        || Fault::new(FaultKind::Unavailable { retry_after_ms: None }, "only partly applied"),
        |(part, fault)| Fault { message: format!("{part}: {}", fault.message), ..fault },
    )
}
