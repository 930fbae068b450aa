//! The one choke point: what a connector may reach, by name and by address.
//!
//! First the origin must be asked for in the manifest and permitted by the
//! operator; then the name is resolved and every address is judged; then the
//! connection goes to an address that was judged, never to the name again.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::net::TcpStream;

use crate::config::permissions::{AddressRange, Host, RequestPermission, Scheme};

/// How long name resolution and connecting may take together.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why no connection was made; certainly nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("the name `{0}` does not resolve")]
    Name(String),
    #[error("`{host}` resolves only to addresses that are not permitted ({addresses})")]
    Address { host: String, addresses: String },
    #[error("nothing answers at `{host}` port {port}")]
    Refused {
        host: String,
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error("`{host}` port {port} did not answer in {} s", CONNECT_TIMEOUT.as_secs())]
    Timeout { host: String, port: u16 },
    #[error("TLS with `{host}` failed")]
    Tls {
        host: String,
        #[source]
        source: io::Error,
    },
}

/// Connects to the first permitted address of `host` that answers.
pub(super) async fn connect(
    host: &Host,
    port: u16,
    permitted: &[AddressRange],
) -> Result<TcpStream, ConnectError> {
    let attempt = async {
        let addresses = resolve(host, port, permitted).await?;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Requests are small; waiting to fill a packet only delays.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "cannot set TCP_NODELAY");
                    }
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(ConnectError::Refused { host: host.to_string(), port, source: last })
    };
    tokio::time::timeout(CONNECT_TIMEOUT, attempt)
        .await
        .unwrap_or_else(|_elapsed| Err(ConnectError::Timeout { host: host.to_string(), port }))
}

async fn resolve(
    host: &Host,
    port: u16,
    permitted: &[AddressRange],
) -> Result<Vec<SocketAddr>, ConnectError> {
    let name = match host {
        // The operator wrote this very address.
        Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
        Host::Name(name) => name,
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), port))
        .await
        .map_err(|_unresolved| ConnectError::Name(name.clone()))?
        .map(|address| SocketAddr::new(unwrap(address.ip()), address.port()))
        .collect();
    if found.is_empty() {
        return Err(ConnectError::Name(name.clone()));
    }
    let judged: Vec<SocketAddr> =
        found.iter().copied().filter(|address| may_reach(address.ip(), permitted)).collect();
    if judged.is_empty() {
        let addresses: BTreeSet<String> =
            found.iter().map(|found| found.ip().to_string()).collect();
        return Err(ConnectError::Address {
            host: name.clone(),
            addresses: addresses.into_iter().collect::<Vec<_>>().join(", "),
        });
    }
    Ok(judged)
}

/// Public addresses always; others only from a range the operator permits.
fn may_reach(address: IpAddr, permitted: &[AddressRange]) -> bool {
    let address = unwrap(address);
    is_public(address) || permitted.iter().any(|range| range.contains(address))
}

/// The IPv4 address inside an IPv6 spelling of one: mapped, NAT64
/// (RFC 6052) and 6to4 (RFC 3056) all end at that IPv4 host.
fn unwrap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    let bits = u128::from(v6);
    let low = |shift: u32| {
        let [.., a, b, c, d] = ((bits >> shift) & 0xffff_ffff).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => low(0),
        [0x2002, ..] => low(80),
        _ => address,
    }
}

/// Whether anyone on the internet may have it (IANA special-purpose
/// registries, RFC 6890); cloud metadata services live in the others.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; documentation and protocol ranges in it
    // are not for anyone.
    first & 0xe000 == 0x2000 && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
}

/// A request as far as permissions look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) scheme: Scheme,
    pub(super) host: Host,
    pub(super) port: u16,
    /// Upper-case.
    pub(super) method: String,
    /// Without query.
    pub(super) path: String,
}

impl Target {
    /// None when the URI has no proper origin: no host, user information, a
    /// host that is neither a plain ASCII name nor an address.
    pub(super) fn of(method: &http::Method, uri: &http::Uri) -> Option<Self> {
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let scheme = match uri.scheme_str()? {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let port = match (uri.port_u16(), authority.port(), scheme) {
            (Some(port), _, _) => port,
            // A port that is no number.
            (None, Some(_), _) => return None,
            (None, None, Scheme::Http) => 80,
            (None, None, Scheme::Https) => 443,
        };
        Some(Self {
            scheme,
            host: host(uri.host()?)?,
            port,
            method: method.as_str().to_ascii_uppercase(),
            path: uri.path().to_owned(),
        })
    }

    pub(super) fn origin(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let host = match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
            host => host.to_string(),
        };
        match (self.scheme, self.port) {
            (Scheme::Http, 80) | (Scheme::Https, 443) => format!("{scheme}://{host}"),
            (_, port) => format!("{scheme}://{host}:{port}"),
        }
    }

