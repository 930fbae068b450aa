//! Somebody new, while a source that may know more of them was not read.

use std::collections::{BTreeMap, BTreeSet};

use super::read::Read;
use crate::{
    fact::{Identity, RecordKey},
    id::{ConnectorName, IdentityId},
    policy::Policy,
};

/// Sources that were not read, by those they share people with.
pub(super) struct Partners<'a>(BTreeMap<&'a ConnectorName, BTreeSet<&'a ConnectorName>>);

impl<'a> Partners<'a> {
    pub(super) fn new(
        policy: &Policy,
        reads: &BTreeMap<&ConnectorName, Read<'_>>,
        known: &BTreeMap<IdentityId, &'a Identity>,
    ) -> Self {
        let is_unread = |source: &ConnectorName| {
            policy.sources.contains_key(source) && !reads.contains_key(source)
        };
        let mut partners: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for identity in known.values() {
            let sources = || identity.records.iter().map(|record| &record.source);
            for unread in sources().filter(|source| is_unread(source)) {
                for read in sources().filter(|source| !is_unread(source)) {
                    partners.entry(read).or_default().insert(unread);
                }
            }
        }
        Self(partners)
    }

    /// Why somebody new with these records has to wait: without what the
    /// other source says they might begin too early, or with too much.
    pub(super) fn waits_for(&self, records: &BTreeSet<RecordKey>) -> Option<String> {
        let unread = |record: &RecordKey| self.0.get(&record.source)?.first().copied();
        let (record, unread) = records.iter().find_map(|it| Some((it, unread(it)?)))?;
        Some(format!(
            "they are new in source `{}`, and source `{unread}`, which knows some of the same \
             people, was not read: it may say more of them, so they wait until it is",
            record.source
        ))
    }
}
