//! A connector to copy: accounts of Acme, an imaginary REST service.
//!
//! `GET /people?after=ID&limit=N`, `GET /people?login=` or `?key=`,
//! `POST /people`, and `GET`, `PATCH` and `DELETE /people/{id}`; a delete
//! answers 204.

use lanyard_sdk::{
    http::{Request, encode},
    journal,
    prelude::*,
};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

const USER: &str = "user";

/// The operator's `config` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    url: String,
}

/// A person as Acme shows one.
#[derive(Debug, Deserialize)]
struct Person {
    id: String,
    login: String,
    key: Option<String>,
    mail: Option<String>,
    blocked: bool,
}

impl Connector for Acme {
    fn describe() -> Description {
        Description::new("org.example.acme", env!("CARGO_PKG_VERSION"), "Acme")
            .config_schema(
                r#"{ "type": "object", "required": ["url"], "additionalProperties": false,
                     "properties": { "url": { "type": "string", "format": "uri" } } }"#,
            )
            .request("{config.url}", &["GET", "POST", "PATCH", "DELETE"], "/people", "people")
            .authorization("default", &[AuthorizationScheme::Bearer], "signs requests in")
            .object(
                ObjectDef::account(USER, "login")
                    .anchor("key")
                    .attribute(AttributeDef::text("login").required().unique().ignoring_case())
                    .attribute(AttributeDef::text("key").unique())
                    .attribute(AttributeDef::text("mail").scim("emails.value").matching_email())
                    .managed()
                    .can([
                        Capability::FindBy("login".to_owned()),
                        Capability::FindBy("key".to_owned()),
                        Capability::CreateSafety(CreateSafety::UniqueConstraint),
                        Capability::DisableEffects(
                            DisableEffects::BLOCKS_LOGIN | DisableEffects::REVERSIBLE,
                        ),
                        Capability::DeleteKind(DeleteKind::Hard),
                    ]),
            )
    }
}

impl Directory for Acme {
    fn list(&self, _object_type: &str, request: &PageRequest) -> Result<Page, Error> {
        if request.selector != Selector::Everything {
            return Err(Error::unsupported("reading a part of the people"));
        }
        let mut ask = Request::get(self.people()).query("limit", &request.limit.to_string());
        if let Some(after) = &request.cursor {
            ask = ask.query("after", after);
        }
        let people: Vec<Person> = ask.authorization("default")?.send()?.ok()?.json()?;
        // Acme promises full pages until the last; a shorter one is the end.
        let full = u32::try_from(people.len()).is_ok_and(|n| n >= request.limit);
        let next = people.last().filter(|_| full).map(|last| last.id.clone());
        let accounts = people.into_iter().map(account).collect();
        Ok(Page::new(accounts, next, Coverage::exhaustive()))
    }

    fn get(&self, wanted: &ObjectRef, _want: &Projection) -> Result<Account, Error> {
        let ask = Request::get(self.person(wanted)).authorization("default")?;
        Ok(account(ask.send()?.ok()?.json()?))
    }

    fn find(&self, _type: &str, by: &Lookup, _want: &Projection) -> Result<Vec<Account>, Error> {
        let (name, text) = match by {
            Lookup::Anchor(key) => ("key", key),
            Lookup::Name(login) => ("login", login),
            _ => return Err(Error::unsupported("looking for anything but key and login")),
        };
        let ask = Request::get(self.people()).query(name, text).authorization("default")?;
        let people: Vec<Person> = ask.send()?.ok()?.json()?;
        Ok(people.into_iter().map(account).collect())
    }
}

impl Provisioning for Acme {
    fn create(
        &self,
        context: &OperationContext,
        request: &CreateRequest,
    ) -> Result<Outcome, Error> {
        committing(context)?;
        if context.is_retry() {
            let by = Lookup::Anchor(request.anchor.clone());
            if let Some(ours) = self.find(USER, &by, &Projection::Default)?.pop() {
                return Ok(Outcome::unchanged().with_account(ours));
            }
        }
        let body = json!({
            "login": request.name,
            "key": request.anchor,
            "mail": request.text("mail"),
            "blocked": !request.enabled(),
        });
        let ask = Request::post(self.people()).authorization("default")?.json(&body)?;
        let made: Person = ask.send()?.ok()?.json()?;
        journal::mark("uid", &made.id)?;
        Ok(Outcome::applied().with_account(account(made)))
    }

    fn update(
        &self,
        context: &OperationContext,
        wanted: &ObjectRef,
        request: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        let mut body = Map::new();
        if let Some(login) = &request.name {
            body.insert("login".to_owned(), json!(login));
        }
        if let Some(key) = &request.anchor {
            body.insert("key".to_owned(), json!(key));
        }
        for change in &request.changes {
            let after = change.change.apply(&[]);
            body.insert(change.name.clone(), json!(after.first().and_then(Value::as_text)));
        }
        self.patch(context, wanted, &Json::Object(body))
    }

