//! A clock that jumped is asked about before time alone takes anything away.

use jiff::{SignedDuration, Timestamp};

/// A clock is set back by less than this without anybody being asked.
const BACK: SignedDuration = SignedDuration::from_hours(1);

/// When something was looked at, by the clock of this machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockMarks {
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// A jump that no person has looked at yet.
    pub jump: Option<Jump>,
}

/// From one look to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl ClockMarks {
    /// After a look at `now`; `most` is how far the clock may go on between
    /// two looks.
    #[must_use]
    pub fn after(self, most: Option<SignedDuration>, now: Timestamp) -> Self {
        let before = self.last.unwrap_or(now);
        let by = now.duration_since(before);
        let jumped = most.is_some_and(|most| by > most || by < -BACK);
        let earlier = self.jump.map(|jump| jump.from);
        let jump = jumped.then(|| Jump { from: earlier.unwrap_or(before).min(before), to: now });
        Self { first: Some(self.first.unwrap_or(now)), last: Some(now), jump: jump.or(self.jump) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::at;

    #[test]
    fn a_clock_that_goes_on_too_far_or_back_has_jumped() {
        let most = Some(SignedDuration::from_hours(40 * 24));
        let start = ClockMarks::default().after(most, at("2026-06-01T00:00:00Z"));
        assert_eq!(start.jump, None);
        for (now, jumped) in [
            ("2026-06-08T00:00:00Z", false),
            ("2026-07-11T00:00:00Z", false),
            ("2026-07-12T00:00:00Z", true),
            ("2026-05-31T23:30:00Z", false),
            ("2026-05-31T22:00:00Z", true),
        ] {
            assert_eq!(start.after(most, at(now)).jump.is_some(), jumped, "{now}");
            assert_eq!(start.after(None, at(now)).jump, None, "{now}");
        }
    }

    #[test]
    fn a_jump_stays_until_somebody_has_looked_and_grows_with_the_next_one() {
        let most = Some(SignedDuration::from_hours(24));
        let marks = ClockMarks::default().after(most, at("2026-06-01T00:00:00Z"));
        let jumped = marks.after(most, at("2026-06-10T00:00:00Z"));
        let later = jumped.after(most, at("2026-06-10T12:00:00Z"));
        assert_eq!(later.jump, jumped.jump);
        let again = later.after(most, at("2026-06-20T00:00:00Z"));
        let whole = Jump { from: at("2026-06-01T00:00:00Z"), to: at("2026-06-20T00:00:00Z") };
        assert_eq!(again.jump, Some(whole));
    }
}
