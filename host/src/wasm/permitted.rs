//! What one connector may reach: asked for in its manifest AND permitted by
//! the operator.  Every refusal names the exact TOML that would permit it.

use std::collections::BTreeSet;

use lanyard_core::schema::{AuthorizationKind, AuthorizationNeed, Manifest};

use super::egress::{Target, host, is_below};
use crate::config::{
    ConnectorConfig,
    permissions::{self, DirectoryPermission, Host, StreamPermission},
};

/// Manifest and configuration of a connector, asked together.
#[derive(Debug)]
pub(super) struct Permitted {
    pub(super) config: ConnectorConfig,
    pub(super) manifest: Manifest,
}

/// A refusal: what was refused and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub(super) struct Refusal {
    what: String,
    remedy: String,
}

/// Whether a call may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Planning, verifying, checking: the outside is read-only.
    Read,
    /// One journaled write.
    Write,
}

impl Permitted {
    /// # Errors
    /// Why the request is refused.
    pub(super) fn request(&self, target: &Target, purpose: Purpose) -> Result<(), Refusal> {
        let what = || format!("{} {} is refused", target.method, target.origin());
        let asked = self.manifest.requests.iter().any(|need| {
            self.asks_for(&need.host, &target.host, Some(target.port))
                && need.methods.iter().any(|method| method.eq_ignore_ascii_case(&target.method))
                && is_below(&target.path, &need.path)
        });
        if !asked {
            return Err(Refusal {
                what: what(),
                remedy: "the connector's manifest does not ask for it, so the operator cannot \
                         permit it"
                    .to_owned(),
            });
        }
        let permissions = &self.config.permissions;
        if !permissions.requests.iter().any(|permission| target.is_permitted_by(permission)) {
            return Err(Refusal {
                what: what(),
                remedy: permit(&permissions::paste_host(
                    self.config.role,
                    self.config.name.as_str(),
                    &target.origin(),
                )),
            });
        }
        let reads =
            || permissions.reads.iter().any(|permission| target.is_permitted_by(permission));
        if purpose == Purpose::Read && !target.is_safe() && !reads() {
            return Err(Refusal {
                what: format!(
                    "{} {}{} is refused while planning",
                    target.method,
                    target.origin(),
                    target.path
                ),
                remedy: format!(
                    "if it changes nothing, {}",
                    permissions::paste_read(
                        self.config.role,
                        self.config.name.as_str(),
                        &target.origin(),
                        &target.method,
                        &target.path
                    )
                ),
            });
        }
        Ok(())
    }

    /// # Errors
    /// Why the stream is refused.
    pub(super) fn stream(&self, name: &str) -> Result<&StreamPermission, Refusal> {
        let what = || format!("the stream `{name}` is refused");
        let Some(permission) = self.config.permissions.streams.get(name) else {
            return Err(Refusal {
                what: what(),
                remedy: permit(&permissions::paste_stream(
                    self.config.role,
                    self.config.name.as_str(),
                    name,
                    "HOST",
                )),
            });
        };
        let asked = self.manifest.streams.iter().any(|need| {
            need.name == name && self.asks_for(&need.host, &permission.host, Some(permission.port))
        });
        if asked {
            Ok(permission)
        } else {
            Err(Refusal {
                what: what(),
                remedy: format!(
                    "the connector's manifest does not ask for it at `{}`",
                    permission.host
                ),
            })
        }
    }

    /// # Errors
    /// Why the secret is refused.  `reveal` is asked and permitted by name.
    pub(super) fn secret(&self, name: &str, reveal: bool) -> Result<(), Refusal> {
        let permissions = &self.config.permissions;
        let need = self.manifest.secrets.iter().find(|need| need.name == name);
        let what = format!("the secret `{name}` is refused");
        if need.is_none_or(|need| reveal && !need.reveal) {
            let remedy = "the connector's manifest does not ask for it".to_owned();
            return Err(Refusal { what, remedy });
        }
        if !permissions.secrets.contains_key(name) {
            return Err(Refusal {
                what,
                remedy: permit(&permissions::paste_secret(
                    self.config.role,
                    self.config.name.as_str(),
                    name,
                )),
            });
        }
        if reveal && !permissions.reveal.contains(name) {
            return Err(Refusal {
                what,
                remedy: permit(&permissions::paste_reveal(
                    self.config.role,
                    self.config.name.as_str(),
                    name,
                )),
            });
        }
        Ok(())
    }

    /// # Errors
    /// Why the authorization is refused.
    pub(super) fn authorization(&self, name: &str) -> Result<(), Refusal> {
        match self.manifest.authorizations.iter().find(|need| need.name == name) {
            Some(need) => self.authorization_lacks(need).map_or(Ok(()), Err),
            None => Err(Refusal {
                what: format!("the authorization `{name}` is refused"),
                remedy: "the connector's manifest does not ask for it".to_owned(),
            }),
        }
    }

