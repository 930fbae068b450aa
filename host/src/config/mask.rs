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
                for item in items {
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
            ["permissions", "secrets", _, "env"] | ["signing", "key", "env"] => {
                text.is_some_and(is_variable_name)
            }
            ["signing", "key"] => false,
            ["permissions", "secrets", _, "file"]
            | ["signing", "key", "file"]
            | ["permissions", "authorization", _, "basic", "user"]
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

/// Every single value within `value`, whatever its keys say.
pub(super) fn values(value: &Spanned<DeValue<'_>>, found: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().for_each(|(_, value)| values(value, found)),
        DeValue::Array(items) => items.iter().for_each(|value| values(value, found)),
        _ => found.push(value.span()),
    }
}

/// For a line at `at` that does not parse, of which nobody knows what is a
/// value: the words behind the header or the first `=`, or all of them.  What is wrong is in
/// the signs between them.
pub(super) fn words(text: &str, at: usize) -> Vec<Range<usize>> {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    // What stands in a closed header is no value.
    let first = if line.starts_with('[') { line.find(']') } else { line.find('=') };
    let first = first.unwrap_or(0);
    let sign = |c: char| c.is_whitespace() || "[]{}\"'=,#".contains(c);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (offset, character) in line.char_indices().filter(|(offset, _)| *offset >= first) {
        if sign(character) {
            continue;
        }
        let byte = start + offset;
        let end = byte + character.len_utf8();
        match found.last_mut().filter(|word| word.end == byte) {
            Some(word) => word.end = end,
            None => found.push(byte..end),
        }
    }
    found
}
