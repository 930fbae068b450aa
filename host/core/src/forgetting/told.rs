//! Records that sources still have of people who were erased.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Forgotten;
use crate::{
    desired::standing,
    diff::counted,
    fact::{Identity, Reading, RecordKey},
    id::{ConnectorName, IdentityId},
    identity::assemble,
    lifecycle::Kept,
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
    for (erased, records) in theirs {
        let Some(first) = records.first() else { continue };
        let again = anew(first, &records, (known, forgotten));
        if is_hired(policy, readings, (erased, &again), forgotten, now) {
            told.again.push(again);
            continue;
        }
        for reading in readings.iter_mut() {
            let source = reading.source.clone();
            let before = reading.records.len();
            reading.records.retain(|record| {
                let key = record.reference.uid.clone();
                !records.contains(&RecordKey { source: source.clone(), key })
            });
            let out = before.saturating_sub(reading.records.len());
            if out > 0 {
                *told.left_out.entry(source).or_default() += out;
            }
        }
    }
    told
}

/// Somebody new with these records, under an id that nobody has or had.
fn anew(
    first: &RecordKey,
    records: &BTreeSet<RecordKey>,
    (known, forgotten): (&[Identity], &Forgotten),
) -> Identity {
    let is_free = |id: &IdentityId| {
        !forgotten.people.contains_key(id) && !known.iter().any(|it| it.id == *id)
    };
    let mut times = 1_u64;
    while !is_free(&IdentityId::again(first, times)) {
        times = times.saturating_add(1);
    }
    Identity {
        id: IdentityId::again(first, times),
        records: records.iter().cloned().collect(),
        facts: BTreeMap::new(),
        absent_since: None,
    }
}

/// Whether they are there, or will be, by what is told of them alone.
fn is_hired(
    policy: &Policy,
    readings: &[Reading],
    (erased, again): (IdentityId, &Identity),
    forgotten: &Forgotten,
    now: Timestamp,
) -> bool {
    let knew = forgotten.people.get(&erased).into_iter().flat_map(|it| &it.sources);
    let is_read = |source: &ConnectorName| readings.iter().any(|it| it.source == *source);
    let mut unread = knew.filter(|it| policy.sources.contains_key(*it) && !is_read(it));
    if unread.next().is_some() {
        return false;
    }
    let of_them = readings.iter().map(|reading| {
        let mut reading = reading.clone();
        if !policy.tables.contains_key(&reading.source) {
            let source = reading.source.clone();
            reading.records.retain(|record| {
                let key = record.reference.uid.clone();
                again.records.contains(&RecordKey { source: source.clone(), key })
            });
        }
        reading
    });
    let of_them: Vec<Reading> = of_them.collect();
    let known = std::slice::from_ref(again);
    let assembled = assemble(policy, &of_them, known, &BTreeMap::new(), now);
    let Some(identity) = assembled.identity(again.id) else { return false };
    let wrong = assembled.holds.get(&again.id).map(Vec::as_slice).unwrap_or_default();
    let stands = standing(policy, identity, wrong, (&Kept::default(), &[]), now);
    stands.is_ok_and(|state| !state.state.is_over())
}
