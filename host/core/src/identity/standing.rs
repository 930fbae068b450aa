//! What one round of reading says of one record.

use jiff::Timestamp;

use super::read::Read;
use crate::{
    account::Account,
    fact::{Identity, RecordKey},
    policy::WhenMissing,
};

pub(super) enum Standing<'a> {
    There(&'a Read<'a>, &'a Account),
    /// There, but nobody can tell which one it is.
    Unclear(&'a Read<'a>, &'a str),
    /// Proven to be gone.
    Gone(&'a Read<'a>),
    /// Its source was not read, or not wholly.
    Unsaid,
    /// Its source is no longer in the file, and nobody said what that means.
    Dropped,
    /// Its source is no longer in the file, and who was in it has left.
    Retired,
}

impl Standing<'_> {
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::There(..) | Self::Unclear(..))
    }

    /// There, but only since its source shrank.
    pub(super) fn is_doubted(&self, key: &str) -> bool {
        matches!(self, Self::There(read, _) | Self::Unclear(read, _) if read.doubts(key))
    }

    /// There, and nothing is wrong with what says so.
    pub(super) fn is_believed(&self, key: &str) -> bool {
        matches!(self, Self::There(..)) && !self.is_doubted(key)
    }

    /// Gone from where that means having left.
    pub(super) fn has_left(&self) -> bool {
        matches!(self, Self::Gone(read) if read.shrank_from.is_none()
            && read.source.1.missing == WhenMissing::Departed)
    }
}

/// Since when every record of an identity has been provably gone.
pub(super) fn absent_since(
    standing: &[(RecordKey, Standing<'_>)],
    known: Option<&Identity>,
    now: Timestamp,
) -> Option<Timestamp> {
    if standing.iter().any(|(_, standing)| standing.is_there()) {
        return None;
    }
    let before = known.and_then(|known| known.absent_since);
    let mut proven: Option<Timestamp> = None;
    for (_, standing) in standing {
        match standing {
            Standing::Gone(read) => proven = proven.max(Some(read.reading.read_at)),
            Standing::Retired => proven = proven.max(Some(now)),
            Standing::Dropped => {}
            // One record might still be there: as before.
            Standing::Unsaid | Standing::There(..) | Standing::Unclear(..) => return before,
        }
    }
    match (before, proven) {
        (Some(before), Some(proven)) => Some(before.min(proven)),
        (before, proven) => before.or(proven),
    }
}
