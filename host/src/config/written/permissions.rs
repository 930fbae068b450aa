//! `[source.x.permissions]` and `[target.x.permissions]`, as written.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::config::{
    element::{
        entries::Entries,
        origin::{HostText, Origin},
        range::Range,
        secret::Secret,
    },
    permissions::{Protocol, Tls},
};

/// What a connector may reach; everything else is denied.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Permissions {
    /// Hosts it may send requests to.
    pub(in crate::config) hosts: Vec<Request>,
    /// Requests other than GET and HEAD that change nothing.
    pub(in crate::config) reads: Vec<Read>,
    /// Private ranges that a permitted name may resolve to.
    pub(in crate::config) addresses: Vec<Range>,
    /// Secrets the connector may see in plain.
    pub(in crate::config) reveal: Vec<String>,
    /// Secrets, and where the host reads them.
    pub(in crate::config) secrets: Entries<String, Secret>,
    /// How the host signs requests.
    pub(in crate::config) authorization: Entries<String, Authorization>,
    /// Folders it sees, by the name it asks for.
    pub(in crate::config) directories: Entries<String, Directory>,
    /// TCP streams it may open, by the name it asks for.
    pub(in crate::config) streams: Entries<String, Stream>,
}

/// An origin, with what may be asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::config) struct Request {
    pub(in crate::config) origin: Origin,
    /// None is every method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) methods: Option<Vec<String>>,
    /// Whole segments: `/scim` permits `/scim/Users` and not `/scimitar`.
    pub(in crate::config) path: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RequestTable {
    /// Scheme, host and port, like "https://api.example.org".
    origin: Origin,
    /// Without it every method.
    methods: Option<Vec<String>>,
    /// The beginning of the path, in whole segments.
    #[serde(default = "everything")]
    path: String,
}

fn everything() -> String {
    "/".to_owned()
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Request;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an origin like \"https://api.example.org\" or `{ origin = …, methods = […], path = … }`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Request, E> {
                let origin = text.parse().map_err(E::custom)?;
                Ok(Request { origin, methods: None, path: everything() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Request, A::Error> {
                let RequestTable { origin, methods, path } =
                    RequestTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Request { origin, methods, path })
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

impl JsonSchema for Request {
    fn schema_name() -> Cow<'static, str> {
        "Request".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let origin = generator.subschema_for::<Origin>();
        let table = generator.subschema_for::<RequestTable>();
        json_schema!({ "anyOf": [origin, table] })
    }
}

/// A request that the operator confirms to change nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Read {
    /// Scheme, host and port, like "https://api.example.org".
    pub(in crate::config) origin: Origin,
    /// The method, like "POST".
    pub(in crate::config) method: String,
    /// The beginning of the path, in whole segments.
    pub(in crate::config) path: String,
}

/// How the host makes an `Authorization` header, from secrets by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) enum Authorization {
    /// The secret that is sent as a bearer token.
    Bearer(String),
    /// Sends a user and a password.
    Basic {
        /// The user's name.
        user: String,
        /// The secret that is the password.
        secret: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Directory {
    /// Relative to this file.
    pub(in crate::config) path: String,
    /// Whether it may write there; never while planning.
    #[serde(default)]
    pub(in crate::config) access: Access,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Access {
    #[default]
    Read,
    Write,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Stream {
    /// Name or address to connect to.
    pub(in crate::config) host: HostText,
    /// Port to connect to.
    #[schemars(range(min = 1))]
    pub(in crate::config) port: u16,
    /// What is spoken: `ldap`, or `raw` for bytes the host does not know.
    pub(in crate::config) protocol: Protocol,
    /// How it is encrypted; by the host, which checks the certificate.
    #[serde(default)]
    pub(in crate::config) tls: Tls,
    /// A PEM file of the authority to trust instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) ca: Option<String>,
    /// How the host signs in before the connector may speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) sign_in: Option<SignIn>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) enum SignIn {
    /// A simple bind.
    LdapSimple {
        /// Distinguished name to bind as.
        dn: String,
        /// The secret that is the password.
        secret: String,
    },
}
