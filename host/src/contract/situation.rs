//! The bad days a connector is put through.

use crate::wasm::{ScriptedAnswer, ScriptedPeer, ScriptedRequest};

/// One bad day, and what the contract wants of a connector on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) name: &'static str,
    /// Completes "when …".
    pub(super) when: &'static str,
    pub(super) scene: Scene,
    pub(super) reads: Expect,
    pub(super) writes: Expect,
}

/// What the outside does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scene {
    Http(Http),
    Stream(ScriptedPeer),
    Files(Files),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Http {
    Refused,
    Reset,
    Silence,
    /// A status with a body that repeats the credentials it was sent, as
    /// some systems do, and perhaps `Retry-After` in seconds.
    Status(u16, Option<u32>),
    /// 200 and these bytes.
    Body {
        kind: &'static str,
        text: &'static str,
        whole: bool,
    },
}

/// What is at the paths that the configuration names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Files {
    Missing,
    Holding(&'static [u8]),
    /// A directory where a file should be.
    Directory,
}

/// What a failing call may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Certainly not applied, come back later.
    Unavailable,
    Credentials,
    Rights,
    /// Rate limited, with the 7 seconds that the system asked for.
    Limited,
    /// `unavailable`, or that the write is open.
    UnavailableOrOpen,
    /// Some error; no success, and nothing that proves absence.
    Error,
    /// As `Error`; and once a write was sent, that it is open.
    Open,
    /// The system has no such thing: finding nothing is right.
    Absent,
    /// A success without content: enough for a delete, not for a create.
    Hollow,
}

impl Expect {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Unavailable => "answers `unavailable`",
            Self::Credentials => "answers `invalid-credentials`",
            Self::Rights => "answers `permission-denied` or `invalid-credentials`",
            Self::Limited => "answers `rate-limited` with the 7000 ms it was asked to wait",
            Self::UnavailableOrOpen => "answers `unavailable` or `outcome-unknown`",
            Self::Error => "answers an error and proves no absence",
            Self::Open => "claims nothing, and answers `outcome-unknown` once a write was sent",
            Self::Absent => "answers an error, or that it is not there",
            Self::Hollow => "never claims to have created",
        }
    }
}

const fn http(
    name: &'static str,
    when: &'static str,
    scene: Http,
    reads: Expect,
    writes: Expect,
) -> Situation {
    Situation { name, when, scene: Scene::Http(scene), reads, writes }
}

const fn body(kind: &'static str, text: &'static str, whole: bool) -> Http {
    Http::Body { kind, text, whole }
}

const JSON: &str = "application/json";

/// A sign-in page, as a proxy in between shows one.
const PAGE: &str = "<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>";

/// JSON of several protocols at once, cut in the middle of a text.
const CUT: &str = r#"{"totalResults":1,"items":[{"id":"1","name":"Ad"#;

pub(super) const HTTP: [Situation; 14] = [
    http("refused", "nobody listens", Http::Refused, Expect::Unavailable, Expect::Unavailable),
    http(
        "unauthorized",
        "the system answers 401",
        Http::Status(401, None),
        Expect::Credentials,
        Expect::Credentials,
    ),
    http(
        "forbidden",
        "the system answers 403",
        Http::Status(403, None),
        Expect::Rights,
        Expect::Rights,
    ),
    http(
        "limited",
        "the system answers 429 and `Retry-After: 7`",
        Http::Status(429, Some(7)),
        Expect::Limited,
        Expect::Limited,
    ),
    http(
        "away",
        "the system answers 503",
        Http::Status(503, None),
        Expect::Unavailable,
        Expect::UnavailableOrOpen,
    ),
    http("broken", "the system answers 500", Http::Status(500, None), Expect::Error, Expect::Open),
    http(
        "missing",
        "the system answers 404",
        Http::Status(404, None),
        Expect::Absent,
        Expect::Absent,
    ),
    http(
        "page",
        "the system answers 200 and a page for people",
        body("text/html", PAGE, true),
        Expect::Error,
        Expect::Open,
    ),
    http(
        "cut",
        "the system answers 200 and half a document",
        body(JSON, CUT, true),
        Expect::Error,
        Expect::Open,
    ),
    http(
        "broken-off",
        "the connection breaks in the answer",
        body(JSON, CUT, false),
        Expect::Error,
        Expect::Open,
    ),
    http(
        "empty",
        "the system answers 200 and nothing",
        body(JSON, "", true),
        Expect::Error,
        Expect::Hollow,
    ),
    http(
        "hollow",
        "the system answers 200 and an empty object",
        body(JSON, "{}", true),
        Expect::Error,
        Expect::Hollow,
    ),
    http(
        "reset",
        "the connection breaks before the answer",
        Http::Reset,
        Expect::Error,
        Expect::Open,
    ),
    http("silent", "the system never answers", Http::Silence, Expect::Error, Expect::Open),
];

