//! Groups as entitlements, and who holds them.

use std::collections::BTreeSet;

use lanyard_sdk::{http::Request, prelude::*};
use serde_json::{Value as Json, json};

use crate::{GROUP, Scim, USER, api, api::Call, committing, filter, known_type, paging, patch};

pub(crate) fn list(
    scim: &Scim,
    object_type: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Result<EntitlementPage, Error> {
    known_type(object_type, GROUP)?;
    let listed = paging::page(scim, "Groups", &[("excludedAttributes", "members")], cursor, limit)?;
    let mut coverage = listed.coverage;
    let mut items = Vec::new();
    for (at, group) in listed.resources.iter().enumerate() {
        match entitlement(group) {
            Some(entitlement) => items.push(entitlement),
            None => coverage = nameless(at),
        }
    }
    Ok(EntitlementPage { items, next: listed.next, coverage, extra: Vec::new() })
}

fn nameless(at: usize) -> Coverage {
    Coverage::truncated(format!("group {} of this page", at + 1), "it has no id or no displayName")
}

fn entitlement(group: &Json) -> Option<Entitlement> {
    let name = api::text(group, "displayName")?;
    Some(Entitlement::group(ObjectRef::new(GROUP, api::id(group)?), name, USER))
}

pub(crate) fn assignments(
    scim: &Scim,
    scope: &AssignmentScope,
    cursor: Option<&str>,
    limit: u32,
) -> Result<AssignmentPage, Error> {
    match scope {
        AssignmentScope::OfEntitlement(group) => {
            known_type(&group.type_, GROUP)?;
            let shown = scim.read_at(&["Groups", &group.uid])?;
            let items = users_of(&shown).iter().map(|user| edge(user, &group.uid)).collect();
            Ok(whole(items))
        }
        AssignmentScope::OfAccount(holder) => {
            known_type(&holder.type_, USER)?;
            let filter = filter::equals("members.value", &holder.uid);
            let query = [("filter", filter.as_str()), ("attributes", "id,displayName")];
            let listed = paging::page(scim, "Groups", &query, cursor, limit)?;
            let mut page = AssignmentPage {
                next: listed.next,
                coverage: listed.coverage,
                ..whole(Vec::new())
            };
            for (at, group) in listed.resources.iter().enumerate() {
                match api::id(group) {
                    Some(id) => page.items.push(edge(&holder.uid, id)),
                    None => page.coverage = nameless(at),
                }
            }
            Ok(page)
        }
        AssignmentScope::Everything => everything(scim, cursor, limit),
    }
}

fn everything(scim: &Scim, cursor: Option<&str>, limit: u32) -> Result<AssignmentPage, Error> {
    let listed = paging::page(scim, "Groups", &[], cursor, limit)?;
    let mut page =
        AssignmentPage { next: listed.next, coverage: listed.coverage, ..whole(Vec::new()) };
    for (at, group) in listed.resources.iter().enumerate() {
        let Some(id) = api::id(group) else {
            page.coverage = nameless(at);
            continue;
        };
        // A list may leave the members out; then the group itself tells.
        let users = if group.get("members").is_some() {
            users_of(group)
        } else {
            users_of(&scim.read_at(&["Groups", id])?)
        };
        page.items.extend(users.iter().map(|user| edge(user, id)));
    }
    Ok(page)
}

fn whole(items: Vec<Assignment>) -> AssignmentPage {
    AssignmentPage { items, next: None, coverage: Coverage::exhaustive(), extra: Vec::new() }
}

fn edge(user: &str, group: &str) -> Assignment {
    Assignment {
        holder: ObjectRef::new(USER, user),
        entitlement: ObjectRef::new(GROUP, group),
        relation: String::new(),
        direct: true,
        expires_at: None,
        extra: Vec::new(),
    }
}

/// Ids of the members that are users; groups inside groups are none.
fn users_of(group: &Json) -> BTreeSet<String> {
    let members = group.get("members").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    members
        .iter()
        .filter(|member| {
            !api::text(member, "type").is_some_and(|t| t.eq_ignore_ascii_case("group"))
        })
        .filter_map(|member| api::text(member, "value").map(str::to_owned))
        .collect()
}

/// Who is in the group.  Services that hide the members of large groups are
/// asked about the one.
fn members(scim: &Scim, edge: &Edge) -> Result<BTreeSet<String>, Error> {
    let (user, group) = (&edge.holder.uid, &edge.entitlement.uid);
    let shown = scim.read_at(&["Groups", group])?;
    let mut users = users_of(&shown);
    if shown.get("members").is_some() {
        return Ok(users);
    }
    let both = filter::both(&filter::equals("id", group), &filter::equals("members.value", user));
    match paging::page(scim, "Groups", &[("filter", &both), ("attributes", "id")], None, 2) {
        Ok(found) => {
            if found.resources.iter().any(|found| api::id(found) == Some(group)) {
                users.insert(user.clone());
            }
            Ok(users)
        }
        // A group without the attribute has no members, as far as one can ask.
        Err(error)
            if matches!(error.kind, ErrorKind::Unsupported(_) | ErrorKind::InvalidValue(_)) =>
        {
            Ok(users)
        }
        Err(error) => Err(error),
    }
}

/// Adds or removes one member, and looks that nobody else went with it.
pub(crate) fn change(
    scim: &Scim,
    context: &OperationContext,
    edge: &Edge,
    wanted: bool,
) -> Result<Outcome, Error> {
    committing(context)?;
    known_type(&edge.holder.type_, USER)?;
    known_type(&edge.entitlement.type_, GROUP)?;
    if edge.expires_at.is_some() {
        return Err(Error::unsupported("a grant with an end"));
    }
    if scim.patch == Some(false) {
        return Err(Error::unsupported("groups without PATCH"));
    }
    let user = &edge.holder.uid;
    let before = match members(scim, edge) {
        // Nobody is in a group that is gone.
        Err(error) if error.is_not_found() && !wanted => return Ok(Outcome::unchanged()),
        other => other?,
    };
    if before.contains(user) == wanted {
        return Ok(Outcome::unchanged());
    }
    let operation = if wanted {
        json!({ "op": "add", "path": "members", "value": [{ "value": user }] })
    } else {
        let path = format!("members[{}]", filter::equals("value", user));
        json!({ "op": "remove", "path": path })
    };
    let at = scim.at(&["Groups", &edge.entitlement.uid]);
    // The expected revision is the account's and not the group's.
    let call = Call { if_match: None, ..Call::of(context) };
    api::write(Request::patch(at), &call, Some(&patch::body(&[operation])))?;
    let after = members(scim, edge).map_err(|error| {
        Error::outcome_unknown(format!("written, but it could not be read back: {}", error.message))
    })?;
    Ok(judge(&before, &after, user, wanted))
}

fn judge(before: &BTreeSet<String>, after: &BTreeSet<String>, user: &str, wanted: bool) -> Outcome {
    let not_effective = |message: String| {
        Error::other("not-effective", RetryClass::Later, AppliedClass::Maybe, message)
    };
    let mut outcome = Outcome::applied();
    if after.contains(user) != wanted {
        let shown = if wanted { "not a member" } else { "still a member" };
        let message = format!("the service took the change and shows `{user}` as {shown}");
        outcome = outcome.with_failed("members", not_effective(message));
    }
    // A service that misreads one member as "all members" leaves nobody else
    // in the group.  Single others may go meanwhile for reasons of their own.
    let others = |members: &BTreeSet<String>| members.iter().filter(|it| *it != user).count();
    let lost = others(before);
    if lost > 0 && others(after) == 0 {
        let message = format!("{lost} other members are gone after this change");
        outcome = outcome.with_failed("members", not_effective(message));
    }
    outcome
}
