//! A system that exists only as a script: what a connector sends, after
//! every permission was asked, goes here instead of to the network.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::stream;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wasmtime_wasi_http::{Error, WasiBody};

use super::{
    egress::ConnectError,
    http::{PooledClient, send},
    permitted::Purpose,
    state::Denials,
};

/// Bytes of a request's body that a script looks at.
const MAX_REQUEST_BODY: usize = 1 << 20;

/// Answers what a connector sends, and hears what it says.
pub trait ScriptedSystem: Send + Sync {
    /// Answers one permitted request; secrets are in it in plain text.
    fn answer(&self, request: &ScriptedRequest) -> ScriptedAnswer;
    /// Answers the opening of one permitted stream.
    fn open(&self, stream: &str) -> ScriptedPeer;
    /// Told of every log line, of every refusal, of what was printed.
    fn hear(&self, heard: Heard<'_>);
}

/// A request as the network would have got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptedRequest {
    pub method: String,
    pub uri: http::Uri,
    pub authorization: Option<String>,
    pub body: Vec<u8>,
    /// Sent during a call that may change nothing.
    pub reading: bool,
    /// When the connector asked for it; it may arrive when its call is over.
    pub asked: Instant,
}

/// When the connector asked, how long an answer may take to begin, and when
/// the call is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) asked: Instant,
    pub(super) first_byte: Duration,
    pub(super) deadline: Instant,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptedAnswer {
    /// Nobody listens: certainly not sent.
    Refused,
    /// The request arrived and the connection broke.
    Reset,
    /// The request arrived and nothing ever comes back.
    Silence,
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
        /// False: the connection breaks after these bytes.
        whole: bool,
    },
}

/// Who is at the other end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptedPeer {
    /// Nobody listens.
    Refused,
    /// It refuses the sign-in that the host does.
    SignInRefused,
    /// It says these bytes, whatever it is sent, then hangs up.
    Says(&'static [u8]),
    /// It takes everything and never says anything.
    Silence,
}

/// Something a connector let out of the sandbox beside its answer.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'a> {
    /// Logged or printed.
    Said(&'a str),
    /// The host refused it a request, stream or secret, with this reason.
    Refused(&'a str),
}

/// Where the requests and streams of a connector go.
#[derive(Clone)]
pub(super) enum Outlet {
    Network(PooledClient),
    Scripted(Arc<dyn ScriptedSystem>),
}

impl Outlet {
    pub(super) fn script(&self) -> Option<&dyn ScriptedSystem> {
        match self {
            Self::Network(_) => None,
            Self::Scripted(system) => Some(system.as_ref()),
        }
    }

    /// Tells the script; the network hears nothing.
    pub(super) fn tell(&self, heard: Heard<'_>) {
        if let Some(system) = self.script() {
            system.hear(heard);
        }
    }

    /// Sends a request that was judged.
    pub(super) async fn request(
        &self,
        request: Request<WasiBody>,
        purpose: Purpose,
        times: Times,
        denials: &Denials,
    ) -> Result<Response<WasiBody>, Error> {
        match self {
            Self::Network(client) => send(client, request, times.first_byte, denials).await,
            Self::Scripted(system) => {
                let answered = perform(system.as_ref(), request, purpose, times);
                tokio::time::timeout(times.first_byte, answered)
                    .await
                    .unwrap_or(Err(Error::ConnectionReadTimeout))
            }
        }
    }
}

async fn perform(
    system: &dyn ScriptedSystem,
    request: Request<WasiBody>,
    purpose: Purpose,
    times: Times,
) -> Result<Response<WasiBody>, Error> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_REQUEST_BODY)
        .collect()
        .await
        .map_err(|_broken_or_long| Error::HttpRequestBodySize(None))?;
    let authorization = head.headers.get(http::header::AUTHORIZATION);
    let request = ScriptedRequest {
        method: head.method.as_str().to_owned(),
        authorization: authorization.and_then(|value| value.to_str().ok()).map(str::to_owned),
        uri: head.uri,
        body: body.to_bytes().to_vec(),
        reading: purpose == Purpose::Read,
        asked: times.asked,
    };
    // A call that was cut off sends nothing more, however late its task is.
    if Instant::now() >= times.deadline {
        return Err(Error::ConnectionReadTimeout);
    }
    match system.answer(&request) {
        ScriptedAnswer::Refused => Err(Error::ConnectionRefused),
        ScriptedAnswer::Reset => Err(Error::ConnectionTerminated),
        ScriptedAnswer::Silence => std::future::pending().await,
        ScriptedAnswer::Answer { status, headers, body, whole } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(script_body(body, whole)).map_err(|_not_http| Error::HttpProtocolError)
        }
    }
}

fn script_body(text: String, whole: bool) -> WasiBody {
    let bytes = Bytes::from(text);
    if whole {
        return Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    }
    let frames = [Ok(Frame::data(bytes)), Err(Error::HttpResponseIncomplete)];
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// One end of a stream whose other end is a script.
pub(super) struct ScriptedStream {
    says: &'static [u8],
    hangs_up: bool,
}

impl ScriptedStream {
    /// # Errors
    /// When nobody listens, or the sign-in is refused.
    pub(super) fn open(peer: ScriptedPeer, host: &str) -> Result<Self, super::stream::StreamError> {
        match peer {
            ScriptedPeer::Refused => Err(ConnectError::Refused {
                host: host.to_owned(),
                port: 0,
                source: std::io::Error::from(std::io::ErrorKind::ConnectionRefused),
            }
            .into()),
            ScriptedPeer::SignInRefused => Err(super::stream::StreamError::SignInRefused(
                "the script knows no such name".to_owned(),
            )),
            ScriptedPeer::Says(says) => Ok(Self { says, hangs_up: true }),
            ScriptedPeer::Silence => Ok(Self { says: b"", hangs_up: false }),
        }
    }
}

impl AsyncRead for ScriptedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let (now, later) = self.says.split_at(self.says.len().min(buffer.remaining()));
        if now.is_empty() && !self.hangs_up {
            // Nobody wakes it: the wall time of the call ends it.
            return Poll::Pending;
        }
        buffer.put_slice(now);
        self.says = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ScriptedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
