//! Manifest, schema and check report.

use std::collections::BTreeSet;

use lanyard_core::schema::{
    AttributeDef, AuthorizationKind, AuthorizationNeed, Capabilities, CheckDepth, CheckFinding,
    CheckReport, CreateSafety, CredentialAbility, DeleteKind, DirectoryNeed, DisableEffect,
    IdStability, Manifest, Matching, Mutability, ObjectDef, ObjectRole, RequestNeed, Returned,
    Schema, SecretNeed, Sensitivity, StreamNeed, ValueKind,
};

use crate::wasm::v0_1::bindings::exports::lanyard::connector::meta;

pub(in crate::wasm::v0_1) fn manifest(manifest: meta::Manifest) -> Manifest {
    let meta::Manifest {
        id,
        version,
        display_name,
        config_schema,
        requests,
        streams,
        directories,
        secrets,
        authorizations,
        attributes,
        extra: _,
    } = manifest;
    Manifest {
        id,
        version,
        display_name,
        config_schema,
        requests: requests
            .into_iter()
            .map(|need| RequestNeed {
                host: need.host,
                methods: need.methods,
                path: need.path,
                reads: need.reads,
                purpose: need.purpose,
            })
            .collect(),
        streams: streams
            .into_iter()
            .map(|need| StreamNeed { name: need.name, host: need.host, purpose: need.purpose })
            .collect(),
        directories: directories
            .into_iter()
            .map(|need| DirectoryNeed {
                name: need.name,
                writable: need.writable,
                purpose: need.purpose,
            })
            .collect(),
        secrets: secrets
            .into_iter()
            .map(|need| SecretNeed {
                name: need.name,
                purpose: need.purpose,
                required: need.required,
                reveal: need.reveal,
            })
            .collect(),
        authorizations: authorizations.into_iter().map(authorization).collect(),
        attributes,
    }
}

fn authorization(need: meta::AuthorizationNeed) -> AuthorizationNeed {
    let kind = |scheme| match scheme {
        meta::AuthorizationScheme::Bearer => AuthorizationKind::Bearer,
        meta::AuthorizationScheme::Basic => AuthorizationKind::Basic,
    };
    AuthorizationNeed {
        name: need.name,
        schemes: need.schemes.into_iter().map(kind).collect(),
        purpose: need.purpose,
    }
}

pub(in crate::wasm::v0_1) fn schema(schema: meta::Schema) -> Schema {
    let meta::Schema { objects, fingerprint: _, extra: _ } = schema;
    Schema { objects: objects.into_iter().map(object).collect() }
}

fn object(object: meta::ObjectDef) -> ObjectDef {
    let meta::ObjectDef {
        type_,
        role,
        attributes,
        anchor_attribute,
        name_attribute,
        capabilities: list,
        extra: _,
    } = object;
    ObjectDef {
        object_type: type_,
        role: match role {
            meta::ObjectRole::Account => ObjectRole::Account,
            meta::ObjectRole::Entitlement => ObjectRole::Entitlement,
            meta::ObjectRole::Container => ObjectRole::Container,
            meta::ObjectRole::Other => ObjectRole::Other,
        },
        attributes: attributes.into_iter().map(attribute).collect(),
        anchor_attribute,
        name_attribute,
        capabilities: capabilities(list),
    }
}

fn attribute(attribute: meta::AttributeDef) -> AttributeDef {
    let meta::AttributeDef {
        name,
        kind,
        target: _,
        multi,
        ordered,
        required,
        unique,
        mutability,
        returned,
        matching,
        sensitivity,
        allowed,
        description,
        scim_path,
        extra: _,
    } = attribute;
    AttributeDef {
        name,
        kind: value_kind(kind),
        multi,
        ordered,
        required,
        unique,
        mutability: match mutability {
            meta::Mutability::ReadOnly => Mutability::ReadOnly,
            meta::Mutability::ReadWrite => Mutability::ReadWrite,
            meta::Mutability::CreateOnly => Mutability::CreateOnly,
            meta::Mutability::WriteOnly => Mutability::WriteOnly,
        },
        returned: match returned {
            meta::Returned::Always => Returned::Always,
            meta::Returned::OnRequest => Returned::OnRequest,
            meta::Returned::Never => Returned::Never,
        },
        matching: self::matching(matching),
        sensitivity: match sensitivity {
            meta::Sensitivity::Ordinary => Sensitivity::Ordinary,
            meta::Sensitivity::Personal => Sensitivity::Personal,
            meta::Sensitivity::SpecialCategory => Sensitivity::SpecialCategory,
            meta::Sensitivity::Secret => Sensitivity::Secret,
        },
        allowed,
        description,
        scim_path,
    }
}

fn value_kind(kind: meta::ValueKind) -> ValueKind {
    match kind {
        meta::ValueKind::Text => ValueKind::Text,
        meta::ValueKind::Integer => ValueKind::Integer,
        meta::ValueKind::Decimal => ValueKind::Decimal,
        meta::ValueKind::Boolean => ValueKind::Boolean,
        meta::ValueKind::Instant => ValueKind::Instant,
        meta::ValueKind::Date => ValueKind::Date,
        meta::ValueKind::Bytes => ValueKind::Bytes,
        meta::ValueKind::Reference => ValueKind::Reference,
        meta::ValueKind::Structured => ValueKind::Structured,
    }
}

