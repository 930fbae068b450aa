//! Which entries a search filter lets through.

use ldap3_proto::proto::{LdapFilter, LdapSubstringFilter};

use super::{
    entry::{Entry, comparable},
    schema::{self, Attribute},
};

/// A filter that names an attribute nobody knows is undefined there, which
/// lets nothing through, and neither does its negation.
pub(super) fn matches(filter: &LdapFilter, entry: &Entry) -> bool {
    holds(filter, entry) == Some(true)
}

fn holds(filter: &LdapFilter, entry: &Entry) -> Option<bool> {
    match filter {
        LdapFilter::And(parts) => decided(parts, entry, false),
        LdapFilter::Or(parts) => decided(parts, entry, true),
        LdapFilter::Not(part) => holds(part, entry).map(|held| !held),
        LdapFilter::Present(name) => Some(!entry.values(name).is_empty()),
        LdapFilter::Equality(name, value) | LdapFilter::Approx(name, value) => {
            schema::attribute(name).map(|attribute| entry.has(attribute, value))
        }
        LdapFilter::GreaterOrEqual(name, value) => compare(name, value, entry, |a, b| a >= b),
        LdapFilter::LessOrEqual(name, value) => compare(name, value, entry, |a, b| a <= b),
        LdapFilter::Substring(name, parts) => {
            let attribute = schema::attribute(name)?;
            Some(entry.values(name).iter().any(|value| contains(attribute, value, parts)))
        }
        LdapFilter::Extensible(_) => None,
    }
}

/// One part that says `deciding` decides; else one that is undefined does.
fn decided(parts: &[LdapFilter], entry: &Entry, deciding: bool) -> Option<bool> {
    let held: Vec<_> = parts.iter().map(|part| holds(part, entry)).collect();
    if held.contains(&Some(deciding)) {
        return Some(deciding);
    }
    if held.contains(&None) { None } else { Some(!deciding) }
}

fn compare(
    name: &str,
    wanted: &str,
    entry: &Entry,
    order: impl Fn(&str, &str) -> bool,
) -> Option<bool> {
    let attribute = schema::attribute(name)?;
    let wanted = comparable(attribute, wanted);
    Some(entry.values(name).iter().any(|value| order(&comparable(attribute, value), &wanted)))
}

fn contains(attribute: &Attribute, value: &str, parts: &LdapSubstringFilter) -> bool {
    let value = comparable(attribute, value);
    let fold = |part: &str| part.to_lowercase();
    let mut rest = value.as_str();
    if let Some(initial) = &parts.initial {
        match rest.strip_prefix(&fold(initial)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    for any in &parts.any {
        match rest.split_once(&fold(any)) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    parts.final_.as_ref().is_none_or(|end| rest.ends_with(&fold(end)))
}
