//! What this service can do, by what it says of itself.

use lanyard_sdk::prelude::*;
use serde_json::Value as Json;

use crate::{
    GROUP, Scim, USER, api, paging,
    user::{CORE, ENTERPRISE, FIELDS, Field},
};

const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The types of a service that does not describe itself.
pub(crate) fn fallback(anchor: &str) -> Vec<ObjectDef> {
    objects(anchor, &Described::default())
}

/// What the service says; `None` where it does not say.
#[derive(Default)]
struct Described {
    config: Option<Json>,
    schemas: Option<Vec<Json>>,
    types: Option<Vec<Json>>,
}

impl Described {
    fn supports(&self, feature: &str) -> Option<bool> {
        self.config.as_ref()?.get(feature)?.get("supported").and_then(api::truth)
    }

    fn schema(&self, id: &str) -> Option<&Json> {
        self.schemas.as_ref()?.iter().find(|schema| api::text(schema, "id") == Some(id))
    }

    /// Whether there are groups; a service that lists neither schemas nor
    /// types is taken to have them.
    fn has_groups(&self) -> bool {
        if let Some(types) = &self.types {
            return types.iter().any(|t| api::text(t, "schema") == Some(GROUP_SCHEMA));
        }
        self.schemas.is_none() || self.schema(GROUP_SCHEMA).is_some()
    }

    /// Whether the service says that it takes a password; none does that says
    /// nothing of itself.
    fn takes_passwords(&self) -> bool {
        let attributes = self.schema(CORE).and_then(|it| it.get("attributes")?.as_array());
        attributes.into_iter().flatten().any(|it| {
            api::text(it, "name") == Some("password")
                && api::text(it, "mutability") != Some("readOnly")
        })
    }

    /// The definition of a field; `Err` when the schema is there without it.
    fn definition(&self, field: &Field<'_>) -> Result<Option<&Json>, ()> {
        // Common to all resources and described by no schema (RFC 7643 §3.1).
        if self.schemas.is_none() || field.name == "externalId" {
            return Ok(None);
        }
        let schema = self.schema(if field.enterprise { ENTERPRISE } else { CORE }).ok_or(())?;
        let mut found = schema;
        for (depth, step) in field.name.split('.').enumerate() {
            let list = if depth == 0 { "attributes" } else { "subAttributes" };
            let attributes = found.get(list).and_then(Json::as_array).ok_or(())?;
            found = attributes.iter().find(|a| api::text(a, "name") == Some(step)).ok_or(())?;
        }
        Ok(Some(found))
    }
}

pub(crate) fn discover(scim: &Scim) -> Result<Schema, Error> {
    let mut described = Described {
        config: ask(scim, "ServiceProviderConfig")?,
        schemas: ask(scim, "Schemas")?.and_then(resources),
        types: ask(scim, "ResourceTypes")?.and_then(resources),
    };
    if described.schemas.as_ref().is_some_and(Vec::is_empty) {
        described.schemas = None;
    }
    if described.types.as_ref().is_some_and(Vec::is_empty) {
        described.types = None;
    }
    let mut objects = objects(&scim.anchor, &described);
    if scim.patch == Some(false) || described.supports("patch") == Some(false) {
        for object in &mut objects {
            object.capabilities.retain(|can| {
                !matches!(can, Capability::Entitlements | Capability::Credentials(_))
            });
        }
    }
    Ok(Schema::of(objects))
}

/// A description, or nothing where the service keeps it to itself.
fn ask(scim: &Scim, endpoint: &str) -> Result<Option<Json>, Error> {
    match scim.read_at(&[endpoint]) {
        Ok(answer) => Ok(Some(answer)),
        Err(error)
            if matches!(
                error.kind,
                ErrorKind::NotFound | ErrorKind::PermissionDenied(_) | ErrorKind::Unsupported(_)
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn resources(answer: Json) -> Option<Vec<Json>> {
    match answer {
        Json::Object(mut object) => match object.remove("Resources") {
            Some(Json::Array(items)) => Some(items),
            _ => None,
        },
        _ => None,
    }
}

fn objects(anchor: &str, described: &Described) -> Vec<ObjectDef> {
    let mut user = ObjectDef::account(USER, "userName").anchor(anchor).managed().can([
        Capability::CreateSafety(CreateSafety::UniqueConstraint),
        Capability::VisibilityDelayMs(0),
        Capability::DisableEffects(DisableEffects::BLOCKS_LOGIN | DisableEffects::REVERSIBLE),
        Capability::DeleteKind(DeleteKind::Hard),
    ]);
    if described.supports("filter") != Some(false) {
        for name in ["userName", anchor, "emails"] {
            user = user.can([Capability::FindBy(name.to_owned())]);
        }
    }
    if described.supports("etag") == Some(true) {
        user = user.can([Capability::Revisions]);
    }
    if described.takes_passwords() {
        user = user.can([Capability::Credentials(CredentialAbilities::SET_PASSWORD)]);
    }
    let anchor_field = Field::named(anchor);
    let extra = (!FIELDS.contains(&anchor_field)).then_some(anchor_field);
    for field in FIELDS.iter().chain(&extra) {
        if let Ok(definition) = described.definition(field) {
            user = user.attribute(attribute(field, definition));
        }
    }
    if !described.has_groups() {
        return vec![user];
    }
    let group = ObjectDef::entitlement(GROUP, "displayName")
        .attribute(AttributeDef::text("displayName").required().ignoring_case());
    vec![user.can([Capability::Entitlements]), group]
}

/// RFC 7643 where the service says nothing.
fn attribute(field: &Field<'_>, definition: Option<&Json>) -> AttributeDef {
    let mut attribute = AttributeDef::text(field.name).personal();
    attribute.multi = field.multi;
    attribute.required = field.name == "userName";
    attribute.unique = field.name == "userName";
    attribute.scim_path =
        Some(if field.multi { format!("{}.value", field.name) } else { field.name.to_owned() });
    attribute.matching = match field.name {
        "emails" => Matching::Email,
        "phoneNumbers" => Matching::Phone,
        "userName" => Matching::IgnoreCase,
        _ => Matching::Exact,
    };
    let Some(definition) = definition else { return attribute };
    if let Some(required) = definition.get("required").and_then(api::truth) {
        attribute.required = required;
    }
    if field.name == "userName" && definition.get("caseExact").and_then(api::truth) == Some(true) {
        attribute.matching = Matching::Exact;
    }
    attribute.mutability = match api::text(definition, "mutability") {
        Some("readOnly") => Mutability::ReadOnly,
        Some("immutable") => Mutability::CreateOnly,
        Some("writeOnly") => Mutability::WriteOnly,
        _ => Mutability::ReadWrite,
    };
    attribute.returned = match api::text(definition, "returned") {
        Some("never") => Returned::Never,
        Some("request") => Returned::OnRequest,
        _ => Returned::Always,
    };
    attribute
}

pub(crate) fn check(scim: &Scim, depth: CheckDepth) -> Result<CheckReport, Error> {
    let described = ask(scim, "ServiceProviderConfig")?;
    let detail = match described {
        Some(_) => "it describes itself",
        None => "it answers, but does not describe itself; RFC 7643 is assumed",
    };
    let mut findings = vec![CheckFinding::ok("service", detail)];
    if depth != CheckDepth::Connect {
        paging::page(scim, "Users", &[], None, 1)?;
        findings.push(CheckFinding::ok("credentials", "users can be read"));
    }
    Ok(CheckReport::of(findings))
}
