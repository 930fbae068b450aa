//! The facts one record gives.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    account::Account,
    fact::{Fact, Hold, RecordKey},
    id::{ConnectorName, FactName},
    lifecycle::{NO_DATE, parse_moment},
    policy::{Policy, SourcePolicy},
    template::{Expressions, Scope, Template},
    value::{Attribute, Completeness, Value},
};

/// What one record says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub facts: BTreeMap<FactName, Vec<Fact>>,
    /// Facts it may have said, but nobody can tell what: those known stay.
    pub unknown: BTreeSet<FactName>,
    /// Why nothing of this identity may be changed.
    pub holds: Vec<Hold>,
    /// Attributes that could not become facts.
    pub problems: BTreeSet<String>,
}

/// The facts of `record`, by the templates of its source.
pub(super) fn facts(
    policy: &Policy,
    source: (&ConnectorName, &SourcePolicy),
    record: &Account,
    read_at: Timestamp,
    now: Timestamp,
) -> Said {
    let (name, source) = source;
    let key = RecordKey { source: name.clone(), key: record.reference.uid.clone() };
    let mut said = if source.facts.is_empty() {
        as_they_are(&key, record, read_at)
    } else {
        by_template(&policy.expressions, &source.facts, &key, record, (read_at, now))
    };
    for moment in policy.moments() {
        read_moments(&mut said, moment, &key);
    }
    said
}

/// Every attribute as a fact of its own name.
fn as_they_are(key: &RecordKey, record: &Account, read_at: Timestamp) -> Said {
    let mut said = Said::default();
    let mut names: BTreeMap<FactName, &str> = BTreeMap::new();
    for attribute in &record.attributes {
        let Ok(name) = FactName::new(plain_name(&attribute.name)) else {
            said.problems.insert(format!(
                "source `{}`: attribute `{}` cannot be the name of a fact; give it one in `facts`",
                key.source, attribute.name
            ));
            continue;
        };
        let first = names.entry(name.clone()).or_insert(&attribute.name);
        if *first != attribute.name {
            said.problems.insert(format!(
                "source `{}`: attributes `{first}` and `{}` are both fact `{name}`; the first \
                 counts, give the other a name in `facts`",
                key.source, attribute.name
            ));
            continue;
        }
        if attribute.completeness == Completeness::Withheld {
            said.unknown.insert(name);
            continue;
        }
        let values: Vec<Value> = attribute.values.iter().filter_map(text).collect();
        if !values.is_empty() {
            said.facts.entry(name).or_default().push(Fact {
                values,
                record: key.clone(),
                from: vec![attribute.name.clone()],
                learned: read_at,
                effective_from: attribute.effective_from,
                effective_until: attribute.effective_until,
            });
        }
    }
    said
}

/// Facts by template over the attributes that are in effect.
fn by_template(
    expressions: &Expressions,
    templates: &BTreeMap<FactName, Template>,
    key: &RecordKey,
    record: &Account,
    (read_at, now): (Timestamp, Timestamp),
) -> Said {
    let attributes: Vec<&Attribute> = record
        .attributes
        .iter()
        .filter(|attribute| {
            attribute.completeness != Completeness::Withheld
                && attribute.effective_from.is_none_or(|from| from <= now)
                && attribute.effective_until.is_none_or(|until| now < until)
        })
        .collect();
    let scope = record_scope(record, &attributes);
    let mut said = Said::default();
    for (name, template) in templates {
        match expressions.render(template, &scope) {
            Ok(rendered) if rendered.trim().is_empty() => {
                let withheld = record.attributes.iter().any(|attribute| {
                    attribute.completeness == Completeness::Withheld
                        && reads(template, &attribute.name)
                });
                if withheld {
                    said.unknown.insert(name.clone());
                }
            }
            Ok(rendered) => {
                let fact = Fact {
                    values: vec![Value::Text(rendered.trim().to_owned())],
                    record: key.clone(),
                    from: read_attributes(template, &attributes),
                    learned: read_at,
                    effective_from: None,
                    effective_until: None,
                };
                said.facts.insert(name.clone(), vec![fact]);
            }
            Err(error) => {
                let text = format!(
                    "fact `{name}` of record `{}` in source `{}`: {error}",
                    key.key, key.source
                );
                said.holds.push(Hold { fact: Some(name.clone()), text });
                said.unknown.insert(name.clone());
            }
        }
    }
    said
}

fn record_scope(record: &Account, attributes: &[&Attribute]) -> Scope {
    let mut scope = Scope::new();
    scope.known("key", record.reference.uid.as_str());
    scope.known("name", record.name.as_str());
    scope.record(attributes.iter().map(|a| (a.name.as_str(), a.values.as_slice())));
    // Plain names first, so that an exact name always means itself.
    for attribute in attributes.iter().rev() {
        scope.fact(plain_name(&attribute.name), &attribute.values);
    }
    for attribute in attributes {
        scope.fact(attribute.name.as_str(), &attribute.values);
    }
    scope
}

/// The attributes a template reads.
fn read_attributes(template: &Template, attributes: &[&Attribute]) -> Vec<String> {
    let names = attributes.iter().map(|attribute| &attribute.name);
    names.filter(|name| reads(template, name)).cloned().collect()
}

/// Whether a template reads an attribute, by name or through `record`.
fn reads(template: &Template, attribute: &str) -> bool {
    let source = template.source();
    template.reads().contains(attribute)
        || template.reads().contains(&plain_name(attribute))
        || template.reads().contains("record")
            && (source.contains(&format!("'{attribute}'"))
                || source.contains(&format!("\"{attribute}\""))
                || source.contains(&format!("record.{attribute}")))
}

/// Whether a fact is made of an attribute; none where the file gives no such
/// fact, or makes it of nothing.
pub(super) fn made_of(
    source: &SourcePolicy,
    fact: &FactName,
) -> Option<impl Fn(&str) -> bool + use<>> {
    let template = source.facts.get(fact).cloned();
    let given =
        source.facts.is_empty() || template.as_ref().is_some_and(|it| !it.reads().is_empty());
    let fact = fact.clone();
    given.then_some(move |attribute: &str| match &template {
        Some(template) => reads(template, attribute),
        None => plain_name(attribute) == fact.as_str(),
    })
}

/// `start` and `end` as dates or instants; what is neither holds.
fn read_moments(said: &mut Said, name: &str, key: &RecordKey) {
    let Some(facts) = said.facts.get_mut(name) else { return };
    let readable = facts.iter_mut().all(|fact| {
        let Some(first) = fact.values.first_mut() else { return true };
        if let Value::Text(text) = first {
            match parse_moment(text) {
                Some(moment) => *first = moment,
                None => return false,
            }
        }
        true
    });
    if !readable && let Some((fact, _)) = said.facts.remove_entry(name) {
        let text = format!(
            "fact `{name}` of record `{}` in source `{}` {NO_DATE} \
             (`| date('%d.%m.%Y')` in `facts` reads other forms)",
            key.key, key.source
        );
        said.holds.push(Hold { fact: Some(fact.clone()), text });
        said.unknown.insert(fact);
    }
}

/// Text of a value; bytes have none, and empty text is no value.
fn text(value: &Value) -> Option<Value> {
    match value {
        Value::Bytes(_) => None,
        other => {
            let text = other.to_string();
            let text = text.trim();
            (!text.is_empty()).then(|| Value::Text(text.to_owned()))
        }
    }
}

/// An attribute's name as the name of a fact.
pub(super) fn plain_name(attribute: &str) -> String {
    attribute
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' })
        .collect()
}
