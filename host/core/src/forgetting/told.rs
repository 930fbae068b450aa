//! Records that sources still have of people who were erased.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Forgotten, Tombstone};
use crate::{
    desired::standing,
    diff::counted,
    fact::{Fact, Identity, Reading, RecordKey},
    id::{ConnectorName, IdentityId},
    identity::{assemble, facts_now, gives},
    lifecycle::{Kept, moment_of, zone_of},
    plan::{Note, NoteKind},
    policy::Policy,
};

/// What sources told of people who were erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Those who begin anew: nothing is known of them but their records.
    pub again: Vec<Identity>,
    /// How many records of each source were left out.
    pub left_out: BTreeMap<ConnectorName, usize>,
}

impl Told {
    /// That a source still has them, without saying whom.
    pub fn notes(&self) -> impl Iterator<Item = Note> + '_ {
        self.left_out.iter().map(|(source, count)| Note {
            identity: None,
            target: None,
            kind: NoteKind::Forgotten,
            text: format!(
                "`{source}` still has {} of people who were erased; nothing of that is taken in, \
                 and it is for whoever keeps `{source}` to erase it there",
                counted(*count, "record", "records")
            ),
            open: false,
        })
    }
}

/// Leaves out of `readings` what they say of people who were erased, except of
/// those who are hired again.
///
/// Whether somebody is cannot be told while one of the sources that knew them
/// is not read: until then they are left out.
pub fn set_aside(
    policy: &Policy,
    readings: &mut [Reading],
    (known, forgotten): (&[Identity], &Forgotten),
    now: Timestamp,
) -> Told {
    let mut told = Told::default();
    if forgotten.records.is_empty() {
        return told;
    }
    let owned: BTreeSet<&RecordKey> = known.iter().flat_map(|it| &it.records).collect();
    let mut theirs: BTreeMap<IdentityId, BTreeSet<RecordKey>> = BTreeMap::new();
    for reading in readings.iter().filter(|it| !policy.tables.contains_key(&it.source)) {
        for record in &reading.records {
            let (source, key) = (reading.source.clone(), record.reference.uid.clone());
            let key = RecordKey { source, key };
            if owned.contains(&key) {
                continue;
            }
            let whose = forgotten.whose(&key).into_iter().flatten();
            let when = |id: &&IdentityId| forgotten.people.get(*id).map(|it| it.at);
            if let Some(last) = whose.max_by_key(when) {
                theirs.entry(*last).or_default().insert(key);
            }
        }
    }
    let taken: BTreeSet<IdentityId> =
        forgotten.people.keys().copied().chain(known.iter().map(|it| it.id)).collect();
    let candidates: Vec<Candidate<'_>> = theirs
        .iter()
        .filter_map(|(erased, records)| {
            let Tombstone { departed, sources, .. } = forgotten.people.get(erased)?;
            let again = anew(records, &taken)?;
            Some(Candidate { again, departed: *departed, sources: sources.iter().collect() })
        })
        .collect();
    let hired = hired(policy, readings, &candidates, known, now);
    told.again = candidates
        .into_iter()
        .map(|candidate| candidate.again)
        .filter(|again| hired.contains(&again.id))
        .collect();
    let begin: BTreeSet<&RecordKey> = told.again.iter().flat_map(|it| &it.records).collect();
    let out: BTreeSet<RecordKey> =
        theirs.into_values().flatten().filter(|record| !begin.contains(record)).collect();
    for reading in readings.iter_mut() {
        let source = reading.source.clone();
        let before = reading.records.len();
        reading.records.retain(|record| {
            let key = record.reference.uid.clone();
            !out.contains(&RecordKey { source: source.clone(), key })
        });
        let left_out = before.saturating_sub(reading.records.len());
        if left_out > 0 {
            told.left_out.insert(source, left_out);
        }
    }
    told
}

