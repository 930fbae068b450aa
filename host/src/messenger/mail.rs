//! Mails, by SMTP.

use std::time::Duration;

use lettre::{
    Message,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};

use super::{
    Outgoing, Sent,
    post::{MessengerError, Plain},
};
use crate::config::{notify::Mail, permissions::Tls};

/// From connecting to the server's last word.
const LONGEST: Duration = Duration::from_mins(1);
/// Of one answer of the server.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Mailer {
    settings: Mail,
    tls: Option<TlsParameters>,
    sign_in: Option<(String, Plain)>,
}

/// Connected, or why nothing was sent.
type Connected = Result<AsyncSmtpConnection, String>;

impl Mailer {
    pub(super) fn new(settings: &Mail) -> Result<Self, MessengerError> {
        let tls = match settings.tls {
            Tls::Off => None,
            Tls::StartTls | Tls::Tls => Some(
                TlsParameters::new_rustls(settings.host.clone()).map_err(MessengerError::Mail)?,
            ),
        };
        let sign_in = settings
            .sign_in
            .as_ref()
            .map(|(user, password)| {
                Ok::<_, MessengerError>((user.clone(), Plain::read("smtp", password)?))
            })
            .transpose()?;
        Ok(Self { settings: settings.clone(), tls, sign_in })
    }

    pub(super) async fn send(&self, address: &str, message: &Outgoing) -> Sent {
        let mail = match self.compose(address, message) {
            Ok(mail) => mail,
            Err(problem) => return Sent::Not(problem),
        };
        let connected = tokio::time::timeout(LONGEST, self.connect()).await;
        let mut connection = match connected {
            Ok(Ok(connection)) => connection,
            Ok(Err(problem)) => return Sent::Not(problem),
            Err(_elapsed) => return Sent::Not("the mail server does not answer".to_owned()),
        };
        let bytes = mail.formatted();
        let sending = connection.send(mail.envelope(), &bytes);
        match tokio::time::timeout(LONGEST, sending).await {
            Ok(Ok(_taken)) => {
                // It was taken, whatever becomes of the farewell.
                let _farewell = tokio::time::timeout(PATIENCE, connection.quit()).await;
                Sent::Done
            }
            // Whatever the server refused, it did not take.
            Ok(Err(error)) if error.status().is_some() => {
                connection.abort().await;
                Sent::Not(refused(&error))
            }
            Ok(Err(_)) | Err(_) => {
                connection.abort().await;
                Sent::Unknown("the mail server broke off".to_owned())
            }
        }
    }

    fn compose(&self, address: &str, message: &Outgoing) -> Result<Message, String> {
        let from = Mailbox::new(None, self.settings.from.clone());
        let to: lettre::Address =
            address.parse().map_err(|_| "the mail address is none".to_owned())?;
        let domain = self.settings.from.domain();
        Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .subject(message.subject.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(message.body.clone())
            .map_err(|_| "the message cannot be written as a mail".to_owned())
    }

    /// # Errors
    /// Whatever goes wrong in here, nothing was sent.
    async fn connect(&self) -> Connected {
        let Mail { host, port, tls, from, .. } = &self.settings;
        let hello = ClientId::Domain(from.domain().to_owned());
        let implicit = self.tls.clone().filter(|_| *tls == Tls::Tls);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (host.as_str(), *port),
            Some(PATIENCE),
            &hello,
            implicit,
            None,
        )
        .await
        .map_err(|error| not_reached(&error))?;
        if let Some(parameters) = self.tls.clone().filter(|_| *tls == Tls::StartTls) {
            connection.starttls(parameters, &hello).await.map_err(|error| not_reached(&error))?;
        }
        if let Some((user, password)) = &self.sign_in {
            let credentials = Credentials::new(user.clone(), password.0.to_string());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map_err(|error| refused(&error))?;
        }
        Ok(connection)
    }
}

/// Only the code: what a server says may name people.
fn refused(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server refused it (code {code})"),
        None => "the mail server refused it".to_owned(),
    }
}

fn not_reached(error: &lettre::transport::smtp::Error) -> String {
    if error.is_tls() {
        "TLS with the mail server failed".to_owned()
    } else if error.status().is_some() {
        refused(error)
    } else {
        "the mail server cannot be reached".to_owned()
    }
}
