//! What a connector says of itself: manifest, schema, capabilities.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::operation::CredentialVerb;

/// What the connector is and everything it asks to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub id: String,
    pub version: String,
    pub display_name: String,
    /// JSON Schema text of the configuration object.
    pub config_schema: String,
    pub requests: Vec<RequestNeed>,
    pub streams: Vec<StreamNeed>,
    pub directories: Vec<DirectoryNeed>,
    pub secrets: Vec<SecretNeed>,
    pub authorizations: Vec<AuthorizationNeed>,
    pub attributes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestNeed {
    /// Host name, `*`, or `{config.FIELD}`.
    pub host: String,
    pub methods: Vec<String>,
    pub path: String,
    pub reads: bool,
    pub purpose: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamNeed {
    pub name: String,
    pub host: String,
    pub purpose: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryNeed {
    pub name: String,
    pub writable: bool,
    pub purpose: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNeed {
    pub name: String,
    pub purpose: String,
    pub required: bool,
    pub reveal: bool,
}

/// A header `Authorization` that the host is to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationNeed {
    pub name: String,
    /// Empty is every scheme.
    pub schemes: Vec<AuthorizationKind>,
    pub purpose: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorizationKind {
    Bearer,
    Basic,
}

impl AuthorizationKind {
    /// As in the operator's file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
        }
    }
}

/// Schema and capabilities of a configured system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub objects: Vec<ObjectDef>,
}

impl Schema {
    pub fn object(&self, object_type: &str) -> Option<&ObjectDef> {
        self.objects.iter().find(|object| object.object_type == object_type)
    }

