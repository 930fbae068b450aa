//! A SCIM user as an account, attribute by attribute.

use lanyard_sdk::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::{Scim, USER, api};

pub(crate) const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// An attribute by its short name: `title`, `name.givenName`, `department`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) enterprise: bool,
    /// Values are objects whose `value` counts.
    pub(crate) multi: bool,
}

const fn plain(name: &'static str) -> Field<'static> {
    Field { name, enterprise: false, multi: false }
}

const fn enterprise(name: &'static str) -> Field<'static> {
    Field { name, enterprise: true, multi: false }
}

const fn multi(name: &'static str) -> Field<'static> {
    Field { name, enterprise: false, multi: true }
}

/// Everything exposed; `active` is the state and no attribute.
pub(crate) const FIELDS: [Field<'static>; 18] = [
    plain("userName"),
    plain("externalId"),
    plain("displayName"),
    plain("name.givenName"),
    plain("name.familyName"),
    plain("name.middleName"),
    plain("nickName"),
    plain("title"),
    plain("userType"),
    plain("preferredLanguage"),
    plain("locale"),
    multi("emails"),
    multi("phoneNumbers"),
    enterprise("employeeNumber"),
    enterprise("costCenter"),
    enterprise("organization"),
    enterprise("division"),
    enterprise("department"),
];

impl<'a> Field<'a> {
    /// The field of that name; one not known is a plain attribute.
    pub(crate) fn named(name: &'a str) -> Self {
        FIELDS.iter().find(|field| field.name == name).copied().unwrap_or(Field {
            name,
            enterprise: false,
            multi: false,
        })
    }

    /// Path for PATCH.
    pub(crate) fn path(&self) -> String {
        if self.enterprise { format!("{ENTERPRISE}:{}", self.name) } else { self.name.to_owned() }
    }

    /// Path for a filter on one value.
    pub(crate) fn filter_path(&self) -> String {
        if self.multi { format!("{}.value", self.name) } else { self.path() }
    }

    fn steps(&self) -> impl Iterator<Item = &str> {
        self.enterprise.then_some(ENTERPRISE).into_iter().chain(self.name.split('.'))
    }

    pub(crate) fn read<'j>(&self, user: &'j Json) -> Option<&'j Json> {
        self.steps().try_fold(user, |at, step| at.get(step)).filter(|found| !found.is_null())
    }

    /// The values as text.
    pub(crate) fn texts(&self, user: &Json) -> Vec<String> {
        let Some(found) = self.read(user) else { return Vec::new() };
        match found {
            Json::Array(items) => {
                items.iter().filter_map(|item| scalar(item.get("value").unwrap_or(item))).collect()
            }
            one => scalar(one).into_iter().collect(),
        }
    }

    /// Sets the value in a document, or takes it out.
    pub(crate) fn write(&self, user: &mut Json, value: Option<Json>) {
        let steps: Vec<&str> = self.steps().collect();
        let Some((last, parents)) = steps.split_last() else { return };
        let mut at = user;
        for step in parents {
            let Some(object) = at.as_object_mut() else { return };
            let entry = object.entry(*step).or_insert(Json::Null);
            if !entry.is_object() {
                *entry = Json::Object(Map::new());
            }
            at = entry;
        }
        let Some(object) = at.as_object_mut() else { return };
        match value {
            Some(value) => object.insert((*last).to_owned(), value),
            None => object.remove(*last),
        };
    }

    /// Values as the service wants them; `None` clears.
    pub(crate) fn json(&self, values: &[Value]) -> Result<Option<Json>, Error> {
        let mut texts = Vec::new();
        for value in values {
            texts.push(
                value
                    .as_text()
                    .ok_or_else(|| Error::invalid_value(self.name, "bytes are no text"))?,
            );
        }
        if self.multi {
            let items: Vec<_> =
                texts.iter().enumerate().map(|(at, text)| item(text, at == 0)).collect();
            return Ok((!items.is_empty()).then_some(Json::Array(items)));
        }
        if texts.len() > 1 {
            return Err(Error::invalid_value(self.name, "holds one value only"));
        }
        Ok(texts.first().map(|text| json!(text)))
    }
}

/// One value of a multi-valued attribute; the first is the primary one.
pub(crate) fn item(text: &str, primary: bool) -> Json {
    if primary {
        json!({ "value": text, "type": "work", "primary": true })
    } else {
        json!({ "value": text, "type": "work" })
    }
}

fn scalar(json: &Json) -> Option<String> {
    match json {
        Json::String(s) => Some(s.clone()),
        Json::Number(n) => Some(n.to_string()),
        Json::Bool(b) => Some(b.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

impl Scim {
    pub(crate) fn anchor_field(&self) -> Field<'_> {
        Field::named(&self.anchor)
    }

    pub(crate) fn anchor_of(&self, user: &Json) -> Option<String> {
        self.anchor_field().texts(user).into_iter().next()
    }

    /// The account; `None` when the resource has no id or no name.
    pub(crate) fn account(&self, user: &Json) -> Option<Account> {
        let name = api::text(user, "userName")?;
        let mut account = Account::new(ObjectRef::new(USER, api::id(user)?), name);
        account.revision = api::revision(user);
        account.anchor = self.anchor_of(user);
        account.state = match active(user) {
            Some(true) => AccountState::Active,
            Some(false) => AccountState::Disabled,
            None => AccountState::Unknown,
        };
        account.last_used = self.last_used.as_deref().and_then(|path| last_used(user, path));
        account.attributes = FIELDS
            .iter()
            .filter(|field| field.name != "userName" && field.name != self.anchor)
            .map(|field| {
                Attribute::many(field.name, field.texts(user).into_iter().map(Value::Text))
            })
            .collect();
        Some(account)
    }

    /// An account out of an answer that must hold one.
    pub(crate) fn whole_account(&self, user: &Json, writes: bool) -> Result<Account, Error> {
        self.account(user).ok_or_else(|| {
            Error::broken_answer(writes, "the service answered with a user without id or userName")
        })
    }
}

/// An instant by the path of an attribute: `lastLogin`, `usage.lastLogin`, or
/// below the name of an extension.
fn last_used(user: &Json, path: &str) -> Option<Timestamp> {
    let (extension, attribute) = match path.rsplit_once(':') {
        Some((extension, attribute)) => (Some(extension), attribute),
        None => (None, path),
    };
    let steps = extension.into_iter().chain(attribute.split('.'));
    let mut steps = steps.collect::<Vec<_>>().into_iter();
    let found = steps.try_fold(user, |at, step| at.get(step))?;
    lanyard_sdk::time::rfc3339(found.as_str()?)
}

pub(crate) fn active(user: &Json) -> Option<bool> {
    user.get("active").and_then(api::truth)
}
