//! What is told elsewhere of the record, as written.

use lanyard_core::id::WebhookName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is told elsewhere of the record of what was done, so that nobody can
/// change it unseen.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Audit {
    /// The file that each run appends a signed line to; relative to this
    /// file, and best on another machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) heads: Option<String>,
    /// A `[notify.webhook.…]` that is given the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) witness: Option<WebhookName>,
}
