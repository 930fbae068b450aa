//! What to do about a failed write: again, look first, or leave it to a
//! person.

use jiff::{SignedDuration, Timestamp};

use crate::fault::{Applied, Fault, FaultKind, RetryClass};

/// How patient to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait after the first attempt; doubled after each further one.
    pub first: SignedDuration,
    /// Longest wait of our own choosing; a target may ask for more.
    pub cap: SignedDuration,
    /// Longest wait that a target may ask for: a run holds the store while it
    /// waits, and other runs have to get their turn.
    pub longest: SignedDuration,
    /// After so many attempts a person has to look.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    /// Half a minute in all: the next run plans again what is left.
    fn default() -> Self {
        Self {
            first: SignedDuration::from_secs(1),
            cap: SignedDuration::from_mins(1),
            longest: SignedDuration::from_mins(5),
            attempts: 5,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Certainly not applied: again at this time.
    Retry { at: Timestamp },
    /// Certainly not applied, and not before this time: a later run's.
    Leave { until: Timestamp },
    /// It may be applied: read before anything else.
    Settle,
    /// A person has to look.
    Park,
}

/// What follows from the fault of attempt `attempt` (from 1).
pub fn decide(fault: &Fault, attempt: u32, now: Timestamp, policy: &RetryPolicy) -> Decision {
    match &fault.kind {
        // An earlier attempt may have made what already exists.
        FaultKind::AlreadyExists(_)
        | FaultKind::OutcomeUnknown { .. }
        | FaultKind::Trapped
        | FaultKind::TimedOut
        | FaultKind::OutOfMemory
        | FaultKind::BadAnswer(_)
        | FaultKind::Pending { .. }
        | FaultKind::Other { applied: Applied::Maybe | Applied::Yes, .. } => Decision::Settle,
        // That there were too many calls says nothing of this one.
        FaultKind::RateLimited { retry_after_ms } => wait(attempt, *retry_after_ms, now, policy),
        FaultKind::Unavailable { retry_after_ms } => again(attempt, *retry_after_ms, now, policy),
        FaultKind::Conflict(_)
        | FaultKind::StaleCursor
        | FaultKind::Cancelled
        | FaultKind::Other { applied: Applied::No, retry: RetryClass::Later, .. } => {
            again(attempt, None, now, policy)
        }
        FaultKind::NotFound
        | FaultKind::Ambiguous(_)
        | FaultKind::InvalidValue(_)
        | FaultKind::Unsupported(_)
        | FaultKind::ProtectedObject(_)
        | FaultKind::QuotaExceeded(_)
        | FaultKind::InvalidCredentials
        | FaultKind::PermissionDenied(_)
        | FaultKind::Misconfigured(_)
        | FaultKind::Denied(_)
        | FaultKind::Other {
            applied: Applied::No,
            retry: RetryClass::Never | RetryClass::AfterChange,
            ..
        } => Decision::Park,
    }
}

/// When attempt `attempt` may be followed by another.  Without chance in it:
/// bounds on parallel calls spread the load, and tests can tell the time.
pub fn backoff(attempt: u32, policy: &RetryPolicy) -> SignedDuration {
    let doublings = attempt.saturating_sub(1).min(30);
    policy.first.saturating_mul(1_i32 << doublings).min(policy.cap)
}

fn again(attempt: u32, asked_ms: Option<u64>, now: Timestamp, policy: &RetryPolicy) -> Decision {
    if attempt >= policy.attempts {
        return Decision::Park;
    }
    wait(attempt, asked_ms, now, policy)
}

fn wait(attempt: u32, asked_ms: Option<u64>, now: Timestamp, policy: &RetryPolicy) -> Decision {
    let asked = asked_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    let asked = asked.map_or(SignedDuration::ZERO, SignedDuration::from_millis);
    let wait = backoff(attempt, policy).max(asked);
    // Beyond the end of the calendar nobody is waiting any more.
    now.checked_add(wait).map_or(Decision::Park, |at| {
        if wait > policy.longest { Decision::Leave { until: at } } else { Decision::Retry { at } }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T00:00:00Z".parse().unwrap()
    }

    #[track_caller]
    fn decided(kind: FaultKind, attempt: u32) -> Decision {
        decide(&Fault::new(kind, "no"), attempt, now(), &RetryPolicy::default())
    }

    fn after_ms(ms: i64) -> Decision {
        Decision::Retry { at: now() + SignedDuration::from_millis(ms) }
    }

    #[test]
    fn waits_double_from_one_second_and_the_fifth_failure_parks() {
        let unavailable = || FaultKind::Unavailable { retry_after_ms: None };
        for (attempt, ms) in [(1, 1000), (2, 2000), (3, 4000), (4, 8000)] {
            assert_eq!(decided(unavailable(), attempt), after_ms(ms));
        }
        assert_eq!(decided(unavailable(), 5), Decision::Park);
        assert_eq!(decided(unavailable(), u32::MAX), Decision::Park);
    }

    #[test]
    fn backoff_stays_below_its_cap() {
        let policy = RetryPolicy::default();
        assert_eq!(backoff(u32::MAX, &policy), policy.cap);
        assert_eq!(backoff(7, &policy), policy.cap);
    }

    #[test]
    fn what_the_target_asks_is_honoured_beyond_the_cap_and_never_shortens_the_wait() {
        let limited = |ms| FaultKind::RateLimited { retry_after_ms: Some(ms) };
        assert_eq!(decided(limited(300_000), 1), after_ms(300_000));
        assert_eq!(decided(limited(1), 2), after_ms(2000));
        assert_eq!(decided(limited(u64::MAX), 1), Decision::Park);
    }

    #[test]
    fn that_there_were_too_many_calls_never_parks_one_of_them() {
        let limited = |ms| FaultKind::RateLimited { retry_after_ms: ms };
        assert_eq!(decided(limited(None), 5), after_ms(16_000));
        assert_eq!(decided(limited(Some(90_000)), 50), after_ms(90_000));
        assert_eq!(decided(FaultKind::Unavailable { retry_after_ms: Some(1) }, 5), Decision::Park);
    }

    #[test]
    fn a_wait_that_is_longer_than_a_run_is_left_to_a_later_one() {
        for ms in [300_001_u32, 604_800_000] {
            let until = now() + SignedDuration::from_millis(ms.into());
            let kinds = [
                FaultKind::RateLimited { retry_after_ms: Some(ms.into()) },
                FaultKind::Unavailable { retry_after_ms: Some(ms.into()) },
            ];
            for kind in kinds {
                assert_eq!(decided(kind, 1), Decision::Leave { until });
            }
        }
    }

    #[test]
    fn what_may_be_applied_is_never_sent_again_unseen() {
        let kinds = [
            FaultKind::OutcomeUnknown { retry_after_ms: Some(1) },
            FaultKind::Trapped,
            FaultKind::TimedOut,
            FaultKind::OutOfMemory,
            FaultKind::BadAnswer("?".into()),
            FaultKind::AlreadyExists(None),
            FaultKind::Pending { until: Some(now()) },
            FaultKind::Other {
                code: "x".into(),
                retry: RetryClass::Later,
                applied: Applied::Maybe,
            },
            FaultKind::Other { code: "x".into(), retry: RetryClass::Never, applied: Applied::Yes },
        ];
        for kind in kinds {
            for attempt in [1, 5, 50] {
                assert_eq!(decided(kind.clone(), attempt), Decision::Settle, "{kind:?}");
            }
        }
    }

    #[test]
    fn what_another_try_cannot_mend_is_parked_at_once() {
        let kinds = [
            FaultKind::NotFound,
            FaultKind::InvalidCredentials,
            FaultKind::Denied("host".into()),
            FaultKind::QuotaExceeded(None),
            FaultKind::Other { code: "x".into(), retry: RetryClass::Never, applied: Applied::No },
        ];
        for kind in kinds {
            assert_eq!(decided(kind.clone(), 1), Decision::Park, "{kind:?}");
        }
    }
}
