//! The audit's chain of digests, the same in every store.

use lanyard_core::id::Digest;

use super::{AuditEntry, AuditRow};

/// The digest of a row: over its predecessor's digest (none for the first)
/// and its entry.
///
/// # Errors
/// When the entry cannot be written as JSON.
pub fn chained(previous: Option<&Digest>, entry: &AuditEntry) -> Result<Digest, serde_json::Error> {
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
}

impl Chain {
    /// # Errors
    /// Says what is wrong with `row` as the next one.
    pub fn follow(&mut self, row: &AuditRow) -> Result<(), AuditBreak> {
        let expected = self.rows.saturating_add(1);
        let broken = |sequence, why: &str| AuditBreak { sequence, why: why.to_owned() };
        if row.sequence != expected {
            return Err(broken(expected, "the row is missing"));
        }
        let chain = chained(self.head.as_ref(), &row.entry)
            .map_err(|_| broken(expected, "the row cannot be written as JSON"))?;
        if chain != row.chain {
            return Err(broken(expected, "the row or one before it is not what was written"));
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
    pub fn head(self) -> Head {
        Head { rows: self.rows.unsigned_abs(), digest: self.head }
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
    Ok(chain.head())
}
