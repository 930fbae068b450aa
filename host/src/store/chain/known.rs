//! Heads that were kept elsewhere, held against the chain as it is.

use std::collections::VecDeque;

use jiff::Timestamp;
use lanyard_core::id::Digest;
use serde::{Deserialize, Serialize};

use super::AuditBreak;

/// Hexadecimal digits of a mark: enough to tell rows apart, and no proof.
const DIGITS: usize = 16;

/// What the chain was at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHead {
    pub rows: u64,
    /// Of the last row; none when there was none.
    pub digest: Option<Digest>,
    pub at: Timestamp,
    pub marks: Marks,
}

/// The beginnings of the digests of rows before a head.  The head alone says
/// that the chain is another one; by these is told from which row on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// The row they begin behind.
    pub after: u64,
    /// Of every how many rows there is one; 1: of each.
    pub every: u64,
    pub digests: Vec<String>,
}

impl Marks {
    /// Of none yet.  So many rows, at most so many marks.
    pub fn new(after: u64, rows: u64, most: u64) -> Self {
        let every = rows.saturating_sub(after).div_ceil(most.max(1)).max(1);
        Self { after, every, digests: Vec::new() }
    }

    pub fn push(&mut self, digest: &Digest) {
        self.digests.push(begun(digest));
    }

    /// Whether this row has a mark, and whether it is of this digest.
    fn fits(&self, row: u64, digest: &Digest) -> Option<bool> {
        let distance = row.checked_sub(self.after)?.checked_sub(1)?;
        let every = self.every.max(1);
        let place = usize::try_from(distance.checked_div(every)?).ok()?;
        let is_marked = distance.checked_add(1)?.checked_rem(every)? == 0;
        let mark = self.digests.get(place).filter(|_| is_marked)?;
        Some(*mark == begun(digest))
    }
}

fn begun(digest: &Digest) -> String {
    digest.as_str().chars().take(DIGITS).collect()
}

/// Follows a chain beside the heads that are known of it.
#[derive(Debug)]
pub struct Beside {
    /// By how many rows they are of; those that were passed are gone.
    heads: VecDeque<KnownHead>,
    /// Up to there the chain is surely the one it was.
    surely: u64,
    /// The first row whose mark is another's, by the next head's.
    other: Option<u64>,
}

impl Beside {
    pub fn new(mut heads: Vec<KnownHead>) -> Self {
        heads.sort_by_key(|head| head.rows);
        Self { heads: heads.into(), surely: 0, other: None }
    }

    /// # Errors
    /// Where the chain is another than it was at a head.
    pub fn follow(&mut self, row: u64, digest: &Digest) -> Result<(), AuditBreak> {
        while self.heads.front().is_some_and(|head| head.rows == 0) {
            self.heads.pop_front();
        }
        if let Some(next) = self.heads.front() {
            match next.marks.fits(row, digest) {
                Some(true) if self.other.is_none() => self.surely = row,
                Some(false) => self.other = self.other.or(Some(row)),
                _ => {}
            }
        }
        while self.heads.front().is_some_and(|head| head.rows == row) {
            let Some(head) = self.heads.pop_front() else { break };
            if head.digest.as_ref() != Some(digest) {
                return Err(self.rewritten(&head));
            }
            // What the marks said otherwise is of whoever changed those.
            self.other = None;
            self.surely = row;
        }
        Ok(())
    }

    /// The chain ends with so many rows.
    ///
    /// # Errors
    /// When a head is of more.
    pub fn end(&self, rows: u64) -> Result<(), AuditBreak> {
        let Some(head) = self.heads.back().filter(|head| head.rows > rows) else {
            return Ok(());
        };
        if self.other.is_some() {
            return Err(self.rewritten(head));
        }
        let first = rows.saturating_add(1);
        Err(AuditBreak {
            sequence: number(first),
            why: match head.rows.saturating_sub(rows) {
                1 => format!("it is missing: at {:.0} it was there", head.at),
                gone => format!(
                    "it is missing with all that came after it: at {:.0} there were {gone} more rows",
                    head.at
                ),
            },
        })
    }

    /// From which row on, as far as can be told.
    fn rewritten(&self, head: &KnownHead) -> AuditBreak {
        let first = self.surely.saturating_add(1);
        let last = self.other.unwrap_or(head.rows);
        let at = head.at;
        let why = if first == last {
            format!(
                "it is not the one that was there at {at:.0}: it and what follows were written anew"
            )
        } else {
            format!(
                "from this row on, or from one of those up to {last}, it is not what was there at \
                 {at:.0}: they were written anew"
            )
        };
        AuditBreak { sequence: number(first), why }
    }
}

fn number(row: u64) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(row: u64) -> Digest {
        Digest::of(format!("row {row}"))
    }

    fn head(after: u64, rows: u64, most: u64) -> KnownHead {
        let mut marks = Marks::new(after, rows, most);
        let marked = (after + 1..=rows).filter(|row| (row - after).is_multiple_of(marks.every));
        for row in marked.collect::<Vec<_>>() {
            marks.push(&digest(row));
        }
        let digest = (rows > 0).then(|| digest(rows));
        KnownHead { rows, digest, at: Timestamp::UNIX_EPOCH, marks }
    }

    /// A chain of so many rows, of which those from `forged` on are others.
    fn found(heads: &[KnownHead], rows: u64, forged: u64) -> Option<(i64, String)> {
        let mut beside = Beside::new(heads.to_vec());
        let each = (1..=rows).try_for_each(|row| {
            beside.follow(row, &digest(if row < forged { row } else { row + 1000 }))
        });
        each.and_then(|()| beside.end(rows)).err().map(|it| (it.sequence, it.why))
    }

    #[test]
    fn a_chain_that_goes_on_as_it_was_is_believed() {
        let heads = [head(0, 0, 9), head(0, 4, 9), head(4, 4, 9), head(4, 9, 9)];
        assert_eq!(found(&heads, 9, 99), None);
        assert_eq!(found(&heads, 12, 10), None);
    }

    #[test]
    fn the_first_row_that_was_written_anew_is_named() {
        let heads = [head(0, 4, 9), head(4, 9, 9)];
        for forged in 1..=9 {
            let (row, why) = found(&heads, 9, forged).unwrap();
            assert_eq!(row, i64::try_from(forged).unwrap());
            assert!(why.contains("were written anew"), "{why}");
        }
    }

    #[test]
    fn among_more_rows_than_marks_the_first_that_may_be_it_is_named() {
        let heads = [head(0, 30, 3)];
        let (row, why) = found(&heads, 30, 25).unwrap();
        assert_eq!(row, 21);
        assert!(why.contains("one of those up to 30"), "{why}");
    }

    #[test]
    fn rows_that_went_at_the_end_are_named_by_the_first_of_them() {
        let heads = [head(0, 4, 9), head(4, 9, 9)];
        assert_eq!(found(&heads, 8, 99).unwrap().0, 9);
        let (row, why) = found(&heads, 5, 99).unwrap();
        assert_eq!(row, 6);
        assert!(why.contains("4 more rows"), "{why}");
        assert_eq!(found(&heads, 0, 99).unwrap().0, 1);
        // Cut off and written anew: from where it is another one.
        assert_eq!(found(&heads, 7, 6).unwrap().0, 6);
    }

    #[test]
    fn marks_that_were_changed_change_no_verdict() {
        let mut forged = head(0, 4, 9);
        forged.marks.digests = vec!["0".repeat(16); 4];
        assert_eq!(found(&[forged.clone()], 4, 99), None);
        assert!(found(&[forged], 4, 4).is_some());
    }
}
