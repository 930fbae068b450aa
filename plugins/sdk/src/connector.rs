//! The traits an author implements, and how the exports call them.

use serde::de::DeserializeOwned;

use crate::{
    bindings, config,
    describe::Description,
    types::{
        Account, AssignmentPage, AssignmentScope, CheckDepth, CheckFinding, CheckReport,
        CreateRequest, DeleteMode, Edge, EntitlementPage, Error, Lookup, Manifest, ObjectRef,
        OperationContext, Outcome, Page, PageRequest, Projection, Schema, UpdateRequest,
    },
};

/// A connector: the operator's `config` table, read into a struct.
///
/// The value is made anew for every call, so it can keep nothing between
/// calls.  Add `#[serde(deny_unknown_fields)]`: a misspelt key is then an
/// error and not a surprise.
pub trait Connector: DeserializeOwned {
    /// What it is, what it asks to reach, and the types it declares.  Called
    /// before any configuration exists.
    fn describe() -> Description;

    /// Whether the configured system can be used.  Changes nothing.
    fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Error> {
        Ok(CheckReport::of([CheckFinding::ok("config", "the configuration is well-formed")]))
    }

    /// Schema of this configured system; by default the declared one.
    fn discover(&self) -> Result<Schema, Error> {
        Ok(Self::describe().schema())
    }

    /// Values for a half-filled configuration, as a JSON object.
    fn suggest_config(_partial: &str) -> Result<String, Error> {
        Ok("{}".to_owned())
    }
}

/// Reading accounts.
pub trait Directory: Connector {
    fn list(&self, object_type: &str, request: &PageRequest) -> Result<Page, Error>;

    /// `not-found` when there is none.
    fn get(&self, account: &ObjectRef, want: &Projection) -> Result<Account, Error>;

    /// Zero, one or many, asked of the system itself.  Never answer it by
    /// listing everything: say [`Error::unsupported`] instead.
    fn find(
        &self,
        object_type: &str,
        by: &Lookup,
        want: &Projection,
    ) -> Result<Vec<Account>, Error>;
}

/// Writing accounts.
pub trait Provisioning: Directory {
    fn create(&self, context: &OperationContext, request: &CreateRequest)
    -> Result<Outcome, Error>;
    fn update(
        &self,
        context: &OperationContext,
        account: &ObjectRef,
        request: &UpdateRequest,
    ) -> Result<Outcome, Error>;
    fn enable(&self, context: &OperationContext, account: &ObjectRef) -> Result<Outcome, Error>;
    fn disable(&self, context: &OperationContext, account: &ObjectRef) -> Result<Outcome, Error>;
    fn delete(
        &self,
        context: &OperationContext,
        account: &ObjectRef,
        mode: DeleteMode,
    ) -> Result<Outcome, Error>;

    fn restore(&self, _context: &OperationContext, _account: &ObjectRef) -> Result<Outcome, Error> {
        Err(Error::unsupported("restore"))
    }

    fn poll(&self, _context: &OperationContext, _ticket: &str) -> Result<Outcome, Error> {
        Err(Error::unsupported("poll"))
    }
}

