//! Which fact an attribute takes when the file does not say: by its SCIM path.

use crate::{
    id::FactName,
    schema::{AttributeDef, Mutability, ObjectDef, Sensitivity, ValueKind},
};

/// First words of SCIM paths that are never filled from a fact: what the
/// lifecycle, grants and credentials decide, and what the target keeps.
const NEVER: &[&str] = &[
    "active",
    "entitlements",
    "externalid",
    "groups",
    "id",
    "meta",
    "password",
    "photos",
    "roles",
    "schemas",
    "username",
    "x509certificates",
];

/// The fact for an attribute; none when it is not ours to fill.
pub(super) fn fact_for(object: &ObjectDef, attribute: &AttributeDef) -> Option<FactName> {
    let filled = attribute.name != object.name_attribute
        && object.anchor_attribute.as_ref() != Some(&attribute.name)
        && attribute.mutability != Mutability::ReadOnly
        && attribute.sensitivity != Sensitivity::Secret
        && !matches!(
            attribute.kind,
            ValueKind::Bytes | ValueKind::Reference | ValueKind::Structured
        );
    if !filled {
        return None;
    }
    fact_for_path(attribute.scim_path.as_deref()?)
}

fn fact_for_path(path: &str) -> Option<FactName> {
    // Extensions: `urn:ietf:params:scim:schemas:extension:…:User:department`.
    let path = path.rsplit(':').next().unwrap_or(path);
    let path = without_filter(path);
    let path = path.strip_suffix(".value").unwrap_or(&path);
    let first = path.split('.').next().unwrap_or(path).to_ascii_lowercase();
    if NEVER.contains(&first.as_str()) {
        return None;
    }
    let name = match path {
        "emails" => "mail".to_owned(),
        "phoneNumbers" => "phone".to_owned(),
        "name.formatted" => "display_name".to_owned(),
        other => snake_case(other.strip_prefix("name.").unwrap_or(other)),
    };
    FactName::new(name).ok()
}

/// `emails[type eq "work"].value` as `emails.value`.
fn without_filter(path: &str) -> String {
    match (path.split_once('['), path.rsplit_once(']')) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => path.to_owned(),
    }
}

fn snake_case(path: &str) -> String {
    let mut name = String::with_capacity(path.len() + 4);
    for character in path.chars() {
        match character {
            '.' | '-' | '$' => name.push('_'),
            upper if upper.is_ascii_uppercase() => {
                if !name.is_empty() && !name.ends_with('_') {
                    name.push('_');
                }
                name.push(upper.to_ascii_lowercase());
            }
            other => name.push(other),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scim_paths_are_facts_in_the_words_of_the_file() {
        for (path, expected) in [
            ("name.givenName", Some("given_name")),
            ("name.familyName", Some("family_name")),
            ("name.formatted", Some("display_name")),
            ("displayName", Some("display_name")),
            ("emails", Some("mail")),
            ("emails.value", Some("mail")),
            ("emails[type eq \"work\"].value", Some("mail")),
            ("phoneNumbers[type eq \"work\"].value", Some("phone")),
            ("title", Some("title")),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
                Some("cost_center"),
            ),
            ("urn:example:User:department", Some("department")),
            ("addresses.postalCode", Some("addresses_postal_code")),
            ("active", None),
            ("groups.value", None),
            ("meta.created", None),
            ("password", None),
            ("", None),
        ] {
            let fact = fact_for_path(path);
            assert_eq!(fact.as_ref().map(FactName::as_str), expected, "{path}");
        }
    }

    #[test]
    fn a_capital_begins_a_word_and_never_an_empty_one() {
        for (path, expected) in [
            ("Title", "title"),
            ("urn:example:User:Department", "department"),
            ("addresses.PostalCode", "addresses_postal_code"),
            ("cost-Center", "cost_center"),
        ] {
            let fact = fact_for_path(path);
            assert_eq!(fact.as_ref().map(FactName::as_str), Some(expected), "{path}");
        }
    }
}
