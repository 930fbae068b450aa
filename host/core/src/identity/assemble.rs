//! One round of reading, put together with what was known before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Assembled,
    correlate::{Correlated, Correlating},
    dropped_source, facts_now, label,
    lookup::look_up,
    newcomers::Partners,
    read::{Read, by_source, shrank},
    record,
    spelling::respelt,
    standing::{Standing, absent_since},
    steady,
    vanished::{Givers, Lost, givers, vanished},
};
use crate::{
    account::Account,
    case::Decisions,
    fact::{Fact, Hold, Identity, Reading, RecordKey, Unreadable},
    id::{ConnectorName, FactName, IdentityId},
    policy::Policy,
};

/// Every identity, from this round's `readings` and those `known` before.
///
/// `baseline` has the keys in the last exhaustive read of each source.
/// Sources without a reading change nothing.
pub fn assemble(
    policy: &Policy,
    readings: &[Reading],
    known: &[Identity],
    baseline: &BTreeMap<ConnectorName, BTreeSet<String>>,
    now: Timestamp,
) -> Assembled {
    assemble_decided(policy, readings, (known, &Decisions::new()), baseline, now)
}

/// The same, with what people said of records that are new.
pub fn assemble_decided(
    policy: &Policy,
    readings: &[Reading],
    (known, decisions): (&[Identity], &Decisions),
    baseline: &BTreeMap<ConnectorName, BTreeSet<String>>,
    now: Timestamp,
) -> Assembled {
    let mut assembled = Assembled::default();
    let mut problems = BTreeSet::new();
    let reads = by_source(policy, readings, baseline, &mut problems);
    let known: BTreeMap<IdentityId, &Identity> =
        known.iter().map(|identity| (identity.id, identity)).collect();
    let givers = givers(&known);
    let mut unconfirmed = BTreeSet::new();
    let correlating = Correlating { policy, reads: &reads, known: &known, decisions, now };
    let Correlated { records: correlated, mut cases, doubted } = correlating.correlate();
    let respelt = respelt(policy, &reads, &correlated, &known);
    let partners = Partners::new(policy, &reads, &known);
    for (id, records) in correlated {
        let mut holds = Vec::new();
        let known = known.get(&id).copied();
        if let Some(text) = partners.waits_for(&records).filter(|_| known.is_none()) {
            holds.push(Hold { fact: None, text });
            assembled.waiting.insert(id);
        }
        if let Some(case) = cases.get(&id) {
            holds.push(Hold { fact: None, text: case.hold() });
            assembled.waiting.insert(id);
        }
        let (mut identity, heard) = Person { policy, reads: &reads, givers: &givers, now }
            .put_together(id, records, known, &mut problems);
        if let Some(case) = cases.get_mut(&id) {
            case.label = label(&identity, &facts_now(&identity, now));
        }
        if let Some(text) = respelt.get(&id) {
            if let (Some(text), Some(record)) = (text, identity.records.first().cloned()) {
                let hold = Hold { fact: None, text: text.clone() };
                keep(&mut identity.unreadable, record, hold, known, now);
            }
            // Under another spelling it may be there.
            identity.absent_since = known.and_then(|known| known.absent_since);
            if known.is_none() {
                assembled.waiting.insert(id);
            }
        }
        holds.extend(identity.holds());
        if heard.gone {
            assembled.doubtful.insert(id);
        }
        if heard.new {
            unconfirmed.insert(id);
        }
        for source in heard.elsewhere {
            assembled.elsewhere.entry(source).or_default().insert(id);
        }
        for source in heard.unsaid {
            assembled.unsaid.entry(source).or_default().insert(id);
        }
        if let Some(source) = dropped_source(policy, &identity) {
            let text = format!("its source `{source}` is no longer in the file");
            holds.push(Hold { fact: None, text });
        }
        if !holds.is_empty() {
            assembled.holds.insert(id, holds);
        }
        assembled.identities.push(identity);
    }
    assembled.shrank = shrank(&reads, &assembled.identities, &unconfirmed);
    let people = (assembled.identities.as_mut_slice(), &known);
    let looked = look_up(policy, readings, baseline, people, now);
    steady::keep(policy, &mut assembled.identities, &known, now);
    for (id, more) in looked.holds {
        assembled.holds.entry(id).or_default().extend(more);
    }
    problems.extend(looked.problems);
    assembled.shrank.extend(looked.shrank);
    unconfirmed.retain(|id| !known.contains_key(id));
    assembled.first_seen = unconfirmed;
    assembled.cases = cases.into_values().collect();
    assembled.doubted = doubted;
    assembled.problems = problems.into_iter().collect();
    assembled
}

