//! Builders for the manifest and the schema.

mod attribute;

use crate::types::{
    AttributeDef, AuthorizationNeed, AuthorizationScheme, Capability, DirectoryNeed, IdStability,
    Manifest, ObjectDef, ObjectRole, RequestNeed, Schema, SecretNeed, StreamNeed,
};

/// What a connector is, asks for, and declares.
///
/// ```
/// use lanyard_sdk::prelude::*;
///
/// let description = Description::new("org.example.acme", "1.0.0", "Acme")
///     .config_schema(r#"{"type":"object","required":["url"],"properties":{"url":{"type":"string"}}}"#)
///     .request("{config.url}", &["GET", "POST", "PATCH", "DELETE"], "/", "people")
///     .authorization("default", &[AuthorizationScheme::Bearer], "signs requests in")
///     .object(
///         ObjectDef::account("user", "login")
///             .attribute(AttributeDef::text("login").required().unique())
///             .attribute(AttributeDef::text("mail").scim("emails.value").matching_email())
///             .can([Capability::Create, Capability::FullList]),
///     );
/// assert_eq!(description.schema().objects.len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Description {
    manifest: Manifest,
    objects: Vec<ObjectDef>,
}

impl Description {
    /// Id in reverse-DNS form, semantic version, name for people.
    pub fn new(id: &str, version: &str, display_name: &str) -> Self {
        Self {
            manifest: Manifest {
                id: id.to_owned(),
                version: version.to_owned(),
                display_name: display_name.to_owned(),
                config_schema: r#"{"type":"object","additionalProperties":false}"#.to_owned(),
                requests: Vec::new(),
                streams: Vec::new(),
                directories: Vec::new(),
                secrets: Vec::new(),
                authorizations: Vec::new(),
                attributes: Vec::new(),
                extra: Vec::new(),
            },
            objects: Vec::new(),
        }
    }

    /// JSON Schema (2020-12) of the configuration.
    #[must_use]
    pub fn config_schema(mut self, schema: &str) -> Self {
        schema.clone_into(&mut self.manifest.config_schema);
        self
    }

    /// HTTP requests it wants to make; `host` may be `{config.FIELD}`.
    #[must_use]
    pub fn request(mut self, host: &str, methods: &[&str], path: &str, purpose: &str) -> Self {
        self.manifest.requests.push(RequestNeed {
            host: host.to_owned(),
            methods: methods.iter().map(|m| (*m).to_owned()).collect(),
            path: path.to_owned(),
            reads: false,
            purpose: purpose.to_owned(),
        });
        self
    }

    /// Requests that change nothing although they are not GET or HEAD.
    #[must_use]
    pub fn reading_request(mut self, host: &str, method: &str, path: &str, purpose: &str) -> Self {
        self = self.request(host, &[method], path, purpose);
        if let Some(last) = self.manifest.requests.last_mut() {
            last.reads = true;
        }
        self
    }

    /// A byte stream it opens by name; `host` as in [`Description::request`].
    #[must_use]
    pub fn stream(mut self, name: &str, host: &str, purpose: &str) -> Self {
        self.manifest.streams.push(StreamNeed {
            name: name.to_owned(),
            host: host.to_owned(),
            purpose: purpose.to_owned(),
        });
        self
    }

    /// A directory it reads under `/NAME`.
    #[must_use]
    pub fn directory(mut self, name: &str, purpose: &str) -> Self {
        self.manifest.directories.push(DirectoryNeed {
            name: name.to_owned(),
            writable: false,
            purpose: purpose.to_owned(),
        });
        self
    }

    #[must_use]
    pub fn secret(mut self, name: &str, purpose: &str, required: bool) -> Self {
        self.manifest.secrets.push(SecretNeed {
            name: name.to_owned(),
            purpose: purpose.to_owned(),
            required,
            reveal: false,
        });
        self
    }

    /// A secret it wants to see in plain text: the last resort, which the
    /// operator permits by name.
    #[must_use]
    pub fn revealed_secret(mut self, name: &str, purpose: &str, required: bool) -> Self {
        self = self.secret(name, purpose, required);
        if let Some(last) = self.manifest.secrets.last_mut() {
            last.reveal = true;
        }
        self
    }

    /// A header `Authorization` that the host makes; for a system that takes
    /// whatever the host can make, `schemes` is empty.
    #[must_use]
    pub fn authorization(
        mut self,
        name: &str,
        schemes: &[AuthorizationScheme],
        purpose: &str,
    ) -> Self {
        self.manifest.authorizations.push(AuthorizationNeed {
            name: name.to_owned(),
            schemes: schemes.to_vec(),
            purpose: purpose.to_owned(),
        });
        self
    }

    /// A fact of the person that a step wants; with none, all that is handed
    /// over.
    #[must_use]
    pub fn fact(mut self, name: &str) -> Self {
        self.manifest.attributes.push(name.to_owned());
        self
    }

    /// A type of object.
    #[must_use]
    pub fn object(mut self, object: ObjectDef) -> Self {
        self.objects.push(object);
        self
    }

    pub fn manifest(self) -> Manifest {
        self.manifest
    }

    /// The declared types, with a fingerprint of them.
    pub fn schema(self) -> Schema {
        Schema::of(self.objects)
    }
}

impl Schema {
    pub fn of(objects: Vec<ObjectDef>) -> Self {
        let fingerprint = format!("{:016x}", fingerprint(format!("{objects:?}").as_bytes()));
        Self { objects, fingerprint, extra: Vec::new() }
    }
}

/// FNV-1a: tells two texts apart; not a digest against an adversary.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl ObjectDef {
    /// A type of account; `name_attribute` carries the login name.
    pub fn account(object_type: &str, name_attribute: &str) -> Self {
        Self::new(object_type, ObjectRole::Account, name_attribute)
    }

    /// A type of group, role or licence.
    pub fn entitlement(object_type: &str, name_attribute: &str) -> Self {
        Self::new(object_type, ObjectRole::Entitlement, name_attribute)
    }

    fn new(object_type: &str, role: ObjectRole, name_attribute: &str) -> Self {
        Self {
            type_: object_type.to_owned(),
            role,
            attributes: Vec::new(),
            anchor_attribute: None,
            name_attribute: name_attribute.to_owned(),
            capabilities: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// Accounts that can be made, changed, enabled, disabled, deleted and
    /// all listed, under ids that never change.
    #[must_use]
    pub fn managed(self) -> Self {
        self.can([
            Capability::Create,
            Capability::Update,
            Capability::Enable,
            Capability::Disable,
            Capability::Delete,
            Capability::FullList,
            Capability::IdStability(IdStability::Immutable),
        ])
    }

    /// The attribute the host's stable key is written to.
    #[must_use]
    pub fn anchor(mut self, attribute: &str) -> Self {
        self.anchor_attribute = Some(attribute.to_owned());
        self
    }

    #[must_use]
    pub fn attribute(mut self, attribute: AttributeDef) -> Self {
        self.attributes.push(attribute);
        self
    }

    #[must_use]
    pub fn can(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        self.capabilities.extend(capabilities);
        self
    }
}
