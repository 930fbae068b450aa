//! Mails, by SMTP.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lettre::{
    Message,
    address::Envelope,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};

use zeroize::Zeroizing;

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
        let (envelope, bytes) = match self.compose(address, message) {
            Ok(mail) => mail,
            Err(problem) => return Sent::Not(problem),
        };
        let mut connection = match self.connected().await {
            Ok(connection) => connection,
            Err(problem) => return Sent::Not(problem),
        };
        let sending = connection.send(&envelope, &bytes);
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

    /// As far as the server lets us in.
    pub(super) async fn reach(&self) -> Result<(), String> {
        let mut connection = self.connected().await?;
        let _farewell = tokio::time::timeout(PATIENCE, connection.quit()).await;
        Ok(())
    }

    async fn connected(&self) -> Connected {
        let connected = tokio::time::timeout(LONGEST, self.connect()).await;
        connected.unwrap_or_else(|_elapsed| Err("the mail server does not answer".to_owned()))
    }

    /// The mail as it is sent, wiped when it has been.
    fn compose(
        &self,
        address: &str,
        message: &Outgoing,
    ) -> Result<(Envelope, Zeroizing<Vec<u8>>), String> {
        let from = Mailbox::new(None, self.settings.from.clone());
        let to: lettre::Address =
            address.parse().map_err(|_| "the mail address is none".to_owned())?;
        let domain = self.settings.from.domain();
        let (encoding, text) = encoded(&message.body);
        let empty = Body::dangerous_pre_encoded(Vec::new(), encoding);
        let head = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .subject(message.subject.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(empty)
            .map_err(|_| "the message cannot be written as a mail".to_owned())?;
        let written = head.formatted();
        let mut bytes =
            Zeroizing::new(Vec::with_capacity(written.len().saturating_add(text.len())));
        bytes.extend_from_slice(&written);
        bytes.extend_from_slice(&text);
        Ok((head.envelope().clone(), bytes))
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

/// A body as it goes over the line: as it is where every server takes that,
/// else in base64.  No copy of it is left behind.
fn encoded(body: &str) -> (ContentTransferEncoding, Zeroizing<Vec<u8>>) {
    let lines = || body.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let most = body.len().saturating_add(lines().count().saturating_mul(2));
    let mut plain = Zeroizing::new(Vec::with_capacity(most));
    for (number, line) in lines().enumerate() {
        if number > 0 {
            plain.extend_from_slice(b"\r\n");
        }
        plain.extend_from_slice(line.as_bytes());
    }
    let is_plain = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    if lines().all(|line| line.len() <= LONGEST_LINE && line.bytes().all(is_plain)) {
        return (ContentTransferEncoding::SevenBit, plain);
    }
    let lines = plain.chunks(BYTES_IN_LINE);
    let mut coded = Zeroizing::new(Vec::with_capacity(lines.len().saturating_mul(LINE + 2)));
    for chunk in lines {
        let mut line = Zeroizing::new([0_u8; LINE]);
        let length = STANDARD.encode_slice(chunk, line.as_mut_slice()).unwrap_or_default();
        coded.extend(line.iter().take(length));
        coded.extend_from_slice(b"\r\n");
    }
    (ContentTransferEncoding::Base64, coded)
}

/// Of a mail, without its end.
const LONGEST_LINE: usize = 998;
/// Of base64 in mails, and the bytes that are in it.
const LINE: usize = 76;
const BYTES_IN_LINE: usize = 57;

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
