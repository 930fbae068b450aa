//! Durable memory of one intent.  Not there while planning, so it is for
//! writing calls only.

use crate::{
    host,
    types::{AppliedClass, Error, RetryClass},
};

/// Why the journal did not take or give a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalError {
    /// Another host took this operation over: stop at once.
    StaleClaim,
    NoOperation,
    Quota,
    Named(String),
}

/// Keeps what an interrupted try must not forget, such as the uid of an
/// account just made.  Durable when it returns.
pub fn mark(step: &str, data: &str) -> Result<(), JournalError> {
    host::mark(step, data)
}

pub fn recall(step: &str) -> Result<Option<String>, JournalError> {
    host::recall(step)
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let (code, message) = match error {
            JournalError::StaleClaim => ("stale-claim", "another host took this operation over"),
            JournalError::NoOperation => ("no-operation", "the journal belongs to no operation"),
            JournalError::Quota => ("journal-quota", "the journal of this operation is full"),
            JournalError::Named(name) => {
                let message = format!("the journal answered `{name}`");
                return Self::other(name, RetryClass::Later, AppliedClass::Maybe, message);
            }
        };
        Self::other(code, RetryClass::Later, AppliedClass::Maybe, message)
    }
}
