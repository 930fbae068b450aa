//! One instance of a component built against version 0.1, and its calls.

use lanyard_core::{
    account::{Account, Assignment, Entitlement},
    fault::Fault,
    schema::{CheckDepth, CheckReport, Manifest, Schema},
    value::ObjectRef,
};
use wasmtime::{
    Store,
    component::{Instance as Raw, InstancePre},
};

use super::{
    bindings::exports::lanyard::connector::{
        credentials, directory, entitlements, meta, provisioning, step,
    },
    convert,
    credentials::set_password,
};
use crate::{
    connector::{
        Abilities, AssignmentScope, Lookup, Outcome, Page, PageRequest, Write, WriteContext,
    },
    wasm::state::CallState,
};

/// Where the exports of a component are; looked up once.
pub(in crate::wasm) struct Exports {
    meta: meta::GuestIndices,
    directory: Option<directory::GuestIndices>,
    provisioning: Option<provisioning::GuestIndices>,
    entitlements: Option<entitlements::GuestIndices>,
    pub(super) credentials: Option<credentials::GuestIndices>,
    pub(super) step: Option<step::GuestIndices>,
}

impl Exports {
    /// `abilities` says which interfaces the component exports.
    ///
    /// # Errors
    /// When an exported interface has not the functions of this version.
    pub(in crate::wasm) fn of(
        pre: &InstancePre<CallState>,
        abilities: Abilities,
    ) -> wasmtime::Result<Self> {
        let Abilities { directory, provisioning, entitlements, credentials, step } = abilities;
        Ok(Self {
            meta: meta::GuestIndices::new(pre)?,
            directory: directory.then(|| directory::GuestIndices::new(pre)).transpose()?,
            provisioning: provisioning.then(|| provisioning::GuestIndices::new(pre)).transpose()?,
            entitlements: entitlements.then(|| entitlements::GuestIndices::new(pre)).transpose()?,
            credentials: credentials.then(|| credentials::GuestIndices::new(pre)).transpose()?,
            step: step.then(|| step::GuestIndices::new(pre)).transpose()?,
        })
    }
}

/// How a call ended.
pub(in crate::wasm) enum CallError {
    /// The guest answered with an error of the contract.
    Guest(Box<Fault>),
    /// The guest answered what the contract does not allow.
    Answer(String),
    /// The guest did not answer: it trapped.
    Trap(wasmtime::Error),
    /// The component does not export the interface.
    Missing(&'static str),
}

pub(super) type Call<T> = Result<T, CallError>;

pub(super) fn refused(error: super::bindings::lanyard::connector::types::Error) -> CallError {
    CallError::Guest(Box::new(convert::fault(error)))
}

/// One fresh instance in its store; used for one call and dropped.
pub(in crate::wasm) struct Instance<'a> {
    pub(in crate::wasm) exports: &'a Exports,
    pub(in crate::wasm) store: &'a mut Store<CallState>,
    pub(in crate::wasm) raw: Raw,
}

macro_rules! interface {
    ($self:ident, $name:ident) => {
        $self
            .exports
            .$name
            .as_ref()
            .ok_or(CallError::Missing(stringify!($name)))?
            .load(&mut *$self.store, &$self.raw)
            .map_err(CallError::Trap)?
    };
}
pub(super) use interface;

