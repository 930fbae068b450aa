//! The audit's chain of digests, the same in every store.
//!
//! A row is chained by what it says of nobody's person (when, who ordered it,
//! what, about which id, with which result) and by the salted digest of the
//! rest, which lies apart.  So the rest can be erased with the person it is
//! about, and count and order of the rows can still be proven.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::id::{Digest, IdentityId};

use super::{AuditEntry, AuditRow};

/// What an entry that erases somebody is called.
pub const ERASE: &str = "erase";
/// Its detail with the numbers of rows about others that were emptied with
/// those of its identity.
pub const ALSO: &str = "also rows";

/// The digest of a row: over its predecessor's digest (none for the first),
/// its entry, and the digest of the part that can be erased.
///
/// # Errors
/// When the entry cannot be written as JSON.
pub fn chained(
    previous: Option<&Digest>,
    entry: &AuditEntry,
    personal: &Digest,
) -> Result<Digest, serde_json::Error> {
    let AuditEntry { at, actor, action, identity, target, result, verification, .. } = entry;
    let said = (at, actor, action, identity, target, result, verification);
    Digest::of_json(&(previous, said, personal))
}

/// The digest of the part of a row that can be erased.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn personal(salt: &str, entry: &AuditEntry) -> Result<Digest, serde_json::Error> {
    Digest::of_json(&(salt, &entry.account, &entry.detail))
}

/// The digest of a row before rows had such a part.
///
/// # Errors
/// When the entry cannot be written as JSON.
pub fn former(previous: Option<&Digest>, entry: &AuditEntry) -> Result<Digest, serde_json::Error> {
    Digest::of_json(&(previous, entry))
}

/// Where the audit stops being what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("audit row {sequence}: {why}")]
pub struct AuditBreak {
    pub sequence: i64,
    pub why: String,
}

/// What a whole chain comes to.  Kept elsewhere, it shows whether rows at the
/// end went away, or all of them were written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub rows: u64,
    /// How many of them were emptied because somebody was erased.
    pub erased: u64,
    /// Of the last row; none when there is no row.
    pub digest: Option<Digest>,
}

/// Follows the chain from its first row.
///
/// A chain that was cut off at its end looks whole from inside; only a head
/// kept elsewhere shows that.
#[derive(Debug, Default)]
pub struct Chain {
    head: Option<Digest>,
    rows: i64,
    /// Rows without their part, and whom they are about.
    emptied: BTreeMap<i64, Option<IdentityId>>,
    /// Whoever was erased, and by which row.
    erased: BTreeMap<IdentityId, i64>,
    /// Rows about others that were emptied with them.
    also: BTreeSet<i64>,
}

impl Chain {
    /// # Errors
    /// Says what is wrong with `row` as the next one.
    pub fn follow(&mut self, row: &AuditRow) -> Result<(), AuditBreak> {
        let expected = self.rows.saturating_add(1);
        let broken = |sequence, why: &str| AuditBreak { sequence, why: why.to_owned() };
        let unwritten = |_| broken(expected, "the row cannot be written as JSON");
        if row.sequence != expected {
            return Err(broken(expected, "the row is missing"));
        }
        let AuditRow { entry, personal: part, salt, .. } = row;
        let chain = chained(self.head.as_ref(), entry, part).map_err(unwritten)?;
        let as_written = match salt {
            Some(salt) => personal(salt, entry).map_err(unwritten)? == *part,
            None => true,
        };
        if chain != row.chain || !as_written {
            return Err(broken(expected, "the row or one before it is not what was written"));
        }
        if salt.is_none() {
            self.emptied.insert(expected, entry.identity);
        } else if let (ERASE, Some(identity)) = (entry.action.as_str(), entry.identity) {
            self.erased.insert(identity, expected);
            let also = entry.detail.get(ALSO).map(String::as_str).unwrap_or_default();
            let numbers = also.split(", ").filter_map(|number| number.parse::<i64>().ok());
            self.also.extend(numbers.filter(|number| *number < expected));
        }
        self.head = Some(chain);
        self.rows = expected;
        Ok(())
    }

    /// The break when the next row cannot even be read.
    pub fn unreadable(&self) -> AuditBreak {
        AuditBreak {
            sequence: self.rows.saturating_add(1),
            why: "the row cannot be read".to_owned(),
        }
    }

    /// How many rows were followed, and to where.
    ///
    /// # Errors
    /// The first row that lacks its part though nobody it is about was erased
    /// after it.
    pub fn head(self) -> Result<Head, AuditBreak> {
        let is_erased = |number: i64, whose: Option<IdentityId>| {
            let by = whose.and_then(|whose| self.erased.get(&whose));
            by.is_some_and(|by| number < *by) || self.also.contains(&number)
        };
        let mut emptied = self.emptied.iter();
        if let Some((number, _)) = emptied.find(|(number, whose)| !is_erased(**number, **whose)) {
            let why = "what it said is missing, and nobody it is about was erased".to_owned();
            return Err(AuditBreak { sequence: *number, why });
        }
        let erased = u64::try_from(self.emptied.len()).unwrap_or(u64::MAX);
        Ok(Head { rows: self.rows.unsigned_abs(), erased, digest: self.head })
    }
}

/// Checks rows from the first on, in order.
///
/// # Errors
/// The first row that does not fit.
pub fn verify<'a>(rows: impl IntoIterator<Item = &'a AuditRow>) -> Result<Head, AuditBreak> {
    let mut chain = Chain::default();
    for row in rows {
        chain.follow(row)?;
    }
    chain.head()
}
