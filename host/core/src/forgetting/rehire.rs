//! Whoever is hired again as somebody new, where the file wants that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Forgotten,
    told::{Candidate, anew, hired},
};
use crate::{
    desired::standing,
    fact::{Identity, Reading, RecordKey},
    id::{ConnectorName, IdentityId},
    lifecycle::{Followed, Kept, LifecycleState},
    observed::Link,
    policy::Policy,
};

/// Somebody who left, and who they are from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anew {
    /// What was known of them, without their records.
    pub former: Identity,
    pub followed: Followed,
    /// Nothing is known of them but the records.
    pub again: Identity,
}

/// Those who left with nothing left open, whose records are there again with
/// another job, and for whom the file wants a new identity.
pub fn begin_anew(
    policy: &Policy,
    readings: &[Reading],
    known: &[Identity],
    (kept, links, forgotten): (&Kept, &[Link], &Forgotten),
    now: Timestamp,
) -> Vec<Anew> {
    if !policy.leaver.begins_anew {
        return Vec::new();
    }
    let mut accounts: BTreeMap<IdentityId, Vec<&Link>> = BTreeMap::new();
    for link in links {
        accounts.entry(link.identity).or_default().push(link);
    }
    let there: BTreeSet<RecordKey> = readings
        .iter()
        .flat_map(|reading| reading.records.iter().map(|record| (&reading.source, record)))
        .map(|(source, record)| (source.clone(), record.reference.uid.clone()))
        .map(|(source, key)| RecordKey { source, key })
        .collect();
    let taken: BTreeSet<IdentityId> =
        forgotten.people.keys().copied().chain(known.iter().map(|it| it.id)).collect();
    let gone = |identity: &&Identity| {
        if !identity.records.iter().any(|record| there.contains(record)) {
            return None;
        }
        let links = accounts.get(&identity.id).map(Vec::as_slice).unwrap_or_default();
        let state = standing(policy, identity, &[], (kept, links), now).ok()?;
        let left = state.left.filter(|_| state.state == LifecycleState::Retained)?;
        // Within the bridge it is one life.
        let bridged = left.checked_add(policy.lifecycle.bridge).ok()?;
        (!state.ejected && bridged < now).then_some(left)
    };
    let left: Vec<(&Identity, Timestamp)> =
        known.iter().filter_map(|identity| Some((identity, gone(&identity)?))).collect();
    let candidates: Vec<Candidate<'_>> = left
        .iter()
        .filter_map(|(identity, left)| {
            let again = anew(&identity.records.iter().cloned().collect(), &taken)?;
            let sources: BTreeSet<&ConnectorName> =
                identity.records.iter().map(|record| &record.source).collect();
            Some(Candidate { again, departed: Some(*left), sources })
        })
        .collect();
    let hired = hired(policy, readings, &candidates, known, now);
    let both = left.iter().zip(candidates);
    both.filter(|(_, candidate)| hired.contains(&candidate.again.id))
        .map(|((identity, left), candidate)| {
            let former = Identity { records: Vec::new(), ..(*identity).clone() };
            let followed = Followed { by: candidate.again.id, at: now, left: *left };
            Anew { former, followed, again: candidate.again }
        })
        .collect()
}
