//! From records to identities: which records are one person, which facts
//! they give, and who is provably no longer there.

mod assemble;
mod given;
mod read;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use assemble::assemble;
pub use given::{Asker, UnknownFact, unknown_facts};

use crate::{
    fact::{Fact, Identity},
    id::{ConnectorName, FactName, IdentityId},
    policy::{Policy, WhenMissing},
};

/// Every identity after a round of reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assembled {
    /// In the order of their ids.
    pub identities: Vec<Identity>,
    /// Identities nothing may be changed of, and why (law 7).
    pub holds: BTreeMap<IdentityId, Vec<String>>,
    /// What is wrong with what sources said; no personal data beyond keys.
    pub problems: Vec<String>,
    /// Sources that answered far fewer records than last time.
    pub shrank: Vec<Shrank>,
    /// Identities found absent by this round, by nothing but shrunk sources.
    doubtful: BTreeSet<IdentityId>,
}

/// A source that proves absence and lost more records than its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrank {
    pub source: ConnectorName,
    /// Records in its last exhaustive read.
    pub before: u64,
    pub now: u64,
    /// Identities whose record it no longer has, as of this round.
    pub missing: BTreeSet<IdentityId>,
}

impl Assembled {
    /// What may be stored.
    ///
    /// Unless a person `released` the shrinking, whoever is missing because
    /// of it is stored as still there, so that the next round asks again.
    pub fn to_record(&self, released: bool) -> Vec<Identity> {
        let mut identities = self.identities.clone();
        if !released {
            for identity in &mut identities {
                if self.doubtful.contains(&identity.id) {
                    identity.absent_since = None;
                }
            }
        }
        identities
    }
}

/// The facts of an identity that are in effect, the best source's of each
/// name.
pub fn facts_now(identity: &Identity, now: Timestamp) -> BTreeMap<FactName, &Fact> {
    let in_effect = |fact: &&Fact| {
        fact.effective_from.is_none_or(|from| from <= now)
            && fact.effective_until.is_none_or(|until| now < until)
            && !fact.values.is_empty()
    };
    identity
        .facts
        .iter()
        .filter_map(|(name, facts)| Some((name.clone(), facts.iter().find(in_effect)?)))
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

/// What it means for this identity that its records are missing: leaving
/// counts when any of its sources says so.
pub fn when_missing(policy: &Policy, identity: &Identity) -> WhenMissing {
    let departs = identity
        .records
        .iter()
        .filter_map(|record| policy.sources.get(&record.source))
        .any(|source| source.missing == WhenMissing::Departed);
    if departs { WhenMissing::Departed } else { WhenMissing::Keep }
}

#[cfg(test)]
mod tests;