/// Groups, roles, licences: anything an account can hold.
pub trait Entitlements: Connector {
    fn list_entitlements(
        &self,
        object_type: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<EntitlementPage, Error>;
    fn list_assignments(
        &self,
        scope: &AssignmentScope,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AssignmentPage, Error>;
    fn grant(&self, context: &OperationContext, edge: &Edge) -> Result<Outcome, Error>;
    fn revoke(&self, context: &OperationContext, edge: &Edge) -> Result<Outcome, Error>;
}

/// Exports exactly the listed interfaces of a [`Connector`]; `meta` is always
/// among them.  Does nothing in a native build, so that unit tests link.
///
/// ```text
/// lanyard_sdk::export!(Acme: meta, directory, provisioning);
/// ```
#[macro_export]
macro_rules! export {
    ($connector:ident: $($interface:ident),+ $(,)?) => {
        #[cfg(target_family = "wasm")]
        const _: () = { $($crate::export_interface!($connector, $interface);)+ };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! export_interface {
    ($connector:ident, meta) => {
        $crate::bindings::meta::export!($connector with_types_in $crate::bindings::meta);
    };
    ($connector:ident, directory) => {
        $crate::bindings::directory::export!($connector with_types_in $crate::bindings::directory);
    };
    ($connector:ident, provisioning) => {
        $crate::bindings::provisioning::export!(
            $connector with_types_in $crate::bindings::provisioning
        );
    };
    ($connector:ident, credentials) => {
        $crate::bindings::credentials::export!(
            $connector with_types_in $crate::bindings::credentials
        );
    };
    ($connector:ident, step) => {
        $crate::bindings::step::export!($connector with_types_in $crate::bindings::step);
    };
    ($connector:ident, entitlements) => {
        $crate::bindings::entitlements::export!(
            $connector with_types_in $crate::bindings::entitlements
        );
    };
}

impl<T: Connector> bindings::meta::exports::lanyard::connector::meta::Guest for T {
    fn describe() -> Manifest {
        T::describe().manifest()
    }
    fn check(depth: CheckDepth) -> Result<CheckReport, Error> {
        config::load::<T>()?.check(depth)
    }
    fn discover() -> Result<Schema, Error> {
        config::load::<T>()?.discover()
    }
    fn suggest_config(partial: String) -> Result<String, Error> {
        T::suggest_config(&partial)
    }
}

impl<T: Directory> bindings::directory::exports::lanyard::connector::directory::Guest for T {
    fn get(account: ObjectRef, want: Projection) -> Result<Account, Error> {
        config::load::<T>()?.get(&account, &want)
    }
    fn find(object_type: String, by: Lookup, want: Projection) -> Result<Vec<Account>, Error> {
        config::load::<T>()?.find(&object_type, &by, &want)
    }
    fn list(object_type: String, request: PageRequest) -> Result<Page, Error> {
        config::load::<T>()?.list(&object_type, &request)
    }
}

impl<T: Provisioning> bindings::provisioning::exports::lanyard::connector::provisioning::Guest
    for T
{
    fn create(context: OperationContext, request: CreateRequest) -> Result<Outcome, Error> {
        config::load::<T>()?.create(&context, &request)
    }
    fn update(
        context: OperationContext,
        account: ObjectRef,
        request: UpdateRequest,
    ) -> Result<Outcome, Error> {
        config::load::<T>()?.update(&context, &account, &request)
    }
    fn enable(context: OperationContext, account: ObjectRef) -> Result<Outcome, Error> {
        config::load::<T>()?.enable(&context, &account)
    }
    fn disable(context: OperationContext, account: ObjectRef) -> Result<Outcome, Error> {
        config::load::<T>()?.disable(&context, &account)
    }
    fn delete(
        context: OperationContext,
        account: ObjectRef,
        mode: DeleteMode,
    ) -> Result<Outcome, Error> {
        config::load::<T>()?.delete(&context, &account, mode)
    }
    fn restore(context: OperationContext, account: ObjectRef) -> Result<Outcome, Error> {
        config::load::<T>()?.restore(&context, &account)
    }
    fn poll(context: OperationContext, ticket: String) -> Result<Outcome, Error> {
        config::load::<T>()?.poll(&context, &ticket)
    }
}

impl<T: Entitlements> bindings::entitlements::exports::lanyard::connector::entitlements::Guest
    for T
{
    fn list_entitlements(
        object_type: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<EntitlementPage, Error> {
        config::load::<T>()?.list_entitlements(&object_type, cursor.as_deref(), limit)
    }
    fn list_assignments(
        scope: AssignmentScope,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        config::load::<T>()?.list_assignments(&scope, cursor.as_deref(), limit)
    }
    fn grant(context: OperationContext, edge: Edge) -> Result<Outcome, Error> {
        config::load::<T>()?.grant(&context, &edge)
    }
    fn revoke(context: OperationContext, edge: Edge) -> Result<Outcome, Error> {
        config::load::<T>()?.revoke(&context, &edge)
    }
}
