//! How many calls a system takes: what the file says, what the system says of
//! itself, and what was found out by being refused.

mod learned;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use self::learned::Learned;
use super::{Rate, Shut, Why, after, part, spread::Spread};

/// Budgets that one system may speak of; the first to be over goes.
const MOST_BUDGETS: usize = 16;

/// What a system said of what is left of one of its budgets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Its name there.
    pub bucket: String,
    /// Calls in one of its stretches of time.
    pub limit: Option<u64>,
    /// Calls that are left of them.
    pub remaining: Option<u64>,
    /// When the next stretch begins.
    pub reset_after: Option<SignedDuration>,
}

/// What is left of a budget, until it is over.
#[derive(Debug, Clone, Copy)]
struct Left {
    /// None: nothing is left.
    spread: Option<Spread>,
    until: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// By the operator.
    written: Option<Spread>,
    told: BTreeMap<String, Left>,
    learned: Learned,
}

impl Bucket {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        let written = rate.map(Spread::within);
        Self { written, told: BTreeMap::new(), learned: Learned::default() }
    }

    /// Why no call may be made now.
    pub(super) fn shut(&self, now: Timestamp) -> Option<Shut> {
        if let Some(until) = self.learned.asked(now) {
            return Some(Shut { until, why: Why::Asked });
        }
        let spreads = [self.written.as_ref(), self.learned.spread()].into_iter().flatten();
        let told = self.told.values().filter(|left| left.until > now);
        let ready =
            told.map(|left| left.spread.map_or(left.until, |it| it.ready(now).min(left.until)));
        let until = spreads.map(|spread| spread.ready(now)).chain(ready).max()?;
        (until > now).then_some(Shut { until, why: Why::Rate })
    }

    /// Whether the next call looks if the system takes calls again.
    pub(super) fn is_half_open(&self, now: Timestamp) -> bool {
        self.learned.is_half_open(now)
    }

    pub(super) fn take(&mut self, now: Timestamp) {
        let told = self.told.values_mut().filter_map(|left| left.spread.as_mut());
        for spread in self.written.iter_mut().chain(told) {
            spread.take(now);
        }
        self.learned.take(now);
    }

    /// A call that was let in at `began` was answered.
    pub(super) fn answered(&mut self, began: Timestamp) {
        self.learned.answered(began);
    }

    /// One was refused because there were too many; how long the system asks
    /// to be left alone.
    pub(super) fn refused(&mut self, asked: Option<SignedDuration>, now: Timestamp) {
        self.learned.refused(asked, now);
    }

    /// The system does not take calls for so long, and for no fault of ours.
    pub(super) fn left_alone(&mut self, asked: SignedDuration, now: Timestamp) {
        self.learned.left_alone(asked, now);
    }

    /// What a system says is left, of which calls under way may be taken
    /// already or not.  As long as more than half is left, nobody waits.
    pub(super) fn told(&mut self, budget: &Budget, flying: u32, now: Timestamp) {
        let (Some(remaining), Some(reset)) = (budget.remaining, budget.reset_after) else {
            return;
        };
        self.told.retain(|_, left| left.until > now);
        let before = self.told.remove(&budget.bucket);
        let plenty = budget.limit.is_some_and(|limit| remaining.saturating_mul(2) > limit);
        if plenty || !reset.is_positive() {
            return;
        }
        if self.told.len() >= MOST_BUDGETS {
            let first = self.told.iter().min_by_key(|(_, left)| left.until);
            if let Some(first) = first.map(|(name, _)| name.clone()) {
                self.told.remove(&first);
            }
        }
        let left = remaining.saturating_sub(u64::from(flying));
        let spread = (left > 0).then(|| {
            let interval = part(reset, 1, left);
            match before.and_then(|before| before.spread) {
                Some(before) => before.paced(interval),
                None => Spread::every(interval),
            }
        });
        self.told.insert(budget.bucket.clone(), Left { spread, until: after(now, reset) });
    }
}
