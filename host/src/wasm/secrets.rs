//! Secrets: read by the host, handed to guests as placeholders.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use base64::Engine as _;
use zeroize::Zeroizing;

use crate::config::permissions::{AuthorizationScheme, Permissions, SecretSource};

/// The plain text of a secret; wiped when dropped, never printed.
#[derive(Clone)]
pub(super) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secrets permitted to one connector.
#[derive(Debug, Default)]
pub(super) struct Vault {
    secrets: BTreeMap<String, Secret>,
    authorization: BTreeMap<String, AuthorizationScheme>,
}

/// A permitted secret that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the secret `{name}` from {place}")]
pub struct UnreadableSecret {
    name: String,
    place: String,
    #[source]
    source: io::Error,
}

impl Vault {
    /// Reads every permitted secret now, so that a missing one is noticed
    /// before anything is changed.
    pub(super) fn read(permissions: &Permissions) -> Result<Self, UnreadableSecret> {
        let secrets = permissions
            .secrets
            .iter()
            .map(|(name, source)| Ok((name.clone(), read_secret(name, source)?)))
            .collect::<Result<_, UnreadableSecret>>()?;
        Ok(Self { secrets, authorization: permissions.authorization.clone() })
    }

    pub(super) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }

    /// The value of an `Authorization` header by the operator's scheme.
    fn authorization(&self, name: &str) -> Option<Zeroizing<String>> {
        match self.authorization.get(name)? {
            AuthorizationScheme::Bearer(secret) => {
                let token = self.secrets.get(secret)?.text()?;
                Some(Zeroizing::new(format!("Bearer {token}")))
            }
            AuthorizationScheme::Basic { user, secret } => {
                let password = self.secrets.get(secret)?.text()?;
                let pair = Zeroizing::new(format!("{user}:{password}"));
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair.as_bytes());
                Some(Zeroizing::new(format!("Basic {encoded}")))
            }
        }
    }
}

fn read_secret(name: &str, source: &SecretSource) -> Result<Secret, UnreadableSecret> {
    let bytes = match source {
        SecretSource::Env(variable) => std::env::var_os(variable)
            .map(std::ffi::OsString::into_encoded_bytes)
            .ok_or_else(|| UnreadableSecret {
                name: name.to_owned(),
                place: format!("the environment variable `{variable}`"),
                source: io::Error::from(io::ErrorKind::NotFound),
            })?,
        SecretSource::File(path) => std::fs::read(path).map_err(|source| UnreadableSecret {
            name: name.to_owned(),
            place: format!("the file `{}`", path.display()),
            source,
        })?,
    };
    let mut bytes = Zeroizing::new(bytes);
    if matches!(source, SecretSource::File(_)) && bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(Secret(bytes))
}

/// The placeholders of one call.
///
/// Each is random and known to this call alone, so that one that a guest
/// kept, printed or sent elsewhere is worth nothing.
#[derive(Debug)]
pub(super) struct Placeholders {
    vault: Arc<Vault>,
    issued: Mutex<BTreeMap<String, Zeroizing<String>>>,
}

/// Why no placeholder was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPlaceholder {
    Unknown,
    /// It holds bytes that no header can carry.
    NotText,
    /// The system gave no randomness.
    NoRandomness,
}

impl Placeholders {
    pub(super) fn new(vault: Arc<Vault>) -> Self {
        Self { vault, issued: Mutex::default() }
    }

    pub(super) fn secret(&self, name: &str) -> Result<String, NoPlaceholder> {
        let secret = self.vault.secret(name).ok_or(NoPlaceholder::Unknown)?;
        let text = secret.text().ok_or(NoPlaceholder::NotText)?;
        self.issue(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn authorization(&self, name: &str) -> Result<String, NoPlaceholder> {
        if !self.vault.authorization.contains_key(name) {
            return Err(NoPlaceholder::Unknown);
        }
        self.issue(self.vault.authorization(name).ok_or(NoPlaceholder::NotText)?)
    }

    /// Of what is handed to the call.
    pub(super) fn handed(&self, text: &str) -> Result<String, NoPlaceholder> {
        self.issue(Zeroizing::new(text.to_owned()))
    }

    fn issue(&self, value: Zeroizing<String>) -> Result<String, NoPlaceholder> {
        use std::fmt::Write as _;
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|_| NoPlaceholder::NoRandomness)?;
        let mut placeholder = String::from("lanyard-secret-");
        for byte in random {
            // Writing to a String cannot fail.
            let _infallible = write!(placeholder, "{byte:02x}");
        }
        self.lock().insert(placeholder.clone(), value);
        Ok(placeholder)
    }

    /// `text` with every placeholder of this call swapped; none when there
    /// was none in it.
    pub(super) fn swap(&self, text: &str) -> Option<Zeroizing<String>> {
        let issued = self.lock();
        let mut swapped: Option<Zeroizing<String>> = None;
        for (placeholder, value) in issued.iter() {
            let current = swapped.as_ref().map_or(text, |text| text.as_str());
            if current.contains(placeholder.as_str()) {
                swapped = Some(Zeroizing::new(current.replace(placeholder.as_str(), value)));
            }
        }
        swapped
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Zeroizing<String>>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Arc<Vault> {
        let secret = Secret(Zeroizing::new(b"open sesame".to_vec()));
        Arc::new(Vault {
            secrets: BTreeMap::from([("token".to_owned(), secret)]),
            authorization: BTreeMap::from([
                ("default".to_owned(), AuthorizationScheme::Bearer("token".to_owned())),
                (
                    "basic".to_owned(),
                    AuthorizationScheme::Basic {
                        user: "svc".to_owned(),
                        secret: "token".to_owned(),
                    },
                ),
            ]),
        })
    }

    #[test]
    fn a_placeholder_is_swapped_in_its_own_call_and_worthless_in_another() {
        let one = Placeholders::new(vault());
        let other = Placeholders::new(vault());
        let placeholder = one.secret("token").unwrap();
        assert!(!placeholder.contains("sesame"));
        assert_eq!(one.swap(&format!("Key {placeholder}!")).unwrap().as_str(), "Key open sesame!");
        assert_eq!(other.swap(&placeholder), None);
        assert_ne!(placeholder, other.secret("token").unwrap());
    }

    #[test]
    fn schemes_make_the_header_the_standards_describe() {
        let placeholders = Placeholders::new(vault());
        let bearer = placeholders.authorization("default").unwrap();
        assert_eq!(placeholders.swap(&bearer).unwrap().as_str(), "Bearer open sesame");
        let basic = placeholders.authorization("basic").unwrap();
        // RFC 7617: base64 of "svc:open sesame".
        assert_eq!(placeholders.swap(&basic).unwrap().as_str(), "Basic c3ZjOm9wZW4gc2VzYW1l");
    }

    #[test]
    fn unknown_names_get_nothing() {
        let placeholders = Placeholders::new(vault());
        assert_eq!(placeholders.secret("other"), Err(NoPlaceholder::Unknown));
        assert_eq!(placeholders.authorization("token"), Err(NoPlaceholder::Unknown));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        assert!(!format!("{:?}", vault()).contains("sesame"));
    }
}
