//! What the application answers: a status, headers and a JSON body.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

/// An answer before it is put on the wire.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/scim+json",
            body: Bytes::from(body.to_string()),
        }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self { body: Bytes::new(), ..Self::json(status, &Value::Null) }
    }

    pub(super) fn html(status: StatusCode, text: &str) -> Self {
        let body = format!("<!doctype html><html><body><h1>{text}</h1></body></html>");
        Self {
            content_type: "text/html; charset=utf-8",
            body: Bytes::from(body),
            ..Self::empty(status)
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// A refusal, in SCIM's own form.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    scim_type: Option<&'static str>,
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A 400 with SCIM's word for what is wrong.
    pub(super) fn bad(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, scim_type: Some(scim_type), detail: detail.into() }
    }

    pub(super) fn taken(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, scim_type: Some("uniqueness"), detail: detail.into() }
    }

    pub(super) fn missing(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("resource `{id}` not found"))
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let Problem { status, scim_type, detail } = problem;
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.as_str(),
            "detail": detail,
        });
        if let (Some(scim_type), Some(object)) = (scim_type, body.as_object_mut()) {
            object.insert("scimType".into(), scim_type.into());
        }
        Self::json(status, &body)
    }
}
