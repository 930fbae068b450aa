//! A target: users and groups of a SCIM 2.0 service (RFC 7643, RFC 7644).
//!
//! A success code alone proves nothing: what a write was meant to reach is
//! read from the answer or asked for again.

mod api;
mod creating;
mod credentials;
mod discovery;
mod filter;
mod groups;
mod paging;
mod patch;
mod reading;
mod user;
mod writing;

use lanyard_sdk::prelude::*;
use serde::Deserialize;

/// The type of account and the type of entitlement.
const USER: &str = "user";
const GROUP: &str = "group";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scim {
    /// Base address, such as `https://crm.example.org/scim/v2`.
    url: String,
    /// Attribute of the service that holds the stable key.
    #[serde(default = "external_id")]
    anchor: String,
    /// Only accounts of this `userType` are read, and new ones get it.
    user_type: Option<String>,
    /// Objects asked for at once, where the host asks for more.
    page_size: Option<u32>,
    /// Where the service keeps when an account was last used.
    last_used: Option<String>,
    /// Whether the service takes PATCH; asked of the service unless set.
    patch: Option<bool>,
}

fn external_id() -> String {
    "externalId".to_owned()
}

const CONFIG_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["url"],
  "additionalProperties": false,
  "properties": {
    "url": { "type": "string", "format": "uri", "description": "base address of the service, for example https://crm.example.org/scim/v2" },
    "anchor": { "type": "string", "minLength": 1, "default": "externalId", "description": "attribute that holds the stable key" },
    "user-type": { "type": "string", "minLength": 1, "description": "read only accounts of this userType, and give it to new ones" },
    "last-used": { "type": "string", "minLength": 1, "description": "path of the attribute with the last sign-in, for example urn:example:params:scim:schemas:Usage:2.0:User:lastLogin" },
    "page-size": { "type": "integer", "minimum": 1, "maximum": 10000, "description": "objects asked for at once" },
    "patch": { "type": "boolean", "description": "whether the service takes PATCH; asked of the service unless set" }
  }
}"#;

impl Connector for Scim {
    fn describe() -> Description {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let description =
            Description::new("dev.lanyard.scim", env!("CARGO_PKG_VERSION"), "SCIM 2.0 service")
                .config_schema(CONFIG_SCHEMA)
                .request("{config.url}", &methods, "/", "users and groups")
                .authorization("default", &[], "signs requests in");
        discovery::fallback(&external_id()).into_iter().fold(description, Description::object)
    }

    fn check(&self, depth: CheckDepth) -> Result<CheckReport, Error> {
        discovery::check(self, depth)
    }

    fn discover(&self) -> Result<Schema, Error> {
        discovery::discover(self)
    }
}

impl Directory for Scim {
    fn list(&self, object_type: &str, request: &PageRequest) -> Result<Page, Error> {
        reading::list(self, object_type, request)
    }

    fn get(&self, account: &ObjectRef, _want: &Projection) -> Result<Account, Error> {
        reading::get(self, account)
    }

    fn find(
        &self,
        object_type: &str,
        by: &Lookup,
        _want: &Projection,
    ) -> Result<Vec<Account>, Error> {
        reading::find(self, object_type, by)
    }
}

impl Provisioning for Scim {
    fn create(
        &self,
        context: &OperationContext,
        request: &CreateRequest,
    ) -> Result<Outcome, Error> {
        creating::create(self, context, request)
    }

    fn update(
        &self,
        context: &OperationContext,
        account: &ObjectRef,
        request: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        writing::update(self, context, account, request)
    }

    fn enable(&self, context: &OperationContext, account: &ObjectRef) -> Result<Outcome, Error> {
        writing::set_active(self, context, account, true)
    }

    fn disable(&self, context: &OperationContext, account: &ObjectRef) -> Result<Outcome, Error> {
        writing::set_active(self, context, account, false)
    }

    fn delete(
        &self,
        context: &OperationContext,
        account: &ObjectRef,
        _mode: DeleteMode,
    ) -> Result<Outcome, Error> {
        writing::delete(self, context, account)
    }
}

impl Entitlements for Scim {
    fn list_entitlements(
        &self,
        object_type: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<EntitlementPage, Error> {
        groups::list(self, object_type, cursor, limit)
    }

    fn list_assignments(
        &self,
        scope: &AssignmentScope,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        groups::assignments(self, scope, cursor, limit)
    }

    fn grant(&self, context: &OperationContext, edge: &Edge) -> Result<Outcome, Error> {
        groups::change(self, context, edge, true)
    }

    fn revoke(&self, context: &OperationContext, edge: &Edge) -> Result<Outcome, Error> {
        groups::change(self, context, edge, false)
    }
}

/// Nothing is written when the host only wants to validate: SCIM has no way
/// to ask.
fn committing(context: &OperationContext) -> Result<(), Error> {
    match context.mode {
        WriteMode::Commit => Ok(()),
        WriteMode::ValidateOnly => Err(Error::unsupported("validating without writing")),
    }
}

fn known_type(object_type: &str, known: &str) -> Result<(), Error> {
    if object_type == known {
        return Ok(());
    }
    Err(Error::unsupported(format!("the type `{object_type}` here: only `{known}`")))
}

impl Credentials for Scim {
    fn set_password(
        &self,
        context: &OperationContext,
        holder: &ObjectRef,
        password: &NewPassword,
    ) -> Result<Outcome, Error> {
        credentials::set_password(self, context, holder, password)
    }
}

lanyard_sdk::export!(Scim: meta, directory, provisioning, entitlements, credentials);

#[cfg(test)]
mod tests;
