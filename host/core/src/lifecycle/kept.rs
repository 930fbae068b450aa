//! What facts do not say: what people ordered, and what earlier looks found.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::clock::ClockMarks;
use crate::{
    history::PastFact,
    id::IdentityId,
    observed::{Declined, OwnedGrant},
    policy::LimitsPolicy,
    request::Requests,
};

/// Everything that is remembered of lives besides facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Every ejection there ever was, those that were undone with them.
    pub ejections: Vec<Ejection>,
    /// Those that stand.
    pub legal_holds: Vec<LegalHold>,
    /// Since when nothing gives a grant of ours whose account stays.
    pub unwanted_grants: BTreeMap<OwnedGrant, Timestamp>,
    /// People whose records are missing, and of whom that is not believed
    /// yet.
    pub absences: BTreeMap<IdentityId, Absence>,
    /// Who begins anew, and under which identity.
    pub followed: BTreeMap<IdentityId, Followed>,
    /// Access that people asked for.
    pub requests: Requests,
    /// Who somebody is by now who was merged into somebody else.
    pub merged: BTreeMap<IdentityId, IdentityId>,
    /// Adopted accounts that a person gave back: only a person adopts them
    /// again.
    pub given_back: BTreeSet<Declined>,
    /// Values of `start` that sources gave before, where jobs may be bridged.
    pub past_starts: BTreeMap<IdentityId, Vec<PastFact>>,
    /// When runs were, by the clock of this machine.
    pub clock: ClockMarks,
}

/// A person's word that somebody goes now, whatever sources say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ejection {
    pub identity: IdentityId,
    pub at: Timestamp,
    /// Who said so (an OS user).
    pub by: String,
    pub reason: String,
    pub undone: Option<Undone>,
}

/// Somebody who left was hired again, as somebody new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    pub by: IdentityId,
    /// When that was found.
    pub at: Timestamp,
    pub left: Timestamp,
}

/// When a person took it back, and who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    pub at: Timestamp,
    pub by: String,
}

/// Nothing of these people is deleted as long as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalHold {
    pub name: String,
    pub people: BTreeSet<IdentityId>,
    pub reason: String,
    /// When somebody has to look whether it is still needed.
    pub review: Date,
    /// Who ordered it (an OS user).
    pub by: String,
    pub at: Timestamp,
}

/// How often somebody's records were found missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// When it was first seen.
    pub since: Timestamp,
    /// Readings that count.
    pub seen: u32,
    /// When the latest of them was.
    pub last: Timestamp,
}

impl Kept {
    /// What people had ordered by then.
    #[must_use]
    pub fn as_of(mut self, then: Timestamp) -> Self {
        self.ejections.retain(|it| it.at <= then);
        for ejection in &mut self.ejections {
            ejection.undone = ejection.undone.take().filter(|undone| undone.at <= then);
        }
        self.legal_holds.retain(|it| it.at <= then);
        self.followed.retain(|_, it| it.at <= then);
        for past in self.past_starts.values_mut() {
            past.retain(|it| it.forgotten <= then);
        }
        self
    }

    /// Who somebody is by now.
    pub fn by_now(&self, identity: IdentityId) -> IdentityId {
        self.merged.get(&identity).copied().unwrap_or(identity)
    }

    /// The ejection of somebody that stands.
    pub fn ejected(&self, identity: IdentityId) -> Option<&Ejection> {
        let mut of_them = self.ejections.iter().rev().filter(|it| it.identity == identity);
        of_them.find(|it| it.undone.is_none())
    }

    /// Identities whose ejection has to wait, so that in any `window` no more
    /// than `max` are carried out: of those ordered within one, the first
    /// ones count.
    ///
    /// A function of what was ordered alone, so that it is the same after a
    /// restart and for every process.
    pub fn ejected_too_many(
        &self,
        max: u32,
        window: SignedDuration,
        now: Timestamp,
    ) -> BTreeSet<IdentityId> {
        let turns = self.turns(max, window).into_iter();
        // Whoever need not wait is not kept by a clock that was set back.
        let waiting =
            turns.filter(|(it, from)| it.undone.is_none() && it.at < *from && now < *from);
        waiting.map(|(it, _)| it.identity).collect()
    }

    /// Identities whose ejection has to wait for its turn.
    pub fn waiting(&self, limits: &LimitsPolicy, now: Timestamp) -> BTreeSet<IdentityId> {
        // A clock that jumped makes it nobody's turn.
        let now = self.clock.jump.map_or(now, |jump| now.min(jump.from));
        self.ejected_too_many(limits.ejects_max, limits.ejects_window, now)
    }

    /// When it is the turn of each ejection that stands.
    pub fn turns_to_come(
        &self,
        max: u32,
        window: SignedDuration,
    ) -> impl Iterator<Item = (IdentityId, Timestamp)> {
        let turns = self.turns(max, window).into_iter();
        turns.filter(|(it, _)| it.undone.is_none()).map(|(it, from)| (it.identity, from))
    }

