//! Forgetting people: when somebody may be erased, what is left of them, and
//! what of them must not come back unnoticed.

mod asked;
mod blank;
mod due;
mod gone;
mod names;
mod rehire;
mod start;
mod told;
mod without;

pub(crate) use self::due::{Closed, due, hindrances};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    asked::StillErased,
    due::{Retain, doubts, let_go},
    gone::{AccountKey, GoneWhen, Missing, Proof, confirm_gone},
    names::{name_digest, record_digest, respelt_digest},
    rehire::{Anew, begin_anew},
    start::started,
    told::{Told, set_aside},
    without::{ERASED, Gone},
};
use crate::{
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
    /// The same, by the digest of a key however it is spelt.
    pub respelt: BTreeMap<Digest, BTreeSet<IdentityId>>,
    /// Login names that nobody else gets for a while.
    pub names: BTreeMap<ConnectorName, BTreeMap<Digest, Timestamp>>,
    /// What people said of records that say that they are here, by the id of
    /// the question.
    pub still: BTreeMap<String, StillErased>,
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
    /// People of whom it is not shown that they lost what they had to lose.
    pub owing: BTreeSet<IdentityId>,
}

impl Forgotten {
    /// How many were erased since then.
    pub fn since(&self, since: Timestamp) -> usize {
        self.people.values().filter(|it| it.at > since).count()
    }
}

#[cfg(test)]
mod tests;