impl Instance<'_> {
    fn meta(&mut self) -> Call<meta::Guest> {
        self.exports.meta.load(&mut *self.store, &self.raw).map_err(CallError::Trap)
    }

    pub(in crate::wasm) async fn describe(&mut self) -> Call<Manifest> {
        let meta = self.meta()?;
        let manifest = meta.call_describe(&mut *self.store).await.map_err(CallError::Trap)?;
        Ok(convert::manifest(manifest))
    }

    pub(in crate::wasm) async fn check(&mut self, depth: CheckDepth) -> Call<CheckReport> {
        let meta = self.meta()?;
        let report = meta.call_check(&mut *self.store, convert::depth(depth)).await;
        Ok(convert::check_report(report.map_err(CallError::Trap)?.map_err(refused)?))
    }

    pub(in crate::wasm) async fn discover(&mut self) -> Call<Schema> {
        let meta = self.meta()?;
        let schema = meta.call_discover(&mut *self.store).await;
        Ok(convert::schema(schema.map_err(CallError::Trap)?.map_err(refused)?))
    }

    pub(in crate::wasm) async fn list(
        &mut self,
        object_type: &str,
        page: PageRequest,
    ) -> Call<Page<Account>> {
        let directory = interface!(self, directory);
        let request = directory::PageRequest {
            selector: directory::Selector::Everything,
            projection: directory::Projection::Default,
            cursor: page.cursor,
            limit: page.limit,
            extra: Vec::new(),
        };
        let answer = directory.call_list(&mut *self.store, &object_type.to_owned(), &request).await;
        let page = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::account_page(page).map_err(CallError::Answer)
    }

    pub(in crate::wasm) async fn get(&mut self, account: &ObjectRef) -> Call<Account> {
        let directory = interface!(self, directory);
        let reference = convert::object_ref(account);
        let answer =
            directory.call_get(&mut *self.store, &reference, &directory::Projection::Default).await;
        let found = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::account(found).map_err(CallError::Answer)
    }

    pub(in crate::wasm) async fn find(
        &mut self,
        object_type: &str,
        by: &Lookup,
    ) -> Call<Vec<Account>> {
        let directory = interface!(self, directory);
        let answer = directory
            .call_find(
                &mut *self.store,
                &object_type.to_owned(),
                &convert::lookup(by),
                &directory::Projection::Default,
            )
            .await;
        let found = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::accounts(found).map_err(CallError::Answer)
    }

    pub(in crate::wasm) async fn list_entitlements(
        &mut self,
        object_type: &str,
        page: PageRequest,
    ) -> Call<Page<Entitlement>> {
        let entitlements = interface!(self, entitlements);
        let answer = entitlements
            .call_list_entitlements(
                &mut *self.store,
                &object_type.to_owned(),
                page.cursor.as_deref(),
                page.limit,
            )
            .await;
        let page = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::entitlement_page(page).map_err(CallError::Answer)
    }

    pub(in crate::wasm) async fn list_assignments(
        &mut self,
        scope: &AssignmentScope,
        page: PageRequest,
    ) -> Call<Page<Assignment>> {
        let entitlements = interface!(self, entitlements);
        let scope = match scope {
            AssignmentScope::OfAccount(account) => {
                entitlements::AssignmentScope::OfAccount(convert::object_ref(account))
            }
            AssignmentScope::OfEntitlement(entitlement) => {
                entitlements::AssignmentScope::OfEntitlement(convert::object_ref(entitlement))
            }
            AssignmentScope::Everything => entitlements::AssignmentScope::Everything,
        };
        let answer = entitlements
            .call_list_assignments(&mut *self.store, &scope, page.cursor.as_deref(), page.limit)
            .await;
        let page = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::assignment_page(page).map_err(CallError::Answer)
    }

    pub(in crate::wasm) async fn write(
        &mut self,
        context: &WriteContext,
        write: &Write,
    ) -> Call<Outcome> {
        let context = convert::context(context);
        let reference = convert::object_ref;
        let answer = match write {
            Write::Create { object_type, name, anchor, attributes, state } => {
                let request = provisioning::CreateRequest {
                    type_: object_type.clone(),
                    name: name.clone(),
                    anchor: anchor.clone(),
                    attributes: convert::attributes(attributes),
                    initial_state: convert::state(*state),
                    initial_secret: None,
                    extra: Vec::new(),
                };
                let guest = interface!(self, provisioning);
                guest.call_create(&mut *self.store, &context, &request).await
            }
            Write::Update { account, name, anchor, attributes } => {
                let request = provisioning::UpdateRequest {
                    name: name.clone(),
                    anchor: anchor.clone(),
                    changes: convert::changes(attributes),
                    extra: Vec::new(),
                };
                let guest = interface!(self, provisioning);
                guest.call_update(&mut *self.store, &context, &reference(account), &request).await
            }
            Write::Enable(account) => {
                let guest = interface!(self, provisioning);
                guest.call_enable(&mut *self.store, &context, &reference(account)).await
            }
            Write::Disable(account) => {
                let guest = interface!(self, provisioning);
                guest.call_disable(&mut *self.store, &context, &reference(account)).await
            }
            Write::Delete(account) => {
                let guest = interface!(self, provisioning);
                let mode = provisioning::DeleteMode::Recoverable;
                guest.call_delete(&mut *self.store, &context, &reference(account), mode).await
            }
            Write::Grant { holder, entitlement, relation } => {
                let guest = interface!(self, entitlements);
                let edge = convert::edge(holder, entitlement, relation);
                guest.call_grant(&mut *self.store, &context, &edge).await
            }
            Write::Revoke { holder, entitlement, relation } => {
                let guest = interface!(self, entitlements);
                let edge = convert::edge(holder, entitlement, relation);
                guest.call_revoke(&mut *self.store, &context, &edge).await
            }
            Write::EndSessions(account) => {
                let end = credentials::CredentialRequest::EndSessions;
                return self.apply_credentials(&context, account, &end).await;
            }
            Write::RevokeCredentials(account) => {
                let revoke = credentials::CredentialRequest::RevokeAll;
                return self.apply_credentials(&context, account, &revoke).await;
            }
            Write::SetPassword { account, must_change, password: _ } => {
                let set = set_password(*must_change);
                return self.apply_credentials(&context, account, &set).await;
            }
        };
        let outcome = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::outcome(outcome).map_err(CallError::Answer)
    }
}
