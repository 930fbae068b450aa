//! A target that only computes: what is left of a call when no network is
//! waited for.

pub mod work;

use lanyard_sdk::prelude::*;
use serde::Deserialize;

const USER: &str = "user";

/// Needs no configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {}

impl Connector for Bench {
    fn describe() -> Description {
        Description::new("org.example.bench", env!("CARGO_PKG_VERSION"), "Bench")
            .object(ObjectDef::account(USER, "login").can([Capability::Create]))
    }
}

impl Directory for Bench {
    fn list(&self, _object_type: &str, _request: &PageRequest) -> Result<Page, Error> {
        Err(Error::unsupported("list"))
    }

    fn get(&self, _account: &ObjectRef, _want: &Projection) -> Result<Account, Error> {
        Err(Error::unsupported("get"))
    }

    fn find(&self, _type: &str, _by: &Lookup, _want: &Projection) -> Result<Vec<Account>, Error> {
        Err(Error::unsupported("find"))
    }
}

impl Provisioning for Bench {
    fn create(
        &self,
        _context: &OperationContext,
        request: &CreateRequest,
    ) -> Result<Outcome, Error> {
        let attributes: Vec<(&str, Vec<&str>)> = request
            .attributes
            .iter()
            .map(|attribute| (attribute.name.as_str(), texts(&attribute.values)))
            .collect();
        let uid = work::made(&request.name, &request.anchor, request.enabled(), &attributes);
        Ok(Outcome::applied().with_account(Account {
            anchor: Some(request.anchor.clone()),
            state: request.initial_state,
            attributes: request.attributes.clone(),
            ..Account::new(ObjectRef::new(USER, uid), request.name.clone())
        }))
    }

    fn update(
        &self,
        _context: &OperationContext,
        _account: &ObjectRef,
        _request: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        Err(Error::unsupported("update"))
    }

    fn enable(&self, _context: &OperationContext, _account: &ObjectRef) -> Result<Outcome, Error> {
        Err(Error::unsupported("enable"))
    }

    fn disable(&self, _context: &OperationContext, _account: &ObjectRef) -> Result<Outcome, Error> {
        Err(Error::unsupported("disable"))
    }

    fn delete(
        &self,
        _context: &OperationContext,
        _account: &ObjectRef,
        _mode: DeleteMode,
    ) -> Result<Outcome, Error> {
        Err(Error::unsupported("delete"))
    }
}

fn texts(values: &[Value]) -> Vec<&str> {
    values
        .iter()
        .map(|value| match value {
            Value::Text(text) => text.as_str(),
            _ => "",
        })
        .collect()
}

lanyard_sdk::export!(Bench: meta, directory, provisioning);
