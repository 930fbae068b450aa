//! What is told elsewhere of the record, checked.

use std::path::PathBuf;

use lanyard_core::id::WebhookName;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditConfig {
    /// The file that a head is appended to at each run's end.
    pub heads: Option<PathBuf>,
    /// The webhook of `[notify]` that is given each head.
    pub witness: Option<WebhookName>,
}

impl AuditConfig {
    /// Whether heads are signed at all.
    pub fn is_told(&self) -> bool {
        self.heads.is_some() || self.witness.is_some()
    }
}
