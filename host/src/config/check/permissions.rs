//! What a connector may reach: parsed, there, and referring to what exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::Check;
use crate::config::{
    document::Place,
    element::{entries::Entries, origin::Origin, secret::Secret},
    mask::is_variable_name,
    permissions::{
        AuthorizationScheme, DirectoryPermission, Permissions, Protocol, RequestPermission,
        SecretSource, SignIn, StreamPermission, Tls,
    },
    report::{ConfigError, nearest},
    written,
};

pub(super) fn permissions(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &written::Permissions,
) -> Permissions {
    let written::Permissions {
        hosts,
        reads,
        addresses,
        secrets,
        authorization,
        reveal,
        directories,
        streams,
    } = written;
    let declared = place.key("secrets");
    for (index, name) in reveal.iter().enumerate() {
        check.declared(&declared, &place.key("reveal").index(index), name);
    }
    Permissions {
        requests: requests(check, &place.key("hosts"), hosts),
        reads: read_requests(check, &place.key("reads"), reads),
        addresses: addresses.iter().map(|range| range.0).collect(),
        secrets: secret_sources(check, &declared, secrets),
        authorization: authorizations(check, place, authorization),
        reveal: reveal.iter().cloned().collect(),
        directories: directory_permissions(check, &place.key("directories"), directories),
        streams: stream_permissions(check, place, streams),
    }
}

fn requests(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &[written::Request],
) -> Vec<RequestPermission> {
    let mut permitted = Vec::new();
    for (index, written::Request { origin, methods, path }) in written.iter().enumerate() {
        let place = place.index(index);
        let methods = methods.as_ref().map(|methods| {
            let place = place.key("methods");
            let each = methods.iter().enumerate();
            each.map(|(index, method)| check.method(&place.index(index), method)).collect()
        });
        permitted.push(request(check, &place, origin, methods, path));
    }
    permitted
}

fn read_requests(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &[written::Read],
) -> Vec<RequestPermission> {
    let mut permitted = Vec::new();
    for (index, written::Read { origin, method, path }) in written.iter().enumerate() {
        let place = place.index(index);
        let method = check.method(&place.key("method"), method);
        permitted.push(request(check, &place, origin, Some(BTreeSet::from([method])), path));
    }
    permitted
}

fn request(
    check: &mut Check<'_, '_>,
    place: &Place,
    origin: &Origin,
    methods: Option<BTreeSet<String>>,
    path: &str,
) -> RequestPermission {
    let Origin { scheme, host, port } = origin.clone();
    let path = check.request_path(&place.key("path"), path);
    RequestPermission { scheme, host, port, methods, path }
}

fn secret_sources(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &Entries<String, Secret>,
) -> BTreeMap<String, SecretSource> {
    let mut sources = BTreeMap::new();
    for (name, secret) in written.iter() {
        sources.insert(name.clone(), check.secret_source(&place.key(name), name, secret));
    }
    sources
}

fn authorizations(
    check: &mut Check<'_, '_>,
    permissions: &Place,
    written: &Entries<String, written::Authorization>,
) -> BTreeMap<String, AuthorizationScheme> {
    let declared = permissions.key("secrets");
    let mut schemes = BTreeMap::new();
    for (name, scheme) in written.iter() {
        let place = permissions.key("authorization").key(name);
        let scheme = match scheme {
            written::Authorization::Bearer(secret) => {
                check.declared(&declared, &place.key("bearer"), secret);
                AuthorizationScheme::Bearer(secret.clone())
            }
            written::Authorization::Basic { user, secret } => {
                check.declared(&declared, &place.key("basic").key("secret"), secret);
                AuthorizationScheme::Basic { user: user.clone(), secret: secret.clone() }
            }
        };
        schemes.insert(name.clone(), scheme);
    }
    schemes
}

fn directory_permissions(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &Entries<String, written::Directory>,
) -> BTreeMap<String, DirectoryPermission> {
    let mut permitted = BTreeMap::new();
    for (name, written::Directory { path, access }) in written.iter() {
        let found = check.path(path);
        if !found.is_dir() {
            let error = ConfigError::new(format!("the directory `{path}` is not there"))
                .label(if found.exists() { "is no directory" } else { "no such directory" })
                .hint("paths are relative to this file");
            check.value(&place.key(name).key("path"), error);
        }
        let write = matches!(access, written::Access::Write);
        permitted.insert(name.clone(), DirectoryPermission { path: found, write });
    }
    permitted
}

fn stream_permissions(
    check: &mut Check<'_, '_>,
    permissions: &Place,
    written: &Entries<String, written::Stream>,
) -> BTreeMap<String, StreamPermission> {
    let mut permitted = BTreeMap::new();
    for (name, stream) in written.iter() {
        let place = permissions.key("streams").key(name);
        permitted.insert(name.clone(), stream_permission(check, permissions, &place, stream));
    }
    permitted
}

