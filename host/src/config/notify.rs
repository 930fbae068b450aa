//! Where messages go, checked.

use std::collections::BTreeMap;

use lanyard_core::id::WebhookName;

use super::permissions::{SecretSource, Tls};

/// How people are told something.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// Mails come from there, and go by it.
    pub mail: Option<Mail>,
    pub webhooks: BTreeMap<WebhookName, Webhook>,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub from: lettre::Address,
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Who signs in, and where the password is.
    pub sign_in: Option<(String, SecretSource)>,
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: http::Uri,
    pub bearer: Option<SecretSource>,
}
