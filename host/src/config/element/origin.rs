//! `"https://api.example.org:8443"`: one host that may be spoken to.

use std::{fmt, net::IpAddr, str::FromStr};

use super::text_element;
use crate::config::permissions::{Host, HostError, Scheme};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Origin {
    pub(in crate::config) scheme: Scheme,
    pub(in crate::config) host: Host,
    pub(in crate::config) port: u16,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum OriginError {
    #[error("`{0}` is not a scheme for requests; write `https://` or `http://`")]
    Scheme(String),
    #[error("an origin has no user and no password")]
    User,
    #[error(
        "an origin ends with its host or port; a path goes into `{{ origin = \"…\", path = \"/…\" }}`"
    )]
    Path,
    #[error("`{0}` is not a port")]
    Port(String),
    #[error(transparent)]
    Host(#[from] HostError),
}

impl Scheme {
    pub(in crate::config) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(in crate::config) fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl FromStr for Host {
    type Err = HostError;
    fn from_str(text: &str) -> Result<Self, HostError> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if name.is_empty() {
            return Err(HostError::Empty);
        }
        if name.contains('*') {
            return Err(HostError::Wildcard);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A name whose last label is a number would be read as an IPv4
        // address in another notation (`127.1`, `0x7f.1`) by some resolvers.
        let numeric = name.rsplit('.').next().is_some_and(|last| {
            last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
        });
        if name.len() > 253 || numeric || !name.split('.').all(label) {
            return Err(HostError::Form(text.to_owned()));
        }
        Ok(Self::Name(name))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;
    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            Some((other, _)) => return Err(OriginError::Scheme(other.to_owned())),
            None => (Scheme::Https, text),
        };
        if rest.contains('@') {
            return Err(OriginError::User);
        }
        if rest.contains(['/', '?', '#']) {
            return Err(OriginError::Path);
        }
        let bare_v6 = rest.parse::<std::net::Ipv6Addr>().is_ok();
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !bare_v6 && !port.ends_with(']') => {
                let number = port.bytes().all(|byte| byte.is_ascii_digit());
                let parsed = port.parse().ok().filter(|port| *port != 0 && number);
                (host, parsed.ok_or_else(|| OriginError::Port(port.to_owned()))?)
            }
            _ => (rest, scheme.default_port()),
        };
        Ok(Self { scheme, host: host.parse()?, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.word(), self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

text_element!(Origin, "Origin", "an origin like \"https://api.example.org\"", "^[^/]+(://[^/]+)?$");

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct HostText(pub(in crate::config) Host);

impl FromStr for HostText {
    type Err = HostError;
    fn from_str(text: &str) -> Result<Self, HostError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for HostText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_element!(HostText, "Host", "a host name or address", "^[^/*@]+$");

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match text.parse::<Origin>() {
            Ok(origin) => format!("{origin} {}", origin.port),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_origin_has_the_defaults_of_its_scheme() {
        assert_eq!(shown("api.example.org"), "https://api.example.org 443");
        assert_eq!(shown("http://API.example.org."), "http://api.example.org 80");
        assert_eq!(shown("https://127.0.0.1:8080"), "https://127.0.0.1:8080 8080");
        assert_eq!(shown("http://[::1]:8080"), "http://[::1]:8080 8080");
        assert_eq!(shown("http://[::1]"), "http://[::1] 80");
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for (text, message) in [
            ("ftp://example.org", "`ftp` is not a scheme"),
            ("https://user@example.org", "no user"),
            ("https://example.org/", "a path goes into"),
            ("https://*.example.org", "no wildcards"),
            ("https://example.org:0", "`0` is not a port"),
            ("https://example.org:", "`` is not a port"),
            ("https://", "needs a host"),
            ("https://127.1", "`127.1` is not a host"),
            ("https://bücher.example", "xn--"),
            ("https://a..b", "is not a host"),
        ] {
            assert!(shown(text).contains(message), "{text}: {}", shown(text));
        }
    }
}
