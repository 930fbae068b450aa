//! Mails and webhooks as the file says.

use std::{fmt, io, path::PathBuf};

use async_trait::async_trait;
use lanyard_core::{id::WebhookName, workflow::Address};
use zeroize::Zeroizing;

use super::{Messenger, Nowhere, Outgoing, Sent, mail::Mailer, webhook::Webhooks};
use crate::config::{notify::Notify, permissions::SecretSource};

/// Everything there is to send by.
pub struct Post {
    mailer: Option<Mailer>,
    webhooks: Webhooks,
}

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MessengerError {
    #[error("cannot read the secret of `{of}` from {place}")]
    Secret {
        of: String,
        place: String,
        #[source]
        source: io::Error,
    },
    #[error("the secret of `{0}` is no text")]
    NoText(String),
    #[error("TLS with the mail server cannot be set up")]
    Mail(#[source] lettre::transport::smtp::Error),
    #[error("TLS of webhooks cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl Post {
    /// Posts JSON that is no message to a person; the same id is the same
    /// thing.
    pub async fn offer(&self, webhook: &WebhookName, id: &str, json: Vec<u8>) -> Sent {
        self.webhooks.offer(webhook, id, json).await
    }

    /// Reads every secret now, so that a missing one is noticed before
    /// anything is done.
    ///
    /// # Errors
    /// A secret that cannot be read, or TLS that cannot be set up.
    pub fn new(notify: &Notify) -> Result<Self, MessengerError> {
        let mailer = notify.mail.as_ref().map(Mailer::new).transpose()?;
        Ok(Self { mailer, webhooks: Webhooks::new(&notify.webhooks)? })
    }
}

#[async_trait]
impl Messenger for Post {
    async fn send(&self, message: &Outgoing) -> Sent {
        match (&message.to, &self.mailer) {
            (Address::Mail(address), Some(mailer)) => mailer.send(address, message).await,
            (Address::Mail(_), None) => Nowhere.send(message).await,
            (Address::Webhook(name), _) => self.webhooks.send(name, message).await,
        }
    }

    async fn reach(&self, to: &Address) -> Result<(), String> {
        match (to, &self.mailer) {
            (Address::Mail(_), Some(mailer)) => mailer.reach().await,
            (Address::Mail(_), None) => Nowhere.reach(to).await,
            (Address::Webhook(name), _) => self.webhooks.reach(name).await,
        }
    }
}

/// A secret in plain; wiped when dropped, never printed.
#[derive(Clone)]
pub(super) struct Plain(pub(super) Zeroizing<String>);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

impl Plain {
    pub(super) fn read(of: &str, source: &SecretSource) -> Result<Self, MessengerError> {
        let unreadable =
            |place: String, source| MessengerError::Secret { of: of.to_owned(), place, source };
        let mut text = match source {
            SecretSource::Env(name) => std::env::var(name).map_err(|error| {
                let problem = io::Error::new(io::ErrorKind::NotFound, error.to_string());
                unreadable(format!("the environment variable `{name}`"), problem)
            })?,
            SecretSource::File(path) => {
                let place = |path: &PathBuf| format!("`{}`", path.display());
                let bytes = std::fs::read(path).map_err(|error| unreadable(place(path), error))?;
                String::from_utf8(bytes).map_err(|_| MessengerError::NoText(of.to_owned()))?
            }
        };
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(Self(Zeroizing::new(text)))
    }
}
