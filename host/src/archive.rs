//! The record for the long term, outside the store: what rows say of people
//! is sealed, each part with a key that only the store has and that goes with
//! whoever is erased.
//!
//! The key of a part is made of its salt.  So there is nothing more to keep,
//! and nothing more to destroy: a part that was erased in the store can be
//! opened nowhere.  The chain is over digests of the parts, and holds in a
//! sealed record as in the store.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use lanyard_core::{
    id::{ConnectorName, Digest, IdentityId},
    value::ObjectRef,
};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};
use serde::{Deserialize, Serialize};

use crate::store::{
    AuditEntry, AuditRow,
    chain::{AuditBreak, Beside, KnownHead, chained, personal},
};

/// What keys of parts are for.
const PURPOSE: &[u8] = b"lanyard sealed audit part 1";

/// A row of a sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRow {
    pub sequence: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub identity: Option<IdentityId>,
    pub target: Option<ConnectorName>,
    pub result: String,
    pub verification: Option<String>,
    /// The digest of what is sealed.
    pub personal: Digest,
    /// Account and detail: a nonce and what was encrypted, in base64; none:
    /// they were erased before.
    pub sealed: Option<String>,
    pub chain: Digest,
}

/// What a row says of a person.
type Part = (Option<ObjectRef>, BTreeMap<String, String>);

/// Why a part is not sealed, or not opened.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    #[error("this machine gives no random bytes")]
    NoChance,
    #[error("a part cannot be encrypted")]
    Unsealed,
    #[error("what is sealed in row {0} cannot be opened with the key that the store has for it")]
    Closed(i64),
    #[error("a part cannot be written down")]
    Json(#[from] serde_json::Error),
}

impl SealedRow {
    /// # Errors
    /// When it cannot be encrypted.
    pub fn of(row: AuditRow) -> Result<Self, PartError> {
        let AuditRow { sequence, entry, personal, salt, chain } = row;
        let AuditEntry { account, detail, .. } = &entry;
        let sealed = match &salt {
            Some(salt) => {
                Some(seal((sequence, &chain), salt, &serde_json::to_vec(&(account, detail))?)?)
            }
            None => None,
        };
        let AuditEntry { at, actor, action, identity, target, result, verification, .. } = entry;
        Ok(Self {
            sequence,
            at,
            actor,
            action,
            identity,
            target,
            result,
            verification,
            personal,
            sealed,
            chain,
        })
    }

    /// The row as it was, with the key that the store has; without one, what
    /// it says of nobody's person.
    ///
    /// # Errors
    /// When the key is not the one, or what it opens is not what the chain is
    /// over.
    pub fn opened(&self, salt: Option<&str>) -> Result<AuditRow, PartError> {
        let mut row = self.bare();
        let (Some(sealed), Some(salt)) = (&self.sealed, salt) else { return Ok(row) };
        let closed = || PartError::Closed(self.sequence);
        let plain = open((self.sequence, &self.chain), salt, sealed).ok_or_else(closed)?;
        let (account, detail): Part = serde_json::from_slice(&plain).map_err(|_| closed())?;
        row.entry.account = account;
        row.entry.detail = detail;
        if personal(salt, &row.entry)? != row.personal {
            return Err(closed());
        }
        row.salt = Some(salt.to_owned());
        Ok(row)
    }

    fn bare(&self) -> AuditRow {
        let Self { sequence, at, actor, action, identity, target, result, .. } = self;
        AuditRow {
            sequence: *sequence,
            entry: AuditEntry {
                at: *at,
                actor: actor.clone(),
                action: action.clone(),
                identity: *identity,
                target: target.clone(),
                account: None,
                result: result.clone(),
                verification: self.verification.clone(),
                detail: BTreeMap::new(),
            },
            personal: self.personal.clone(),
            salt: None,
            chain: self.chain.clone(),
        }
    }
}

/// Follows a sealed record from its first row, with no store at all.
#[derive(Debug)]
pub struct Follower {
    head: Option<Digest>,
    rows: i64,
    beside: Beside,
}

impl Follower {
    /// Beside heads that were kept elsewhere.
    pub fn new(heads: Vec<KnownHead>) -> Self {
        Self { head: None, rows: 0, beside: Beside::new(heads) }
    }

    /// # Errors
    /// Says what is wrong with `row` as the next one.
    pub fn follow(&mut self, row: &SealedRow) -> Result<(), AuditBreak> {
        let expected = self.rows.saturating_add(1);
        let broken = |why: &str| AuditBreak { sequence: expected, why: why.to_owned() };
        if row.sequence != expected {
            return Err(broken("the row is missing"));
        }
        let chain = chained(self.head.as_ref(), &row.bare().entry, &row.personal)
            .map_err(|_| broken("the row cannot be written as JSON"))?;
        if chain != row.chain {
            return Err(broken("the row or one before it is not what was written"));
        }
        self.beside.follow(expected.unsigned_abs(), &chain)?;
        (self.head, self.rows) = (Some(chain), expected);
        Ok(())
    }

    /// A line that is no row.
    pub fn unreadable(&self) -> AuditBreak {
        let sequence = self.rows.saturating_add(1);
        AuditBreak { sequence, why: "the row cannot be read".to_owned() }
    }

    /// How many rows there were.
    ///
    /// # Errors
    /// When a head is of more: the record may be older than that head, or cut
    /// off.
    pub fn end(&self) -> Result<u64, AuditBreak> {
        let rows = self.rows.unsigned_abs();
        self.beside.end(rows)?;
        Ok(rows)
    }
}

fn key(salt: &str) -> Option<LessSafeKey> {
    let made = Salt::new(HKDF_SHA256, PURPOSE).extract(salt.as_bytes());
    let okm = made.expand(&[b"aes-256-gcm"], &AES_256_GCM).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(okm)))
}

/// A part is sealed for its row in its chain, and for no other.
fn about((sequence, chain): (i64, &Digest)) -> Aad<String> {
    Aad::from(format!("{sequence} {chain}"))
}

fn seal(row: (i64, &Digest), salt: &str, plain: &[u8]) -> Result<String, PartError> {
    let mut nonce = [0_u8; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| PartError::NoChance)?;
    let key = key(salt).ok_or(PartError::Unsealed)?;
    let mut bytes = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), about(row), &mut bytes)
        .map_err(|_| PartError::Unsealed)?;
    Ok(STANDARD.encode([nonce.as_slice(), &bytes].concat()))
}

fn open(row: (i64, &Digest), salt: &str, sealed: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(sealed).ok()?;
    let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut rest = rest.to_vec();
    key(salt)?.open_in_place(nonce, about(row), &mut rest).ok().map(|plain| plain.to_vec())
}
