//! What the record keeps of a change: names, states, and digests in the place
//! of values, by which whoever has a value can tell whether it was that one.
//!
//! Every digest is over the store's salt and whose account it is, so that
//! nobody who only reads the record finds a value by trying, or sees that two
//! people have the same.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    account::AccountState,
    id::{Digest, IdentityId},
    operation::{Before, Change, Operation},
    value::{Attribute, AttributeChange, ValueChange},
};

/// What was sent, and what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Of all that was asked for, under its idempotency key.
    pub request: Digest,
    /// How it was, as far as the plan knew; none: nothing of the account
    /// changes.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}

/// # Errors
/// When the operation cannot be written as JSON.
pub fn recorded(
    salt: &str,
    key: &str,
    operation: &Operation,
) -> Result<Recorded, serde_json::Error> {
    let Operation { identity, target, change, .. } = operation;
    let request = Digest::of_json(&("request", salt, key, identity, target, change))?;
    let names = Names { salt, whose: *identity };
    let (before, after) = match change {
        Change::Create { name, anchor, attributes, state, object_type: _ } => {
            ("none".to_owned(), names.made((name, anchor), attributes, *state)?)
        }
        Change::Update { name, anchor, attributes, before, account: _ } => {
            names.changed((name.as_ref(), anchor.as_ref()), attributes, before)?
        }
        Change::Enable { .. } => said("disabled", "active"),
        Change::Disable { .. } => said("active", "disabled"),
        Change::Delete { .. } => said("there", "gone"),
        Change::Grant { .. } => said("not held", "held"),
        Change::Revoke { .. } => said("held", "not held"),
        Change::Credentials { .. } => return Ok(Recorded { request, before: None, after: None }),
    };
    Ok(Recorded { request, before: Some(before), after: Some(after) })
}

fn said(before: &str, after: &str) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

/// Names with digests of what they stand for.
struct Names<'a> {
    salt: &'a str,
    whose: IdentityId,
}

impl Names<'_> {
    fn made(
        &self,
        (name, anchor): (&str, &str),
        attributes: &[Attribute],
        state: AccountState,
    ) -> Result<String, serde_json::Error> {
        let mut after = BTreeMap::new();
        after.insert("name", self.of("name", &name)?);
        after.insert("anchor", self.of("anchor", &anchor)?);
        for attribute in attributes {
            after.insert(&attribute.name, self.of(&attribute.name, &attribute.values)?);
        }
        let state = if state == AccountState::Disabled { "disabled" } else { "active" };
        Ok(format!("{state}, {}", listed(&after)))
    }

    fn changed(
        &self,
        (name, anchor): (Option<&String>, Option<&String>),
        attributes: &[AttributeChange],
        old: &Before,
    ) -> Result<(String, String), serde_json::Error> {
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        for (what, new, old) in [("name", name, &old.name), ("anchor", anchor, &old.anchor)] {
            let Some(new) = new else { continue };
            before.insert(what, self.known(what, old.as_ref())?);
            after.insert(what, self.of(what, new)?);
        }
        for AttributeChange { name, change } in attributes {
            before.insert(name, self.known(name, old.attributes.get(name))?);
            after.insert(
                name,
                match change {
                    ValueChange::Replace(values) => self.of(name, values)?,
                    ValueChange::Modify { add, remove } => {
                        let mut words = Vec::new();
                        for (sign, values) in [('+', add), ('-', remove)] {
                            if !values.is_empty() {
                                words.push(format!("{sign}{}", self.of(name, values)?));
                            }
                        }
                        words.join(" ")
                    }
                },
            );
        }
        Ok((listed(&before), listed(&after)))
    }

    fn known<T: Serialize>(
        &self,
        name: &str,
        value: Option<&T>,
    ) -> Result<String, serde_json::Error> {
        value.map_or_else(|| Ok("not kept".to_owned()), |value| self.of(name, value))
    }

    /// The same for the same values of the same attribute of the same person.
    fn of<T: Serialize>(&self, name: &str, value: &T) -> Result<String, serde_json::Error> {
        let digest = Digest::of_json(&("value", self.salt, self.whose, name, value))?;
        Ok(digest.short().to_owned())
    }
}

/// "mail 0a1b2c3d4e5f, title …"
fn listed(names: &BTreeMap<&str, String>) -> String {
    let each: Vec<String> = names.iter().map(|(name, of)| format!("{name} {of}")).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{ConnectorName, OperationId},
        operation::Event,
        value::{ObjectRef, Value},
    };

    fn of(identity: u128, change: Change) -> Operation {
        let record = crate::fact::RecordKey {
            source: ConnectorName::new("hr").unwrap(),
            key: identity.to_string(),
        };
        Operation {
            id: OperationId(0),
            identity: IdentityId::first_seen(&record.source, &record.key),
            target: ConnectorName::new("crm").unwrap(),
            change,
            after: Vec::new(),
            prefer_after: Vec::new(),
            event: Event::Mover,
            causes: Vec::new(),
        }
    }

    fn title(text: &str) -> Change {
        let old = vec![Value::Text("Seller".to_owned())];
        Change::Update {
            account: ObjectRef { object_type: "user".to_owned(), uid: "a".to_owned() },
            name: None,
            anchor: None,
            attributes: vec![AttributeChange {
                name: "title".to_owned(),
                change: ValueChange::Replace(vec![Value::Text(text.to_owned())]),
            }],
            before: Before {
                attributes: BTreeMap::from([("title".to_owned(), old)]),
                ..Before::default()
            },
        }
    }

    fn told(salt: &str, key: &str, operation: &Operation) -> Recorded {
        recorded(salt, key, operation).unwrap()
    }

    #[test]
    fn a_value_is_told_from_every_other_and_is_not_there() {
        let head = told("salt", "k", &of(1, title("Head")));
        assert!(!format!("{head:?}").contains("Head"));
        let back = told("salt", "k", &of(1, title("Seller")));
        assert_eq!(back.before, back.after);
        assert_ne!(head.before, head.after);
        assert_ne!(head.request, back.request);
        assert_eq!(head, told("salt", "k", &of(1, title("Head"))));
    }

    #[test]
    fn nobody_finds_a_value_by_trying_or_sees_who_has_the_same() {
        let head = told("salt", "k", &of(1, title("Head")));
        for other in
            [told("another", "k", &of(1, title("Head"))), told("salt", "k", &of(2, title("Head")))]
        {
            assert_ne!(head.after, other.after);
            assert_ne!(head.request, other.request);
        }
        assert_ne!(head.request, told("salt", "j", &of(1, title("Head"))).request);
    }

    #[test]
    fn what_has_no_values_is_said_in_words() {
        let account = ObjectRef { object_type: "user".to_owned(), uid: "a".to_owned() };
        let disabled = told("salt", "k", &of(1, Change::Disable { account: account.clone() }));
        assert_eq!(disabled.before.as_deref(), Some("active"));
        assert_eq!(disabled.after.as_deref(), Some("disabled"));
        let verb = crate::operation::CredentialVerb::EndSessions;
        let ended = told("salt", "k", &of(1, Change::Credentials { account, verb }));
        assert_eq!((ended.before, ended.after), (None, None));
    }
}
