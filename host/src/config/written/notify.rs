//! Messages, where they go, and who people are at the desk, as written.

use lanyard_core::id::{FactName, WebhookName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{
    element::{entries::Entries, localised::Localised, secret::Secret, text::Text},
    permissions::Tls,
};

/// How people are told something.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Notify {
    /// The address that mails come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) from: Option<String>,
    /// The server that takes mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) smtp: Option<Smtp>,
    /// Of those who have no fact `language`.
    pub(in crate::config) language: String,
    /// A fact: whoever has the value true, yes or 1 is told nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) opt_out: Option<FactName>,
    /// All messages of one run to one recipient in one.
    pub(in crate::config) digest: bool,
    /// Where messages go as JSON, by HTTP.
    #[schemars(with = "std::collections::BTreeMap<String, Webhook>")]
    pub(in crate::config) webhook: Entries<WebhookName, Webhook>,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            from: None,
            smtp: None,
            language: "en".to_owned(),
            opt_out: None,
            digest: false,
            webhook: Entries::default(),
        }
    }
}

/// The server that takes mails.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Smtp {
    /// Its name or address.
    pub(in crate::config) host: String,
    /// Without it, the usual one of the kind of TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) port: Option<u16>,
    /// Encrypted from the first byte, after STARTTLS, or not at all.
    #[serde(default)]
    pub(in crate::config) tls: Tls,
    /// Who signs in; without it nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) user: Option<String>,
    /// Where the password is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) password: Option<Secret>,
}

/// Where messages go as JSON, by HTTP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Webhook {
    /// Where each message is posted; redirects are not followed.
    pub(in crate::config) url: String,
    /// Where the token of its `Authorization` header is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) bearer: Option<Secret>,
}

/// What steps tell people.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Message {
    /// One line, as a template; or one per language.
    pub(in crate::config) subject: Localised,
    /// As a template; or one per language.
    pub(in crate::config) body: Localised,
}

/// Somebody answers in the place of somebody else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Delegation {
    /// Key of the record of who is asked.
    pub(in crate::config) from: String,
    /// Key of the record of who answers.
    pub(in crate::config) to: String,
    /// The last day, or an instant.
    pub(in crate::config) until: Text,
}
