//! HTTP over wasi:http.

use crate::{
    bindings::host::wasi::{
        http::{
            outgoing_handler,
            types::{
                ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody,
                OutgoingRequest, Scheme,
            },
        },
        io::streams::StreamError,
    },
    http::{Failure, Request, Response, SendError},
};

/// What the stream of wasi:io takes at once.
const CHUNK: usize = 4096;

pub(crate) fn send(request: &Request) -> Result<Response, SendError> {
    let failed = |failure| SendError::of(request, failure);
    let not_sent = |why: &str| failed(Failure::NotSent(why.to_owned()));
    let outgoing = outgoing(request)?;
    // A body that is taken but stays empty would be sent as one of unknown
    // length, which servers do not expect of a GET.
    let body = if request.body_bytes().is_empty() {
        None
    } else {
        Some(outgoing.body().map_err(|()| not_sent("the request has no body to write to"))?)
    };
    let answer =
        outgoing_handler::handle(outgoing, None).map_err(|code| failed(classify(&code)))?;
    let finished = body.map_or(Ok(()), |body| send_body(body, request.body_bytes()));
    answer.subscribe().block();
    let response = match answer.get() {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(code))) => return Err(failed(classify(&code))),
        Some(Err(())) | None => return Err(failed(Failure::Unknown("no answer came".to_owned()))),
    };
    // A system may answer before it has read everything; a broken write then
    // still leaves the outcome open.
    finished.map_err(failed)?;
    let headers = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let status = response.status();
    let body = read_body(&response, request.limit()).map_err(failed)?;
    Ok(Response::new(request, status, headers, body))
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, SendError> {
    let not_sent = |why: String| SendError::of(request, Failure::NotSent(why));
    let target = request.target().map_err(not_sent)?;
    let fields = Fields::new();
    for (name, value) in request.headers() {
        fields
            .append(name, value.as_bytes())
            .map_err(|_| not_sent(format!("the header `{name}` is not allowed")))?;
    }
    let outgoing = OutgoingRequest::new(fields);
    let method = match request.method() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let scheme = if target.secure { Scheme::Https } else { Scheme::Http };
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(target.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&target.path)))
        .map_err(|()| not_sent("the method or URL is not valid".to_owned()))?;
    Ok(outgoing)
}

/// Writes and ends the body, as the protocol needs before it answers.
fn send_body(body: OutgoingBody, bytes: &[u8]) -> Result<(), Failure> {
    write_all(&body, bytes)
        .map_err(|()| Failure::Unknown("the request broke off while it was sent".to_owned()))?;
    OutgoingBody::finish(body, None).map_err(|code| classify(&code))
}

fn write_all(body: &OutgoingBody, bytes: &[u8]) -> Result<(), ()> {
    let stream = body.write()?;
    for chunk in bytes.chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk).map_err(|_| ())?;
    }
    Ok(())
}

fn read_body(response: &IncomingResponse, limit: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |()| Failure::Unknown("the answer has no body to read".to_owned());
    let body: IncomingBody = response.consume().map_err(unreadable)?;
    let stream = body.stream().map_err(unreadable)?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => {
                return Err(Failure::Unknown("the answer broke off".to_owned()));
            }
        }
        if bytes.len() > limit {
            return Err(Failure::Unknown(format!("the answer is larger than {limit} bytes")));
        }
    }
}

fn classify(code: &ErrorCode) -> Failure {
    let words = words(code);
    match code {
        ErrorCode::HttpRequestDenied => Failure::Denied("the host refused it".to_owned()),
        ErrorCode::DestinationIpProhibited => {
            Failure::Denied("the host refused the address it resolves to".to_owned())
        }
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::ConnectionTimeout
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsProtocolError
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::ConfigurationError => Failure::NotSent(words),
        _ => Failure::Unknown(words),
    }
}

/// In words of people; what they seldom meet stays as the contract calls it.
fn words(code: &ErrorCode) -> String {
    match code {
        ErrorCode::ConnectionRefused => "nothing answers there (connection refused)",
        ErrorCode::ConnectionTimeout => "no connection came about in time",
        ErrorCode::ConnectionReadTimeout => "the system did not answer in time",
        ErrorCode::ConnectionTerminated => "the system closed the connection",
        ErrorCode::HttpResponseIncomplete => "the answer broke off",
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) => "the name does not resolve",
        ErrorCode::DestinationIpProhibited => "its address is not permitted",
        ErrorCode::HttpRequestDenied => "the host refused it",
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError => {
            "TLS failed; its certificate is not trusted, or it does not speak TLS"
        }
        other => return format!("{other:?}"),
    }
    .to_owned()
}
