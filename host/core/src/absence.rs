//! A record that is missing is believed to be gone only when it was found so
//! often enough, and long enough apart.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    desired::Desired,
    fact::Identity,
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    lifecycle::{Absence, Jump},
    observed::Observed,
    plan::{Note, NoteKind},
    policy::{Policy, WhenMissing},
};

/// What is to be remembered of those who are missing, where that changes;
/// none: no longer anything.
///
/// `known` is everybody as they were before this round, `reads` when each
/// source was read so that it proves absence, `before` what was remembered,
/// and `jump` what the clock did since the last look.  Whoever is absent and not remembered is believed to be gone:
/// they were so before the file asked for confirmations, or are confirmed.
pub fn confirm(
    policy: &Policy,
    assembled: &Assembled,
    known: &[Identity],
    reads: &BTreeMap<ConnectorName, Timestamp>,
    before: &BTreeMap<IdentityId, Absence>,
    jump: Option<Jump>,
) -> BTreeMap<IdentityId, Option<Absence>> {
    // How long it is since the look before a jump, no clock tells.
    let sure = |read: Timestamp| jump.map_or(read, |jump| read.min(jump.from));
    let was_absent: BTreeMap<IdentityId, bool> =
        known.iter().map(|it| (it.id, it.absent_since.is_some())).collect();
    let mut changed = BTreeMap::new();
    for identity in &assembled.identities {
        let remembered = before.get(&identity.id).copied();
        let required = required(policy, identity);
        let Some((times, interval)) = required.filter(|_| identity.absent_since.is_some()) else {
            if remembered.is_some() {
                changed.insert(identity.id, None);
            }
            continue;
        };
        // Of every source of theirs, or one alone would say it for another.
        let sources = identity.records.iter().map(|record| &record.source);
        let sources = sources.filter(|source| policy.sources.contains_key(*source));
        let read: Option<Vec<&Timestamp>> = sources.map(|source| reads.get(source)).collect();
        let read = read.and_then(|read| read.into_iter().min().copied());
        // Of a source that shrank a person says whether it is to be believed.
        let Some(read) = read.filter(|_| !assembled.is_doubtful(identity.id)) else { continue };
        let now = match remembered {
            None if was_absent.get(&identity.id) == Some(&true) => continue,
            None => Absence { since: read, seen: 1, last: read },
            Some(it) if it.last.checked_add(interval).is_ok_and(|next| next <= sure(read)) => {
                Absence { seen: it.seen.saturating_add(1), last: read, ..it }
            }
            // From now on the clock can be counted by again.
            Some(it) if jump.is_some() => Absence { last: read, ..it },
            Some(it) => it,
        };
        let now = (now.seen < times).then_some(now);
        if now != remembered {
            changed.insert(identity.id, now);
        }
    }
    changed
}

/// How often somebody has to be found missing, and how far apart: what the
/// strictest of their sources asks for; none: once is enough.
fn required(policy: &Policy, identity: &Identity) -> Option<(u32, SignedDuration)> {
    let sources = identity.records.iter().filter_map(|it| policy.sources.get(&it.source));
    let departs = sources.filter(|source| source.missing == WhenMissing::Departed);
    let strictest = departs.map(|it| (it.confirmations, it.confirmation_interval)).max()?;
    (strictest.0 > 1).then_some(strictest)
}

/// Who is missing and not yet believed to have left, by that or by anything
/// else.
pub fn notes(
    policy: &Policy,
    assembled: &Assembled,
    desired: &Desired,
    observed: &Observed,
) -> Vec<Note> {
    let missing = assembled.identities.iter().filter_map(|identity| {
        let absence = observed.kept.absences.get(&identity.id)?;
        identity.absent_since?;
        desired.identities.get(&identity.id).filter(|it| !it.state.state.is_over())?;
        let (times, _) = required(policy, identity)?;
        let text = format!(
            "no source has had their record since {:.0}; that counts when it was found {times} \
             times, and it was {}",
            absence.since, absence.seen
        );
        let open = observed.links.iter().any(|it| it.identity == identity.id && it.is_open());
        Some(Note { identity: Some(identity.id), target: None, kind: NoteKind::Waits, text, open })
    });
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::desired;
    use crate::example::{at, hired, id, noon, observed, policy, round, worker};

    const ADA: (&str, &str) = ("Ada", "Example");

    fn asking(times: u32) -> Policy {
        let mut policy = policy();
        for source in policy.sources.values_mut() {
            source.confirmations = times;
            source.confirmation_interval = SignedDuration::from_hours(12);
        }
        policy
    }

    fn read(time: &str) -> BTreeMap<ConnectorName, Timestamp> {
        BTreeMap::from([("hr".parse().expect("is a name"), at(time))])
    }

    #[test]
    fn a_record_has_to_be_missing_as_often_as_the_file_asks() {
        let policy = asking(3);
        let there = hired(&policy, vec![worker("1", ADA, &[])]).identities;
        let gone = round(&policy, Vec::new(), &there);
        let mut kept = BTreeMap::new();
        // When it was read, and how often that counts; none: believed.
        let looks = [
            ("2026-06-01T12:00:00Z", Some(1)),
            ("2026-06-01T13:00:00Z", Some(1)),
            ("2026-06-02T00:00:00Z", Some(2)),
            ("2026-06-02T11:59:59Z", Some(2)),
            ("2026-06-02T12:00:00Z", None),
        ];
        let mut known = there.clone();
        for (time, seen) in looks {
            for (id, absence) in confirm(&policy, &gone, &known, &read(time), &kept, None) {
                match absence {
                    Some(absence) => kept.insert(id, absence),
                    None => kept.remove(&id),
                };
            }
            assert_eq!(kept.get(&id("1")).map(|it| it.seen), seen, "{time}");
            known.clone_from(&gone.identities);
        }
        // Nothing more is asked of somebody who is believed to be gone.
        assert_eq!(
            confirm(&policy, &gone, &known, &read("2026-06-09T00:00:00Z"), &kept, None),
            [].into()
        );
    }

    #[test]
    fn whoever_is_there_again_begins_anew() {
        let policy = asking(2);
        let there = hired(&policy, vec![worker("1", ADA, &[])]);
        let seen = Absence { since: noon(), seen: 1, last: noon() };
        let kept = BTreeMap::from([(id("1"), seen)]);
        let changed =
            confirm(&policy, &there, &there.identities, &read("2026-06-03T00:00:00Z"), &kept, None);
        assert_eq!(changed, BTreeMap::from([(id("1"), None)]));
    }

    #[test]
    fn a_round_that_read_nothing_confirms_nothing() {
        let policy = asking(2);
        let there = hired(&policy, vec![worker("1", ADA, &[])]).identities;
        let gone = round(&policy, Vec::new(), &there);
        let seen = Absence { since: noon(), seen: 1, last: noon() };
        let kept = BTreeMap::from([(id("1"), seen)]);
        assert_eq!(
            confirm(&policy, &gone, &gone.identities, &BTreeMap::new(), &kept, None),
            [].into()
        );
        let mut observed = observed(&[("ada.example", Some("1"))]);
        observed.kept.absences = kept;
        let desired = desired(&policy, &gone, &observed, noon());
        let notes = notes(&policy, &gone, &desired, &observed);
        assert!(notes.iter().all(|note| note.open) && notes.len() == 1, "{notes:?}");
    }
}
