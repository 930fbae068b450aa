//! Requests to the service and the meaning of its answers.

use lanyard_sdk::{
    http::{Request, Response, encode},
    prelude::*,
};
use serde_json::Value as Json;

use crate::Scim;

const MEDIA_TYPE: &str = "application/scim+json";

/// What a request carries besides its URL.
pub(crate) struct Call<'a> {
    pub(crate) trace_id: &'a str,
    /// Revision the object must still have.
    pub(crate) if_match: Option<&'a str>,
}

impl<'a> Call<'a> {
    pub(crate) fn of(context: &'a OperationContext) -> Self {
        Self { trace_id: &context.trace_id, if_match: context.expect_revision.as_deref() }
    }
}

impl Scim {
    /// URL of a resource; each part is one path segment.
    pub(crate) fn at(&self, parts: &[&str]) -> String {
        let mut url = self.url.trim_end_matches('/').to_owned();
        for part in parts {
            url.push('/');
            url.push_str(&encode(part));
        }
        url
    }

    pub(crate) fn read_at(&self, parts: &[&str]) -> Result<Json, Error> {
        read(Request::get(self.at(parts)))
    }
}

/// A whole JSON object, or the error the answer means.
pub(crate) fn read(request: Request) -> Result<Json, Error> {
    let response = send(request)?;
    if let Some(error) = refused(&response) {
        return Err(error);
    }
    object(&response)
}

/// Sends a write; the answer's resource, when it brought one.
pub(crate) fn write(
    request: Request,
    call: &Call<'_>,
    body: Option<&Json>,
) -> Result<Option<Json>, Error> {
    let mut request = request.header("x-request-id", call.trace_id);
    if let Some(revision) = call.if_match {
        request = request.header("if-match", revision);
    }
    if let Some(body) = body {
        request = request.json_as(MEDIA_TYPE, body)?;
    }
    let response = send(request)?;
    if let Some(error) = refused(&response) {
        return Err(error);
    }
    if response.status == 204 || response.body.is_empty() {
        return Ok(None);
    }
    object(&response).map(Some)
}

fn send(request: Request) -> Result<Response, Error> {
    let request = request.header("accept", "application/scim+json, application/json");
    Ok(request.authorization("default")?.send()?)
}

fn object(response: &Response) -> Result<Json, Error> {
    let json: Json = response.json()?;
    if json.is_object() {
        return Ok(json);
    }
    Err(response.broken("answered with JSON that is no object"))
}

/// The error of an answer, made exact by `scimType`.  What the service says
/// in `detail` may hold personal data and stays out.
fn refused(response: &Response) -> Option<Error> {
    let error = response.error()?;
    let Ok(body) = response.json::<Json>() else { return Some(error) };
    let Some(scim_type) = body.get("scimType").and_then(Json::as_str) else { return Some(error) };
    if !(400..500).contains(&response.status) || !scim_type.chars().all(|c| c.is_ascii_alphabetic())
    {
        return Some(error);
    }
    let said = format!("{} (scimType `{scim_type}`)", error.message);
    let exact = match scim_type {
        "uniqueness" => Error::already_exists(None, said),
        "tooMany" => Error::quota_exceeded(Some("results".to_owned()), said),
        "mutability" | "invalidValue" | "noTarget" | "invalidPath" | "invalidSyntax" => {
            Error::new(ErrorKind::InvalidValue(Vec::new()), said)
        }
        "invalidFilter" => Error::unsupported(said),
        "invalidCursor" | "expiredCursor" => Error::stale_cursor(said),
        "sensitive" => Error::permission_denied(None, said),
        _ => return Some(Error { message: said, ..error }),
    };
    Some(Error {
        native_code: Some(response.status.to_string()),
        native_request_id: error.native_request_id,
        ..exact
    })
}

/// Text of a member, nothing when it is absent or something else.
pub(crate) fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str)
}

/// The id every resource has.
pub(crate) fn id(json: &Json) -> Option<&str> {
    text(json, "id").filter(|id| !id.is_empty())
}

/// Version of the resource (its ETag).
pub(crate) fn revision(json: &Json) -> Option<String> {
    json.get("meta").and_then(|meta| text(meta, "version")).map(str::to_owned)
}

/// Booleans, and the strings some services send instead.
pub(crate) fn truth(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(b) => Some(*b),
        Json::String(s) if s.eq_ignore_ascii_case("true") => Some(true),
        Json::String(s) if s.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
