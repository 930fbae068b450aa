//! TLS on behalf of guests.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::egress::ConnectError;
use crate::config::permissions::Host;

/// Why no TLS can be spoken at all.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    #[error("cannot read the certificate authority file `{path}`")]
    Authority {
        path: PathBuf,
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    #[error("the certificate authority file `{0}` holds no certificate")]
    Empty(PathBuf),
    #[error("the certificate authority file `{path}` holds a certificate that cannot be used")]
    Unusable {
        path: PathBuf,
        #[source]
        source: rustls::Error,
    },
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
}

/// A client that trusts the system's authorities, or only those of `ca`.
pub(super) fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsSetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Provider)?
        .with_root_certificates(roots(ca)?)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        // A system without authorities is one where every handshake fails
        // with a certificate error that says so.
        let system = rustls_native_certs::load_native_certs();
        let (_added, _ignored) = roots.add_parsable_certificates(system.certs);
        return Ok(roots);
    };
    let failed = |source| TlsSetupError::Authority { path: path.to_owned(), source };
    for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
        roots
            .add(certificate.map_err(failed)?)
            .map_err(|source| TlsSetupError::Unusable { path: path.to_owned(), source })?;
    }
    if roots.is_empty() {
        return Err(TlsSetupError::Empty(path.to_owned()));
    }
    Ok(roots)
}

/// The handshake; the certificate must be for `host` as it was permitted.
pub(super) async fn handshake(
    config: &Arc<ClientConfig>,
    host: &Host,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    let failed = |source| ConnectError::Tls { host: host.to_string(), source };
    let name = match host {
        Host::Address(address) => ServerName::IpAddress((*address).into()),
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?,
    };
    let handshake = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    match tokio::time::timeout(super::egress::CONNECT_TIMEOUT, handshake).await {
        Ok(done) => done.map_err(failed),
        Err(_elapsed) => Err(failed(io::Error::from(io::ErrorKind::TimedOut))),
    }
}

/// What to do about a handshake that failed, as the end of a sentence.
pub(super) fn remedy(error: &io::Error) -> &'static str {
    use rustls::{CertificateError as Certificate, Error};
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(Certificate::UnknownIssuer)) => {
            "; name the authority that signed its certificate as `ca` of the stream"
        }
        Some(Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        )) => "; write the `host` of the stream as its certificate names it",
        Some(Error::InvalidCertificate(
            Certificate::Expired | Certificate::ExpiredContext { .. },
        )) => "; renew its certificate",
        _ => "",
    }
}
