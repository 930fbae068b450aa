//! Making an [`Error`].

use std::time::Duration;

use crate::types::{
    AppliedClass, Error, ErrorKind, ObjectRef, OtherKind, RetryClass, RetryHint, ValueProblem,
};

fn hint(after: Option<Duration>) -> RetryHint {
    RetryHint {
        retry_after_ms: after.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
        bucket: None,
    }
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            native_code: None,
            native_request_id: None,
            extra: Vec::new(),
        }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Another object holds a unique value; which, if known.
    pub fn already_exists(other: Option<ObjectRef>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::AlreadyExists(other), message)
    }

    pub fn ambiguous(found: Vec<ObjectRef>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Ambiguous(found), message)
    }

    /// The revision differs; the present one, if known.
    pub fn conflict(present: Option<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict(present), message)
    }

    pub fn invalid_value(attribute: impl Into<String>, problem: impl Into<String>) -> Self {
        let (attribute, problem) = (attribute.into(), problem.into());
        let message = format!("`{attribute}`: {problem}");
        Self::new(ErrorKind::InvalidValue(vec![ValueProblem { attribute, problem }]), message)
    }

    /// What the connector or the system cannot do at all.
    pub fn unsupported(what: impl Into<String>) -> Self {
        let what = what.into();
        let message = format!("not supported: {what}");
        Self::new(ErrorKind::Unsupported(what), message)
    }

    pub fn protected(why: impl Into<String>) -> Self {
        let why = why.into();
        Self::new(ErrorKind::ProtectedObject(why.clone()), why)
    }

    pub fn quota_exceeded(what: Option<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::QuotaExceeded(what), message)
    }

    pub fn invalid_credentials(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidCredentials, message)
    }

    /// The right that is missing, if known.
    pub fn permission_denied(right: Option<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::PermissionDenied(right), message)
    }

    pub fn misconfigured(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(ErrorKind::Misconfigured(message.clone()), message)
    }

    pub fn stale_cursor(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::StaleCursor, message)
    }

    /// Certainly not applied; come back later.
    pub fn rate_limited(after: Option<Duration>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::RateLimited(hint(after)), message)
    }

    /// Certainly not applied; the system is away.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable(hint(None)), message)
    }

    /// The write may have been applied.
    pub fn outcome_unknown(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::OutcomeUnknown(hint(None)), message)
    }

    /// [`Error::outcome_unknown`] for a write, [`Error::unavailable`] for a
    /// read: the same broken answer means different things for the two.
    pub fn broken_answer(writes: bool, message: impl Into<String>) -> Self {
        if writes { Self::outcome_unknown(message) } else { Self::unavailable(message) }
    }

    pub fn other(
        code: impl Into<String>,
        retry: RetryClass,
        applied: AppliedClass,
        message: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::Other(OtherKind { code: code.into(), retry, applied }), message)
    }

    /// HTTP status, LDAP result code, vendor code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.native_code = Some(code.into());
        self
    }

    /// The system's own request id.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.native_request_id = Some(id.into());
        self
    }

    /// When to try again; only transient and unknown kinds carry it.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        if let ErrorKind::RateLimited(to)
        | ErrorKind::Unavailable(to)
        | ErrorKind::OutcomeUnknown(to) = &mut self.kind
        {
            *to = hint(Some(after));
        }
        self
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self.kind, ErrorKind::NotFound)
    }
}
