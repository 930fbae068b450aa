//! The key that signs: 32 bytes in base64, on one line.

use std::{
    fmt, fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Algorithm, PublicKey, Seal, canonical};

/// Signs; nothing shows what is in it.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key `{path}` cannot be read or made")]
    Unusable { path: String, source: io::Error },
    #[error("the key `{path}` may be read by others (mode {mode:o})")]
    Shared { path: String, mode: u32 },
    #[error("the environment variable `{variable}`, where the key is to be, is not set")]
    NotSet { variable: String },
    #[error("the key in {place} is none: it is 32 bytes in base64, on one line")]
    NotAKey { place: String },
    #[error("this machine gives no random bytes")]
    NoChance,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// `place` is named in the error, and the text is not.
    ///
    /// # Errors
    /// `NotAKey`.
    pub fn of_text(text: &str, place: &str) -> Result<Self, KeyError> {
        let none = || KeyError::NotAKey { place: place.to_owned() };
        let seed = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| none())?);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| none())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| none())?;
        Ok(Self { pair, public: PublicKey(public) })
    }

    /// # Errors
    /// When it is not there, is not for its owner alone, or is no key.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let unusable = |source| KeyError::Unusable { path: path.display().to_string(), source };
        let mode = fs::metadata(path).map_err(unusable)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Shared { path: path.display().to_string(), mode });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(unusable)?);
        Self::of_text(&text, &format!("`{}`", path.display()))
    }

    /// The one that is there, or a new one, for its owner alone.
    ///
    /// # Errors
    /// As [`Self::open`], or when it cannot be made.
    pub fn open_or_make(path: &Path) -> Result<Self, KeyError> {
        let unusable = |source| KeyError::Unusable { path: path.display().to_string(), source };
        let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Self::open(path),
            Err(error) => return Err(unusable(error)),
            Ok(mut file) => {
                let mut seed = Zeroizing::new([0_u8; 32]);
                getrandom::fill(seed.as_mut_slice()).map_err(|_| KeyError::NoChance)?;
                let text = Zeroizing::new(format!("{}\n", STANDARD.encode(seed.as_slice())));
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unusable)?;
            }
        }
        Self::open(path)
    }

    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a document of a kind.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn seal<T: Serialize>(
        &self,
        purpose: &str,
        document: &T,
    ) -> Result<Seal, serde_json::Error> {
        let signature = self.pair.sign(&canonical::bytes(purpose, document)?);
        Ok(Seal {
            algorithm: Algorithm::Ed25519,
            public_key: self.public.to_string(),
            signature: STANDARD.encode(signature.as_ref()),
        })
    }
}
