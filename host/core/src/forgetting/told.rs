//! Records that sources still have of people who were erased.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Forgotten, Tombstone, asked};
use crate::{
    case::{Case, Decisions, Whose},
    desired::standing,
    fact::{Fact, Identity, Reading, RecordKey},
    id::{ConnectorName, FactName, IdentityId},
    identity::{Assembled, assemble, facts_now, gives},
    lifecycle::{Kept, moment_of, zone_of},
    plan::Note,
    policy::Policy,
};

/// What sources told of people who were erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Those who begin anew: nothing is known of them but their records.
    pub again: Vec<Identity>,
    /// How many records of each source were left out.
    pub left_out: BTreeMap<ConnectorName, usize>,
    /// Of those that say that they are here, and not that they were hired
    /// after they left: a person has to say.
    pub cases: Vec<Case>,
}

impl Told {
    /// Takes up what is asked, and those who go on as somebody new.
    pub fn join(&self, assembled: &mut Assembled, followed: Vec<Identity>) {
        assembled.cases.extend(self.cases.iter().cloned());
        assembled.join(followed);
    }

    /// That a source still has them, without saying whom.
    pub fn notes(&self) -> impl Iterator<Item = Note> + '_ {
        self.cases.iter().map(asked::note).chain(asked::left_out(&self.left_out))
    }
}

/// Leaves out of `readings` what they say of people who were erased, except of
/// those who are hired again.
///
/// Whether somebody is cannot be told while one of the sources that knew them
/// is not read: until then they are left out.  What a person decided of a
/// record is so.
pub fn set_aside(
    policy: &Policy,
    readings: &mut [Reading],
    (known, forgotten, decisions): (&[Identity], &Forgotten, &Decisions),
    now: Timestamp,
) -> Told {
    let mut told = Told::default();
    if forgotten.records.is_empty() {
        return told;
    }
    let theirs = theirs(policy, readings, (known, forgotten, decisions));
    let taken: BTreeSet<IdentityId> =
        forgotten.people.keys().copied().chain(known.iter().map(|it| it.id)).collect();
    let candidates: Vec<Candidate<'_>> = theirs
        .iter()
        .filter_map(|(erased, records)| {
            let Tombstone { departed, sources, started, .. } = forgotten.people.get(erased)?;
            let again = anew(records, &taken)?;
            let sources = sources.iter().collect();
            Some(Candidate {
                again,
                departed: *departed,
                sources,
                known_as: Known::Erased { started: *started },
            })
        })
        .collect();
    let Judged { mut hired, unsure } = judge(policy, readings, &candidates, known, now);
    let is_new = |record: &RecordKey| decisions.get(record) == Some(&Whose::New);
    let new = candidates.iter().filter(|it| it.again.records.iter().any(is_new));
    hired.extend(new.map(|it| it.again.id));
    let asked = candidates.iter().filter_map(|Candidate { again, .. }| {
        let said = unsure.get(&again.id).filter(|_| !hired.contains(&again.id))?;
        let first = again.records.first()?;
        let mut whose = theirs.iter();
        let (erased, _) = whose.find(|(_, records)| records.contains(first))?;
        asked::question(forgotten, (*erased, again), said)
    });
    told.cases = asked.collect();
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

/// Records that were those of somebody who was erased, by whose they were last;
/// not those that a person gave to somebody who is known.
fn theirs(
    policy: &Policy,
    readings: &[Reading],
    (known, forgotten, decisions): (&[Identity], &Forgotten, &Decisions),
) -> BTreeMap<IdentityId, BTreeSet<RecordKey>> {
    let owned: BTreeSet<&RecordKey> = known.iter().flat_map(|it| &it.records).collect();
    let ids: BTreeSet<IdentityId> = known.iter().map(|it| it.id).collect();
    let mut theirs: BTreeMap<IdentityId, BTreeSet<RecordKey>> = BTreeMap::new();
    for reading in readings.iter().filter(|it| !policy.tables.contains_key(&it.source)) {
        for record in &reading.records {
            let (source, key) = (reading.source.clone(), record.reference.uid.clone());
            let key = RecordKey { source, key };
            let is_others =
                matches!(decisions.get(&key), Some(Whose::Identity(id)) if ids.contains(id));
            if is_others || owned.contains(&key) {
                continue;
            }
            let whose = forgotten.whose(&key).into_iter().flatten();
            let when = |id: &&IdentityId| forgotten.people.get(*id).map(|it| it.at);
            if let Some(last) = whose.max_by_key(when) {
                theirs.entry(*last).or_default().insert(key);
            }
        }
    }
    theirs
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
    pub known_as: Known,
}

/// What is left of who they were.
pub(crate) enum Known {
    /// All of it.
    Whole,
    /// Erased but for the latest first day that was ever said: only a later
    /// one shows another job.
    Erased { started: Option<Timestamp> },
}

/// What is told of candidates.
#[derive(Debug, Default)]
struct Judged {
    hired: BTreeSet<IdentityId>,
    /// They are here, it is said, and nobody can tell since when; with what
    /// is said of that.
    unsure: BTreeMap<IdentityId, String>,
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
    judge(policy, readings, candidates, known, now).hired
}

fn judge(
    policy: &Policy,
    readings: &[Reading],
    candidates: &[Candidate<'_>],
    known: &[Identity],
    now: Timestamp,
) -> Judged {
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
    let mut judged = Judged::default();
    for Candidate { again, departed, sources, known_as } in candidates {
        if sources.iter().find(unread).is_some() || assembled.holds.contains_key(&again.id) {
            continue;
        }
        let Some(identity) = assembled.identity(again.id) else { continue };
        let stands = standing(policy, identity, &[], (&Kept::default(), &[]), now);
        if stands.map_or(true, |state| state.state.is_over()) {
            continue;
        }
        let facts = facts_now(identity, now);
        let zone = zone_of(&facts, &policy.lifecycle);
        let zone = zone.unwrap_or_else(|_wrong| policy.lifecycle.timezone.clone());
        let start = facts.get("start").and_then(|start| moment_of(start, false, &zone));
        let first_day = start.zip(*departed);
        // A new first day is no column that was left out.
        if first_day.is_none() && again.records.iter().any(|it| lost.contains(&it.source)) {
            continue;
        }
        let is_before = first_day.is_some_and(|(start, departed)| start < departed);
        let is_shown = |started: &Option<Timestamp>| {
            start.is_some_and(|start| started.is_none_or(|started| started < start))
        };
        match known_as {
            Known::Whole if is_before => {}
            Known::Whole => _ = judged.hired.insert(again.id),
            Known::Erased { started } if !is_before && is_shown(started) => {
                judged.hired.insert(again.id);
            }
            Known::Erased { .. } => drop(judged.unsure.insert(again.id, said(&facts))),
        }
    }
    judged
}

/// What decides whether somebody is here, as it stands.
fn said(facts: &BTreeMap<FactName, &Fact>) -> String {
    let said = ["start", "end", "status"].into_iter().map(|name| {
        let values = facts.get(name).into_iter().flat_map(|fact| &fact.values);
        format!("{name}: {}", values.map(ToString::to_string).collect::<Vec<_>>().join("; "))
    });
    said.collect::<Vec<_>>().join("\n")
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
