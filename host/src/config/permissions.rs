//! What the operator allows a connector to reach, as parsed types.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::PathBuf,
};

use lanyard_core::{id::Digest, schema::AuthorizationKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod paste;

pub use paste::{
    paste_authorization, paste_directory, paste_host, paste_read, paste_reveal, paste_secret,
    paste_stream,
};

/// Everything one connector may reach; empty is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Permissions {
    pub requests: Vec<RequestPermission>,
    /// Requests other than GET and HEAD that change nothing.
    pub reads: Vec<RequestPermission>,
    /// Private ranges that a permitted NAME may resolve to.
    pub addresses: Vec<AddressRange>,
    pub secrets: BTreeMap<String, SecretSource>,
    pub authorization: BTreeMap<String, AuthorizationScheme>,
    /// Secrets the guest may see in plain.
    pub reveal: BTreeSet<String>,
    pub directories: BTreeMap<String, DirectoryPermission>,
    pub streams: BTreeMap<String, StreamPermission>,
}

impl Permissions {
    /// What a plan was made under: of the canonical JSON, in which names and
    /// places of secrets stand and never their values.
    pub fn digest(&self) -> Digest {
        // Text keys and plain values can always be written as JSON, except a
        // path that is not UTF-8: then its debug form, which differs as well.
        Digest::of_json(self).unwrap_or_else(|_| Digest::of(format!("{self:?}")))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    Http,
    Https,
}

/// Requests to one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestPermission {
    pub scheme: Scheme,
    pub host: Host,
    pub port: u16,
    /// Upper-case; none is every method.
    pub methods: Option<BTreeSet<String>>,
    /// Begins with `/`; matches whole segments ("/scim/v2" permits
    /// "/scim/v2" and "/scim/v2/Users", not "/scim/v21").
    pub path: String,
}

/// A host as written: no wildcards, no user part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// Lower-case, without a trailing dot, ASCII.
    Name(String),
    /// The operator wrote an address: it permits exactly itself.
    Address(IpAddr),
}

impl Host {
    /// Whether what goes there leaves no machine.
    pub fn is_this_machine(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost",
            Self::Address(address) => address.is_loopback(),
        }
    }
}

/// Why a text is no host.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("needs a host")]
    Empty,
    #[error("a host has no wildcards; write each host out")]
    Wildcard,
    #[error("`{0}` is not a host name or address (write names outside ASCII as `xn--…`)")]
    Form(String),
}

/// A range of addresses in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AddressRange {
    pub network: IpAddr,
    /// Bits of the prefix: 0–32 or 0–128.
    pub prefix: u8,
}

impl AddressRange {
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_prefix(
                u128::from(u32::from(network)) << 96,
                u128::from(u32::from(address)) << 96,
                self.prefix,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(u128::from(network), u128::from(address), self.prefix)
            }
            _ => false,
        }
    }
}

fn same_prefix(left: u128, right: u128, prefix: u8) -> bool {
    match prefix {
        0 => true,
        1..=128 => (left ^ right) >> (128 - u32::from(prefix)) == 0,
        _ => false,
    }
}

/// Where the host reads a secret; never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    Env(String),
    /// One trailing newline is not part of the secret.
    File(PathBuf),
}

impl AuthorizationScheme {
    pub fn kind(&self) -> AuthorizationKind {
        match self {
            Self::Bearer(_) => AuthorizationKind::Bearer,
            Self::Basic { .. } => AuthorizationKind::Basic,
        }
    }
}

/// How the host makes an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorizationScheme {
    /// The secret's name.
    Bearer(String),
    Basic {
        user: String,
        secret: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DirectoryPermission {
    pub path: PathBuf,
    pub write: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamPermission {
    pub host: Host,
    pub port: u16,
    pub protocol: Protocol,
    pub tls: Tls,
    /// A PEM file of the authority to trust instead of the system's.
    pub ca: Option<PathBuf>,
    pub sign_in: Option<SignIn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The host reads its message tags and does StartTLS and bind.
    Ldap,
    /// Opaque bytes; never there while planning.
    Raw,
}

/// Encrypted from the first byte, unless the operator says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    Off,
    StartTls,
    #[default]
    Tls,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    LdapSimple { dn: String, secret: String },
}
