//! Byte streams to one permitted host: connected, protected and signed in by
//! the host, read-only while planning.

mod ldap;

use std::{borrow::Cow, sync::Arc};

use rustls::ClientConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    egress::{self, ConnectError},
    permitted::Purpose,
    script::{Outlet, ScriptedStream},
    secrets::Vault,
};
use crate::config::permissions::{AddressRange, Host, Protocol, SignIn, StreamPermission, Tls};

/// Bytes one `read` may ask for and one `write` may hand over.
pub(super) const MAX_CHUNK: usize = 1 << 20;

/// Bytes a stream may carry in each direction during one call.
const MAX_STREAM: u64 = 64 << 20;

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// One open stream of one call.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Connection {
    io: Transport,
    tls: Tls,
    host: Host,
    client: Arc<ClientConfig>,
    /// Lets only reading requests pass; none during a write.
    filter: Option<ldap::ReadFilter>,
    read: u64,
    written: u64,
}

enum Transport {
    Ready(Box<dyn Io>),
    /// The guest speaks in the clear until it asks for TLS.
    Upgradable(TcpStream),
    /// An upgrade failed; nothing is sent in the clear after that.
    Lost,
}

/// Why a stream cannot be had or used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{0}")]
    Denied(String),
    #[error("the system refused the sign-in: {0}")]
    SignInRefused(String),
    #[error("the stream closed")]
    Closed,
    #[error("more than a call may send or receive")]
    TooLarge,
}

impl From<std::io::Error> for StreamError {
    fn from(error: std::io::Error) -> Self {
        tracing::debug!(%error, "stream broke");
        Self::Closed
    }
}

/// What opening a stream needs besides the permission.
pub(super) struct Opener<'a> {
    pub(super) addresses: &'a [AddressRange],
    pub(super) tls: &'a Arc<ClientConfig>,
    pub(super) vault: &'a Vault,
    pub(super) purpose: Purpose,
    pub(super) outlet: &'a Outlet,
}

impl Opener<'_> {
    /// Connects, protects and signs in.
    pub(super) async fn open(
        &self,
        name: &str,
        permission: &StreamPermission,
    ) -> Result<Connection, StreamError> {
        let filter = match (self.purpose, permission.protocol) {
            (Purpose::Write, _) => None,
            (Purpose::Read, Protocol::Ldap) => Some(ldap::ReadFilter::default()),
            (Purpose::Read, Protocol::Raw) => {
                return Err(StreamError::Denied(
                    "a raw stream cannot be kept read-only, so there is none while planning"
                        .to_owned(),
                ));
            }
        };
        let io = match self.outlet.script() {
            Some(system) => {
                let host = permission.host.to_string();
                Transport::Ready(Box::new(ScriptedStream::open(system.open(name), &host)?))
            }
            None => self.reach(permission).await?,
        };
        Ok(Connection {
            io,
            tls: permission.tls,
            host: permission.host.clone(),
            client: Arc::clone(self.tls),
            filter,
            read: 0,
            written: 0,
        })
    }

    async fn reach(&self, permission: &StreamPermission) -> Result<Transport, StreamError> {
        let tcp = egress::connect(&permission.host, permission.port, self.addresses).await?;
        let mut io = self.protect(permission, tcp).await?;
        if let Some(sign_in) = &permission.sign_in {
            self.sign_in(sign_in, permission, &mut io).await?;
        }
        Ok(io)
    }

    async fn protect(
        &self,
        permission: &StreamPermission,
        mut tcp: TcpStream,
    ) -> Result<Transport, StreamError> {
        match (permission.tls, permission.protocol) {
            (Tls::Off, _) => return Ok(Transport::Ready(Box::new(tcp))),
            (Tls::StartTls, Protocol::Raw) => return Ok(Transport::Upgradable(tcp)),
            (Tls::StartTls, Protocol::Ldap) => ldap::start_tls(&permission.host, &mut tcp).await?,
            (Tls::Tls, _) => {}
        }
        let tls = super::tls::handshake(self.tls, &permission.host, tcp).await?;
        Ok(Transport::Ready(Box::new(tls)))
    }

    async fn sign_in(
        &self,
        sign_in: &SignIn,
        permission: &StreamPermission,
        io: &mut Transport,
    ) -> Result<(), StreamError> {
        match (sign_in, permission.protocol, io) {
            (SignIn::LdapSimple { dn, secret }, Protocol::Ldap, Transport::Ready(io)) => {
                let password = self.vault.secret(secret).ok_or_else(|| {
                    StreamError::Denied(format!(
                        "the secret `{secret}` of the sign-in is not there"
                    ))
                })?;
                ldap::simple_bind(io, dn, password.bytes()).await
            }
            (SignIn::LdapSimple { .. }, ..) => Err(StreamError::Denied(
                "`sign-in = { ldap-simple = … }` needs `protocol = \"ldap\"`".to_owned(),
            )),
        }
    }
}

impl Connection {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.written += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if bytes.len() > MAX_CHUNK || self.written > MAX_STREAM {
            return Err(StreamError::TooLarge);
        }
        let passed = match &mut self.filter {
            None => Cow::Borrowed(bytes),
            Some(filter) => Cow::Owned(filter.pass(bytes)?),
        };
        let io = self.io.get()?;
        io.write_all(&passed).await?;
        io.flush().await?;
        Ok(())
    }

    /// Empty at the end of the stream.
    pub(super) async fn read(&mut self, most: usize) -> Result<Vec<u8>, StreamError> {
        let mut buffer = vec![0; most.clamp(1, MAX_CHUNK)];
        let length = self.io.get()?.read(&mut buffer).await?;
        buffer.truncate(length);
        self.read += u64::try_from(length).unwrap_or(u64::MAX);
        if self.read > MAX_STREAM {
            return Err(StreamError::TooLarge);
        }
        Ok(buffer)
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls
    }

    /// TLS from here on, after the guest asked for it in the protocol.
    pub(super) async fn upgrade(&mut self) -> Result<(), StreamError> {
        match std::mem::replace(&mut self.io, Transport::Lost) {
            Transport::Upgradable(tcp) => {
                let tls = super::tls::handshake(&self.client, &self.host, tcp).await?;
                self.io = Transport::Ready(Box::new(tls));
                Ok(())
            }
            other => {
                self.io = other;
                Err(StreamError::Denied("there is nothing to upgrade on this stream".to_owned()))
            }
        }
    }
}

impl Transport {
    fn get(&mut self) -> Result<&mut dyn Io, StreamError> {
        match self {
            Self::Ready(io) => Ok(io),
            Self::Upgradable(tcp) => Ok(tcp),
            Self::Lost => Err(StreamError::Closed),
        }
    }
}