/// What this round says of an identity's records.
struct Heard {
    /// Nothing but shrunk sources say that it is absent, as of this round.
    gone: bool,
    /// Nothing but shrunk sources say that it is there.
    new: bool,
    /// Sources that it would have left, were it not for another one.
    elsewhere: BTreeSet<ConnectorName>,
    /// Sources that were not read so far as to say whether it is there, when
    /// no other one has it.
    unsaid: BTreeSet<ConnectorName>,
}

struct Person<'a> {
    policy: &'a Policy,
    reads: &'a BTreeMap<&'a ConnectorName, Read<'a>>,
    givers: &'a Givers<'a>,
    now: Timestamp,
}

impl Person<'_> {
    fn put_together(
        &self,
        id: IdentityId,
        records: BTreeSet<RecordKey>,
        known: Option<&Identity>,
        problems: &mut BTreeSet<String>,
    ) -> (Identity, Heard) {
        let mut unreadable = Vec::new();
        let mut standing: Vec<(RecordKey, Standing<'_>)> = records
            .into_iter()
            .map(|record| {
                let standing = self.standing(&record);
                (record, standing)
            })
            .collect();
        let mut facts: BTreeMap<FactName, Vec<Fact>> = BTreeMap::new();
        let somewhere = standing.iter().any(|(_, standing)| standing.is_there());
        let believed = standing.iter().any(|(record, it)| it.is_believed(&record.key));
        for (record, standing) in &standing {
            let before = known.map(|known| facts_of(known, record)).unwrap_or_default();
            let mut holds = Vec::new();
            let said = match standing {
                Standing::There(read, account) => {
                    self.said(read, account, before, &mut holds, problems)
                }
                Standing::Unclear(_, why) => {
                    holds.push(Hold { fact: None, text: (*why).to_owned() });
                    before
                }
                // Facts of a source that left the file stop to count as soon
                // as another one speaks for this identity.
                Standing::Dropped | Standing::Retired if somewhere => BTreeMap::new(),
                // So do those of a record that is gone: what it last said is
                // no longer true, and must not outrank what is.
                Standing::Gone(_) if believed && standing.has_left() => BTreeMap::new(),
                Standing::Unsaid | Standing::Dropped => {
                    // What nobody could read is as unknown as before.
                    let same = |it: &&Unreadable| it.record == *record;
                    let unread = known.iter().flat_map(|known| &known.unreadable).filter(same);
                    holds.extend(unread.map(|it| it.hold.clone()));
                    before
                }
                Standing::Gone(_) | Standing::Retired => before,
            };
            for hold in holds {
                keep(&mut unreadable, record.clone(), hold, known, self.now);
            }
            for (name, values) in said {
                facts.entry(name).or_default().extend(values);
            }
        }
        by_authority(self.policy, &mut facts);
        let absent_since = absent_since(&standing, known, self.now);
        let newly = absent_since.is_some() && known.is_none_or(|k| k.absent_since.is_none());
        let by_shrunk =
            |it: &Standing<'_>| matches!(it, Standing::Gone(read) if read.shrank_from.is_some());
        let gone = newly && standing.iter().any(|(_, standing)| by_shrunk(standing));
        let mut there = standing.iter().filter(|(_, standing)| standing.is_there()).peekable();
        let new = there.peek().is_some()
            && there.all(|(record, standing)| standing.is_doubted(&record.key));
        let sources = |wanted: &dyn Fn(&Standing<'_>) -> bool| -> BTreeSet<ConnectorName> {
            let those = standing.iter().filter(|(_, standing)| wanted(standing));
            those.map(|(record, _)| record.source.clone()).collect()
        };
        // A record under another key of the same source is no leaving of it.
        let stays: BTreeSet<ConnectorName> = standing
            .iter()
            .filter(|(_, standing)| standing.is_there())
            .map(|(record, _)| record.source.clone())
            .collect();
        let mut heard = Heard {
            gone,
            new,
            elsewhere: sources(&|it| believed && it.has_left()),
            unsaid: sources(&|it| {
                !somewhere && absent_since.is_none() && matches!(it, Standing::Unsaid)
            }),
        };
        heard.elsewhere.retain(|source| !stays.contains(source));
        // The best first; what is gone comes last.
        let place = |(record, standing): &(RecordKey, Standing<'_>)| {
            let gone = matches!(standing, Standing::Gone(_) | Standing::Retired);
            (gone, self.policy.authority.place(&record.source))
        };
        standing.sort_by_key(place);
        let records = standing.into_iter().map(|(record, _)| record).collect();
        (
            Identity { id, records, facts, absent_since, unreadable, unchanged: BTreeMap::new() },
            heard,
        )
    }

    fn standing(&self, record: &RecordKey) -> Standing<'_> {
        let Some(read) = self.reads.get(&record.source) else {
            return if self.policy.sources.contains_key(&record.source) {
                Standing::Unsaid
            } else if self.policy.retired_sources.contains(&record.source) {
                Standing::Retired
            } else {
                Standing::Dropped
            };
        };
        match read.records.get(record.key.as_str()) {
            Some(account) => match read.unclear.get(record.key.as_str()) {
                Some(why) => Standing::Unclear(read, why),
                None => Standing::There(read, account),
            },
            None if read.reading.coverage.proves_absence() => Standing::Gone(read),
            None => Standing::Unsaid,
        }
    }

    /// What a record says now; a fact that did not change keeps the time it
    /// was learned.
    fn said(
        &self,
        read: &Read<'_>,
        account: &Account,
        before: BTreeMap<FactName, Vec<Fact>>,
        holds: &mut Vec<Hold>,
        problems: &mut BTreeSet<String>,
    ) -> BTreeMap<FactName, Vec<Fact>> {
        let record::Said { mut facts, mut unknown, holds: reasons, problems: more } =
            record::facts(self.policy, read.source, account, read.reading.read_at, self.now);
        holds.extend(reasons);
        problems.extend(more);
        for (name, old) in &before {
            if facts.contains_key(name) || unknown.contains(name) {
                continue;
            }
            let lost = Lost {
                name,
                old,
                start: facts.get("start").and_then(|start| start.first()),
                alone: self.givers.get(&(read.source.0, name)) == Some(&1),
            };
            if let Some(problem) = vanished(self.policy, read, &lost) {
                holds.push(Hold { fact: Some(name.clone()), text: problem.clone() });
                problems.insert(problem);
                unknown.insert(name.clone());
            }
        }
        for (name, old) in before {
            if unknown.contains(&name) {
                facts.insert(name, old);
                continue;
            }
            let Some(new) = facts.get_mut(&name) else { continue };
            for fact in new {
                if let Some(same) = old.iter().find(|old| same(old, fact)) {
                    fact.learned = same.learned;
                }
            }
        }
        for facts in facts.values_mut() {
            facts.sort_by_key(|fact| fact.effective_from);
        }
        facts
    }
}

