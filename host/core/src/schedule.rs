//! How fast, and when: which operation begins next, and why others wait.
//!
//! Pure: the time is an argument.  A [`Pace`] says when a connector may be
//! called, a [`Queue`] which operation of a plan comes next.  Whoever calls
//! connectors asks these two and nobody else.

mod breaker;
mod bucket;
mod pace;
mod priority;
mod queue;
mod spread;
#[cfg(test)]
mod tests;
mod waiting;
mod window;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::spread::Spread;
pub use self::{
    bucket::Budget,
    pace::{Came, Pace, Turn},
    priority::Class,
    queue::{Next, Queue},
    waiting::{Reason, Waiting},
    window::{Days, Hours, NoWrites},
};
use crate::id::ConnectorName;

/// So many calls in any stretch of time of that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// More than none.
    pub calls: u32,
    pub per: SignedDuration,
}

impl Rate {
    /// The time between two calls, where no two may come at once.
    pub fn every(self) -> Option<SignedDuration> {
        Spread::within(self).alone()
    }
}

/// What the operator's file says of when a connector is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pacing {
    /// None: as fast as the system lets itself be called.
    pub rate: Option<Rate>,
    /// When nothing is written.
    pub no_writes: Option<NoWrites>,
}

/// That a connector is not called now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut {
    /// When to ask again.
    pub until: Timestamp,
    pub why: Why,
}

/// Why a connector is not called now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// As many calls were made as may be.
    Rate,
    /// The system asked to be left alone.
    Asked,
    /// It did not answer, time and again.
    Dead,
    /// One call looks whether it is there again.
    Probed,
    /// The file says that nothing is written now.
    NoWrites,
}

/// Says when the connectors of a run may be called.
pub trait Gates {
    /// Held by whoever calls, until the call has ended.
    type Turn;

    /// Lets one call of an operation in, which then counts as made.
    ///
    /// # Errors
    /// Why it may not be made now.
    fn enter(
        &mut self,
        target: &ConnectorName,
        class: Class,
        now: Timestamp,
    ) -> Result<Self::Turn, Shut>;

    /// Why none may be made now, if so.
    fn shut(&self, target: &ConnectorName, class: Class, now: Timestamp) -> Option<Shut>;
}

/// A person's word that no system is called any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    pub at: Timestamp,
    /// Who ordered it (an OS user).
    pub by: String,
    pub reason: Option<String>,
}

impl std::fmt::Display for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "since {:.0}, by {}", self.at, self.by)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

/// Some time later; the end of the calendar is never.
fn after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// A part of a duration, rounded up: `times` of `of` parts.
fn part(whole: SignedDuration, times: u64, of: u64) -> SignedDuration {
    let nanos = whole.as_nanos().saturating_mul(i128::from(times));
    let of = i128::from(of.max(1));
    let parts = nanos.saturating_add(of - 1) / of;
    SignedDuration::from_nanos(i64::try_from(parts).unwrap_or(i64::MAX))
}
