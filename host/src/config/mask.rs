//! Which bytes of the file may be a secret that somebody wrote out.
//!
//! Secrets are named in the file, never written; but an error about a written
//! one shows its line, so the value is found here and masked.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Parts of key names that say "secret".
const TELLING: [&str; 8] =
    ["secret", "passw", "token", "credential", "apikey", "api-key", "api_key", "private-key"];

fn tells(key: &str) -> bool {
    let key = key.to_lowercase();
    TELLING.iter().any(|part| key.contains(part))
}

/// Values to mask, by bytes.
pub(super) fn masks(document: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (key, value) in document {
        let key = key.get_ref().as_ref();
        match value.get_ref() {
            DeValue::Table(connectors) if matches!(key, "source" | "target") => {
                for (_, connector) in connectors {
                    let declared = declared_secrets(connector);
                    Walk { declared: &declared, found: &mut found }.value(connector, &mut vec![]);
                }
            }
            _ => Walk { declared: &[], found: &mut found }.value(value, &mut vec![key]),
        }
    }
    found
}

/// Names under `permissions.secrets` of a connector.
fn declared_secrets<'t>(connector: &'t Spanned<DeValue<'_>>) -> Vec<&'t str> {
    connector
        .get_ref()
        .get("permissions")
        .and_then(|permissions| permissions.get_ref().get("secrets"))
        .and_then(|secrets| secrets.get_ref().as_table())
        .map_or_else(Vec::new, |table| table.keys().map(|key| key.get_ref().as_ref()).collect())
}

struct Walk<'w> {
    declared: &'w [&'w str],
    found: &'w mut Vec<Range<usize>>,
}

impl Walk<'_> {
    /// `path` begins within the connector.
    fn value<'t>(&mut self, value: &'t Spanned<DeValue<'_>>, path: &mut Vec<&'t str>) {
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, value) in table {
                    path.push(key.get_ref().as_ref());
                    self.value(value, path);
                    path.pop();
                }
            }
            DeValue::Array(items) => {
                for item in items.iter() {
                    self.value(item, path);
                }
            }
            leaf => {
                if !self.may_be_shown(leaf.as_str(), path) {
                    self.found.push(value.span());
                }
            }
        }
    }

    fn may_be_shown(&self, text: Option<&str>, path: &[&str]) -> bool {
        // `https://user:password@host`
        if text.is_some_and(|text| text.contains("://") && text.contains('@')) {
            return false;
        }
        let is_declared = || text.is_some_and(|text| self.declared.contains(&text));
        match path {
            ["permissions", "secrets", _, "env"] => text.is_some_and(is_variable_name),
            ["permissions", "secrets", _, "file"] => true,
            ["permissions", "authorization", _, "basic", "user"]
            | ["permissions", "streams", _, "sign-in", "ldap-simple", "dn"] => true,
            ["permissions", "authorization", ..]
            | ["permissions", "reveal"]
            | ["permissions", "streams", _, "sign-in", ..] => is_declared(),
            ["permissions", "directories" | "streams", _, rest @ ..] => {
                !rest.iter().any(|key| tells(key))
            }
            _ => !path.iter().any(|key| tells(key)),
        }
    }
}

/// A value that is not one was perhaps meant as the secret itself.
pub(super) fn is_variable_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// For a file that does not parse: from the `=` to the end of the line at
/// `at`, when the line or the table it stands in speaks of secrets.
pub(super) fn mask_unparsed(text: &str, at: usize) -> Option<Range<usize>> {
    let before = text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..)?.lines().next().unwrap_or_default();
    let header = before.lines().rev().find(|line| line.trim_start().starts_with('['));
    if !tells(line) && !header.is_some_and(tells) {
        return None;
    }
    let value = start + line.find('=').map_or(0, |equals| equals + 1);
    Some(value..start + line.len())
}