fn stream_permission(
    check: &mut Check<'_, '_>,
    permissions: &Place,
    place: &Place,
    written: &written::Stream,
) -> StreamPermission {
    let written::Stream { host, port, protocol, tls, ca, sign_in } = written;
    if *port == 0 {
        let error = ConfigError::new("bad value for `port`").label("needs a port from 1 to 65535");
        check.value(&place.key("port"), error);
    }
    if *protocol == Protocol::Raw && *tls == Tls::StartTls {
        let error = ConfigError::new("`start-tls` is a step of LDAP")
            .label("a raw stream is encrypted from its first byte or not at all");
        check.value(&place.key("tls"), error);
    }
    let sign_in = sign_in.as_ref().map(|written::SignIn::LdapSimple { dn, secret }| {
        let sign_in = place.key("sign-in");
        if *protocol != Protocol::Ldap {
            let error = ConfigError::new("`ldap-simple` is a sign-in of LDAP")
                .label("this stream has another `protocol`");
            check.key(&sign_in, error);
        }
        let place = sign_in.key("ldap-simple").key("secret");
        check.declared(&permissions.key("secrets"), &place, secret);
        SignIn::LdapSimple { dn: dn.clone(), secret: secret.clone() }
    });
    let authority = "the authority's certificate";
    let ca = ca.as_ref().map(|path| check.file(&place.key("ca"), authority, path));
    StreamPermission {
        host: host.0.clone(),
        port: *port,
        protocol: *protocol,
        tls: *tls,
        ca,
        sign_in,
    }
}

impl Check<'_, '_> {
    /// Reports a use of a secret that is not declared.  What was written may
    /// be the secret itself, so it is not repeated.
    fn declared(&mut self, secrets: &Place, place: &Place, name: &str) {
        if self.report.document.has(&secrets.key(name)) {
            return;
        }
        let declared = self.report.document.keys(secrets);
        let hint = match nearest(name, declared.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if declared.is_empty() => {
                "declare it: `secrets = { token = { env = \"NAME\" } }`".to_owned()
            }
            None => format!("secrets here: {}", declared.join(", ")),
        };
        let key = place.last_key().unwrap_or_default();
        let error = ConfigError::new(format!("unknown secret in `{key}`"))
            .label(format!("no such name in `{secrets}`"))
            .hint(hint);
        self.value(place, error);
    }

    /// Where a secret is; that it is there is looked at.
    pub(super) fn secret_source(
        &mut self,
        place: &Place,
        name: &str,
        secret: &Secret,
    ) -> SecretSource {
        match secret {
            Secret::Env(variable) => {
                self.variable(&place.key("env"), name, variable);
                SecretSource::Env(variable.clone())
            }
            Secret::File(path) => {
                SecretSource::File(self.file(&place.key("file"), &format!("secret `{name}`"), path))
            }
        }
    }

    fn variable(&mut self, place: &Place, secret: &str, variable: &str) {
        let label = match (self.env)(variable) {
            Some(value) if !value.is_empty() => return,
            None if !is_variable_name(variable) => {
                // Perhaps the secret itself, so it is not repeated.
                let label = "this is no name of an environment variable";
                let error = ConfigError::new(format!("secret `{secret}` is not there"));
                return self.value(place, error.label(label));
            }
            Some(_) => format!("the environment variable `{variable}` is empty"),
            None => format!("the environment variable `{variable}` is not set"),
        };
        let error = ConfigError::new(format!("secret `{secret}` is not there")).label(label);
        self.report.absent(place, error);
    }

    /// A file that must be there and readable.
    pub(super) fn file(&mut self, place: &Place, what: &str, written: &str) -> PathBuf {
        let path = self.path(written);
        let problem = match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(metadata) if metadata.is_file() => return path,
            Ok(_) => "is no file".to_owned(),
            Err(error) => match error.kind() {
                std::io::ErrorKind::NotFound => "no such file".to_owned(),
                kind => kind.to_string(),
            },
        };
        let error = ConfigError::new(format!("{what} cannot be read"))
            .label(problem)
            .hint("paths are relative to this file");
        self.report.absent(place, error);
        path
    }

    fn method(&mut self, place: &Place, method: &str) -> String {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            let error = ConfigError::new(format!("`{method}` is no method of a request"))
                .label("needs one like \"GET\" or \"POST\"");
            self.value(place, error);
        }
        method.to_ascii_uppercase()
    }

    /// Without a slash at its end: whole segments are compared.
    fn request_path(&mut self, place: &Place, path: &str) -> String {
        let forbidden = |c: char| matches!(c, '?' | '#' | '%' | '\\' | '*') || c.is_whitespace();
        let problem = if !path.starts_with('/') {
            Some("a path begins with `/`")
        } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
            Some("a path has no `.` and `..`")
        } else if path.contains(forbidden) || path.contains(char::is_control) {
            Some("a path is plain: no query, no wildcards, no escapes")
        } else if path.contains("//") {
            Some("a path has no empty segments")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.value(place, ConfigError::new(format!("bad path `{path}`")).label(problem));
        }
        match path.trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        }
    }
}
