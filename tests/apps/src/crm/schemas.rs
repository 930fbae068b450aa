//! What the application says about itself.

use serde_json::{Map, Value, json};

use super::model::{Kind, Resource};

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The attributes that are kept; anything else is dropped without a word.
pub(super) fn kept(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::User => &[
            "externalId",
            "userName",
            "name",
            "displayName",
            "title",
            "userType",
            "preferredLanguage",
            "active",
            "emails",
            "phoneNumbers",
            ENTERPRISE,
        ],
        Kind::Group => &["externalId", "displayName", "members"],
    }
}

pub(super) fn of_resource(kind: Kind, kept: &Resource) -> Value {
    match kind {
        Kind::User if kept.contains_key(ENTERPRISE) => json!([USER, ENTERPRISE]),
        Kind::User => json!([USER]),
        Kind::Group => json!([GROUP]),
    }
}

/// Resources on one page at most.
pub(super) const PAGE_MAX: usize = 100;

pub(super) fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": PAGE_MAX},
        "changePassword": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE_MAX,
            "maxPageSize": PAGE_MAX,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "The token the application was started with",
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": "/ServiceProviderConfig",
        },
    })
}

pub(super) fn resource_types() -> Vec<Value> {
    let resource_type = |kind: Kind, schema: &str, extensions: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": kind.name(),
            "name": kind.name(),
            "endpoint": kind.path(),
            "schema": schema,
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("/ResourceTypes/{}", kind.name()),
            },
        })
    };
    vec![
        resource_type(Kind::User, USER, json!([{"schema": ENTERPRISE, "required": false}])),
        resource_type(Kind::Group, GROUP, json!([])),
    ]
}

pub(super) fn schemas() -> Vec<Value> {
    let user = vec![
        attribute("userName").required().unique(),
        attribute("name").parts(vec![
            attribute("formatted"),
            attribute("familyName"),
            attribute("givenName"),
        ]),
        attribute("displayName"),
        attribute("title"),
        attribute("userType"),
        attribute("preferredLanguage"),
        attribute("active").of("boolean"),
        attribute("emails").many().parts(contact()),
        attribute("phoneNumbers").many().parts(contact()),
        attribute("groups").many().fixed("readOnly").parts(vec![
            attribute("value").fixed("readOnly"),
            attribute("display").fixed("readOnly"),
        ]),
    ];
    let group = vec![
        attribute("displayName").required().unique(),
        attribute("members")
            .many()
            .parts(vec![attribute("value").fixed("immutable"), attribute("display")]),
    ];
    let enterprise = vec![
        attribute("employeeNumber"),
        attribute("costCenter"),
        attribute("organization"),
        attribute("division"),
        attribute("department"),
        attribute("manager")
            .parts(vec![attribute("value"), attribute("displayName").fixed("readOnly")]),
    ];
    vec![
        schema(USER, "User", user),
        schema(GROUP, "Group", group),
        schema(ENTERPRISE, "EnterpriseUser", enterprise),
    ]
}

fn contact() -> Vec<Attribute> {
    vec![attribute("value"), attribute("type"), attribute("primary").of("boolean")]
}

fn schema(id: &str, name: &str, attributes: Vec<Attribute>) -> Value {
    let attributes: Vec<Value> =
        attributes.into_iter().map(|attribute| attribute.0.into()).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": format!("/Schemas/{id}")},
    })
}

struct Attribute(Map<String, Value>);

fn attribute(name: &str) -> Attribute {
    let value = json!({
        "name": name, "type": "string", "multiValued": false, "required": false,
        "caseExact": false, "mutability": "readWrite", "returned": "default",
        "uniqueness": "none",
    });
    Attribute(value.as_object().cloned().unwrap_or_default())
}

impl Attribute {
    fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn of(self, kind: &str) -> Self {
        self.set("type", kind)
    }

    fn required(self) -> Self {
        self.set("required", true)
    }

    fn unique(self) -> Self {
        self.set("uniqueness", "server")
    }

    fn many(self) -> Self {
        self.set("multiValued", true)
    }

    fn fixed(self, mutability: &str) -> Self {
        self.set("mutability", mutability)
    }

    fn parts(self, parts: Vec<Attribute>) -> Self {
        let parts: Vec<Value> = parts.into_iter().map(|part| Value::Object(part.0)).collect();
        self.of("complex").set("subAttributes", parts)
    }
}
