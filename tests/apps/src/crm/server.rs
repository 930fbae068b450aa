//! The application as a server on loopback.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinHandle,
};

use super::{
    answer::{Answer, Problem},
    fault::{Drop, Effect, Fault, Faults},
    model::Model,
    routes::{self, Request},
    wire::{Body, decode, half, query, whole},
};
use crate::state::{StateFile, WriteLog};

/// How the application is started.
#[derive(Debug, Default)]
pub struct Options {
    /// Port on loopback; 0 takes a free one.
    pub port: u16,
    pub state: Option<PathBuf>,
    pub log: Option<PathBuf>,
    /// The bearer token that every SCIM request must show.
    pub token: String,
    /// Groups that exist from the start.
    pub groups: Vec<String>,
    pub faults: Vec<Fault>,
}

/// The running application; it stops when this is dropped.
#[derive(Debug)]
pub struct Crm {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Crm {
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { port, state, log, token, groups, faults } = options;
        let file = StateFile::new(state);
        let mut model: Model = file.load()?.unwrap_or_default();
        for group in &groups {
            if model.ensure_group(group, now()).is_err() {
                anyhow::bail!("`{group}` cannot be the name of a group");
            }
        }
        file.save(&model).context("cannot write the state")?;
        let log = WriteLog::open(log.as_deref())?;
        let application = Arc::new(Application {
            token,
            inner: Mutex::new(Inner { model, file, log, faults: Faults { list: faults } }),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("cannot listen on port {port}"))?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, application));
        Ok(Self { address, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until the process ends.
    pub async fn run(mut self) -> anyhow::Result<()> {
        (&mut self.task).await.context("the application stopped")
    }
}

impl std::ops::Drop for Crm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Application {
    token: String,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    model: Model,
    file: StateFile,
    log: WriteLog,
    faults: Faults,
}

/// A body larger than this is refused.
const BODY_BYTES_MAX: usize = 1024 * 1024;

#[expect(
    clippy::disallowed_methods,
    reason = "the application is a world of its own, with a clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

async fn accept(listener: TcpListener, application: Arc<Application>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&application)));
        }
    }
}

async fn serve(stream: TcpStream, application: Arc<Application>) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let application = Arc::clone(&application);
        async move { application.respond(request).await }
    });
    // A connection that breaks is the client's business, or a fault at work.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// The connection is closed without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection dropped by a fault")
    }
}

impl std::error::Error for Dropped {}

impl Application {
    async fn respond(
        &self,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Body>, Dropped> {
        let (head, body) = request.into_parts();
        let authorized = head
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|token| token == self.token);
        let if_match = head.headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
        let query = head.uri.query().map(query).unwrap_or_default();
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
            return Ok(whole(problem.into()));
        };
        let bytes = body.to_bytes();
        let request = Request {
            method: head.method,
            path: decode(head.uri.path()),
            query,
            if_match: if_match.map(str::to_owned),
            // What is no JSON becomes null, which no route takes for a body.
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        };
        match request.path.as_str() {
            "/_faults" => Ok(whole(self.switch_faults(&request).await)),
            "/login" => Ok(whole(self.sign_in(&request).await)),
            _ => self.scim(&request, authorized).await,
        }
    }

    async fn switch_faults(&self, request: &Request) -> Answer {
        let faults = &mut self.inner.lock().await.faults.list;
        match request.method {
            Method::DELETE => faults.clear(),
            Method::POST => match serde_json::from_value::<Fault>(request.body.clone()) {
                Ok(fault) => faults.push(fault),
                Err(error) => return Problem::bad("invalidValue", error.to_string()).into(),
            },
            _ => {}
        }
        Answer::json(StatusCode::OK, &json!(faults))
    }

    /// The application's own sign-in: what a leaver tries on the next day.
    async fn sign_in(&self, request: &Request) -> Answer {
        let name = request.body.get("userName").and_then(Value::as_str).unwrap_or_default();
        let welcome = self.inner.lock().await.model.may_sign_in(name);
        Answer::empty(if welcome { StatusCode::OK } else { StatusCode::FORBIDDEN })
    }

    async fn scim(
        &self,
        request: &Request,
        authorized: bool,
    ) -> Result<hyper::Response<Body>, Dropped> {
        let effect = self.inner.lock().await.faults.strike(&request.method, &request.path);
        match effect {
            Some(Effect::Drop(Drop::BeforeApplying)) => return Err(Dropped),
            Some(Effect::Page { status }) => {
                return Ok(whole(Answer::html(status, "Please sign in")));
            }
            Some(Effect::Answer { status, retry_after }) => {
                let answer = Answer::from(Problem::new(status, "not now"));
                return Ok(whole(match retry_after {
                    Some(seconds) => answer.with("retry-after", seconds.to_string()),
                    None => answer,
                }));
            }
            _ => {}
        }
        let answer = self.apply(request, authorized).await;
        match effect {
            Some(Effect::Drop(Drop::AfterApplying)) => return Err(Dropped),
            Some(Effect::Half) => return Ok(half(&answer)),
            Some(Effect::Delay(delay)) => delay_for(delay).await,
            _ => {}
        }
        Ok(whole(answer))
    }

    async fn apply(&self, request: &Request, authorized: bool) -> Answer {
        if !authorized {
            return Problem::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong").into();
        }
        let mut inner = self.inner.lock().await;
        if !request.writes() {
            return routes::answer(&mut inner.model, request, now()).unwrap_or_else(Answer::from);
        }
        // The next state becomes the state once it is in the file.
        let mut next = inner.model.clone();
        let mut answer = routes::answer(&mut next, request, now()).unwrap_or_else(Answer::from);
        if answer.status.is_success() {
            match inner.file.save(&next) {
                Ok(()) => inner.model = next,
                Err(error) => answer = broken(&error).into(),
            }
        }
        let line = json!({
            "method": request.method.as_str(),
            "path": request.path,
            "externalId": request.body.get("externalId"),
            "name": request.body.get("userName").or_else(|| request.body.get("displayName")),
            "status": answer.status.as_u16(),
        });
        match inner.log.append(&line) {
            Ok(()) => answer,
            Err(error) => broken(&error).into(),
        }
    }
}

fn broken(error: &io::Error) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

async fn delay_for(delay: Duration) {
    tokio::time::sleep(delay).await;
}
