//! What to put into the file so that a denied thing is permitted.
//!
//! Each gives TOML as it would stand in the file.  Values that a guest chose
//! are quoted, so nothing it says becomes a key or a table.

use std::fmt::Write as _;

use lanyard_core::schema::AuthorizationKind;

use crate::config::Role;

/// `origin` like `https://api.example.org`.
pub fn paste_host(role: Role, connector: &str, origin: &str) -> String {
    block(role, connector, &format!("hosts = [{}]", quoted(origin)))
}

/// For a request that changes nothing although it is no GET.
pub fn paste_read(role: Role, connector: &str, origin: &str, method: &str, path: &str) -> String {
    let (origin, method, path) = (quoted(origin), quoted(method), quoted(path));
    let read = format!("reads = [{{ origin = {origin}, method = {method}, path = {path} }}]");
    block(role, connector, &read)
}

/// The environment variable proposed is named after the connector and secret.
pub fn paste_secret(role: Role, connector: &str, secret: &str) -> String {
    let variable: String = format!("{connector}_{secret}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    let line = format!("secrets = {{ {} = {{ env = {} }} }}", key(secret), quoted(&variable));
    block(role, connector, &line)
}

/// For a secret the connector may see in plain.
pub fn paste_reveal(role: Role, connector: &str, secret: &str) -> String {
    block(role, connector, &format!("reveal = [{}]", quoted(secret)))
}

/// `secret` is one that is permitted already; without one, the line that
/// would permit it comes first.
pub fn paste_authorization(
    role: Role,
    connector: &str,
    name: &str,
    kind: AuthorizationKind,
    secret: Option<&str>,
) -> String {
    let (proposed, scheme) = match kind {
        AuthorizationKind::Bearer => ("token", "bearer = "),
        AuthorizationKind::Basic => ("password", "basic = { user = \"USER\", secret = "),
    };
    let end = if kind == AuthorizationKind::Basic { " }" } else { "" };
    let signed = quoted(secret.unwrap_or(proposed));
    let line = format!("authorization = {{ {} = {{ {scheme}{signed}{end} }} }}", key(name));
    match secret {
        Some(_) => block(role, connector, &line),
        None => format!("{}\n{line}", paste_secret(role, connector, proposed)),
    }
}

/// `host` as a connector asks for it, with or without `:port`.  Protocol and
/// encryption are those usual on the port: the operator has the last word.
pub fn paste_stream(role: Role, connector: &str, stream: &str, host: &str) -> String {
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') => (name, port.parse::<u16>().ok()),
        _ => (host, None),
    };
    let port = port.unwrap_or(636);
    let (protocol, tls) = match port {
        389 | 3268 => ("ldap", "start-tls"),
        636 | 3269 => ("ldap", "tls"),
        _ => ("raw", "tls"),
    };
    let line = format!(
        "streams = {{ {} = {{ host = {}, port = {port}, protocol = \"{protocol}\", tls = \"{tls}\" }} }}",
        key(stream),
        quoted(host)
    );
    block(role, connector, &line)
}

pub fn paste_directory(role: Role, connector: &str, directory: &str, writable: bool) -> String {
    let access = if writable { "write" } else { "read" };
    let line = format!(
        "directories = {{ {} = {{ path = {}, access = \"{access}\" }} }}",
        key(directory),
        quoted(directory)
    );
    block(role, connector, &line)
}

fn block(role: Role, connector: &str, line: &str) -> String {
    format!("[{}.{}.permissions]\n{line}", role.word(), key(connector))
}

fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    // A basic string with everything but plain characters escaped.
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _infallible = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_is_the_toml_of_the_file() {
        let role = Role::Target;
        let all = [
            paste_host(role, "crm", "https://api.example.org"),
            paste_read(role, "crm", "https://api.example.org", "POST", "/search"),
            paste_secret(role, "crm", "api-token"),
            paste_reveal(role, "crm", "api-token"),
            paste_authorization(role, "crm", "default", AuthorizationKind::Bearer, None),
            paste_authorization(role, "crm", "old", AuthorizationKind::Basic, Some("pass")),
            paste_stream(role, "crm", "directory", "ldap.example.org"),
            paste_stream(role, "crm", "directory", "ldap.example.org:389"),
            paste_directory(Role::Source, "hr", "data", false),
        ]
        .join("\n\n");
        insta::assert_snapshot!(all, @r#"
    [target.crm.permissions]
    hosts = ["https://api.example.org"]

    [target.crm.permissions]
    reads = [{ origin = "https://api.example.org", method = "POST", path = "/search" }]

    [target.crm.permissions]
    secrets = { api-token = { env = "CRM_API_TOKEN" } }

    [target.crm.permissions]
    reveal = ["api-token"]

    [target.crm.permissions]
    secrets = { token = { env = "CRM_TOKEN" } }
    authorization = { default = { bearer = "token" } }

    [target.crm.permissions]
    authorization = { old = { basic = { user = "USER", secret = "pass" } } }

    [target.crm.permissions]
    streams = { directory = { host = "ldap.example.org", port = 636, protocol = "ldap", tls = "tls" } }

    [target.crm.permissions]
    streams = { directory = { host = "ldap.example.org", port = 389, protocol = "ldap", tls = "start-tls" } }

    [source.hr.permissions]
    directories = { data = { path = "data", access = "read" } }
    "#);
    }

    #[test]
    fn a_guest_cannot_write_keys_through_what_is_pasted() {
        let pasted = paste_host(Role::Target, "crm", "x\"]\nreveal = [\"token");
        let table: toml::Table = pasted.parse().unwrap();
        let permissions = table["target"]["crm"]["permissions"].as_table().unwrap();
        assert_eq!(permissions.keys().collect::<Vec<_>>(), ["hosts"]);
    }
}
