//! Where only a table may stand.
//!
//! Serde's derived types also take a list, with the values in the order of the
//! fields: `crm = ["scim"]` would be a target.  No operator means that, and a
//! new field would change what it says.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::document::Place;

/// Paths of the types with named fields; `*` is any key or position.
const TABLES: [&[&str]; 83] = [
    &["store"],
    &["store", "postgres"],
    &["signing"],
    &["audit"],
    &["lifecycle"],
    &["lifecycle", "status"],
    &["lifecycle", "leave", "*"],
    &["leaver"],
    &["limits"],
    &["limits", "removals"],
    &["limits", "ejects"],
    &["limits", "erasures"],
    &["hold", "*"],
    &["correlate"],
    &["correlate", "compare"],
    &["limits", "disables"],
    &["limits", "privileged"],
    &["limits", "creates"],
    &["limits", "target", "*"],
    &["limits", "target", "*", "removals"],
    &["limits", "target", "*", "disables"],
    &["limits", "target", "*", "privileged"],
    &["limits", "target", "*", "creates"],
    &["rule", "*"],
    &["rule", "*", "valid"],
    &["role", "*"],
    &["role", "*", "valid"],
    &["role", "*", "approval"],
    &["role", "*", "approval", "escalate"],
    &["target", "*", "approval"],
    &["target", "*", "approval", "escalate"],
    &["request"],
    &["request", "approval"],
    &["request", "approval", "*"],
    &["request", "approval", "*", "escalate"],
    &["approval", "*"],
    &["approval", "*", "when"],
    &["approval", "*", "escalate"],
    &["review", "*"],
    &["review", "*", "of"],
    &["review", "*", "escalate"],
    &["sod", "*"],
    &["sod", "*", "except", "*"],
    &["exclusive", "*"],
    &["protect"],
    &["workflow", "*"],
    &["workflow", "*", "steps", "*"],
    &["workflow", "*", "steps", "*", "escalate"],
    &["notify"],
    &["notify", "smtp"],
    &["notify", "webhook", "*"],
    &["message", "*"],
    &["delegation", "*"],
    &["test", "*"],
    &["test", "*", "expect"],
    &["source", "*"],
    &["source", "*", "limits"],
    &["source", "*", "table"],
    &["source", "*", "permissions"],
    &["source", "*", "permissions", "reads", "*"],
    &["source", "*", "permissions", "authorization", "*", "basic"],
    &["source", "*", "permissions", "directories", "*"],
    &["source", "*", "permissions", "streams", "*"],
    &["source", "*", "permissions", "streams", "*", "sign-in", "ldap-simple"],
    &["component", "*"],
    &["component", "*", "limits"],
    &["component", "*", "permissions"],
    &["component", "*", "permissions", "reads", "*"],
    &["component", "*", "permissions", "authorization", "*", "basic"],
    &["component", "*", "permissions", "directories", "*"],
    &["component", "*", "permissions", "streams", "*"],
    &["component", "*", "permissions", "streams", "*", "sign-in", "ldap-simple"],
    &["target", "*"],
    &["target", "*", "account"],
    &["target", "*", "checked-by"],
    &["target", "*", "limits"],
    &["target", "*", "no-writes"],
    &["target", "*", "permissions"],
    &["target", "*", "permissions", "reads", "*"],
    &["target", "*", "permissions", "authorization", "*", "basic"],
    &["target", "*", "permissions", "directories", "*"],
    &["target", "*", "permissions", "streams", "*"],
    &["target", "*", "permissions", "streams", "*", "sign-in", "ldap-simple"],
];

/// Lists that stand where a table belongs; the last ones first, so that
/// positions stay right while they are taken out.
pub(super) fn lists_for_tables(document: &DeTable<'_>) -> Vec<Place> {
    let mut found = Vec::new();
    for (key, value) in document {
        walk(value, &Place::default().key(key.get_ref()), &mut vec![key.get_ref()], &mut found);
    }
    found.reverse();
    found
}

fn walk<'t>(
    value: &'t Spanned<DeValue<'_>>,
    place: &Place,
    path: &mut Vec<&'t str>,
    found: &mut Vec<Place>,
) {
    match value.get_ref() {
        DeValue::Array(_) if TABLES.iter().any(|pattern| matches(pattern, path)) => {
            found.push(place.clone());
        }
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push("*");
                walk(item, &place.index(index), path, found);
                path.pop();
            }
        }
        DeValue::Table(table) => {
            for (key, value) in table {
                path.push(key.get_ref());
                walk(value, &place.key(key.get_ref()), path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn matches(pattern: &[&str], path: &[&str]) -> bool {
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(pattern, key)| *pattern == "*" || pattern == key)
}
