//! wasi:http through the choke point, over a client with pooled connections.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::{
    egress::{self, ConnectError, Target},
    permitted::{Permitted, Purpose},
    script::{Outlet, Times},
    secrets::Placeholders,
    state::Denials,
};
use crate::config::permissions::AddressRange;

/// Bytes of one answer's body; a page of accounts is far below.
const MAX_RESPONSE_BODY: usize = 32 << 20;

/// How long an unused connection is kept.  Shorter than what servers
/// commonly allow, so that few requests meet a connection about to close.
const IDLE: Duration = Duration::from_secs(10);

/// The client of one connector: connections are never shared with another.
pub(super) type PooledClient = Client<Connector, WasiBody>;

pub(super) fn client(
    permitted: Vec<AddressRange>,
    tls: Arc<ClientConfig>,
    connections: u32,
) -> PooledClient {
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(usize::try_from(connections).unwrap_or(usize::MAX))
        .pool_timer(TokioTimer::new())
        .build(Connector { permitted: permitted.into(), tls })
}

/// Resolves, judges, connects, and does TLS.
#[derive(Clone)]
pub(super) struct Connector {
    permitted: Arc<[AddressRange]>,
    tls: Arc<ClientConfig>,
}

impl tower_service::Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { permitted, tls } = self.clone();
        Box::pin(async move {
            let target = Target::of(&http::Method::GET, &uri)
                .ok_or_else(|| ConnectError::Name(uri.host().unwrap_or_default().to_owned()))?;
            let stream = egress::connect(&target.host, target.port, &permitted).await?;
            match target.scheme {
                crate::config::permissions::Scheme::Http => Ok(Stream::Plain(TokioIo::new(stream))),
                crate::config::permissions::Scheme::Https => {
                    let stream = super::tls::handshake(&tls, &target.host, stream).await?;
                    Ok(Stream::Tls(Box::new(TokioIo::new(stream))))
                }
            }
        })
    }
}

pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

/// What wasi:http asks for one call.
pub(super) struct Gate {
    pub(super) permitted: Arc<Permitted>,
    pub(super) purpose: Purpose,
    pub(super) placeholders: Arc<Placeholders>,
    pub(super) outlet: Outlet,
    pub(super) deadline: Instant,
    pub(super) denials: Denials,
}

type Sent = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Gate {
    /// The client writes `Host` itself, from the origin that was permitted.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let prepared = self.prepare(request);
        let (outlet, purpose) = (self.outlet.clone(), self.purpose);
        let denials = self.denials.clone();
        let deadline = self.deadline;
        let asked = Instant::now();
        let left = deadline.saturating_duration_since(asked);
        let first_byte = options
            .and_then(|options| options.first_byte_timeout)
            .map_or(left, |asked| asked.min(left));
        let times = Times { asked, first_byte, deadline };
        Box::new(async move {
            let response = outlet.request(prepared?, purpose, times, &denials).await?;
            let finished: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response, finished))
        })
    }
}

impl Gate {
    /// Judges the request and, last of all, swaps placeholders.
    fn prepare(&self, mut request: Request<WasiBody>) -> Result<Request<WasiBody>, Error> {
        let target =
            Target::of(request.method(), request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        if let Err(refusal) = self.permitted.request(&target, self.purpose) {
            let refusal = self.denials.shown(&refusal);
            tracing::warn!(connector = %self.permitted.config.name, "{refusal}");
            self.denials.note(refusal);
            return Err(Error::HttpRequestDenied);
        }
        // Some services let these turn a GET into a write.
        if self.purpose == Purpose::Read {
            for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
                if request.headers_mut().remove(name).is_some() {
                    self.denials.note(format!("the header `{name}` is refused while planning"));
                    return Err(Error::HttpRequestDenied);
                }
            }
        }
        if !self.denials.is_silent() {
            tracing::debug!(
                connector = %self.permitted.config.name,
                method = %target.method,
                origin = %target.origin(),
                "request"
            );
        }
        for value in request.headers_mut().values_mut() {
            let swapped = value.to_str().ok().and_then(|text| self.placeholders.swap(text));
            if let Some(text) = swapped {
                // A secret with control characters cannot be in a header.
                let mut secret = HeaderValue::from_str(&text)
                    .map_err(|_not_a_header| Error::ConfigurationError)?;
                secret.set_sensitive(true);
                *value = secret;
            }
        }
        Ok(request)
    }
}

pub(super) async fn send(
    client: &PooledClient,
    request: Request<WasiBody>,
    first_byte: Duration,
    denials: &Denials,
) -> Result<Response<WasiBody>, Error> {
    let response = tokio::time::timeout(first_byte, client.request(request))
        .await
        .map_err(|_elapsed| Error::ConnectionReadTimeout)?
        .map_err(|error| not_answered(&error, denials))?;
    Ok(response.map(bounded))
}

/// The guest learns whether the request certainly stayed here, the operator
/// which address was refused.
fn not_answered(error: &hyper_util::client::legacy::Error, denials: &Denials) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(connect) = current.downcast_ref::<ConnectError>() {
            tracing::debug!(error = %connect, "not connected");
            if let ConnectError::Address { .. } = connect {
                denials.note(format!("{connect}; permit their range with `addresses`"));
            }
            return match connect {
                ConnectError::Name(_) => Error::DnsError { rcode: None, info_code: None },
                ConnectError::Address { .. } => Error::DestinationIpProhibited,
                ConnectError::Refused { .. } => Error::ConnectionRefused,
                ConnectError::Timeout { .. } => Error::ConnectionTimeout,
                ConnectError::Tls { .. } => Error::TlsCertificateError,
            };
        }
        cause = current.source();
    }
    if error.is_connect() { Error::ConnectionRefused } else { Error::ConnectionTerminated }
}

/// The body, cut with an error once it is too long.
fn bounded(body: hyper::body::Incoming) -> WasiBody {
    Limited::new(body, MAX_RESPONSE_BODY)
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                Error::HttpResponseBodySize(u64::try_from(MAX_RESPONSE_BODY).ok())
            } else {
                tracing::debug!(%error, "body broke off");
                Error::HttpResponseIncomplete
            }
        })
        .boxed_unsync()
}
