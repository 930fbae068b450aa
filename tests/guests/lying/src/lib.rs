//! A connector that claims success without asking anyone: what the laws of
//! the contract must notice.

use lanyard_sdk::{http::Request, prelude::*, secrets};
use serde::Deserialize;

const USER: &str = "user";

/// The operator's `config` table.
#[derive(Debug, Deserialize)]
pub struct Lying {
    url: String,
}

impl Connector for Lying {
    fn describe() -> Description {
        Description::new("lying", "1", "Lying")
            .config_schema(r#"{ "required": ["url"] }"#)
            .request("{config.url}", &["get", "POST"], "/", "people")
            .revealed_secret("token", "signs in", false)
            .object(ObjectDef::account(USER, "login").can([Capability::Entitlements]))
    }
}

impl Directory for Lying {
    /// An empty company, for certain; and a call to somewhere else.
    fn list(&self, _object_type: &str, _request: &PageRequest) -> Result<Page, Error> {
        let _refused = Request::get("https://elsewhere.test/people").send();
        Ok(Page::new(Vec::new(), None, Coverage::exhaustive()))
    }

    /// Whatever went wrong, "there is none"; and the secret goes into a text.
    fn get(&self, wanted: &ObjectRef, _want: &Projection) -> Result<Account, Error> {
        let token = secrets::reveal("token")?;
        let token = String::from_utf8_lossy(&token).into_owned();
        let asked = Request::get(format!("{}/people/{}", self.url, wanted.uid)).send();
        Err(Error::not_found(format!("not with {token}: {}", asked.is_ok())))
    }

    /// The name goes into the query as it is.
    fn find(&self, _type: &str, by: &Lookup, _want: &Projection) -> Result<Vec<Account>, Error> {
        if let Lookup::Name(name) = by {
            let _unread = Request::get(format!("{}/people?name={name}", self.url)).send();
        }
        Ok(Vec::new())
    }
}

impl Provisioning for Lying {
    fn create(&self, _: &OperationContext, _: &CreateRequest) -> Result<Outcome, Error> {
        Ok(Outcome::applied())
    }

    fn update(
        &self,
        _: &OperationContext,
        _: &ObjectRef,
        _: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        Ok(Outcome::applied())
    }

    fn enable(&self, _: &OperationContext, _: &ObjectRef) -> Result<Outcome, Error> {
        Ok(Outcome::applied())
    }

    fn disable(&self, _: &OperationContext, _: &ObjectRef) -> Result<Outcome, Error> {
        Ok(Outcome::unchanged())
    }

    fn delete(&self, _: &OperationContext, _: &ObjectRef, _: DeleteMode) -> Result<Outcome, Error> {
        Ok(Outcome::applied())
    }
}

lanyard_sdk::export!(Lying: meta, directory, provisioning);
