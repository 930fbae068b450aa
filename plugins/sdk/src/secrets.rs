//! Secrets the connector never sees, and the last resort.

use crate::{
    host,
    types::{Error, Timestamp},
};

/// Why a secret is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretError {
    Unknown,
    NotPermitted,
    Expired,
    Exists,
    Named(String),
}

impl SecretError {
    fn about(self, name: &str) -> Error {
        Error::misconfigured(match self {
            Self::Unknown => format!("no secret or authorization is called `{name}`"),
            Self::NotPermitted => format!("the secret `{name}` is not permitted"),
            Self::Expired => format!("the secret `{name}` has expired"),
            Self::Exists => format!("a secret `{name}` is there already"),
            Self::Named(why) => format!("the secret `{name}` is not to be had: {why}"),
        })
    }
}

/// Text to put into a request header; the host swaps it on the way out.
pub fn placeholder(name: &str) -> Result<String, Error> {
    host::placeholder(name).map_err(|e| e.about(name))
}

/// A whole `Authorization` value, made by the host from the operator's scheme.
pub fn authorization(name: &str) -> Result<String, Error> {
    host::authorization(name).map_err(|e| e.about(name))
}

/// Plain text: permitted by name, audited, the last resort.
pub fn reveal(name: &str) -> Result<Vec<u8>, Error> {
    host::reveal(name).map_err(|e| e.about(name))
}

/// Hands a credential the system minted to the host.  Never overwrites.
pub fn deposit(name: &str, plain: &[u8], expires_at: Option<Timestamp>) -> Result<(), Error> {
    host::deposit(name, plain, expires_at).map_err(|e| e.about(name))
}