    /// Why an authorization that is asked for is not to be had.
    fn authorization_lacks(&self, need: &AuthorizationNeed) -> Option<Refusal> {
        let ConnectorConfig { role, name, permissions, .. } = &self.config;
        let AuthorizationNeed { name: asked, schemes, purpose: _ } = need;
        let what = match permissions.authorization.get(asked) {
            None => format!("the authorization `{asked}` is not permitted"),
            Some(scheme) if schemes.is_empty() || schemes.contains(&scheme.kind()) => return None,
            Some(scheme) => {
                let taken: Vec<&str> = schemes.iter().map(|kind| kind.word()).collect();
                format!(
                    "the authorization `{asked}` is `{}`, and the system takes {}",
                    scheme.kind().word(),
                    taken.join(" or ")
                )
            }
        };
        let kind = schemes.first().copied().unwrap_or(AuthorizationKind::Bearer);
        let secret = permissions.secrets.keys().next().map(String::as_str);
        let paste = permissions::paste_authorization(*role, name.as_str(), asked, kind, secret);
        Some(Refusal { what, remedy: permit(&paste) })
    }

    /// What the manifest asks for and the operator did not permit, each with
    /// the TOML that would.
    pub(super) fn unpermitted(&self) -> Vec<Refusal> {
        let ConnectorConfig { role, name, permissions, .. } = &self.config;
        let Manifest { requests, streams, directories, secrets, authorizations, .. } =
            &self.manifest;
        let (role, name) = (*role, name.as_str());
        let refusal = |what: String, paste: String| Refusal { what, remedy: permit(&paste) };
        let mut missing = Vec::new();
        if !requests.is_empty() && permissions.requests.is_empty() {
            let hosts = requests.iter().map(|need| need.host.as_str());
            let hosts = hosts.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
            let paste = permissions::paste_host(role, name, "https://HOST");
            missing.push(refusal(format!("requests to {hosts} are not permitted"), paste));
        }
        for need in streams.iter().filter(|it| !permissions.streams.contains_key(&it.name)) {
            let paste = permissions::paste_stream(role, name, &need.name, "HOST");
            missing.push(refusal(format!("the stream `{}` is not permitted", need.name), paste));
        }
        for need in directories.iter().filter(|it| !permissions.directories.contains_key(&it.name))
        {
            let paste = permissions::paste_directory(role, name, &need.name, need.writable);
            missing.push(refusal(format!("the directory `{}` is not permitted", need.name), paste));
        }
        for need in secrets.iter().filter(|it| !permissions.secrets.contains_key(&it.name)) {
            let paste = permissions::paste_secret(role, name, &need.name);
            missing.push(refusal(format!("the secret `{}` is not permitted", need.name), paste));
        }
        missing.extend(authorizations.iter().filter_map(|need| self.authorization_lacks(need)));
        missing
    }

    /// Directories a call sees, by name, and whether it may write there.
    pub(super) fn directories(
        &self,
        purpose: Purpose,
    ) -> impl Iterator<Item = (&str, &DirectoryPermission, bool)> {
        self.manifest.directories.iter().filter_map(move |need| {
            let permission = self.config.permissions.directories.get(&need.name)?;
            let writable = need.writable && permission.write && purpose == Purpose::Write;
            Some((need.name.as_str(), permission, writable))
        })
    }

    /// Whether an ask of the manifest covers this host.
    fn asks_for(&self, asked: &str, actual: &Host, port: Option<u16>) -> bool {
        if asked == "*" {
            return true;
        }
        let field = asked.strip_prefix("{config.").and_then(|rest| rest.strip_suffix('}'));
        let written = match field {
            None => Some(asked),
            Some(field) => self.config.config.get(field).and_then(serde_json::Value::as_str),
        };
        written.and_then(origin_of).is_some_and(|(host, asked_port)| {
            host == *actual && asked_port.is_none_or(|asked| Some(asked) == port)
        })
    }
}

fn permit(paste: &str) -> String {
    format!("to permit it, write:\n{paste}")
}

/// Host and port of a URL, of `host:port` or of a bare host.
fn origin_of(text: &str) -> Option<(Host, Option<u16>)> {
    if let Ok(uri) = text.parse::<http::Uri>()
        && uri.scheme().is_some()
    {
        let implied = match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        };
        return Some((host(uri.host()?)?, uri.port_u16().or(implied)));
    }
    if let Some(found) = host(text) {
        return Some((found, None));
    }
    let (name, port) = text.rsplit_once(':')?;
    Some((host(name)?, Some(port.parse().ok()?)))
}
