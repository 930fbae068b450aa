//! Which request does what.

use std::collections::BTreeMap;

use hyper::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem},
    filter::Filter,
    model::{self, Kind, Model, Resource},
    schemas,
};

/// A request that was read to its end.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Without the query.
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) if_match: Option<String>,
    pub(super) body: Value,
}

impl Request {
    pub(super) fn writes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD)
    }

    fn object(&self) -> Result<&Resource, Problem> {
        self.body
            .as_object()
            .ok_or_else(|| Problem::bad("invalidSyntax", "the body is not a JSON object"))
    }
}

/// Answers a SCIM request, changing the model when it is accepted.
pub(super) fn answer(
    model: &mut Model,
    request: &Request,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let mut parts = request.path.trim_matches('/').split('/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    if parts.next().is_some() {
        return Err(Problem::missing(&request.path));
    }
    match (first, second) {
        ("ServiceProviderConfig", None) => Ok(ok(&schemas::service_provider_config())),
        ("ResourceTypes", None) => Ok(ok(&list(&schemas::resource_types()))),
        ("Schemas", None) => Ok(ok(&list(&schemas::schemas()))),
        ("ResourceTypes", Some(id)) => one_of(schemas::resource_types(), id),
        ("Schemas", Some(id)) => one_of(schemas::schemas(), id),
        ("Users", None) => collection(model, Kind::User, request, now),
        ("Groups", None) => collection(model, Kind::Group, request, now),
        ("Users", Some(id)) => resource(model, Kind::User, id, request, now),
        ("Groups", Some(id)) => resource(model, Kind::Group, id, request, now),
        _ => Err(Problem::missing(&request.path)),
    }
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body)
}

fn one_of(all: Vec<Value>, id: &str) -> Result<Answer, Problem> {
    let found = all.into_iter().find(|value| value.get("id").and_then(Value::as_str) == Some(id));
    Ok(ok(&found.ok_or_else(|| Problem::missing(id))?))
}

fn list(resources: &[Value]) -> Value {
    let count = resources.len();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": count, "startIndex": 1, "itemsPerPage": count, "Resources": resources,
    })
}

fn collection(
    model: &mut Model,
    kind: Kind,
    request: &Request,
    now: Timestamp,
) -> Result<Answer, Problem> {
    match request.method {
        Method::GET => {
            let filter = request.query.get("filter").map(|text| Filter::parse(text)).transpose()?;
            let all = model.all(kind, filter.as_ref());
            Ok(ok(&page(all, &request.query)?))
        }
        Method::POST => {
            let made = model.create(kind, request.object()?, now)?;
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            let location = format!("{}/{id}", kind.path());
            let answer = Answer::json(StatusCode::CREATED, &Value::Object(made.clone()));
            Ok(answer.with("location", location).with("etag", model::entity_tag(&made)))
        }
        _ => Err(not_allowed(request)),
    }
}

/// One page, by index or by cursor, whichever was asked for.
fn page(all: Vec<Resource>, query: &BTreeMap<String, String>) -> Result<Value, Problem> {
    let number = |name: &str, default: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<i64>()
            .map(|number| usize::try_from(number).unwrap_or(0))
            .map_err(|_| Problem::bad("invalidValue", format!("`{name}` is not a number"))),
    };
    let count = number("count", schemas::PAGE_MAX)?.min(schemas::PAGE_MAX);
    let total = all.len();
    let cursor = query.get("cursor");
    let start = match cursor.map(String::as_str) {
        None => number("startIndex", 1)?.max(1) - 1,
        Some("") => 0,
        Some(cursor) => cursor
            .strip_prefix("after-")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Problem::bad("invalidCursor", format!("no cursor `{cursor}`")))?,
    };
    let resources: Vec<Value> =
        all.into_iter().skip(start).take(count).map(|resource| cut(resource, query)).collect();
    let end = start + resources.len();
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "itemsPerPage": resources.len(),
    });
    if let Some(object) = body.as_object_mut() {
        if cursor.is_none() {
            object.insert("startIndex".into(), (start + 1).into());
        } else if end < total && !resources.is_empty() {
            object.insert("nextCursor".into(), format!("after-{end}").into());
        }
        object.insert("Resources".into(), resources.into());
    }
    Ok(body)
}

/// Leaves out what `attributes` and `excludedAttributes` say, by whole
/// attributes.
fn cut(mut resource: Resource, query: &BTreeMap<String, String>) -> Value {
    const ALWAYS: [&str; 3] = ["schemas", "id", "meta"];
    let named = |list: &str, key: &str| {
        list.split(',').map(str::trim).any(|name| {
            let whole = if name.starts_with("urn:") {
                name
            } else {
                name.split('.').next().unwrap_or(name)
            };
            whole.eq_ignore_ascii_case(key)
        })
    };
    if let Some(wanted) = query.get("attributes") {
        resource.retain(|key, _| ALWAYS.contains(&key.as_str()) || named(wanted, key));
    }
    if let Some(unwanted) = query.get("excludedAttributes") {
        resource.retain(|key, _| ALWAYS.contains(&key.as_str()) || !named(unwanted, key));
    }
    Value::Object(resource)
}

fn resource(
    model: &mut Model,
    kind: Kind,
    id: &str,
    request: &Request,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let found = model.get(kind, id)?;
    if request.writes() {
        model::check_version(&found, request.if_match.as_deref())?;
    }
    let resource = match request.method {
        Method::GET => found,
        Method::PUT => model.replace(kind, id, request.object()?, now)?,
        Method::PATCH => model.patch(kind, id, request.object()?, now)?,
        Method::DELETE => {
            model.delete(kind, id, now)?;
            return Ok(Answer::empty(StatusCode::NO_CONTENT));
        }
        _ => return Err(not_allowed(request)),
    };
    let tag = model::entity_tag(&resource);
    let body = cut(resource, &request.query);
    Ok(Answer::json(StatusCode::OK, &body).with("etag", tag))
}

fn not_allowed(request: &Request) -> Problem {
    let text = format!("`{}` is not possible at `{}`", request.method, request.path);
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, text)
}
