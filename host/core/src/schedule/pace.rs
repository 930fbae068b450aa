//! When one connector may be called.

use jiff::{SignedDuration, Timestamp};

use super::{Budget, Class, Pacing, Shut, Why, after, breaker::Breaker, bucket::Bucket};
use crate::fault::{Fault, FaultKind};

/// While one call looks whether a system is there again, the others ask
/// again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_millis(100);

/// A call that was let in; given back when it has ended.
#[derive(Debug)]
#[must_use = "a call that never ends may keep others from beginning"]
pub struct Turn {
    began: Timestamp,
    /// It looks whether the system is there again; no other call goes with
    /// it.
    probe: bool,
}

/// What came of a call, as far as others are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was not made, or says nothing of the system.
    Nothing,
    /// The system answered, be it with an error.
    Answer,
    /// It refused the call because there were too many.
    Refused(Option<SignedDuration>),
    /// It is not there for so long, by its own word.
    Away(SignedDuration),
    /// It did not answer.
    Silence,
}

impl Came {
    pub fn of<T>(answer: &Result<T, Fault>) -> Self {
        let Err(fault) = answer else { return Self::Answer };
        let asked = |ms: &u64| SignedDuration::from_millis(i64::try_from(*ms).unwrap_or(i64::MAX));
        match &fault.kind {
            FaultKind::RateLimited { retry_after_ms } => {
                Self::Refused(retry_after_ms.as_ref().map(asked))
            }
            FaultKind::Unavailable { retry_after_ms: Some(ms) } => Self::Away(asked(ms)),
            FaultKind::Unavailable { retry_after_ms: None }
            | FaultKind::OutcomeUnknown { .. }
            | FaultKind::TimedOut
            | FaultKind::Trapped
            | FaultKind::OutOfMemory => Self::Silence,
            // Nothing was asked of the system.
            FaultKind::Denied(_)
            | FaultKind::Cancelled
            | FaultKind::Misconfigured(_)
            | FaultKind::Unsupported(_)
            | FaultKind::BadAnswer(_) => Self::Nothing,
            FaultKind::AlreadyExists(_)
            | FaultKind::NotFound
            | FaultKind::Ambiguous(_)
            | FaultKind::Conflict(_)
            | FaultKind::InvalidValue(_)
            | FaultKind::ProtectedObject(_)
            | FaultKind::QuotaExceeded(_)
            | FaultKind::InvalidCredentials
            | FaultKind::PermissionDenied(_)
            | FaultKind::StaleCursor
            | FaultKind::Pending { .. }
            | FaultKind::Other { .. } => Self::Answer,
        }
    }
}

/// What is known of how one connector may be called.
#[derive(Debug, Clone)]
pub struct Pace {
    pacing: Pacing,
    bucket: Bucket,
    breaker: Breaker,
    /// Calls under way.
    flying: u32,
    probed: bool,
}

impl Pace {
    pub fn new(pacing: Pacing) -> Self {
        Self {
            bucket: Bucket::new(pacing.rate),
            pacing,
            breaker: Breaker::default(),
            flying: 0,
            probed: false,
        }
    }

    /// Why no call may be made now: of an operation of a class, or a read.
    pub fn shut(&self, class: Option<Class>, now: Timestamp) -> Option<Shut> {
        if let Some(until) = class.and_then(|class| self.no_writes(class, now)) {
            return Some(Shut { until, why: Why::NoWrites });
        }
        if let Some(until) = self.breaker.shut(now) {
            return Some(Shut { until, why: Why::Dead });
        }
        self.bucket.shut(now).or_else(|| {
            let until = after(now, LOOK_AGAIN);
            (self.probed && self.is_half_open(now)).then_some(Shut { until, why: Why::Probed })
        })
    }

    /// Until when operations of a class are not written there, by the file.
    pub fn no_writes(&self, class: Class, now: Timestamp) -> Option<Timestamp> {
        self.pacing.no_writes.as_ref().and_then(|it| it.until(class, now))
    }

    /// Lets one call in, which counts as made.
    ///
    /// # Errors
    /// Why it may not be made now.
    pub fn enter(&mut self, class: Option<Class>, now: Timestamp) -> Result<Turn, Shut> {
        if let Some(shut) = self.shut(class, now) {
            return Err(shut);
        }
        let probe = self.is_half_open(now);
        self.probed |= probe;
        self.flying = self.flying.saturating_add(1);
        self.bucket.take(now);
        Ok(Turn { began: now, probe })
    }

    /// A call has ended.
    #[expect(clippy::needless_pass_by_value, reason = "a turn is given back once")]
    pub fn left(&mut self, turn: Turn, came: Came, now: Timestamp) {
        let Turn { began, probe } = turn;
        self.flying = self.flying.saturating_sub(1);
        if probe {
            self.probed = false;
        }
        match came {
            Came::Nothing => {}
            Came::Answer => {
                self.breaker.answered();
                self.bucket.answered(began);
            }
            Came::Refused(asked) => {
                self.breaker.answered();
                self.bucket.refused(asked, now);
            }
            Came::Away(asked) => {
                self.breaker.answered();
                self.bucket.left_alone(asked, now);
            }
            Came::Silence => self.breaker.failed(probe && self.breaker.is_half_open(now), now),
        }
    }

    /// What the system says of what is left of a budget, with any answer.
    pub fn told(&mut self, budget: &Budget, now: Timestamp) {
        self.bucket.told(budget, self.flying, now);
    }

    fn is_half_open(&self, now: Timestamp) -> bool {
        self.breaker.is_half_open(now) || self.bucket.is_half_open(now)
    }
}