    /// When each may be carried out, in the order in which they were ordered.
    fn turns(&self, max: u32, window: SignedDuration) -> Vec<(&Ejection, Timestamp)> {
        let mut ordered: Vec<&Ejection> = self.ejections.iter().collect();
        ordered.sort_by_key(|it| (it.at, it.identity));
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let mut turns: Vec<(&Ejection, Timestamp)> = Vec::with_capacity(ordered.len());
        for ejection in ordered {
            let earlier = turns.len().checked_sub(max).and_then(|index| turns.get(index));
            let from = match (max, earlier) {
                (0, _) => Timestamp::MAX,
                (_, Some((_, earlier))) => earlier.checked_add(window).unwrap_or(Timestamp::MAX),
                (_, None) => ejection.at,
            };
            turns.push((ejection, from.max(ejection.at)));
        }
        turns
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::example::{at, id, noon};

    fn ordered(times: &[(&str, &str)]) -> Kept {
        let ejections = times.iter().map(|(key, time)| Ejection {
            identity: id(key),
            at: at(time),
            by: "operator".to_owned(),
            reason: "asked for".to_owned(),
            undone: None,
        });
        Kept { ejections: ejections.collect(), ..Kept::default() }
    }

    fn waiting(kept: &Kept, now: &str) -> usize {
        kept.ejected_too_many(2, SignedDuration::from_hours(1), at(now)).len()
    }

    #[test]
    fn no_more_are_ejected_within_any_window_than_are_allowed() {
        let kept = ordered(&[
            ("1", "2026-06-01T12:00:00Z"),
            ("2", "2026-06-01T12:00:00Z"),
            ("3", "2026-06-01T12:01:00Z"),
            ("4", "2026-06-01T12:02:00Z"),
            ("5", "2026-06-01T12:03:00Z"),
        ]);
        assert_eq!(waiting(&kept, "2026-06-01T12:10:00Z"), 3);
        // Two an hour, however long nobody looked.
        assert_eq!(waiting(&kept, "2026-06-01T13:00:00Z"), 1);
        assert_eq!(waiting(&kept, "2026-06-01T13:59:59Z"), 1);
        assert_eq!(waiting(&kept, "2026-06-01T14:00:00Z"), 0);
    }

    #[test]
    fn an_ejection_that_was_undone_no_longer_stands_and_still_counts() {
        let mut kept = ordered(&[
            ("1", "2026-06-01T12:00:00Z"),
            ("2", "2026-06-01T12:00:00Z"),
            ("3", "2026-06-01T12:01:00Z"),
        ]);
        kept.ejections[0].undone =
            Some(Undone { at: at("2026-06-01T12:02:00Z"), by: "operator".to_owned() });
        assert_eq!(kept.ejected(id("1")), None);
        assert!(kept.ejected(id("2")).is_some());
        assert_eq!(waiting(&kept, "2026-06-01T12:10:00Z"), 1);
    }

    proptest! {
        #[test]
        fn in_any_window_there_are_no_more_turns_than_are_allowed(
            seconds in proptest::collection::vec(0_i64..20_000, 0..40),
            max in 1_u32..5,
        ) {
            let window = SignedDuration::from_hours(1);
            let times: Vec<(String, String)> = seconds
                .iter()
                .enumerate()
                .map(|(key, second)| (key.to_string(), (noon() + SignedDuration::from_secs(*second)).to_string()))
                .collect();
            let times: Vec<(&str, &str)> =
                times.iter().map(|(key, time)| (key.as_str(), time.as_str())).collect();
            let kept = ordered(&times);
            let turns = kept.turns(max, window);
            let apart = usize::try_from(max).expect("is small");
            for (index, (ejection, from)) in turns.iter().enumerate() {
                prop_assert!(*from >= ejection.at);
                if let Some((_, later)) = turns.get(index + apart) {
                    prop_assert!(*later >= *from + window);
                }
            }
        }
    }

    #[test]
    fn what_was_ordered_later_was_not_ordered_then() {
        let mut kept = ordered(&[("1", "2026-06-01T12:00:00Z"), ("2", "2026-06-03T12:00:00Z")]);
        kept.ejections[0].undone =
            Some(Undone { at: at("2026-06-02T12:00:00Z"), by: "operator".to_owned() });
        let ejected = |time: &str| {
            let kept = kept.clone().as_of(at(time));
            ["1", "2"].map(|key| kept.ejected(id(key)).is_some())
        };
        assert_eq!(ejected("2026-06-01T11:00:00Z"), [false, false]);
        assert_eq!(ejected("2026-06-01T12:00:00Z"), [true, false]);
        assert_eq!(ejected("2026-06-02T12:00:00Z"), [false, false]);
        assert_eq!(ejected("2026-06-03T12:00:00Z"), [false, true]);
    }

    #[test]
    fn a_bound_of_none_lets_nobody_go_by_themselves() {
        let kept = ordered(&[("1", "2026-06-01T12:00:00Z")]);
        let waiting = |now| kept.ejected_too_many(0, SignedDuration::from_hours(1), at(now)).len();
        assert_eq!(waiting("2027-06-01T12:00:00Z"), 1);
    }
}
