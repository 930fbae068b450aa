//! Reading an answer.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Request;
use crate::{
    time,
    types::{Error, ErrorKind},
};

/// A whole answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    writes: bool,
    request: String,
}

impl Response {
    pub(crate) fn new(
        request: &Request,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let headers = headers.into_iter().map(|(n, v)| (n.to_ascii_lowercase(), v)).collect();
        let request_line = format!("{} {}", request.method(), request.shown_url());
        Self { status, headers, body, writes: request.writes(), request: request_line }
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// First header of that name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The body as JSON.  Anything else is `unavailable` for a read and
    /// `outcome-unknown` for a write; the body itself is never quoted.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if error.is_eof() {
                "JSON that ends too early".to_owned()
            } else if self.looks_like_html() {
                "a page for people (HTML)".to_owned()
            } else if error.is_data() {
                format!("JSON of another shape, near column {}", error.column())
            } else {
                "something that is not JSON".to_owned()
            };
            self.broken(&format!("answered {} with {what}", self.status))
        })
    }

    /// The error of an answer that cannot be right.
    pub fn broken(&self, what: &str) -> Error {
        Error::broken_answer(self.writes, format!("{} {what}", self.request))
            .with_code(self.status.to_string())
    }

    fn looks_like_html(&self) -> bool {
        self.header("content-type").is_some_and(|t| t.contains("html"))
            || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// `Retry-After` in seconds or as a date.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let wait = time::http_date(text)?.seconds.saturating_sub(time::now().seconds);
        Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
    }

    /// The error that a status means to most systems; `None` for a success.
    ///
    /// 5xx leaves a write open, except 503 with `Retry-After`, by which a
    /// system says that it did not begin.
    pub fn error(&self) -> Option<Error> {
        if self.is_success() {
            return None;
        }
        let (status, said) = (self.status, format!("{} answered {}", self.request, self.status));
        let error = match status {
            300..=399 => Error::misconfigured(self.redirect_words(&said)),
            401 => Error::invalid_credentials(said),
            403 => Error::permission_denied(None, said),
            404 | 410 => Error::not_found(said),
            409 => Error::already_exists(None, said),
            412 => Error::conflict(None, said),
            429 => Error::rate_limited(None, said),
            503 if self.retry_after().is_some() => Error::unavailable(said),
            405 | 501 => Error::unsupported(said),
            400..=499 if status != 408 => Error::new(ErrorKind::InvalidValue(Vec::new()), said),
            _ => Error::broken_answer(self.writes, said),
        };
        let error = error.with_code(status.to_string());
        let error = match self.retry_after() {
            Some(after) => error.with_retry_after(after),
            None => error,
        };
        Some(match self.header("x-request-id") {
            Some(id) => error.with_request_id(id),
            None => error,
        })
    }

    /// Itself on success, else [`Response::error`].
    pub fn ok(self) -> Result<Self, Error> {
        match self.error() {
            None => Ok(self),
            Some(error) => Err(error),
        }
    }

    fn redirect_words(&self, said: &str) -> String {
        let host = self.header("location").and_then(|to| to.split_once("://")).and_then(
            |(scheme, rest)| rest.split(['/', '?', '#']).next().map(|h| format!("{scheme}://{h}")),
        );
        match host {
            Some(host) => {
                format!("{said}, a redirect to `{host}`: put the address it leads to into `url`")
            }
            None => format!("{said}, a redirect: put the address it leads to into `url`"),
        }
    }
}
