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
    /// `what` is a secret or an authorization, as the operator's file says.
    fn about(self, what: &str, name: &str) -> Error {
        Error::misconfigured(match self {
            Self::Unknown => format!("the operator's file has no {what} `{name}`"),
            Self::NotPermitted => format!("the {what} `{name}` is not permitted"),
            Self::Expired => format!("the {what} `{name}` has expired"),
            Self::Exists => format!("the {what} `{name}` is kept already and never overwritten"),
            Self::Named(why) => format!("the {what} `{name}` is not to be had: {why}"),
        })
    }
}

/// Text to put into a request header; the host swaps it on the way out.
pub fn placeholder(name: &str) -> Result<String, Error> {
    host::placeholder(name).map_err(|e| e.about("secret", name))
}

/// A whole `Authorization` value, made by the host from the operator's scheme.
pub fn authorization(name: &str) -> Result<String, Error> {
    host::authorization(name).map_err(|e| e.about("authorization", name))
}

/// Plain text: permitted by name, audited, the last resort.
pub fn reveal(name: &str) -> Result<Vec<u8>, Error> {
    host::reveal(name).map_err(|e| e.about("secret", name))
}

/// Hands a credential the system minted to the host.  Never overwrites.
pub fn deposit(name: &str, plain: &[u8], expires_at: Option<Timestamp>) -> Result<(), Error> {
    host::deposit(name, plain, expires_at).map_err(|e| e.about("secret", name))
}