    fn enable(&self, context: &OperationContext, wanted: &ObjectRef) -> Result<Outcome, Error> {
        self.block(context, wanted, false)
    }

    fn disable(&self, context: &OperationContext, wanted: &ObjectRef) -> Result<Outcome, Error> {
        self.block(context, wanted, true)
    }

    fn delete(
        &self,
        context: &OperationContext,
        wanted: &ObjectRef,
        _mode: DeleteMode,
    ) -> Result<Outcome, Error> {
        committing(context)?;
        let answer = Request::delete(self.person(wanted)).authorization("default")?.send()?;
        match answer.ok() {
            Ok(answer) if answer.status == 204 => Ok(Outcome::applied()),
            // A sign-in page answers 200 to a DELETE, too.
            Ok(answer) => Err(answer.broken("answered a delete with more than \"done\"")),
            Err(error) if error.is_not_found() => Ok(Outcome::unchanged()),
            Err(error) => Err(error),
        }
    }
}

impl Acme {
    fn people(&self) -> String {
        format!("{}/people", self.url.trim_end_matches('/'))
    }

    fn person(&self, wanted: &ObjectRef) -> String {
        format!("{}/{}", self.people(), encode(&wanted.uid))
    }

    fn patch(
        &self,
        context: &OperationContext,
        wanted: &ObjectRef,
        body: &Json,
    ) -> Result<Outcome, Error> {
        committing(context)?;
        let ask = Request::patch(self.person(wanted)).authorization("default")?.json(body)?;
        Ok(Outcome::applied().with_account(account(ask.send()?.ok()?.json()?)))
    }

    /// Already so is `unchanged`; a success code alone is not believed.
    fn block(
        &self,
        context: &OperationContext,
        wanted: &ObjectRef,
        blocked: bool,
    ) -> Result<Outcome, Error> {
        let state = if blocked { AccountState::Disabled } else { AccountState::Active };
        let present = self.get(wanted, &Projection::Default)?;
        if present.state == state {
            return Ok(Outcome::unchanged().with_account(present));
        }
        let outcome = self.patch(context, wanted, &json!({ "blocked": blocked }))?;
        if outcome.account.as_ref().is_some_and(|after| after.state == state) {
            return Ok(outcome);
        }
        Err(Error::outcome_unknown("Acme took the change and does not show it"))
    }
}

fn committing(context: &OperationContext) -> Result<(), Error> {
    match context.mode {
        WriteMode::Commit => Ok(()),
        WriteMode::ValidateOnly => Err(Error::unsupported("validating without writing")),
    }
}

fn account(person: Person) -> Account {
    let state = if person.blocked { AccountState::Disabled } else { AccountState::Active };
    Account {
        anchor: person.key,
        state,
        attributes: vec![Attribute::many("mail", person.mail.map(Value::Text))],
        ..Account::new(ObjectRef::new(USER, person.id), person.login)
    }
}

lanyard_sdk::export!(Acme: meta, directory, provisioning);

#[cfg(test)]
mod tests {
    use lanyard_sdk::{
        config,
        testing::{Host, Reply, context, create, page},
    };

    use super::*;

    fn acme(host: Host) -> (Acme, lanyard_sdk::testing::Installed) {
        let host = host.config(&json!({ "url": "https://acme.example" })).install();
        (config::load().unwrap(), host)
    }

    fn ada(blocked: bool) -> Json {
        json!({ "id": "7", "login": "ada", "key": "e1", "mail": null, "blocked": blocked })
    }

    #[test]
    fn a_short_page_is_the_last() {
        let (acme, _host) =
            acme(Host::new().reply("GET", "/people?limit=2", Reply::json(200, &[ada(false)])));
        let people = acme.list(USER, &page(None, 2)).unwrap();
        assert_eq!((people.accounts.len(), people.next), (1, None));
    }

    #[test]
    fn a_retried_create_makes_no_second_account() {
        let (acme, host) =
            acme(Host::new().reply("GET", "/people?key=e1", Reply::json(200, &[ada(false)])));
        let outcome = acme.create(&context(2), &create(USER, "ada", "e1")).unwrap();
        assert_eq!(outcome.status, Status::Unchanged);
        assert_eq!(host.transcript(), "GET https://acme.example/people?key=e1");
    }

    #[test]
    fn a_page_of_html_deletes_nobody() {
        let page = Reply::raw(200, "<html>sign in</html>");
        let (acme, _host) = acme(Host::new().reply("DELETE", "/people/7", page));
        let error =
            acme.delete(&context(1), &ObjectRef::new(USER, "7"), DeleteMode::Purge).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::OutcomeUnknown(_)));
    }

    #[test]
    fn a_disable_is_believed_only_when_it_shows() {
        let host = Host::new().reply("GET", "/people/7", Reply::json(200, &ada(false))).reply(
            "PATCH",
            "/people/7",
            Reply::json(200, &ada(false)),
        );
        let (acme, _host) = acme(host);
        let error = acme.disable(&context(1), &ObjectRef::new(USER, "7")).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::OutcomeUnknown(_)));
    }
}
