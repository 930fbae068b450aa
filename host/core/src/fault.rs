//! Why a call to a connector failed: a closed set, so that the decision to
//! retry is one exhaustive match.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::value::ObjectRef;

/// A failed call. `message` is for administrators and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub kind: FaultKind,
    pub message: String,
    /// HTTP status, LDAP result code, vendor code.
    pub native_code: Option<String>,
    /// The system's own request id.
    pub native_request_id: Option<String>,
}

impl Fault {
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), native_code: None, native_request_id: None }
    }

    /// Whether the call may have changed the system.
    pub fn applied(&self) -> Applied {
        self.kind.applied()
    }
}

/// Whether a failed write reached the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    No,
    Maybe,
    Yes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryClass {
    Never,
    AfterChange,
    Later,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    // What the contract knows.
    AlreadyExists(Option<ObjectRef>),
    NotFound,
    Ambiguous(Vec<ObjectRef>),
    Conflict(Option<String>),
    /// Attribute and problem.
    InvalidValue(Vec<(String, String)>),
    Unsupported(String),
    ProtectedObject(String),
    QuotaExceeded(Option<String>),
    InvalidCredentials,
    PermissionDenied(Option<String>),
    Misconfigured(String),
    StaleCursor,
    RateLimited {
        retry_after_ms: Option<u64>,
    },
    Unavailable {
        retry_after_ms: Option<u64>,
    },
    OutcomeUnknown {
        retry_after_ms: Option<u64>,
    },
    Cancelled,
    /// The target took the write and ends it later, by itself or by somebody
    /// there; until when it may still, if it says so.
    Pending {
        until: Option<Timestamp>,
    },
    Other {
        code: String,
        retry: RetryClass,
        applied: Applied,
    },
    // What the host saw of the sandbox.
    /// The guest trapped (panic, unreachable, stack overflow).
    Trapped,
    /// The call's time was over.
    TimedOut,
    /// The guest asked for more memory than permitted.
    OutOfMemory,
    /// The guest answered something the contract does not allow.
    BadAnswer(String),
    /// The operator's permissions stop this; the text says what to permit.
    Denied(String),
}

impl FaultKind {
    /// The same kind without anything that a connector said, and `instead`
    /// where there has to be a word.
    #[must_use]
    pub fn without_words(self, instead: &str) -> Self {
        let word = || instead.to_owned();
        match self {
            Self::AlreadyExists(_) => Self::AlreadyExists(None),
            Self::Ambiguous(_) => Self::Ambiguous(Vec::new()),
            Self::Conflict(_) => Self::Conflict(None),
            Self::InvalidValue(_) => Self::InvalidValue(Vec::new()),
            Self::Unsupported(_) => Self::Unsupported(word()),
            Self::ProtectedObject(_) => Self::ProtectedObject(word()),
            Self::QuotaExceeded(_) => Self::QuotaExceeded(None),
            Self::PermissionDenied(_) => Self::PermissionDenied(None),
            Self::Misconfigured(_) => Self::Misconfigured(word()),
            Self::BadAnswer(_) => Self::BadAnswer(word()),
            Self::Denied(_) => Self::Denied(word()),
            Self::Other { retry, applied, .. } => Self::Other { code: word(), retry, applied },
            Self::NotFound
            | Self::InvalidCredentials
            | Self::StaleCursor
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Cancelled
            | Self::Pending { .. }
            | Self::Trapped
            | Self::TimedOut
            | Self::OutOfMemory => self,
        }
    }

    /// A call that was stopped in the middle may have had an effect.
    pub fn applied(&self) -> Applied {
        match self {
            Self::OutcomeUnknown { .. }
            | Self::Trapped
            | Self::TimedOut
            | Self::OutOfMemory
            | Self::BadAnswer(_) => Applied::Maybe,
            Self::Pending { .. } => Applied::Yes,
            Self::Other { applied, .. } => *applied,
            Self::AlreadyExists(_)
            | Self::NotFound
            | Self::Ambiguous(_)
            | Self::Conflict(_)
            | Self::InvalidValue(_)
            | Self::Unsupported(_)
            | Self::ProtectedObject(_)
            | Self::QuotaExceeded(_)
            | Self::InvalidCredentials
            | Self::PermissionDenied(_)
            | Self::Misconfigured(_)
            | Self::StaleCursor
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Cancelled
            | Self::Denied(_) => Applied::No,
        }
    }

    /// The word for this kind in logs, audit rows and messages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::AlreadyExists(_) => "already-exists",
            Self::NotFound => "not-found",
            Self::Ambiguous(_) => "ambiguous",
            Self::Conflict(_) => "conflict",
            Self::InvalidValue(_) => "invalid-value",
            Self::Unsupported(_) => "unsupported",
            Self::ProtectedObject(_) => "protected-object",
            Self::QuotaExceeded(_) => "quota-exceeded",
            Self::InvalidCredentials => "invalid-credentials",
            Self::PermissionDenied(_) => "permission-denied",
            Self::Misconfigured(_) => "misconfigured",
            Self::StaleCursor => "stale-cursor",
            Self::RateLimited { .. } => "rate-limited",
            Self::Unavailable { .. } => "unavailable",
            Self::OutcomeUnknown { .. } => "outcome-unknown",
            Self::Cancelled => "cancelled",
            Self::Pending { .. } => "pending",
            Self::Other { .. } => "other",
            Self::Trapped => "trapped",
            Self::TimedOut => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::BadAnswer(_) => "bad-answer",
            Self::Denied(_) => "denied",
        }
    }
}
