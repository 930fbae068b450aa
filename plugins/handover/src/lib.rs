//! A step to use and to copy: whoever reports to one person at a SCIM 2.0
//! service reports to another from then on.
//!
//! `with = { from = "{{ accounts.crm }}", to = "{{ manager.mail }}" }`: a
//! user name or a mail address there.

use lanyard_sdk::{http::Request, http::encode, prelude::*};
use serde::Deserialize;
use serde_json::{Value as Json, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const MEDIA_TYPE: &str = "application/scim+json";
const PAGE: usize = 100;
/// A service that is larger would be read for longer than a call may take.
const MOST_PAGES: usize = 1_000;

/// The operator's `config` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    url: String,
}

/// What the step says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    from: String,
    to: String,
}

/// A user of the service.
struct User {
    id: String,
    name: String,
    active: bool,
    mails: Vec<String>,
    manager: Option<String>,
}

/// Who reports to whom, and to whom they will.
struct Handing {
    to: User,
    reports: Vec<User>,
}

impl Connector for Handover {
    fn describe() -> Description {
        Description::new("dev.lanyard.handover", env!("CARGO_PKG_VERSION"), "SCIM handover")
            .config_schema(
                r#"{ "type": "object", "required": ["url"], "additionalProperties": false,
                     "properties": { "url": { "type": "string", "format": "uri" } } }"#,
            )
            .request("{config.url}", &["GET", "PATCH"], "/", "users")
            .authorization("default", &[AuthorizationScheme::Bearer], "signs requests in")
    }
}

impl Step for Handover {
    fn plan(&self, request: &StepRequest) -> Result<Vec<String>, Error> {
        let with: With = request.with()?;
        let Some(Handing { to, reports }) = self.handing(&with)? else {
            return Ok(vec![format!("nobody there is `{}`: nothing to do", with.from)]);
        };
        if reports.is_empty() {
            return Ok(vec![format!("nobody reports to `{}`", with.from)]);
        }
        Ok(reports.iter().map(|it| format!("{} will report to {}", it.name, to.name)).collect())
    }

    fn run(&self, context: &OperationContext, request: &StepRequest) -> Result<Outcome, Error> {
        let Some(Handing { to, reports }) = self.handing(&request.with()?)? else {
            return Ok(Outcome::unchanged());
        };
        if reports.is_empty() {
            return Ok(Outcome::unchanged());
        }
        let mut outcome = Outcome::applied();
        for user in reports {
            // Who was moved is not looked at again; who was not is told.
            match self.move_to(context, &user, &to) {
                Ok(()) => {}
                Err(error) if matches!(error.kind, ErrorKind::OutcomeUnknown(_)) => {
                    return Err(error);
                }
                Err(error) => outcome = outcome.with_failed(user.id, error),
            }
        }
        Ok(outcome)
    }
}

impl Handover {
    fn users(&self) -> String {
        format!("{}/Users", self.url.trim_end_matches('/'))
    }

    /// None: the one who hands over has no account there.
    fn handing(&self, with: &With) -> Result<Option<Handing>, Error> {
        let mut users = self.all()?;
        let Some(from) = only(&mut users, &with.from)? else { return Ok(None) };
        let Some(to) = only(&mut users, &with.to)? else {
            return Err(Error::not_found(format!("nobody else there is `{}`", with.to)));
        };
        if !to.active {
            let why = format!("the account `{}` is disabled", to.name);
            return Err(Error::new(ErrorKind::InvalidValue(Vec::new()), why));
        }
        users.retain(|user| user.manager.as_deref() == Some(from.id.as_str()));
        Ok(Some(Handing { to, reports: users }))
    }

    fn all(&self) -> Result<Vec<User>, Error> {
        let mut users = Vec::new();
        for _ in 0..MOST_PAGES {
            let start = users.len() + 1;
            let page: Json = Request::get(self.users())
                .query("startIndex", &start.to_string())
                .query("count", &PAGE.to_string())
                .authorization("default")?
                .send()?
                .ok()?
                .json()?;
            let found = page.get("Resources").and_then(Json::as_array).cloned().unwrap_or_default();
            let total = page.get("totalResults").and_then(Json::as_u64).unwrap_or(0);
            let none = found.is_empty();
            for user in &found {
                users.push(read(user)?);
            }
            let all = u64::try_from(users.len()).is_ok_and(|read| read >= total);
            match (all, none) {
                (true, _) => return Ok(users),
                // Whoever is missing might report to somebody who goes.
                (false, true) => break,
                (false, false) => {}
            }
        }
        Err(Error::unavailable("the users could not be read to their end"))
    }

    fn move_to(&self, context: &OperationContext, user: &User, to: &User) -> Result<(), Error> {
        let path = format!("{ENTERPRISE}:manager");
        let body = json!({
            "schemas": [PATCH],
            "Operations": [{ "op": "replace", "path": path, "value": { "value": to.id } }],
        });
        Request::patch(format!("{}/{}", self.users(), encode(&user.id)))
            .header("x-request-id", context.trace_id.clone())
            .authorization("default")?
            .json_as(MEDIA_TYPE, &body)?
            .send()?
            .ok()?;
        Ok(())
    }
}

/// Takes out the only user of that name or mail address; several are nobody.
fn only(users: &mut Vec<User>, wanted: &str) -> Result<Option<User>, Error> {
    let is = |user: &User| {
        let mut names = user.mails.iter().chain([&user.name]);
        !wanted.is_empty() && names.any(|name| name.to_lowercase() == wanted.to_lowercase())
    };
    let mut places = users.iter().enumerate().filter(|(_, user)| is(user)).map(|(place, _)| place);
    match (places.next(), places.next()) {
        (None, _) => Ok(None),
        (Some(place), None) => Ok(Some(users.swap_remove(place))),
        (Some(_), Some(_)) => {
            Err(Error::ambiguous(Vec::new(), format!("several users there are `{wanted}`")))
        }
    }
}

fn read(user: &Json) -> Result<User, Error> {
    let text = |json: &Json, name: &str| json.get(name)?.as_str().map(str::to_owned);
    let (Some(id), Some(name)) = (text(user, "id"), text(user, "userName")) else {
        return Err(Error::broken_answer(false, "a user has no `id` or no `userName`"));
    };
    let mails = user.get("emails").and_then(Json::as_array).into_iter().flatten();
    let manager = user.get(ENTERPRISE).and_then(|it| it.get("manager"));
    Ok(User {
        id,
        name,
        active: user.get("active").and_then(Json::as_bool).unwrap_or(true),
        mails: mails.filter_map(|mail| text(mail, "value")).collect(),
        manager: manager.and_then(|manager| text(manager, "value")),
    })
}

lanyard_sdk::export!(Handover: meta, step);

#[cfg(test)]
mod tests;
