//! Forgetting people: when somebody may be erased, what is left of them, and
//! what of them must not come back unnoticed.

mod blank;
mod due;
mod gone;
mod rehire;
mod start;
mod told;
mod without;

pub(crate) use self::due::{Closed, due, hindrances};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    due::{Retain, doubts, let_go},
    gone::{AccountKey, GoneWhen, Missing, Proof, confirm_gone},
    rehire::{Anew, begin_anew},
    start::started,
    told::{Told, set_aside},
    without::{ERASED, Gone},
};
use crate::{
    fact::RecordKey,
    id::{ConnectorName, Digest, IdentityId},
    operation::Cause,
};

/// An erasure that a plan carries out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlannedErasure {
    /// When the time for which they are kept was over.
    pub due: Timestamp,
    pub identity: IdentityId,
    pub departed: Timestamp,
    pub causes: Vec<Cause>,
}

/// What is remembered of those who were erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Goes into every digest, so that one store's say nothing to another.
    pub salt: String,
    /// In the order of their ids.
    pub people: BTreeMap<IdentityId, Tombstone>,
    /// Whose each record was, by its digest.
    pub records: BTreeMap<Digest, BTreeSet<IdentityId>>,
    /// Login names that nobody else gets for a while.
    pub names: BTreeMap<ConnectorName, BTreeMap<Digest, Timestamp>>,
}

/// What is left of somebody: an id that says nothing, and dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub at: Timestamp,
    /// Who ordered it, or the run (an OS user).
    pub by: String,
    /// By a person's order, and not because their time was over.
    pub ordered: bool,
    pub departed: Option<Timestamp>,
    pub reason: Option<String>,
    /// Those that had a record of them.
    pub sources: BTreeSet<ConnectorName>,
    /// The latest first day that was ever said of them.
    pub started: Option<Timestamp>,
}

/// What planning knows of forgetting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgetting {
    pub forgotten: Forgotten,
    /// People of whose operations nobody knows what came of them.
    pub unsettled: BTreeSet<IdentityId>,
    /// People of whom a person has to say whether a record is theirs.
    pub in_cases: BTreeSet<IdentityId>,
    /// By what accounts of ours that are gone are known to be.
    pub gone: BTreeMap<AccountKey, Proof>,
}

impl Forgotten {
    /// Whose a record was who are erased.
    pub fn whose(&self, record: &RecordKey) -> Option<&BTreeSet<IdentityId>> {
        if self.records.is_empty() {
            return None;
        }
        self.records.get(&record_digest(&self.salt, record))
    }

    /// How many were erased since then.
    pub fn since(&self, since: Timestamp) -> usize {
        self.people.values().filter(|it| it.at > since).count()
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
}

/// The digest by which a record is known again.
pub fn record_digest(salt: &str, record: &RecordKey) -> Digest {
    Digest::of(format!("record\n{salt}\n{}\n{}", record.source, record.key))
}

/// The digest by which a login name is known again, in whatever case.
pub fn name_digest(salt: &str, name: &str) -> Digest {
    Digest::of(format!("name\n{salt}\n{}", name.to_lowercase()))
}

#[cfg(test)]
mod tests;