    /// The types in a role, in the connector's order.
    pub fn in_role(&self, role: ObjectRole) -> impl Iterator<Item = &ObjectDef> {
        self.objects.iter().filter(move |object| object.role == role)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectRole {
    Account,
    Entitlement,
    Container,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDef {
    pub object_type: String,
    pub role: ObjectRole,
    pub attributes: Vec<AttributeDef>,
    pub anchor_attribute: Option<String>,
    pub name_attribute: String,
    pub capabilities: Capabilities,
}

impl ObjectDef {
    pub fn attribute(&self, name: &str) -> Option<&AttributeDef> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "the contract's own record")]
pub struct AttributeDef {
    pub name: String,
    pub kind: ValueKind,
    pub multi: bool,
    pub ordered: bool,
    pub required: bool,
    pub unique: bool,
    pub mutability: Mutability,
    pub returned: Returned,
    pub matching: Matching,
    pub sensitivity: Sensitivity,
    pub allowed: Vec<String>,
    pub description: String,
    pub scim_path: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    Text,
    Integer,
    Decimal,
    Boolean,
    Instant,
    Date,
    Bytes,
    Reference,
    Structured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mutability {
    ReadOnly,
    ReadWrite,
    CreateOnly,
    WriteOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Returned {
    Always,
    OnRequest,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    Ordinary,
    Personal,
    SpecialCategory,
    Secret,
}

/// Equality the system uses for an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    Exact,
    IgnoreCase,
    IgnoreCaseTrimmed,
    Email,
    DistinguishedName,
    Uuid,
    Phone,
    Uri,
    /// Compared exactly.
    Named(String),
}

/// The abilities of one object type, absent unless declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a capability of the contract")]
pub struct Capabilities {
    pub create: bool,
    pub update: bool,
    pub enable: bool,
    pub disable: bool,
    pub delete: bool,
    pub restore: bool,
    pub full_list: bool,
    pub find_by: BTreeSet<String>,
    pub entitlements: bool,
    /// What it can do with passwords, keys and sessions.
    #[serde(default)]
    pub credential_abilities: BTreeSet<CredentialAbility>,
    pub create_safety: CreateSafety,
    /// Milliseconds until a read is sure to see a write.
    pub visibility_delay_ms: u64,
    pub id_stability: IdStability,
    pub disable_effects: BTreeSet<DisableEffect>,
    pub delete_kind: DeleteKind,
    pub max_concurrency: Option<u32>,
    pub named: BTreeSet<String>,
}

impl Default for Capabilities {
    /// Nothing declared: nothing can be done, and nothing is promised.
    fn default() -> Self {
        Self {
            create: false,
            update: false,
            enable: false,
            disable: false,
            delete: false,
            restore: false,
            full_list: false,
            find_by: BTreeSet::new(),
            entitlements: false,
            credential_abilities: BTreeSet::new(),
            create_safety: CreateSafety::None,
            visibility_delay_ms: 0,
            id_stability: IdStability::Immutable,
            disable_effects: BTreeSet::new(),
            delete_kind: DeleteKind::Hard,
            max_concurrency: None,
            named: BTreeSet::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreateSafety {
    NativeKey,
    UniqueConstraint,
    SearchFirst,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdStability {
    Immutable,
    Renameable,
}

/// One thing a connector can do with credentials of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialAbility {
    SetPassword,
    /// A password that is set has to be changed at the first sign-in.
    MustChange,
    EndSessions,
    /// Sessions, tokens, app passwords, keys: all of it.
    RevokeAll,
}

impl CredentialAbility {
    /// As in the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::SetPassword => "set-password",
            Self::MustChange => "must-change",
            Self::EndSessions => "end-sessions",
            Self::RevokeAll => "revoke-all",
        }
    }
}

impl Capabilities {
    /// Whether what somebody is signed in with can be ended like this.
    pub fn ends(&self, verb: CredentialVerb) -> bool {
        let can = &self.credential_abilities;
        can.contains(&CredentialAbility::RevokeAll)
            || verb == CredentialVerb::EndSessions && can.contains(&CredentialAbility::EndSessions)
    }

    /// How what is asked for is done: where sessions cannot be ended alone,
    /// everything is revoked, which ends them.
    pub fn ending(&self, verb: CredentialVerb) -> CredentialVerb {
        let alone = self.credential_abilities.contains(&CredentialAbility::EndSessions);
        if verb == CredentialVerb::EndSessions && !alone { CredentialVerb::Revoke } else { verb }
    }

    /// Whether disabling an account ends that by itself.
    pub fn disabling_ends(&self, verb: CredentialVerb) -> bool {
        let does = |effect| self.disable_effects.contains(&effect);
        does(DisableEffect::EndsSessions)
            && (verb == CredentialVerb::EndSessions || does(DisableEffect::RevokesTokens))
    }

    /// What disabling does to a leaver, together with what is done beside it.
    pub fn leaver_effects(&self) -> BTreeSet<DisableEffect> {
        let mut effects = self.disable_effects.clone();
        if self.ends(CredentialVerb::EndSessions) {
            effects.insert(DisableEffect::EndsSessions);
        }
        if self.ends(CredentialVerb::Revoke) {
            effects.insert(DisableEffect::RevokesTokens);
        }
        effects
    }

    /// What has to be done beside disabling an account, so that whoever was
    /// signed in is out; none where disabling does it, or nothing can.
    pub fn beside_disable(&self) -> Option<CredentialVerb> {
        let lacks = |effect| !self.disable_effects.contains(&effect);
        let (sessions, tokens) =
            (lacks(DisableEffect::EndsSessions), lacks(DisableEffect::RevokesTokens));
        if (sessions || tokens) && self.ends(CredentialVerb::Revoke) {
            Some(CredentialVerb::Revoke)
        } else {
            Some(CredentialVerb::EndSessions).filter(|verb| sessions && self.ends(*verb))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisableEffect {
    BlocksLogin,
    EndsSessions,
    RevokesTokens,
    ReleasesLicence,
    DropsMemberships,
    DestroysData,
    Reversible,
}

impl DisableEffect {
    /// As in the contract and in the operator's file.
    pub fn word(self) -> &'static str {
        match self {
            Self::BlocksLogin => "blocks-login",
            Self::EndsSessions => "ends-sessions",
            Self::RevokesTokens => "revokes-tokens",
            Self::ReleasesLicence => "releases-licence",
            Self::DropsMemberships => "drops-memberships",
            Self::DestroysData => "destroys-data",
            Self::Reversible => "reversible",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeleteKind {
    Hard,
    SoftDays(u32),
    SameAsDisable,
}

/// What a connector found when it looked at its system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    pub findings: Vec<CheckFinding>,
    pub system_version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFinding {
    pub ok: bool,
    pub subject: String,
    pub detail: String,
    pub remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckDepth {
    Connect,
    Authenticate,
    Authorize,
}

#[cfg(test)]
mod tests;