/// Somebody new with these records, under an id that nobody has or had.
pub(crate) fn anew(
    records: &BTreeSet<RecordKey>,
    taken: &BTreeSet<IdentityId>,
) -> Option<Identity> {
    let first = records.first()?;
    let mut times = 1_u64;
    while taken.contains(&IdentityId::again(first, times)) {
        times = times.checked_add(1)?;
    }
    Some(Identity {
        id: IdentityId::again(first, times),
        records: records.iter().cloned().collect(),
        facts: BTreeMap::new(),
        absent_since: None,
        unreadable: Vec::new(),
        unchanged: [].into(),
    })
}

/// Somebody who may be hired again.
pub(crate) struct Candidate<'a> {
    /// Who they would be: nothing is known of them but their records.
    pub again: Identity,
    /// When the job that is over was.
    pub departed: Option<Timestamp>,
    /// Those that knew them.
    pub sources: BTreeSet<&'a ConnectorName>,
}

/// Those who are there, or will be, by what is told of them alone, and not
/// because the job that is over was corrected, or what ended it is lost.
pub(crate) fn hired(
    policy: &Policy,
    readings: &[Reading],
    candidates: &[Candidate<'_>],
    known: &[Identity],
    now: Timestamp,
) -> BTreeSet<IdentityId> {
    let records = candidates.iter().flat_map(|it| &it.again.records).collect();
    let of_them: Vec<Reading> =
        readings.iter().map(|reading| only(policy, reading, &records)).collect();
    let unread = |source: &&&ConnectorName| {
        policy.sources.contains_key(**source) && !readings.iter().any(|it| it.source == ***source)
    };
    let lost: BTreeSet<&ConnectorName> = readings
        .iter()
        .filter(|reading| lost(policy, reading, known, now))
        .map(|reading| &reading.source)
        .collect();
    let blank: Vec<Identity> = candidates.iter().map(|it| it.again.clone()).collect();
    let assembled = assemble(policy, &of_them, &blank, &BTreeMap::new(), now);
    let is_hired = |candidate: &&Candidate<'_>| {
        let Candidate { again, departed, sources } = candidate;
        if sources.iter().find(unread).is_some() || assembled.holds.contains_key(&again.id) {
            return false;
        }
        let Some(identity) = assembled.identity(again.id) else { return false };
        let facts = facts_now(identity, now);
        let zone = zone_of(&facts, &policy.lifecycle);
        let zone = zone.unwrap_or_else(|_wrong| policy.lifecycle.timezone.clone());
        let start = facts.get("start").and_then(|start| moment_of(start, false, &zone));
        let first_day = start.zip(*departed);
        if first_day.is_some_and(|(start, departed)| start < departed) {
            return false;
        }
        // A new first day is no column that was left out.
        if first_day.is_none() && again.records.iter().any(|it| lost.contains(&it.source)) {
            return false;
        }
        let stands = standing(policy, identity, &[], (&Kept::default(), &[]), now);
        stands.is_ok_and(|state| !state.state.is_over())
    };
    candidates.iter().filter(is_hired).map(|candidate| candidate.again.id).collect()
}

/// A reading with these records alone; tables whole.
fn only(policy: &Policy, reading: &Reading, records: &BTreeSet<&RecordKey>) -> Reading {
    if policy.tables.contains_key(&reading.source) {
        return reading.clone();
    }
    let source = &reading.source;
    let wanted = reading.records.iter().filter(|record| {
        let key = record.reference.uid.clone();
        records.contains(&RecordKey { source: source.clone(), key })
    });
    Reading {
        source: source.clone(),
        records: wanted.cloned().collect(),
        coverage: reading.coverage.clone(),
        read_at: reading.read_at,
    }
}

/// Whether a source gave somebody what decides a state, and gives it to nobody
/// any more: a column that was left out.
fn lost(policy: &Policy, reading: &Reading, known: &[Identity], now: Timestamp) -> bool {
    ["start", "end", "status"].into_iter().any(|name| {
        let of_source = |fact: &Fact| fact.record.source == reading.source;
        let gave = known.iter().any(|it| it.facts.get(name).into_iter().flatten().any(of_source));
        gave && !gives(policy, reading, name, now)
    })
}
