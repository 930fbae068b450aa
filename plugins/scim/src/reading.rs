//! Reading users.

use lanyard_sdk::prelude::*;
use serde_json::Value as Json;

use crate::{Scim, USER, filter, known_type, paging, user::Field};

/// Results of a lookup asked for at once; more than these is no lookup.
const LOOKUP_LIMIT: u32 = 200;

pub(crate) fn list(scim: &Scim, object_type: &str, request: &PageRequest) -> Result<Page, Error> {
    known_type(object_type, USER)?;
    let of_type = scim.user_type.as_deref().map(|t| filter::equals("userType", t));
    let wanted = match &request.selector {
        Selector::Everything => of_type,
        Selector::ModifiedSince(at) => {
            let since = format!("meta.lastModified gt {}", filter::quoted(&at.to_string()));
            Some(of_type.map_or_else(|| since.clone(), |t| filter::both(&t, &since)))
        }
        Selector::Native(text) => {
            let text = format!("({text})");
            Some(of_type.map_or_else(|| text.clone(), |t| filter::both(&t, &text)))
        }
    };
    let query: Vec<_> = wanted.iter().map(|filter| ("filter", filter.as_str())).collect();
    let listed = paging::page(scim, "Users", &query, request.cursor.as_deref(), request.limit)?;
    let mut page = Page::new(Vec::new(), listed.next, listed.coverage);
    page.total_hint = listed.total;
    for (at, user) in listed.resources.iter().enumerate() {
        match scim.account(user) {
            Some(account) => page.accounts.push(account),
            None => {
                page.coverage = Coverage::truncated(
                    format!("user {} of this page", at + 1),
                    "it has no id or no userName",
                );
            }
        }
    }
    Ok(page)
}

pub(crate) fn fetch(scim: &Scim, account: &ObjectRef) -> Result<Json, Error> {
    known_type(&account.type_, USER)?;
    scim.read_at(&["Users", &account.uid])
}

pub(crate) fn get(scim: &Scim, account: &ObjectRef) -> Result<Account, Error> {
    scim.whole_account(&fetch(scim, account)?, false)
}

pub(crate) fn find(scim: &Scim, object_type: &str, by: &Lookup) -> Result<Vec<Account>, Error> {
    known_type(object_type, USER)?;
    let users = match by {
        Lookup::Anchor(text) => matching(scim, scim.anchor_field(), text)?,
        Lookup::Name(text) => matching(scim, Field::named("userName"), text)?,
        Lookup::Attribute(by) => {
            let text = by.value.as_text().ok_or_else(|| Error::unsupported("bytes in a filter"))?;
            matching(scim, Field::named(&by.name), &text)?
        }
        Lookup::IdempotencyKey(_) | Lookup::Named(_) => {
            return Err(Error::unsupported("this way to look for a user"));
        }
    };
    users.iter().map(|user| scim.whole_account(user, false)).collect()
}

/// Users with this value.  A service that ignores filters answers with
/// others too, and the one looked for may then be on no page at all.
pub(crate) fn matching(scim: &Scim, field: Field<'_>, text: &str) -> Result<Vec<Json>, Error> {
    let wanted = filter::equals(&field.filter_path(), text);
    let listed = paging::page(scim, "Users", &[("filter", &wanted)], None, LOOKUP_LIMIT)?;
    if listed.next.is_some() || listed.coverage.kind != CoverageKind::Exhaustive {
        return Err(Error::unavailable("a lookup was answered in part"));
    }
    let folded = text.to_lowercase();
    let fits = |user: &Json| field.texts(user).iter().any(|t| t.to_lowercase() == folded);
    if listed.resources.iter().all(fits) {
        return Ok(listed.resources);
    }
    Err(Error::unsupported(format!(
        "filtering by `{}`: the service answered with users that do not match",
        field.name
    )))
}
