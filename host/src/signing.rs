//! What Lanyard says to people outside, so that anybody can tell that it said
//! it and that nothing of it was changed: Ed25519 over canonical bytes.
//!
//! The key lies outside the store: whoever can write the one cannot sign in
//! the name of the other.

mod canonical;
mod key;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

pub use self::key::{KeyError, SigningKey};

/// By which a document is known to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no public key: it is 32 bytes in base64")]
pub struct NotAPublicKey(String);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = NotAPublicKey;

    fn from_str(text: &str) -> Result<Self, NotAPublicKey> {
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|it| it.try_into().ok());
        bytes.map(Self).ok_or_else(|| NotAPublicKey(text.to_owned()))
    }
}

/// A signature, and the key that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    pub algorithm: Algorithm,
    /// 32 bytes in base64.
    pub public_key: String,
    /// 64 bytes in base64.
    pub signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    Ed25519,
}

/// Why a seal is not believed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Key(#[from] NotAPublicKey),
    #[error("the signature is none: it is 64 bytes in base64")]
    NotASignature,
    #[error("what is signed is something else: it was changed, or another key signed it")]
    Mismatch,
    #[error("it cannot be written down")]
    Json(#[from] serde_json::Error),
}

impl Seal {
    /// Whose key signed it.  Whether that is somebody's whom one trusts, the
    /// key alone does not say.
    ///
    /// # Errors
    /// When the document is another than the one that was signed.
    pub fn verify<T: Serialize>(
        &self,
        purpose: &str,
        document: &T,
    ) -> Result<PublicKey, SealError> {
        let key: PublicKey = self.public_key.parse()?;
        let signature = STANDARD.decode(&self.signature).map_err(|_| SealError::NotASignature)?;
        let bytes = canonical::bytes(purpose, document)?;
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(&bytes, &signature)
            .map_err(|_| SealError::Mismatch)?;
        Ok(key)
    }
}
