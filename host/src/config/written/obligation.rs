//! Who checks what becomes of access, and what is signed of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::element::secret::Secret;

/// What documents are signed with.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Signing {
    /// 32 bytes in base64; without it a key beside the store, which is made
    /// when it is needed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) key: Option<Secret>,
}

/// Another target that shows whether somebody is closed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct CheckedBy {
    /// Its name in the file.
    pub(in crate::config) target: String,
    /// By what an account there is that of somebody here.
    #[serde(default)]
    pub(in crate::config) by: By,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum By {
    /// It has the same login name.
    #[default]
    Login,
    /// Both call it by the same key.
    Key,
}