    pub(super) fn is_permitted_by(&self, permission: &RequestPermission) -> bool {
        let RequestPermission { scheme, host, port, methods, path } = permission;
        *scheme == self.scheme
            && *host == self.host
            && *port == self.port
            && methods.as_ref().is_none_or(|methods| methods.contains(&self.method))
            && is_below(&self.path, path)
    }

    /// GET and HEAD change nothing (RFC 9110 §9.2.1).
    pub(super) fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// Whole segments, and no way back up by `..`, however it is spelled.
pub(super) fn is_below(path: &str, prefix: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let climbs = lower.replace("%2e", ".").replace("%2f", "/").replace(['\\'], "/");
    if climbs.split('/').any(|segment| segment == "..") {
        return false;
    }
    let prefix = prefix.trim_end_matches('/');
    match path.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// A host as a URI spells it: an address, or an ASCII name without tricks.
pub(super) fn host(text: &str) -> Option<Host> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(Host::Address(unwrap(address)));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    // A name whose last label is a number would be read as an address by
    // some resolvers ("127.1", "0x7f.1").
    let numeric = |label: &str| label.starts_with(|c: char| c.is_ascii_digit());
    let last = name.rsplit('.').next().unwrap_or_default();
    (name.len() <= 253 && name.split('.').all(plain) && !numeric(last)).then_some(Host::Name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_that_lead_inside_are_not_public() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ] {
            assert!(!may_reach(address(inside), &[]), "{inside}");
        }
        for outside in ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"] {
            assert!(may_reach(address(outside), &[]), "{outside}");
        }
    }

    #[test]
    fn a_permitted_range_lets_its_addresses_pass_and_no_others() {
        let range = [AddressRange { network: address("10.1.0.0"), prefix: 16 }];
        assert!(may_reach(address("10.1.200.3"), &range));
        assert!(may_reach(address("::ffff:10.1.200.3"), &range));
        assert!(!may_reach(address("10.2.0.1"), &range));
    }

    #[test]
    fn spellings_that_hide_an_address_are_no_host() {
        for bad in [
            "127.1",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "exa mple",
            "",
            ".",
            "a..b",
            "ex\u{2024}ample",
        ] {
            assert_eq!(host(bad), None, "{bad}");
        }
        assert_eq!(host("API.Example.org."), Some(Host::Name("api.example.org".to_owned())));
        assert_eq!(host("[::ffff:10.0.0.1]"), Some(Host::Address(address("10.0.0.1"))));
    }

    #[test]
    fn a_path_permission_covers_whole_segments_and_cannot_be_climbed_out_of() {
        assert!(is_below("/scim/v2", "/scim/v2"));
        assert!(is_below("/scim/v2/Users", "/scim/v2/"));
        assert!(is_below("/anything", "/"));
        assert!(!is_below("/scim/v21", "/scim/v2"));
        assert!(!is_below("/scim/v2/../admin", "/scim/v2"));
        assert!(!is_below("/scim/v2/%2E%2e/admin", "/scim/v2"));
        assert!(!is_below("/scim/v2/..%2Fadmin", "/scim/v2"));
        assert!(!is_below("/scim/v2/..\\admin", "/scim/v2"));
    }

    #[test]
    fn user_information_and_foreign_schemes_have_no_target() {
        let get = http::Method::GET;
        for bad in ["http://good@evil.example/", "ftp://example.org/", "/only/a/path"] {
            assert_eq!(Target::of(&get, &bad.parse().unwrap()), None, "{bad}");
        }
        let target = Target::of(&get, &"HTTPS://Api.example.org/x?q=1".parse().unwrap()).unwrap();
        assert_eq!(
            (target.origin().as_str(), target.path.as_str()),
            ("https://api.example.org", "/x")
        );
    }

    #[tokio::test]
    async fn a_name_that_resolves_inside_is_refused_unless_permitted() {
        let name = Host::Name("localhost".to_owned());
        let refused = connect(&name, 9, &[]).await.unwrap_err();
        assert!(matches!(refused, ConnectError::Address { .. }), "{refused}");
        let loopback = [
            AddressRange { network: address("127.0.0.0"), prefix: 8 },
            AddressRange { network: address("::1"), prefix: 128 },
        ];
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(connect(&name, port, &loopback).await.is_ok());
    }
}
