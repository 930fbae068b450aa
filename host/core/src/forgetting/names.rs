//! What is kept of somebody by digests: records that are known again, and
//! login names that nobody else gets for a while.

use std::collections::BTreeSet;

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization as _;

use super::Forgotten;
use crate::{
    fact::RecordKey,
    id::{ConnectorName, Digest, IdentityId},
    policy::Policy,
};

impl Forgotten {
    /// Whose a record was who are erased, also when its key is spelt in
    /// another way by now.
    pub fn whose(&self, record: &RecordKey) -> Option<&BTreeSet<IdentityId>> {
        if self.records.is_empty() {
            return None;
        }
        let exactly = self.records.get(&record_digest(&self.salt, record));
        exactly.or_else(|| self.respelt.get(&respelt_digest(&self.salt, record)))
    }

    /// Whether a login name was somebody's who is erased, and is kept from
    /// others by when it was last seen.
    pub fn keeps(
        &self,
        target: &ConnectorName,
        name: &str,
        is_kept: impl Fn(Timestamp) -> bool,
    ) -> bool {
        let Some(names) = self.names.get(target) else { return false };
        names.get(&name_digest(&self.salt, name)).is_some_and(|last_seen| is_kept(*last_seen))
    }

    /// Login names that are kept from nobody any longer, neither at their
    /// target nor where it shares names.
    ///
    /// Those of a target that is not in the file are kept until it is there
    /// again, or retired.
    pub fn free_names(&self, policy: &Policy, now: Timestamp) -> Vec<(ConnectorName, Digest)> {
        let mut free = Vec::new();
        for (target, names) in &self.names {
            let sharing = policy
                .targets
                .iter()
                .filter(|(name, it)| *name == target || it.unique_with.contains(target));
            let waits: Vec<_> = sharing.map(|(_, it)| it.reuse_names_after).collect();
            if waits.is_empty() && !policy.retired_targets.contains(target) {
                continue;
            }
            let is_free = |last_seen: Timestamp| {
                waits.iter().all(|wait| {
                    let free = wait.and_then(|wait| last_seen.checked_add(wait).ok());
                    free.is_some_and(|free| free <= now)
                })
            };
            let over = names.iter().filter(|(_, last_seen)| is_free(**last_seen));
            free.extend(over.map(|(digest, _)| (target.clone(), digest.clone())));
        }
        free
    }
}

/// The digest by which a record is known again.
pub fn record_digest(salt: &str, record: &RecordKey) -> Digest {
    Digest::of(format!("record\n{salt}\n{}\n{}", record.source, record.key))
}

/// The digest by which a record is known again whose key is spelt in another
/// way: in another case, with other blanks, with more zeros in front or fewer.
pub fn respelt_digest(salt: &str, record: &RecordKey) -> Digest {
    Digest::of(format!("respelt\n{salt}\n{}\n{}", record.source, plain(&record.key)))
}

/// What is left of a key by whichever of these ways it is spelt.
fn plain(key: &str) -> String {
    let text: String =
        key.nfkc().flat_map(char::to_lowercase).filter(|it| !it.is_whitespace()).collect();
    let number = text.trim_start_matches('0');
    let is_number = !number.is_empty() && number.chars().all(|it| it.is_ascii_digit());
    if is_number { number.to_owned() } else { text }
}

/// The digest by which a login name is known again, in whatever case.
pub fn name_digest(salt: &str, name: &str) -> Digest {
    Digest::of(format!("name\n{salt}\n{}", name.to_lowercase()))
}
