//! People and groups in an OpenLDAP-like directory.
//!
//! The host connects, protects the connection and signs in; this component
//! speaks LDAP over the stream it is handed and knows no password.

mod config;
mod create;
mod credentials;
mod delete;
mod dn;
mod entry;
mod fault;
mod groups;
mod listing;
mod lock;
mod members;
mod meta;
mod people;
mod schema;
mod session;
mod update;
mod wire;
mod writing;

use lanyard_sdk::{
    prelude::*,
    streams::{Stream, StreamError},
};

pub use crate::config::Config;
use crate::session::Session;

/// Name of the stream the operator permits.
const STREAM: &str = "directory";

impl Config {
    fn connect(&self) -> Result<Session<'_, Stream>, Error> {
        let stream = Stream::connect(STREAM).map_err(|error| match error {
            // Nothing of this connector's was sent yet, whatever happened.
            StreamError::Tls(why) => Error::misconfigured(why),
            other => other.into_error(false),
        })?;
        Ok(Session::new(self, stream))
    }
}

impl Connector for Config {
    fn describe() -> Description {
        Description::new("org.lanyard.ldap", env!("CARGO_PKG_VERSION"), "LDAP directory")
            .config_schema(config::SCHEMA)
            .stream(STREAM, "*", "reads and writes people and groups over LDAP")
    }

    fn check(&self, depth: CheckDepth) -> Result<CheckReport, Error> {
        self.connect()?.check(depth)
    }

    fn discover(&self) -> Result<Schema, Error> {
        self.connect()?.discover()
    }
}

impl Directory for Config {
    fn list(&self, object_type: &str, request: &PageRequest) -> Result<Page, Error> {
        people::check_type(object_type)?;
        self.connect()?.list(request)
    }

    fn get(&self, account: &ObjectRef, want: &Projection) -> Result<Account, Error> {
        people::check_type(&account.type_)?;
        self.connect()?.get(&account.uid, want)
    }

    fn find(
        &self,
        object_type: &str,
        by: &Lookup,
        want: &Projection,
    ) -> Result<Vec<Account>, Error> {
        people::check_type(object_type)?;
        self.connect()?.find(by, want)
    }
}

impl Provisioning for Config {
    fn create(
        &self,
        context: &OperationContext,
        request: &CreateRequest,
    ) -> Result<Outcome, Error> {
        self.connect()?.create(context, request)
    }

    fn update(
        &self,
        context: &OperationContext,
        account: &ObjectRef,
        request: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        people::check_type(&account.type_)?;
        self.connect()?.update(context, &account.uid, request)
    }

    fn enable(&self, context: &OperationContext, account: &ObjectRef) -> Result<Outcome, Error> {
        people::check_type(&account.type_)?;
        self.connect()?.enable(context, &account.uid)
    }

    fn disable(&self, context: &OperationContext, account: &ObjectRef) -> Result<Outcome, Error> {
        people::check_type(&account.type_)?;
        self.connect()?.disable(context, &account.uid)
    }

    /// A directory has no recycle bin: both modes remove for good.
    fn delete(
        &self,
        context: &OperationContext,
        account: &ObjectRef,
        _mode: DeleteMode,
    ) -> Result<Outcome, Error> {
        people::check_type(&account.type_)?;
        self.connect()?.delete(context, &account.uid)
    }
}

impl Entitlements for Config {
    fn list_entitlements(
        &self,
        object_type: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<EntitlementPage, Error> {
        self.connect()?.list_entitlements(object_type, cursor, limit)
    }

    fn list_assignments(
        &self,
        scope: &AssignmentScope,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        self.connect()?.list_assignments(scope, cursor, limit)
    }

    fn grant(&self, context: &OperationContext, edge: &Edge) -> Result<Outcome, Error> {
        self.connect()?.grant(context, edge)
    }

    fn revoke(&self, context: &OperationContext, edge: &Edge) -> Result<Outcome, Error> {
        self.connect()?.revoke(context, edge)
    }
}

impl Credentials for Config {
    fn set_password(
        &self,
        context: &OperationContext,
        holder: &ObjectRef,
        password: &NewPassword,
    ) -> Result<Outcome, Error> {
        people::check_type(&holder.type_)?;
        self.connect()?.set_password(context, &holder.uid, password)
    }
}

lanyard_sdk::export!(Config: meta, directory, provisioning, entitlements, credentials);
