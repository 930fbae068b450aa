//! When something that did not come about is tried again.

use jiff::{SignedDuration, Timestamp};

const FIRST: SignedDuration = SignedDuration::from_mins(1);
/// Of our own choosing nothing waits longer, and nothing is ever given up.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// After so many tries, of which the last was at `at`; a target that asks for
/// longer is left alone for longer.
pub(super) fn next_try(tries: u32, at: Timestamp, asked: Option<Timestamp>) -> Timestamp {
    let doublings = tries.saturating_sub(1).min(30);
    let wait = FIRST.saturating_mul(1_i32 << doublings).min(LONGEST);
    let ours = at.checked_add(wait).unwrap_or(Timestamp::MAX);
    asked.map_or(ours, |asked| asked.max(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn waits_double_up_to_an_hour_and_never_end() {
        let now = at("2026-07-01T00:00:00Z");
        let minutes = |tries| (next_try(tries, now, None).as_second() - now.as_second()) / 60;
        let waits: Vec<i64> = (1..=8).map(minutes).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(minutes(u32::MAX), 60);
    }

    #[test]
    fn a_target_that_asks_for_longer_is_left_alone_for_longer_and_never_for_less() {
        let now = at("2026-07-01T00:00:00Z");
        let week = at("2026-07-08T00:00:00Z");
        assert_eq!(next_try(1, now, Some(week)), week);
        assert_eq!(next_try(1, now, Some(now)), at("2026-07-01T00:01:00Z"));
    }
}