/// The facts that count, those of the source that decides first.
pub(crate) fn by_authority(policy: &Policy, facts: &mut BTreeMap<FactName, Vec<Fact>>) {
    for (name, facts) in facts.iter_mut() {
        // What is left of a source that is no longer in the file comes last.
        let place = |fact: &Fact| match policy.authority.rank(name, &fact.record.source) {
            None if !is_in_file(policy, &fact.record.source) => Some(usize::MAX),
            place => place,
        };
        facts.retain(|fact| place(fact).is_some());
        facts.sort_by_key(place);
    }
    facts.retain(|_, facts| !facts.is_empty());
}

fn is_in_file(policy: &Policy, name: &ConnectorName) -> bool {
    policy.sources.contains_key(name)
        || policy.tables.contains_key(name)
        || policy.targets.contains_key(name)
}

/// Keeps what cannot be told of a record, once, with the time since when.
pub(super) fn keep(
    unreadable: &mut Vec<Unreadable>,
    record: RecordKey,
    hold: Hold,
    known: Option<&Identity>,
    now: Timestamp,
) {
    let same = |it: &&Unreadable| (&it.record, &it.hold) == (&record, &hold);
    if unreadable.iter().any(|it| same(&it)) {
        return;
    }
    let before = known.and_then(|known| known.unreadable.iter().find(same));
    let since = before.map_or(now, |before| before.since);
    unreadable.push(Unreadable { record, hold, since });
}

fn facts_of(identity: &Identity, record: &RecordKey) -> BTreeMap<FactName, Vec<Fact>> {
    let mut found = BTreeMap::new();
    for (name, facts) in &identity.facts {
        let of_record: Vec<Fact> =
            facts.iter().filter(|fact| fact.record == *record).cloned().collect();
        if !of_record.is_empty() {
            found.insert(name.clone(), of_record);
        }
    }
    found
}

fn same(old: &Fact, new: &Fact) -> bool {
    old.values == new.values
        && old.effective_from == new.effective_from
        && old.effective_until == new.effective_until
}
