//! Where what Lanyard remembers is.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::permissions::SecretSource;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// The database file, which need not be there.
    File(PathBuf),
    Postgres(PostgresConfig),
}

/// A PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresConfig {
    /// A name, an address, or the absolute path of a socket's directory.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Option<SecretSource>,
    pub tls: PostgresTls,
    /// The authorities to ask; the system's without it.
    pub ca: Option<PathBuf>,
    pub connections: usize,
}

/// Whether others on the way could read along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PostgresTls {
    /// Nothing is encrypted.
    Off,
    /// Everything is encrypted, to whoever answers.
    Require,
    /// And the server proves that it is the one that was named.
    VerifyFull,
}

impl fmt::Display for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(PostgresConfig { host, port, database, .. }) => {
                write!(f, "{host}:{port}/{database}")
            }
        }
    }
}