fn matching(matching: meta::Matching) -> Matching {
    match matching {
        meta::Matching::Exact => Matching::Exact,
        meta::Matching::IgnoreCase => Matching::IgnoreCase,
        meta::Matching::IgnoreCaseTrimmed => Matching::IgnoreCaseTrimmed,
        meta::Matching::Email => Matching::Email,
        meta::Matching::DistinguishedName => Matching::DistinguishedName,
        meta::Matching::Uuid => Matching::Uuid,
        meta::Matching::Phone => Matching::Phone,
        meta::Matching::Uri => Matching::Uri,
        meta::Matching::Named(name) => Matching::Named(name),
    }
}

fn capabilities(list: Vec<meta::Capability>) -> Capabilities {
    let mut can = Capabilities::default();
    for capability in list {
        match capability {
            meta::Capability::Create => can.create = true,
            meta::Capability::Update => can.update = true,
            meta::Capability::Enable => can.enable = true,
            meta::Capability::Disable => can.disable = true,
            meta::Capability::Delete => can.delete = true,
            meta::Capability::Restore => can.restore = true,
            meta::Capability::FullList => can.full_list = true,
            meta::Capability::FindBy(attribute) => {
                can.find_by.insert(attribute);
            }
            meta::Capability::Entitlements => can.entitlements = true,
            meta::Capability::Credentials(abilities) => {
                can.credential_abilities = credential_abilities(abilities);
            }
            meta::Capability::CreateSafety(safety) => can.create_safety = create_safety(safety),
            meta::Capability::VisibilityDelayMs(delay) => can.visibility_delay_ms = delay,
            meta::Capability::IdStability(stability) => {
                can.id_stability = match stability {
                    meta::IdStability::Immutable => IdStability::Immutable,
                    meta::IdStability::Renameable => IdStability::Renameable,
                }
            }
            meta::Capability::DisableEffects(effects) => {
                can.disable_effects = disable_effects(effects);
            }
            meta::Capability::DeleteKind(kind) => {
                can.delete_kind = match kind {
                    meta::DeleteKind::Hard => DeleteKind::Hard,
                    meta::DeleteKind::SoftDays(days) => DeleteKind::SoftDays(days),
                    meta::DeleteKind::SameAsDisable => DeleteKind::SameAsDisable,
                }
            }
            meta::Capability::MaxConcurrency(calls) => can.max_concurrency = Some(calls),
            // This host makes no use of them.
            meta::Capability::ModifiedSince
            | meta::Capability::Revisions
            | meta::Capability::ValidateOnly
            | meta::Capability::MaxValuesPerChange(_) => {}
            meta::Capability::Named(name) => {
                can.named.insert(name);
            }
        }
    }
    can
}

fn create_safety(safety: meta::CreateSafety) -> CreateSafety {
    match safety {
        meta::CreateSafety::NativeKey => CreateSafety::NativeKey,
        meta::CreateSafety::UniqueConstraint => CreateSafety::UniqueConstraint,
        meta::CreateSafety::SearchFirst => CreateSafety::SearchFirst,
        meta::CreateSafety::None => CreateSafety::None,
    }
}

/// Those that this host asks for.
fn credential_abilities(abilities: meta::CredentialAbilities) -> BTreeSet<CredentialAbility> {
    let all = [
        (meta::CredentialAbilities::SET_PASSWORD, CredentialAbility::SetPassword),
        (meta::CredentialAbilities::MUST_CHANGE, CredentialAbility::MustChange),
        (meta::CredentialAbilities::END_SESSIONS, CredentialAbility::EndSessions),
        (meta::CredentialAbilities::REVOKE_ALL, CredentialAbility::RevokeAll),
    ];
    all.into_iter().filter(|(flag, _)| abilities.contains(*flag)).map(|(_, it)| it).collect()
}

fn disable_effects(effects: meta::DisableEffects) -> BTreeSet<DisableEffect> {
    [
        (meta::DisableEffects::BLOCKS_LOGIN, DisableEffect::BlocksLogin),
        (meta::DisableEffects::ENDS_SESSIONS, DisableEffect::EndsSessions),
        (meta::DisableEffects::REVOKES_TOKENS, DisableEffect::RevokesTokens),
        (meta::DisableEffects::RELEASES_LICENCE, DisableEffect::ReleasesLicence),
        (meta::DisableEffects::DROPS_MEMBERSHIPS, DisableEffect::DropsMemberships),
        (meta::DisableEffects::DESTROYS_DATA, DisableEffect::DestroysData),
        (meta::DisableEffects::REVERSIBLE, DisableEffect::Reversible),
    ]
    .into_iter()
    .filter_map(|(flag, effect)| effects.contains(flag).then_some(effect))
    .collect()
}

pub(in crate::wasm::v0_1) fn depth(depth: CheckDepth) -> meta::CheckDepth {
    match depth {
        CheckDepth::Connect => meta::CheckDepth::Connect,
        CheckDepth::Authenticate => meta::CheckDepth::Authenticate,
        CheckDepth::Authorize => meta::CheckDepth::Authorize,
    }
}

pub(in crate::wasm::v0_1) fn check_report(report: meta::CheckReport) -> CheckReport {
    let meta::CheckReport { findings, system_version, extra: _ } = report;
    CheckReport {
        findings: findings
            .into_iter()
            .map(|finding| CheckFinding {
                ok: finding.ok,
                subject: finding.subject,
                detail: finding.detail,
                remedy: finding.remedy,
            })
            .collect(),
        system_version,
    }
}
