//! Messages as JSON, by HTTP.  Redirects are not followed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::{
    HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT},
};
use http_body_util::Full;
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use lanyard_core::id::WebhookName;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::{
    Outgoing, Sent, Topic,
    post::{MessengerError, Plain},
};
use crate::config::notify::Webhook;

/// Of name resolution, connecting and TLS together.
const CONNECT: Duration = Duration::from_secs(10);
/// From the request to the first line of the answer.
const ANSWER: Duration = Duration::from_secs(30);

const UNREACHABLE: &str = "the webhook cannot be reached";
const NO_HOOK: &str = "the file names no such webhook any more";

#[derive(Debug)]
pub(super) struct Webhooks {
    hooks: BTreeMap<WebhookName, (Webhook, Option<Plain>)>,
    /// None: no URL asks for it.
    tls: Option<Arc<ClientConfig>>,
}

/// Anything that bytes come from and go to.
trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

impl Webhooks {
    pub(super) fn new(hooks: &BTreeMap<WebhookName, Webhook>) -> Result<Self, MessengerError> {
        let mut read = BTreeMap::new();
        for (name, hook) in hooks {
            let bearer = hook.bearer.as_ref();
            let bearer = bearer.map(|it| Plain::read(name.as_str(), it)).transpose()?;
            read.insert(name.clone(), (hook.clone(), bearer));
        }
        let secure = hooks.values().any(|hook| hook.url.scheme_str() == Some("https"));
        let tls = if secure { Some(client()?) } else { None };
        Ok(Self { hooks: read, tls })
    }

    pub(super) async fn send(&self, name: &WebhookName, message: &Outgoing) -> Sent {
        self.post(name, &message.id, written(message)).await
    }

    /// JSON that is no message.
    pub(super) async fn offer(&self, name: &WebhookName, id: &str, json: Vec<u8>) -> Sent {
        self.post(name, id, Ok(Zeroizing::new(json))).await
    }

    async fn post(&self, name: &WebhookName, id: &str, json: Written) -> Sent {
        let Some((hook, bearer)) = self.hooks.get(name) else {
            return Sent::Not(NO_HOOK.to_owned());
        };
        let request = match json.and_then(|json| request(hook, bearer.as_ref(), (id, json))) {
            Ok(request) => request,
            Err(problem) => return Sent::Not(problem.to_owned()),
        };
        match self.connected(hook).await {
            Ok(line) => exchange(line, request).await,
            Err(problem) => Sent::Not(problem.to_owned()),
        }
    }

    /// As far as TLS, where nothing is said yet.
    pub(super) async fn reach(&self, name: &WebhookName) -> Result<(), String> {
        let Some((hook, _)) = self.hooks.get(name) else { return Err(NO_HOOK.to_owned()) };
        self.connected(hook).await.map(drop).map_err(str::to_owned)
    }

    async fn connected(&self, hook: &Webhook) -> Result<Box<dyn Line>, &'static str> {
        tokio::time::timeout(CONNECT, self.connect(hook)).await.unwrap_or(Err(UNREACHABLE))
    }

    async fn connect(&self, hook: &Webhook) -> Result<Box<dyn Line>, &'static str> {
        let host = hook.url.host().ok_or(UNREACHABLE)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let secure = hook.url.scheme_str() == Some("https");
        let port = hook.url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await.map_err(|_| UNREACHABLE)?;
        let Some(tls) = self.tls.as_ref().filter(|_| secure) else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| UNREACHABLE)?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
        Ok(Box::new(stream.map_err(|_| "TLS with the webhook failed")?))
    }
}

fn client() -> Result<Arc<ClientConfig>, MessengerError> {
    let mut roots = RootCertStore::empty();
    // A system without authorities is one where every handshake fails.
    let (_added, _ignored) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(MessengerError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What a webhook is told.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    identity: String,
    step: String,
    subject: &'a str,
    text: &'a str,
    workflow: String,
}

/// Bytes enough for all of it but what people read.
const ABOUT: usize = 1024;

const UNFIT: &str = "the message cannot be written as a request";

/// What is sent, as JSON.
type Written = Result<Zeroizing<Vec<u8>>, &'static str>;

fn written(message: &Outgoing) -> Written {
    let about = |value: fn(&Topic) -> String| message.about.first().map_or_else(String::new, value);
    let body = Body {
        id: &message.id,
        identity: about(|it| it.identity.to_string()),
        step: about(|it| it.step.to_string()),
        subject: &message.subject,
        text: &message.body,
        workflow: about(|it| it.workflow.to_string()),
    };
    // Whatever it says is wiped when it has been sent; it never grows, which
    // would leave a copy behind.
    let longest = message.subject.len().saturating_add(message.body.len()).saturating_mul(6);
    let mut json = Zeroizing::new(Vec::with_capacity(longest.saturating_add(ABOUT)));
    serde_json::to_writer(&mut *json, &body).map_err(|_| UNFIT)?;
    Ok(json)
}

fn request(
    hook: &Webhook,
    bearer: Option<&Plain>,
    (id, json): (&str, Zeroizing<Vec<u8>>),
) -> Result<Request<Full<Bytes>>, &'static str> {
    let authority = hook.url.authority().ok_or(UNFIT)?.as_str();
    let path = hook.url.path_and_query().map_or("/", |it| it.as_str());
    let mut request = Request::post(path)
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "lanyard")
        .header("idempotency-key", id)
        .body(Full::new(Bytes::from_owner(json)))
        .map_err(|_| UNFIT)?;
    if let Some(token) = bearer {
        let text = format!("Bearer {}", token.0.as_str());
        let mut value = HeaderValue::from_str(&text).map_err(|_| "its secret is no header")?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

async fn exchange(line: Box<dyn Line>, request: Request<Full<Bytes>>) -> Sent {
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(line)).await else {
        return Sent::Not(UNREACHABLE.to_owned());
    };
    let driven = tokio::spawn(connection);
    let answer = tokio::time::timeout(ANSWER, sender.send_request(request)).await;
    driven.abort();
    match answer {
        Ok(Ok(answer)) => judged(answer.status()),
        Ok(Err(_)) | Err(_) => Sent::Unknown("the webhook did not answer".to_owned()),
    }
}

/// What an answer says of whether the message was taken.
fn judged(status: StatusCode) -> Sent {
    if status.is_success() {
        return Sent::Done;
    }
    let code = status.as_u16();
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Sent::Not(format!("the webhook asks for patience ({code})"))
        }
        // Behind a proxy somebody may have taken it.
        it if it.is_server_error() => Sent::Unknown(format!("the webhook failed ({code})")),
        it if it.is_redirection() => {
            Sent::Not(format!("the webhook answers with a redirect ({code})"))
        }
        _ => Sent::Not(format!("the webhook refused it ({code})")),
    }
}
