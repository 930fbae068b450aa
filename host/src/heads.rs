//! What the record of effects came to at a time, signed, and kept where
//! whoever owns the store cannot change it: that is what shows that its end
//! was cut off, or that it was written anew from the middle on.

mod file;
#[cfg(test)]
mod tests;

use std::io;

use jiff::Timestamp;
use lanyard_core::id::Digest;
use serde::{Deserialize, Serialize};

pub use self::file::{Heads, Unbelieved, read};
use self::file::{append, last};
use crate::{
    signing::{Seal, SigningKey},
    store::{
        AuditTail, Store, StoreError,
        chain::{KnownHead, Marks},
    },
};

/// What signatures of these are for.
pub const PURPOSE: &str = "audit-head";
/// Marks of one head: a line stays below 256 KiB.
const MARKS: u64 = 10_000;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub version: u32,
    /// So many rows there were; the number of the last one.
    pub rows: u64,
    /// The digest of the last row, which is over all of them; none: there was
    /// no row.
    pub digest: Option<Digest>,
    pub at: Timestamp,
}

/// What a witness is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    pub head: Head,
    pub seal: Seal,
}

/// A line of a file of heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub head: Head,
    pub seal: Seal,
    /// By which the first row is found that is another: not signed, because
    /// it decides nothing.
    pub marks: Marks,
}

impl Line {
    pub fn signed(&self) -> SignedHead {
        SignedHead { head: self.head.clone(), seal: self.seal.clone() }
    }

    fn known(self) -> KnownHead {
        let Head { rows, digest, at, version: _ } = self.head;
        KnownHead { rows, digest, at, marks: self.marks }
    }
}

/// Why no head was written.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    #[error("the heads of the audit in `{path}` cannot be read or written")]
    File { path: String, source: io::Error },
    #[error(
        "the audit has {found} rows, and `{path}` says that at {at:.0} it had {rows}: rows are gone"
    )]
    Shorter { path: String, found: u64, rows: u64, at: Timestamp },
    #[error("row {rows} of the audit is not the one that `{path}` says was there at {at:.0}")]
    Other { path: String, rows: u64, at: Timestamp },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a head cannot be written down")]
    Json(#[from] serde_json::Error),
}

/// Signs what the audit comes to, without keeping it.
///
/// # Errors
/// When the store fails.
pub async fn sign(
    store: &dyn Store,
    key: &SigningKey,
    at: Timestamp,
) -> Result<SignedHead, HeadError> {
    let tail = store.audit_tail(0, 1).await?;
    Ok(line(tail, key, at)?.signed())
}

/// Appends what the audit comes to, where that is more than the last head of
/// the file says, or `always`; none: it is not.
///
/// # Errors
/// When the audit is not the one that the last head is of, and then nothing
/// is signed; or when the file or the store fails.
pub async fn keep(
    store: &dyn Store,
    key: &SigningKey,
    path: &std::path::Path,
    (at, always): (Timestamp, bool),
) -> Result<Option<Line>, HeadError> {
    let file = |source| HeadError::File { path: path.display().to_string(), source };
    let before = last(path).map_err(file)?;
    let after = before.as_ref().map_or(0, |head| head.rows);
    let tail = store.audit_tail(after, MARKS).await?;
    if let Some(Head { rows, digest, at, .. }) = before {
        let path = path.display().to_string();
        if tail.rows < rows {
            return Err(HeadError::Shorter { path, found: tail.rows, rows, at });
        }
        if tail.at != digest {
            return Err(HeadError::Other { path, rows, at });
        }
        if tail.rows == rows && !always {
            return Ok(None);
        }
    }
    let line = line(tail, key, at)?;
    append(path, &serde_json::to_string(&line)?).map_err(file)?;
    Ok(Some(line))
}

fn line(tail: AuditTail, key: &SigningKey, at: Timestamp) -> Result<Line, serde_json::Error> {
    let AuditTail { rows, digest, marks, at: _ } = tail;
    let head = Head { version: 1, rows, digest, at };
    let seal = key.seal(PURPOSE, &head)?;
    Ok(Line { head, seal, marks })
}
