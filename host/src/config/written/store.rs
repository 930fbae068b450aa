//! Where what Lanyard remembers is, as written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{element::secret::Secret, store::PostgresTls};

/// What Lanyard remembers: in a file, or in a PostgreSQL database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Given", rename_all = "kebab-case")]
pub(in crate::config) struct Store {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) postgres: Option<Postgres>,
}

/// What Lanyard remembers: in a file, or in a PostgreSQL database.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "Store")]
struct Given {
    /// The database file; relative to this file.  Default: `lanyard.db`.
    path: Option<String>,
    /// A PostgreSQL database in the place of a file.
    postgres: Option<Postgres>,
}

impl From<Given> for Store {
    fn from(Given { path, postgres }: Given) -> Self {
        let path = match (path, &postgres) {
            (None, None) => Some("lanyard.db".to_owned()),
            (path, _) => path,
        };
        Self { path, postgres }
    }
}

impl Default for Store {
    fn default() -> Self {
        Given::default().into()
    }
}

/// A PostgreSQL database, 15 or newer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Postgres {
    /// The server's name or address, or the absolute path of its socket's
    /// directory.
    pub(in crate::config) host: String,
    /// The port it listens on.
    #[serde(default = "port")]
    pub(in crate::config) port: u16,
    /// The database, of which `user` is the owner.
    #[serde(default = "lanyard")]
    pub(in crate::config) database: String,
    /// As whom it is used.
    #[serde(default = "lanyard")]
    pub(in crate::config) user: String,
    /// Where the password is; without one the server has to let the user in
    /// by other means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) password: Option<Secret>,
    /// Default: `verify-full`, and `off` for a socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) tls: Option<PostgresTls>,
    /// A PEM file with the authorities of the server's certificate; relative
    /// to this file.  Default: those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) ca: Option<String>,
    /// At most so many connections at once, of which one writes: 2 to 64.
    #[serde(default = "connections")]
    pub(in crate::config) connections: u32,
}

fn port() -> u16 {
    5432
}

fn lanyard() -> String {
    "lanyard".to_owned()
}

fn connections() -> u32 {
    4
}
