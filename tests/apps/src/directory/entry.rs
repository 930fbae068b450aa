//! One entry: a name and the values of its attributes.

use std::collections::BTreeMap;

use ldap3_proto::proto::{
    LdapModify, LdapModifyType, LdapPartialAttribute, LdapResultCode as Code,
};
use serde::{Deserialize, Serialize};

use super::{
    dn,
    schema::{self, Attribute, Syntax},
};

/// Why the directory refuses.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
    /// The nearest entry above that exists, for a name that does not.
    pub(super) matched: String,
}

pub(super) fn refuse<T>(code: Code, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, message: message.into(), matched: String::new() })
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) dn: String,
    /// By the attribute's own spelling.
    pub(super) attributes: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// An entry to be added, from what a client sent.
    pub(super) fn new(dn: &str, sent: &[LdapPartialAttribute]) -> Result<Self, Refusal> {
        let mut entry = Self { dn: dn.to_owned(), attributes: BTreeMap::new() };
        for part in sent {
            let (attribute, values) = writable(part)?;
            if values.is_empty() {
                let message = format!("{}: no values given", attribute.name);
                return refuse(Code::InvalidAttributeSyntax, message);
            }
            entry.add(attribute, values)?;
        }
        entry.check()?;
        Ok(entry)
    }

    pub(super) fn values(&self, name: &str) -> &[String] {
        schema::attribute(name)
            .and_then(|attribute| self.attributes.get(attribute.name))
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.values(name).first().map(String::as_str)
    }

    pub(super) fn has(&self, attribute: &Attribute, value: &str) -> bool {
        let wanted = comparable(attribute, value);
        self.attributes
            .get(attribute.name)
            .is_some_and(|found| found.iter().any(|v| comparable(attribute, v) == wanted))
    }

    /// Sets what the directory itself keeps.
    pub(super) fn keep(&mut self, name: &str, value: impl Into<String>) {
        self.attributes.insert(name.to_owned(), vec![value.into()]);
    }

    pub(super) fn modify(&mut self, changes: &[LdapModify]) -> Result<(), Refusal> {
        for change in changes {
            let (attribute, values) = writable(&change.modification)?;
            match change.operation {
                LdapModifyType::Add => self.add(attribute, values)?,
                LdapModifyType::Delete => self.delete(attribute, &values)?,
                LdapModifyType::Replace => {
                    self.attributes.remove(attribute.name);
                    if !values.is_empty() {
                        self.add(attribute, values)?;
                    }
                }
                LdapModifyType::Increment => {
                    return refuse(Code::UnwillingToPerform, "increment is not supported");
                }
            }
        }
        self.check()
    }

    pub(super) fn add(
        &mut self,
        attribute: &'static Attribute,
        values: Vec<String>,
    ) -> Result<(), Refusal> {
        for value in values {
            if attribute.syntax == Syntax::Name && dn::normal(&value).is_none() {
                let message = format!("{}: value is not a name", attribute.name);
                return refuse(Code::InvalidAttributeSyntax, message);
            }
            if self.has(attribute, &value) {
                let message = format!("modify/add: {}: value already exists", attribute.name);
                return refuse(Code::AttributeOrValueExists, message);
            }
            self.attributes.entry(attribute.name.to_owned()).or_default().push(value);
        }
        Ok(())
    }

    /// Takes away these values, or all of them when none is named.
    fn delete(&mut self, attribute: &Attribute, values: &[String]) -> Result<(), Refusal> {
        let Some(found) = self.attributes.get_mut(attribute.name) else {
            let message = format!("modify/delete: {}: no such attribute", attribute.name);
            return refuse(Code::NoSuchAttribute, message);
        };
        if values.is_empty() {
            found.clear();
        }
        for value in values {
            let wanted = comparable(attribute, value);
            let before = found.len();
            found.retain(|value| comparable(attribute, value) != wanted);
            if found.len() == before {
                let message = format!("modify/delete: {}: no such value", attribute.name);
                return refuse(Code::NoSuchAttribute, message);
            }
        }
        if found.is_empty() {
            self.attributes.remove(attribute.name);
        }
        Ok(())
    }

    /// Takes away a value if it is there.
    pub(super) fn forget(&mut self, name: &str, value: &str) {
        if let Some(attribute) = schema::attribute(name)
            && self.has(attribute, value)
            && let Some(values) = self.attributes.get_mut(attribute.name)
        {
            let wanted = comparable(attribute, value);
            values.retain(|value| comparable(attribute, value) != wanted);
            if values.is_empty() {
                self.attributes.remove(attribute.name);
            }
        }
    }

    /// The rules every entry keeps: its classes, single values, its own name.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        for (name, values) in &self.attributes {
            let single = schema::attribute(name).is_some_and(|attribute| attribute.single);
            if single && values.len() > 1 {
                let message = format!("{name}: multiple values provided");
                return refuse(Code::ConstraintViolation, message);
            }
        }
        let present: Vec<&str> = self
            .attributes
            .keys()
            .map(String::as_str)
            .filter(|name| schema::attribute(name).is_none_or(|a| !a.operational))
            .collect();
        if let Some(objection) = schema::objection(self.values("objectClass"), &present) {
            return refuse(Code::ObjectClassViolation, objection);
        }
        let levels = dn::parse(&self.dn).unwrap_or_default();
        for (name, value) in levels.first().into_iter().flatten() {
            let named = schema::attribute(name).is_some_and(|a| self.has(a, value));
            if !named {
                let message = format!("value of naming attribute '{name}' is not present in entry");
                return refuse(Code::NamingViolation, message);
            }
        }
        Ok(())
    }
}

/// What a client may write: a known attribute that is not kept by us.
fn writable(part: &LdapPartialAttribute) -> Result<(&'static Attribute, Vec<String>), Refusal> {
    let Some(attribute) = schema::attribute(&part.atype) else {
        let message = format!("{}: attribute type undefined", part.atype);
        return refuse(Code::UndefinedAttributeType, message);
    };
    if attribute.operational {
        let message = format!("{}: no user modification allowed", attribute.name);
        return refuse(Code::ConstraintViolation, message);
    }
    let mut values = Vec::with_capacity(part.vals.len());
    for value in &part.vals {
        match String::from_utf8(value.clone()) {
            Ok(value) if !value.is_empty() => values.push(value),
            _ => {
                let message = format!("{}: value is invalid per syntax", attribute.name);
                return refuse(Code::InvalidAttributeSyntax, message);
            }
        }
    }
    Ok((attribute, values))
}

/// The form in which equal values are equal texts.
pub(super) fn comparable(attribute: &Attribute, value: &str) -> String {
    match attribute.syntax {
        Syntax::Text => dn::fold(value),
        Syntax::Name => dn::normal(value).unwrap_or_else(|| value.to_owned()),
        Syntax::Octets => value.to_owned(),
    }
}
