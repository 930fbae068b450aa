//! Calls spread evenly over time.

use jiff::{SignedDuration, Timestamp};

use super::{Rate, after, part};

/// One call every interval, and some at once after a pause: in any stretch of
/// time no more than `1 + (stretch + slack) / interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread {
    interval: SignedDuration,
    /// How far a call may be ahead of its time.
    slack: SignedDuration,
    /// The time of the next call.
    next: Option<Timestamp>,
}

/// The part of a rate's calls that may come at once: more would leave less
/// of the rate for the rest of the time.
const AT_ONCE: u32 = 50;

impl Spread {
    pub(super) fn every(interval: SignedDuration) -> Self {
        // A call that comes late takes no time from the next one.
        Self { interval, slack: interval, next: None }
    }

    /// No more calls than that in any stretch of time of its length, however
    /// it lies.
    pub(super) fn within(Rate { calls, per }: Rate) -> Self {
        let calls = calls.max(1);
        let at_once = (calls / AT_ONCE).max(1);
        let interval = part(per, 1, u64::from(calls - at_once + 1));
        let slack = part(interval, u64::from(at_once - 1), 1);
        Self { interval, slack, next: None }
    }

    /// The time between two calls, where no two may come at once.
    pub(super) fn alone(&self) -> Option<SignedDuration> {
        self.slack.is_zero().then_some(self.interval)
    }

    pub(super) fn interval(&self) -> SignedDuration {
        self.interval
    }

    /// The same calls, further apart or closer together from now on.
    #[must_use]
    pub(super) fn paced(self, interval: SignedDuration) -> Self {
        Self { interval, slack: interval, ..self }
    }

    /// When the next call may be made.
    pub(super) fn ready(&self, now: Timestamp) -> Timestamp {
        let Some(next) = self.next else { return now };
        // Further away it is only by a clock that was put back.
        let furthest = after(after(now, self.slack), self.interval);
        let ahead = next.min(furthest).checked_sub(self.slack).unwrap_or(now);
        ahead.max(now)
    }

    /// A call is made.
    pub(super) fn take(&mut self, now: Timestamp) {
        let furthest = after(now, self.slack);
        let from = self.next.map_or(now, |next| next.min(furthest).max(now));
        self.next = Some(after(from, self.interval));
    }
}
