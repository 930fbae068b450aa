//! A system that does not answer is asked no more for a while.

use jiff::{SignedDuration, Timestamp};

use super::after;

/// So many calls in a row without any answer: as often as one operation is
/// tried.
const FAILURES: u32 = 5;

/// Then nobody asks for so long: what takes longer than one call may
/// (`wall-time`) is no hiccup.
const OPEN: SignedDuration = SignedDuration::from_secs(30);

/// And for so long when it does not answer then either: longer than a run
/// waits, which ends and leaves what is there to a later one.
const STILL_OPEN: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    /// Calls in a row that were not answered.
    failures: u32,
    /// Nobody asks before then.
    open: Option<Timestamp>,
}

impl Breaker {
    /// Until when nobody asks.
    pub(super) fn shut(&self, now: Timestamp) -> Option<Timestamp> {
        self.open.filter(|until| *until > now)
    }

    /// Whether the next call looks if it is there again.
    pub(super) fn is_half_open(&self, now: Timestamp) -> bool {
        self.open.is_some_and(|until| until <= now)
    }

    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, probe: bool, now: Timestamp) {
        if probe {
            self.open = Some(after(now, STILL_OPEN));
        } else if self.open.is_none() {
            self.failures = self.failures.saturating_add(1);
            if self.failures >= FAILURES {
                self.open = Some(after(now, OPEN));
            }
        }
    }
}