const fn stream(
    name: &'static str,
    when: &'static str,
    peer: ScriptedPeer,
    expect: Expect,
) -> Situation {
    Situation { name, when, scene: Scene::Stream(peer), reads: expect, writes: expect }
}

pub(super) const STREAM: [Situation; 5] = [
    stream("stream-refused", "nobody listens", ScriptedPeer::Refused, Expect::Unavailable),
    stream(
        "stream-unauthorized",
        "the sign-in is refused",
        ScriptedPeer::SignInRefused,
        Expect::Credentials,
    ),
    stream("stream-closed", "the peer hangs up at once", ScriptedPeer::Says(b""), Expect::Error),
    stream(
        "stream-noise",
        "the peer speaks another protocol",
        ScriptedPeer::Says(
            b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n\x30\x84\xff\xff",
        ),
        Expect::Error,
    ),
    stream("stream-silent", "the peer never answers", ScriptedPeer::Silence, Expect::Error),
];

const fn files(name: &'static str, when: &'static str, files: Files) -> Situation {
    let (reads, writes) = (Expect::Error, Expect::Error);
    Situation { name, when, scene: Scene::Files(files), reads, writes }
}

pub(super) const FILES: [Situation; 4] = [
    files("file-missing", "the file is missing", Files::Missing),
    files("file-empty", "the file is empty", Files::Holding(b"")),
    files("file-noise", "the file holds no text", Files::Holding(b"\x00\xff\xfe\x80,\"\n\x00")),
    files("file-directory", "a directory is in its place", Files::Directory),
];

impl Situation {
    /// Whether calls end by their wall time.
    pub(super) fn hangs(&self) -> bool {
        matches!(self.scene, Scene::Http(Http::Silence) | Scene::Stream(ScriptedPeer::Silence))
    }

    pub(super) fn answer(&self, request: &ScriptedRequest) -> ScriptedAnswer {
        let Scene::Http(http) = self.scene else { return ScriptedAnswer::Refused };
        let (status, headers, body, whole) = match http {
            Http::Refused => return ScriptedAnswer::Refused,
            Http::Reset => return ScriptedAnswer::Reset,
            Http::Silence => return ScriptedAnswer::Silence,
            Http::Body { kind, text, whole } => (200, header(kind), text.to_owned(), whole),
            Http::Status(status, wait) => {
                let mut headers = header(JSON);
                headers.extend(wait.map(|seconds| ("retry-after", seconds.to_string())));
                (status, headers, echo(request), true)
            }
        };
        ScriptedAnswer::Answer { status, headers, body, whole }
    }

    pub(super) fn peer(&self) -> ScriptedPeer {
        match self.scene {
            Scene::Stream(peer) => peer,
            Scene::Http(_) | Scene::Files(_) => ScriptedPeer::Refused,
        }
    }
}

fn header(kind: &str) -> Vec<(&'static str, String)> {
    vec![("content-type", kind.to_owned())]
}

/// What a careless system says: a connector that passes it on leaks.
fn echo(request: &ScriptedRequest) -> String {
    let authorization = request.authorization.as_deref().unwrap_or_default();
    serde_json::json!({
        "error": format!("not with `{authorization}`"),
        "message": format!("not with `{authorization}`"),
        "detail": format!("not with `{authorization}`"),
        "authorization": authorization,
    })
    .to_string()
}
