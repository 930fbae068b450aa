//! HTTP with JSON, through the host.
//!
//! Nothing is followed or retried: a redirect is an answer like any other,
//! and the host decides what to try again.

mod budget;
mod response;

use std::fmt;

use serde::Serialize;

use crate::{host, secrets, types::Error};

pub use budget::Budget;
pub use response::Response;

/// Largest answer read unless [`Request::limit_body`] says otherwise.
pub const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A request being made.
///
/// Methods other than GET and HEAD count as writes, whose broken answers mean
/// `outcome-unknown`; [`Request::reading`] marks a search by POST.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    writes: bool,
    limit: usize,
}

#[cfg_attr(
    not(target_family = "wasm"),
    expect(dead_code, reason = "the scripted double only asks whether there are such parts")
)]
pub(crate) struct Target<'a> {
    pub(crate) secure: bool,
    pub(crate) authority: &'a str,
    pub(crate) path: String,
}

impl Request {
    fn new(method: &'static str, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            writes: !matches!(method, "GET" | "HEAD"),
            limit: BODY_LIMIT,
        }
    }

    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// This request changes nothing although its method says it might.
    #[must_use]
    pub fn reading(mut self) -> Self {
        self.writes = false;
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Adds `name=value` to the query, both percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.push(if self.url.contains('?') { '&' } else { '?' });
        self.url.push_str(&encode(name));
        self.url.push('=');
        self.url.push_str(&encode(value));
        self
    }

    /// `Authorization` by the operator's scheme of that name.
    pub fn authorization(self, name: &str) -> Result<Self, Error> {
        let value = secrets::authorization(name)?;
        Ok(self.header("authorization", value))
    }

    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Result<Self, Error> {
        self.json_as("application/json", body)
    }

    /// JSON under another media type, such as `application/scim+json`.
    pub fn json_as<T: Serialize + ?Sized>(self, media_type: &str, body: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| Error::invalid_value("body", error.to_string()))?;
        Ok(self.body(media_type, bytes))
    }

    #[must_use]
    pub fn body(mut self, media_type: &str, bytes: Vec<u8>) -> Self {
        self.body = bytes;
        let length = self.body.len().to_string();
        self.header("content-type", media_type).header("content-length", length)
    }

    /// Largest answer to read, in bytes.
    #[must_use]
    pub fn limit_body(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Sends and reads the whole answer, whatever its status.
    pub fn send(self) -> Result<Response, SendError> {
        let response = host::send(&self)?;
        budget::observe(&response);
        Ok(response)
    }

    pub fn method(&self) -> &str {
        self.method
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn writes(&self) -> bool {
        self.writes
    }

    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "the scripted double keeps no limit")
    )]
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The parts of the URL, or why it is none.
    pub(crate) fn target(&self) -> Result<Target<'_>, String> {
        let bad = || format!("`{}` is not an http or https URL", self.shown_url());
        let (scheme, rest) = self.url.split_once("://").ok_or_else(bad)?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(bad()),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() || authority.contains('@') {
            return Err(bad());
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Target { secure, authority, path })
    }

    /// Without the query, which may hold personal data.
    fn shown_url(&self) -> &str {
        self.url.split('?').next().unwrap_or(&self.url)
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986), for one
/// path segment or one query value.
///
/// ```
/// assert_eq!(lanyard_sdk::http::encode("a/b ü"), "a%2Fb%20%C3%BC");
/// ```
pub fn encode(text: &str) -> String {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or('0');
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

/// How far a request came that got no whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Certainly not sent: no connection, no address, not a valid request.
    NotSent(String),
    /// The operator's permissions stop it.
    Denied(String),
    /// Sent, perhaps; no whole answer came.
    Unknown(String),
}

/// A request without a whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    pub failure: Failure,
    pub writes: bool,
    /// Method and URL without its query.
    pub request: String,
}

impl SendError {
    pub(crate) fn of(request: &Request, failure: Failure) -> Self {
        let request_line = format!("{} {}", request.method, request.shown_url());
        Self { failure, writes: request.writes, request: request_line }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.request;
        match &self.failure {
            Failure::NotSent(why) => write!(f, "{request} was not sent: {why}"),
            Failure::Denied(why) => write!(f, "{request} is not permitted: {why}"),
            Failure::Unknown(why) => write!(f, "{request} got no whole answer: {why}"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        let message = error.to_string();
        match error.failure {
            Failure::NotSent(_) => Self::unavailable(message),
            Failure::Denied(_) => Self::misconfigured(message),
            Failure::Unknown(_) => Self::broken_answer(error.writes, message),
        }
    }
}
