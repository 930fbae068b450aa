//! The audit's chain of digests, the same in every store.
//!
//! A row is chained by what it says of nobody's person (when, who ordered it,
//! what, about which id, with which result) and by the salted digest of the
//! rest, which lies apart.  So the rest can be erased with the person it is
//! about, and count and order of the rows can still be proven.

mod known;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use lanyard_core::{
    forgetting::Tombstone,
    id::{Digest, IdentityId},
};

pub use self::known::{Beside, KnownHead, Marks};
use super::{AuditEntry, AuditRow};

/// What an entry that erases somebody is called.
pub const ERASE: &str = "erase";
/// Its detail with the numbers of the rows that were emptied: "1-3, 7".
const ROWS: &str = "rows";
/// Its detail with the ids of those who were erased, each with the digest of
/// what is left of them: "id digest, id digest".
const LEFT: &str = "left";
/// An entry that says what the head of the chain was before rows had a part.
pub const CHAINED_ANEW: &str = "chained anew";
/// Its detail with that head.
pub const FORMER_HEAD: &str = "former head";

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

/// The digest of what is left of somebody who was erased.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn of_tombstone(id: IdentityId, left: &Tombstone) -> Result<Digest, serde_json::Error> {
    let Tombstone { at, by, ordered, departed, reason, started, sources: _ } = left;
    Digest::of_json(&(id, at, by, ordered, departed, reason, started))
}

/// Has an entry that erases somebody say which rows are emptied by it, and
/// what is left of whom.
pub fn commit_to(
    detail: &mut BTreeMap<String, String>,
    rows: &[i64],
    left: &BTreeMap<IdentityId, Digest>,
) {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for row in rows {
        match ranges.last_mut() {
            Some((_, last)) if last.saturating_add(1) == *row => *last = *row,
            _ => ranges.push((*row, *row)),
        }
    }
    let ranges = ranges.into_iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    detail.insert(ROWS.to_owned(), ranges.collect::<Vec<_>>().join(", "));
    let left = left.iter().map(|(id, digest)| format!("{id} {digest}"));
    detail.insert(LEFT.to_owned(), left.collect::<Vec<_>>().join(", "));
}

/// Rows that an entry says it emptied.
fn rows_of(detail: &BTreeMap<String, String>) -> Vec<RangeInclusive<i64>> {
    let said = detail.get(ROWS).map(String::as_str).unwrap_or_default();
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    said.split(", ").filter_map(range).collect()
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
    /// Rows without their part.
    emptied: BTreeSet<i64>,
    /// Rows that were emptied by entries that say so.
    erased: BTreeSet<i64>,
    /// What is left of those who were erased, and by which row they were.
    left: BTreeMap<IdentityId, (String, i64)>,
    /// The head by the form of rows that had no part; none once one of them
    /// was emptied.
    former: Former,
}

#[derive(Debug, Default)]
enum Former {
    #[default]
    Nothing,
    Head(Digest),
    Unknown,
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
        if entry.result == CHAINED_ANEW && !self.was_headed(entry) {
            return Err(broken(expected, "the rows before it had another head than it says"));
        }
        self.follow_former(row).map_err(unwritten)?;
        if salt.is_none() {
            self.emptied.insert(expected);
        } else if entry.action == ERASE {
            let before = 1..expected;
            let rows = rows_of(&entry.detail).into_iter();
            let emptied = self.emptied.iter().copied();
            let rows: Vec<_> = rows.collect();
            let by_it = emptied.filter(|row| rows.iter().any(|range| range.contains(row)));
            self.erased.extend(by_it.filter(|row| before.contains(row)));
            let left = entry.detail.get(LEFT).map(String::as_str).unwrap_or_default();
            let left = left.split(", ").filter_map(|it| it.split_once(' '));
            self.left.extend(left.filter_map(|(id, digest)| {
                Some((id.parse().ok()?, (digest.to_owned(), expected)))
            }));
        }
        self.head = Some(chain);
        self.rows = expected;
        Ok(())
    }

    /// Whether the rows before had the head that the entry says; where one of
    /// them was emptied, nobody can tell.
    fn was_headed(&self, entry: &AuditEntry) -> bool {
        let said = entry.detail.get(FORMER_HEAD).map(String::as_str);
        match &self.former {
            Former::Nothing => false,
            Former::Head(head) => said == Some(head.as_str()),
            Former::Unknown => said.is_some(),
        }
    }

    fn follow_former(&mut self, row: &AuditRow) -> Result<(), serde_json::Error> {
        let previous = match &self.former {
            Former::Nothing => None,
            Former::Head(head) => Some(head),
            Former::Unknown => return Ok(()),
        };
        self.former = match row.salt {
            Some(_) => Former::Head(former(previous, &row.entry)?),
            None => Former::Unknown,
        };
        Ok(())
    }

    /// Whether what is left of people who were erased is what it was then.
    ///
    /// # Errors
    /// The row by which somebody was erased who is not, or who is left
    /// otherwise; or that nobody says of somebody who is that they were.
    pub fn is_left(&self, left: &BTreeMap<IdentityId, Digest>) -> Result<(), AuditBreak> {
        for (id, (digest, sequence)) in &self.left {
            if left.get(id).is_none_or(|it| it.as_str() != digest) {
                let why = "what is left of whom it erased is not what it was".to_owned();
                return Err(AuditBreak { sequence: *sequence, why });
            }
        }
        match left.keys().find(|id| !self.left.contains_key(id)) {
            Some(id) => {
                let why = format!("no row says that {id} was erased, and they are");
                Err(AuditBreak { sequence: self.rows, why })
            }
            None => Ok(()),
        }
    }

    /// The last row that was followed.
    pub fn followed(&self) -> i64 {
        self.rows
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
    /// The first row that lacks its part though no later one says that it was
    /// emptied.
    pub fn head(self) -> Result<Head, AuditBreak> {
        if let Some(number) = self.emptied.difference(&self.erased).next() {
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
