//! From records to identities: which records are one person, which facts
//! they give, and who is provably no longer there.

mod assemble;
mod correlate;
mod decided;
mod given;
mod likeness;
mod lookup;
mod newcomers;
mod provided;
mod read;
mod record;
mod spelling;
mod standing;
mod steady;
mod vanished;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub(crate) use assemble::by_authority;
pub use assemble::{assemble, assemble_decided};
pub use given::{Asker, UnknownFact, unknown_facts};
pub use provided::provide;

use crate::{
    case::Case,
    fact::{Fact, Hold, Identity, Reading},
    id::{ConnectorName, FactName, IdentityId},
    policy::{Policy, WhenMissing},
};

/// Every identity after a round of reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assembled {
    /// In the order of their ids.
    pub identities: Vec<Identity>,
    /// Identities nothing may be changed of, and why (law 7).
    pub holds: BTreeMap<IdentityId, Vec<Hold>>,
    /// What is wrong with what sources said; no personal data beyond keys.
    pub problems: Vec<String>,
    /// Sources that lost far more of the keys they had than is usual.
    pub shrank: Vec<Shrank>,
    /// People who would have left a source, were they not in another one.
    pub elsewhere: BTreeMap<ConnectorName, BTreeSet<IdentityId>>,
    /// People of sources that were not read, or not wholly, of whom nobody
    /// can tell whether they are still there.
    pub unsaid: BTreeMap<ConnectorName, BTreeSet<IdentityId>>,
    /// Records of which nobody can tell whose they are; nothing is done for
    /// the newcomers they would be.
    pub cases: Vec<Case>,
    /// Whose records are somebody's by a decision that what is sure says the
    /// opposite of by now, and that in a sentence.
    pub doubted: Vec<(IdentityId, String)>,
    /// Facts that people beyond these have, or had.
    pub also_known: BTreeSet<FactName>,
    /// Identities found absent by this round, by nothing but shrunk sources.
    doubtful: BTreeSet<IdentityId>,
    /// Identities nobody knew before, that only shrunk sources speak of.
    first_seen: BTreeSet<IdentityId>,
    /// Identities nobody knew before, and that are held: their key is another
    /// one, written differently, or a source that may know them was not read.
    waiting: BTreeSet<IdentityId>,
}

/// A source that proves absence and lost more of its keys than its limit,
/// however many new ones it has instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrank {
    pub source: ConnectorName,
    /// It was never read before, and is measured by this source, which is no
    /// longer in the file.
    pub renamed: Option<ConnectorName>,
    /// Keys in its last exhaustive read.
    pub before: usize,
    /// How many of them it no longer has.
    pub lost: usize,
    /// Identities whose record is one of those.
    pub missing: BTreeSet<IdentityId>,
    /// Identities that it alone speaks of, under keys it did not have: people
    /// who are new, or those who are missing, written differently.
    pub new: BTreeSet<IdentityId>,
}

impl Assembled {
    /// What may be stored.
    ///
    /// Unless a person `released` the shrinking, whoever is missing because
    /// of it is stored as still there, and whoever is new by it not at all,
    /// so that the next round asks again.  Nor is whoever is new and
    /// waits for somebody to mend a source.
    pub fn to_record(&self, released: bool) -> Vec<Identity> {
        let mut identities = self.identities.clone();
        identities.retain(|identity| !self.waiting.contains(&identity.id));
        if !released {
            identities.retain(|identity| !self.first_seen.contains(&identity.id));
            for identity in &mut identities {
                if self.doubtful.contains(&identity.id) {
                    identity.absent_since = None;
                }
            }
        }
        identities
    }

    /// These people alone, as far as they are known; nothing is forgotten that
    /// decides about them.
    #[must_use]
    pub fn part(&self, ids: &BTreeSet<IdentityId>, also_known: &BTreeSet<FactName>) -> Self {
        let held = |id: &IdentityId| Some((*id, self.holds.get(id)?.clone()));
        Self {
            identities: ids.iter().filter_map(|id| self.identity(*id).cloned()).collect(),
            holds: ids.iter().filter_map(held).collect(),
            doubtful: ids.intersection(&self.doubtful).copied().collect(),
            also_known: also_known.clone(),
            ..Self::default()
        }
    }

