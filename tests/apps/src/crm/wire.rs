//! Answers and addresses as they are on the wire.

use std::{collections::BTreeMap, convert::Infallible, io};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{StatusCode, body::Frame, header};

use super::answer::Answer;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

fn head(answer: &Answer) -> hyper::http::response::Builder {
    let mut builder = hyper::Response::builder().status(answer.status);
    if !answer.body.is_empty() {
        builder = builder
            .header(header::CONTENT_TYPE, answer.content_type)
            .header(header::CONTENT_LENGTH, answer.body.len());
    }
    for (name, value) in &answer.headers {
        builder = builder.header(*name, value);
    }
    builder
}

pub(super) fn whole(answer: Answer) -> hyper::Response<Body> {
    let head = head(&answer);
    finish(head, Full::new(answer.body).map_err(never).boxed_unsync())
}

/// Announces the whole answer and breaks off in the middle of it.
pub(super) fn half(answer: &Answer) -> hyper::Response<Body> {
    let head = head(answer);
    let part = answer.body.slice(..answer.body.len() / 2);
    let frames: [Result<Frame<Bytes>, io::Error>; 2] =
        [Ok(Frame::data(part)), Err(io::ErrorKind::BrokenPipe.into())];
    finish(head, StreamBody::new(stream::iter(frames)).boxed_unsync())
}

fn finish(head: hyper::http::response::Builder, body: Body) -> hyper::Response<Body> {
    head.body(body).unwrap_or_else(|_| {
        let mut response = hyper::Response::new(Full::default().map_err(never).boxed_unsync());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

fn never(error: Infallible) -> io::Error {
    match error {}
}

pub(super) fn query(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(&value.replace('+', " "))))
        .collect()
}

/// Undoes percent encoding; what is no encoding stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = code {
            bytes.push(high * 16 + low);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
