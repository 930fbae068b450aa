//! What was found out by being refused: how fast a system lets itself be
//! called.
//!
//! When a system refuses calls and takes them again, the calls it took since
//! it did so before, over that time, are the rate that it allows.  From then
//! on calls come a little slower than that, and a little faster with time,
//! until it refuses again.

use jiff::{SignedDuration, Timestamp};

use super::super::{after, part, spread::Spread};

/// The first wait for a system that does not say how long; doubled each time
/// that it refuses again.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// Doublings of that: more than an hour.
const MOST_DOUBLINGS: u32 = 12;

/// Below what was measured, in percent: that much is lost of the rate, and
/// so much longer is nobody refused.
const BELOW: u64 = 2;

/// Every so often calls come closer together: by a thousandth at first, so
/// that a refusal comes once in more than a minute, and by more the longer
/// none has come.
const RAISE_EVERY: SignedDuration = SignedDuration::from_secs(6);
const STEEPNESS: u32 = 20;
const MOST_RAISED: u32 = 100;

/// Answers of which no rate can be told.
const FEW: u64 = 10;

/// Without a call for so long nobody has tried how fast it goes.
const IDLE: SignedDuration = SignedDuration::from_secs(10);

/// The longest that calls are kept apart by what was measured.
const FURTHEST: SignedDuration = SignedDuration::from_mins(1);

/// It refused a call.
#[derive(Debug, Clone, Copy)]
struct Refused {
    at: Timestamp,
    until: Timestamp,
    /// It said until when.
    hinted: bool,
    /// It is for too many calls.
    measures: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Learned {
    spread: Option<Spread>,
    raised: Option<Timestamp>,
    raises: u32,
    refused: Option<Refused>,
    /// Refusals without an answer between.
    strikes: u32,
    /// Since when calls are counted, and how many were answered.
    since: Option<Timestamp>,
    answers: u64,
    last: Option<Timestamp>,
}

impl Learned {
    pub(super) fn spread(&self) -> Option<&Spread> {
        self.spread.as_ref()
    }

    /// Until when the system asked to be left alone.
    pub(super) fn asked(&self, now: Timestamp) -> Option<Timestamp> {
        self.refused.map(|it| it.until).filter(|until| *until > now)
    }

    pub(super) fn is_half_open(&self, now: Timestamp) -> bool {
        self.refused.is_some_and(|it| it.until <= now)
    }

    pub(super) fn take(&mut self, now: Timestamp) {
        let free = self.spread.map_or(now, |spread| spread.ready(now));
        let expected = self.last.map_or(now, |last| last.max(free));
        if self.refused.is_none() && now.duration_since(expected) > IDLE {
            self.since = None;
        }
        if self.since.is_none() {
            (self.since, self.answers) = (Some(now), 0);
        }
        if let Some(spread) = &mut self.spread {
            spread.take(now);
        }
        self.last = Some(now);
        self.raise(now);
    }

    fn raise(&mut self, now: Timestamp) {
        let Some(spread) = &mut self.spread else { return };
        let due = self.raised.is_none_or(|raised| now.duration_since(raised) >= RAISE_EVERY);
        if due && self.refused.is_none() {
            self.raises = self.raises.saturating_add(1);
            let thousandths = (self.raises.saturating_mul(self.raises) / STEEPNESS).max(1);
            let left = 1000 - u64::from(thousandths.min(MOST_RAISED));
            *spread = spread.paced(part(spread.interval(), left, 1000));
            self.raised = Some(now);
        }
    }

    pub(super) fn refused(&mut self, asked: Option<SignedDuration>, now: Timestamp) {
        self.pause(asked, true, now);
    }

    pub(super) fn left_alone(&mut self, asked: SignedDuration, now: Timestamp) {
        self.pause(Some(asked), false, now);
    }

    fn pause(&mut self, asked: Option<SignedDuration>, measures: bool, now: Timestamp) {
        let asked = asked.filter(SignedDuration::is_positive);
        if let Some(before) = &mut self.refused
            && before.until > now
        {
            // It was under way when the first was refused.
            if let Some(asked) = asked {
                before.until = before.until.max(after(now, asked));
            }
            return;
        }
        let doublings = self.strikes.min(MOST_DOUBLINGS);
        let own = FIRST_WAIT.saturating_mul(1_i32 << doublings);
        let wait = match asked {
            Some(asked) if self.strikes == 0 => asked,
            Some(asked) => asked.max(own),
            None => own,
        };
        self.strikes = self.strikes.saturating_add(1);
        let until = after(now, wait);
        let measures = measures && self.refused.is_none_or(|before| before.measures);
        self.refused = Some(Refused { at: now, until, hinted: asked.is_some(), measures });
    }

    /// A call was answered that was let in at `began`.
    pub(super) fn answered(&mut self, began: Timestamp) {
        self.answers = self.answers.saturating_add(1);
        let Some(refused) = self.refused.filter(|refused| began >= refused.until) else { return };
        (self.refused, self.strikes) = (None, 0);
        // Without a word of it, it began to take calls between the last two.
        let opened = if refused.hinted {
            refused.until
        } else {
            let closed = began.duration_since(refused.at);
            after(refused.at, part(closed, 1, 2))
        };
        (self.raised, self.raises) = (Some(began), 0);
        // Of a few nothing can be told yet; the time that it was not there
        // tells nothing either.
        if refused.measures && self.answers <= FEW {
            return;
        }
        if refused.measures {
            self.measured(opened);
        }
        (self.since, self.answers) = (Some(began), 1);
    }

    fn measured(&mut self, opened: Timestamp) {
        let Some(since) = self.since else { return };
        // The one that was just answered belongs to the next stretch.
        let answers = self.answers.saturating_sub(1).max(1);
        let measured = part(opened.duration_since(since), 1, answers);
        let slower = |interval| part(interval, 100, 100 - BELOW);
        let mut interval = slower(measured);
        if let Some(before) = self.spread {
            // What was refused was too fast, whatever was measured.
            let before = before.interval();
            interval = interval.clamp(slower(before), part(before, 10, 1));
        }
        let interval = interval.min(FURTHEST);
        self.spread = Some(match self.spread {
            Some(spread) => spread.paced(interval),
            None => Spread::every(interval),
        });
    }
}