    /// With people as they are, whatever sources say.
    pub fn join(&mut self, people: Vec<Identity>) {
        self.identities.extend(people);
        self.identities.sort_by_key(|identity| identity.id);
    }

    /// Somebody, if they are known.
    pub fn identity(&self, id: IdentityId) -> Option<&Identity> {
        let place = self.identities.binary_search_by_key(&id, |identity| identity.id).ok()?;
        self.identities.get(place)
    }

    /// Whether nothing but a shrunk source says that an identity is absent.
    pub fn is_doubtful(&self, id: IdentityId) -> bool {
        self.doubtful.contains(&id)
    }
}

/// The facts of an identity that are in effect, the best source's of each
/// name; of several that a record gives, the one that took effect last.
pub fn facts_now(identity: &Identity, now: Timestamp) -> BTreeMap<FactName, &Fact> {
    facts_where(identity, now, &|_| true)
}

/// The same of those facts alone.
pub(crate) fn facts_where<'a>(
    identity: &'a Identity,
    now: Timestamp,
    counts: &dyn Fn(&Fact) -> bool,
) -> BTreeMap<FactName, &'a Fact> {
    let best = |facts: &'_ [Fact]| -> Option<usize> {
        let in_effect = |fact: &Fact| fact.is_in_effect(now) && counts(fact);
        let mut in_effect = facts.iter().enumerate().filter(|(_, it)| in_effect(it));
        let (at, first) = in_effect.next()?;
        let same = in_effect.filter(|(_, fact)| fact.record == first.record);
        let later = same.max_by_key(|(at, fact)| (fact.effective_from, *at));
        Some(later.filter(|(_, it)| it.effective_from > first.effective_from).map_or(at, |it| it.0))
    };
    identity
        .facts
        .iter()
        .filter_map(|(name, facts)| Some((name.clone(), facts.get(best(facts)?)?)))
        .collect()
}

/// How people call an identity.
pub fn label(identity: &Identity, facts: &BTreeMap<FactName, &Fact>) -> String {
    let text =
        |name: &str| facts.get(name).and_then(|fact| fact.values.first()).map(ToString::to_string);
    let parts = || {
        let parts: Vec<String> =
            ["given_name", "family_name"].into_iter().filter_map(text).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    text("display_name").or_else(parts).unwrap_or_else(|| key(identity).to_owned())
}

/// The key of its first record.
pub fn key(identity: &Identity) -> &str {
    identity.records.first().map_or("", |record| record.key.as_str())
}

/// Whether any record of a reading gives this fact.
pub(crate) fn gives(policy: &Policy, reading: &Reading, name: &str, now: Timestamp) -> bool {
    let Some(source) = policy.sources.get_key_value(&reading.source) else { return false };
    reading.records.iter().any(|account| {
        let said = record::facts(policy, source, account, reading.read_at, now);
        said.facts.get(name).is_some_and(|facts| facts.iter().any(|it| !it.values.is_empty()))
    })
}

/// What it means for this identity that its records are missing: leaving
/// counts when any of its sources says so, and when one is retired.
pub fn when_missing(policy: &Policy, identity: &Identity) -> WhenMissing {
    let departs = identity.records.iter().any(|record| match policy.sources.get(&record.source) {
        Some(source) => source.missing == WhenMissing::Departed,
        None => policy.retired_sources.contains(&record.source),
    });
    if departs { WhenMissing::Departed } else { WhenMissing::Keep }
}

/// The source that alone could say whether an identity is still there, and
/// that left the file without being retired.
///
/// Nobody can tell what became of such a person: neither that they left, nor
/// that they are still here.
pub fn dropped_source<'a>(policy: &Policy, identity: &'a Identity) -> Option<&'a ConnectorName> {
    let mut sources = identity.records.iter().map(|record| &record.source);
    let answered_for = sources.clone().any(|source| policy.sources.contains_key(source));
    // Where a record that is gone means nothing, the other source decided.
    let undecided =
        identity.absent_since.is_some() && when_missing(policy, identity) == WhenMissing::Keep;
    let in_file = |source: &ConnectorName| {
        policy.sources.contains_key(source) || policy.retired_sources.contains(source)
    };
    let dropped = sources.find(|source| !in_file(source));
    dropped.filter(|_| !answered_for || undecided)
}

#[cfg(test)]
mod tests;
