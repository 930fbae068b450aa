//! A scripted host for native tests of a connector.
//!
//! Requests are answered in the order of [`Host::reply`]; one that does not
//! fit the script is "not sent", with what was expected in the error.

use std::{cell::RefCell, collections::BTreeMap, collections::VecDeque, path::PathBuf, rc::Rc};

use serde::Serialize;

use crate::{
    http::{Budget, Failure, Request},
    log::Level,
    types::{
        CreateRequest, OperationContext, PageRequest, Projection, Selector, StepRequest, Timestamp,
        WriteMode,
    },
};

/// Status, headers, body.
type Answer = (u16, Vec<(String, String)>, Vec<u8>);

/// An answer of the scripted system.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) answer: Result<Answer, Failure>,
}

impl Reply {
    /// # Panics
    /// When the body cannot be JSON.
    #[expect(clippy::expect_used, reason = "a test's own data")]
    pub fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        let bytes = serde_json::to_vec(body).expect("a test's body is JSON");
        Self::raw(status, bytes).header("content-type", "application/json")
    }

    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { answer: Ok((status, Vec::new(), body.into())) }
    }

    pub fn empty(status: u16) -> Self {
        Self::raw(status, Vec::new())
    }

    pub fn failure(failure: Failure) -> Self {
        Self { answer: Err(failure) }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok((_, headers, _)) = &mut self.answer {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

pub(crate) struct Expected {
    pub(crate) method: String,
    pub(crate) url_part: String,
    pub(crate) reply: Reply,
}

pub(crate) type Peer = Rc<RefCell<dyn FnMut(&[u8]) -> Vec<u8>>>;

/// The script and, afterwards, what the connector did.
pub struct Host {
    pub(crate) config: String,
    pub(crate) now: Timestamp,
    pub(crate) replies: VecDeque<Expected>,
    pub(crate) directories: BTreeMap<String, PathBuf>,
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    pub(crate) streams: BTreeMap<String, Peer>,
    pub(crate) requests: Vec<Request>,
    pub(crate) journal: BTreeMap<String, String>,
    pub(crate) deposits: BTreeMap<String, Vec<u8>>,
    pub(crate) logs: Vec<(Level, String)>,
    pub(crate) budgets: Vec<Budget>,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    pub fn new() -> Self {
        Self {
            config: "{}".to_owned(),
            now: Timestamp { seconds: 1_767_225_600, nanoseconds: 0 },
            replies: VecDeque::new(),
            directories: BTreeMap::new(),
            secrets: BTreeMap::new(),
            streams: BTreeMap::new(),
            requests: Vec::new(),
            journal: BTreeMap::new(),
            deposits: BTreeMap::new(),
            logs: Vec::new(),
            budgets: Vec::new(),
        }
    }

    #[must_use]
    pub fn config(mut self, config: &serde_json::Value) -> Self {
        self.config = config.to_string();
        self
    }

    /// 2026-01-01T00:00:00Z unless set.
    #[must_use]
    pub fn now(mut self, seconds: i64) -> Self {
        self.now = Timestamp { seconds, nanoseconds: 0 };
        self
    }

    /// The next request must have this method, and this text in its URL.
    #[must_use]
    pub fn reply(mut self, method: &str, url_part: &str, reply: Reply) -> Self {
        let (method, url_part) = (method.to_owned(), url_part.to_owned());
        self.replies.push_back(Expected { method, url_part, reply });
        self
    }

    #[must_use]
    pub fn directory(mut self, name: &str, path: impl Into<PathBuf>) -> Self {
        self.directories.insert(name.to_owned(), path.into());
        self
    }

    /// A secret that `reveal` gives; placeholders need none.
    #[must_use]
    pub fn secret(mut self, name: &str, plain: &[u8]) -> Self {
        self.secrets.insert(name.to_owned(), plain.to_vec());
        self
    }

    /// A password that is to be set, as the host hands it to one call.
    #[must_use]
    pub fn new_password(self, plain: &str, must_change: bool) -> (Self, crate::NewPassword) {
        let name = "new-password";
        (self.secret(name, plain.as_bytes()), crate::NewPassword::named(name, must_change))
    }

    /// A peer that is called with each write and answers bytes to read.
    #[must_use]
    pub fn stream(mut self, name: &str, peer: impl FnMut(&[u8]) -> Vec<u8> + 'static) -> Self {
        self.streams.insert(name.to_owned(), Rc::new(RefCell::new(peer)));
        self
    }

    /// What an earlier try left in the journal.
    #[must_use]
    pub fn marked(mut self, step: &str, data: &str) -> Self {
        self.journal.insert(step.to_owned(), data.to_owned());
        self
    }

    /// Becomes the host of this thread until the answer is dropped.
    pub fn install(self) -> Installed {
        HOST.with(|host| *host.borrow_mut() = Some(self));
        Installed { _thread: std::marker::PhantomData }
    }
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Works on the installed host; an empty one where none is.
pub(crate) fn with<T>(f: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with(|host| f(host.borrow_mut().get_or_insert_default()))
}

/// The installed host: what the connector did.
#[derive(Debug)]
pub struct Installed {
    _thread: std::marker::PhantomData<*const ()>,
}

impl Installed {
    pub fn requests(&self) -> Vec<Request> {
        with(|host| host.requests.clone())
    }

    /// Method, URL and body of each request, one per line.
    pub fn transcript(&self) -> String {
        self.requests()
            .iter()
            .map(|r| {
                let body = String::from_utf8_lossy(r.body_bytes()).into_owned();
                format!("{} {} {body}", r.method(), r.url()).trim_end().to_owned()
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Replies of the script that nobody asked for.
    pub fn unused(&self) -> usize {
        with(|host| host.replies.len())
    }

    /// What the host was told of budgets.
    pub fn budgets(&self) -> Vec<Budget> {
        with(|host| host.budgets.clone())
    }

    pub fn journal(&self) -> BTreeMap<String, String> {
        with(|host| host.journal.clone())
    }

    pub fn deposits(&self) -> BTreeMap<String, Vec<u8>> {
        with(|host| host.deposits.clone())
    }

    pub fn logs(&self) -> Vec<(Level, String)> {
        with(|host| host.logs.clone())
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        HOST.with(|host| *host.borrow_mut() = None);
    }
}

/// A commit on the given attempt.
pub fn context(attempt: u32) -> OperationContext {
    OperationContext {
        idempotency_key: "intent-1".to_owned(),
        attempt,
        trace_id: "trace-1".to_owned(),
        reason: None,
        expect_revision: None,
        mode: WriteMode::Commit,
        extra: Vec::new(),
    }
}

/// A step of a workflow with this `with`, about nobody in particular.
pub fn step(with: &serde_json::Value) -> StepRequest {
    StepRequest {
        workflow: "leaver".to_owned(),
        episode: "1".to_owned(),
        step: "step".to_owned(),
        identity: Vec::new(),
        with: with.to_string(),
        extra: Vec::new(),
    }
}

/// A page of everything.
pub fn page(cursor: Option<&str>, limit: u32) -> PageRequest {
    PageRequest {
        selector: Selector::Everything,
        projection: Projection::Default,
        cursor: cursor.map(str::to_owned),
        limit,
        extra: Vec::new(),
    }
}

/// An active account to be made, without attributes.
pub fn create(object_type: &str, name: &str, anchor: &str) -> CreateRequest {
    CreateRequest {
        type_: object_type.to_owned(),
        name: name.to_owned(),
        anchor: anchor.to_owned(),
        attributes: Vec::new(),
        initial_state: crate::types::AccountState::Active,
        initial_secret: None,
        extra: Vec::new(),
    }
}
