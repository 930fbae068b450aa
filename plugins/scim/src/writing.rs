//! Writing users.

use lanyard_sdk::{http::Request, journal, prelude::*};
use serde_json::{Value as Json, json};

use crate::{
    Scim, USER,
    api::{self, Call},
    committing, known_type, patch, reading,
    user::{Field, active},
};

/// Journal step that holds the id of the account made.
const MADE: &str = "uid";

pub(crate) fn create(
    scim: &Scim,
    context: &OperationContext,
    request: &CreateRequest,
) -> Result<Outcome, Error> {
    committing(context)?;
    known_type(&request.type_, USER)?;
    if request.initial_secret.is_some() {
        return Err(Error::unsupported("a first password"));
    }
    let document = document(scim, request)?;
    if context.is_retry()
        && let Some(made) = made_before(scim, request)?
    {
        return settle(scim, context, request, made, Outcome::unchanged());
    }
    let call = Call { if_match: None, ..Call::of(context) };
    let answer = match api::write(Request::post(scim.at(&["Users"])), &call, Some(&document)) {
        Ok(answer) => answer,
        Err(error) if matches!(error.kind, ErrorKind::AlreadyExists(_)) => {
            let made = taken(scim, request, error)?;
            return settle(scim, context, request, made, Outcome::unchanged());
        }
        Err(error) => return Err(error),
    };
    if let Some(uid) = answer.as_ref().and_then(api::id) {
        journal::mark(MADE, uid)?;
    }
    let user = match answer.filter(|user| api::id(user).is_some()) {
        Some(user) => user,
        None => by_anchor(scim, request)?.ok_or_else(|| {
            Error::outcome_unknown("the service took the user but shows none by its anchor")
        })?,
    };
    settle(scim, context, request, user, Outcome::applied())
}

fn document(scim: &Scim, request: &CreateRequest) -> Result<Json, Error> {
    let mut user = json!({ "userName": request.name, "active": request.enabled() });
    if let Some(user_type) = &scim.user_type {
        Field::named("userType").write(&mut user, Some(json!(user_type)));
    }
    for attribute in &request.attributes {
        let field = Field::named(&attribute.name);
        if let Some(value) = field.json(&attribute.values)? {
            field.write(&mut user, Some(value));
        }
    }
    scim.anchor_field().write(&mut user, Some(json!(request.anchor)));
    patch::name_schemas(&mut user);
    Ok(user)
}

/// The account an earlier try made, by the journal and then by the anchor.
fn made_before(scim: &Scim, request: &CreateRequest) -> Result<Option<Json>, Error> {
    if let Some(uid) = journal::recall(MADE)? {
        match reading::fetch(scim, &ObjectRef::new(USER, uid)) {
            Ok(user) => return Ok(Some(user)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    by_anchor(scim, request)
}

fn by_anchor(scim: &Scim, request: &CreateRequest) -> Result<Option<Json>, Error> {
    let found = reading::matching(scim, scim.anchor_field(), &request.anchor)?;
    let mut ours: Vec<Json> = found
        .into_iter()
        .filter(|user| scim.anchor_of(user).as_deref() == Some(request.anchor.as_str()))
        .collect();
    if ours.len() > 1 {
        let which = ours.iter().filter_map(reference).collect();
        return Err(Error::ambiguous(which, "more than one user has this anchor"));
    }
    Ok(ours.pop())
}

/// Who holds the unique value: ours by the anchor, or somebody's.
fn taken(scim: &Scim, request: &CreateRequest, refusal: Error) -> Result<Json, Error> {
    if let Some(ours) = by_anchor(scim, request)? {
        return Ok(ours);
    }
    let others = reading::matching(scim, Field::named("userName"), &request.name)?;
    Err(Error { kind: ErrorKind::AlreadyExists(others.first().and_then(reference)), ..refusal })
}

fn reference(user: &Json) -> Option<ObjectRef> {
    api::id(user).map(|id| ObjectRef::new(USER, id))
}

/// Reads what is there after a create and mends the state: some services
/// ignore `active` in a new user.
fn settle(
    scim: &Scim,
    context: &OperationContext,
    request: &CreateRequest,
    user: Json,
    outcome: Outcome,
) -> Result<Outcome, Error> {
    let shown = |user: &Json| {
        active(user) == Some(request.enabled())
            && scim.anchor_of(user).as_deref() == Some(request.anchor.as_str())
    };
    let Some(made) = reference(&user) else {
        return Err(Error::outcome_unknown("the service answered with a user without an id"));
    };
    let user = if shown(&user) { user } else { reread(scim, &made)? };
    let mut outcome = outcome.with_account(scim.whole_account(&user, true)?);
    if scim.anchor_of(&user).as_deref() != Some(request.anchor.as_str()) {
        let lost = Error::invalid_value(scim.anchor.as_str(), "the service did not keep it");
        outcome = outcome.with_failed(scim.anchor.as_str(), lost);
    }
    if active(&user) == Some(request.enabled()) {
        return Ok(outcome);
    }
    let call = Call { if_match: None, ..Call::of(context) };
    match switch(scim, &call, &made, request.enabled()) {
        Ok(switched) => {
            outcome.account = switched.account;
            outcome.failed.extend(switched.failed);
            if !outcome.failed.is_empty() {
                outcome.status = Status::Partial;
            } else if outcome.status == Status::Unchanged {
                outcome.status = Status::Applied;
            }
            Ok(outcome)
        }
        Err(error) => Ok(outcome.with_failed("active", error)),
    }
}

/// A read after a write: its failure leaves the write open.
fn reread(scim: &Scim, account: &ObjectRef) -> Result<Json, Error> {
    reading::fetch(scim, account).map_err(|error| {
        Error::outcome_unknown(format!("written, but it could not be read back: {}", error.message))
    })
}

pub(crate) fn update(
    scim: &Scim,
    context: &OperationContext,
    account: &ObjectRef,
    request: &UpdateRequest,
) -> Result<Outcome, Error> {
    committing(context)?;
    known_type(&account.type_, USER)?;
    let mut changes: Vec<(&str, Change)> = Vec::new();
    if let Some(name) = &request.name {
        changes.push(("userName", Change::Replace(vec![Value::text(name.as_str())])));
    }
    if let Some(anchor) = &request.anchor {
        changes.push((&scim.anchor, Change::Replace(vec![Value::text(anchor.as_str())])));
    }
    for change in &request.changes {
        changes.push((&change.name, change.change.clone()));
    }
    if changes.is_empty() {
        return Ok(Outcome::unchanged());
    }
    let answer = change(scim, &Call::of(context), account, &changes)?;
    Ok(match answer.as_ref().and_then(|user| scim.account(user)) {
        Some(account) => Outcome::applied().with_account(account),
        None => Outcome::applied(),
    })
}

/// By PATCH, or by PUT of the whole document where there is no PATCH.
fn change(
    scim: &Scim,
    call: &Call<'_>,
    account: &ObjectRef,
    changes: &[(&str, Change)],
) -> Result<Option<Json>, Error> {
    let at = scim.at(&["Users", &account.uid]);
    if scim.patch != Some(false) {
        let mut operations = Vec::new();
        for (name, change) in changes {
            operations.extend(patch::operations(name, change)?);
        }
        let body = patch::body(&operations);
        match api::write(Request::patch(at.as_str()), call, Some(&body)) {
            Err(error)
                if scim.patch.is_none() && matches!(error.kind, ErrorKind::Unsupported(_)) => {}
            answered => return answered,
        }
    }
    let mut user = reading::fetch(scim, account)?;
    let present = api::revision(&user);
    for (name, change) in changes {
        patch::edit(&mut user, name, change)?;
    }
    // Somebody else's change between the read and this write is not undone.
    let call = Call { if_match: call.if_match.or(present.as_deref()), ..*call };
    api::write(Request::put(at), &call, Some(&user))
}

pub(crate) fn set_active(
    scim: &Scim,
    context: &OperationContext,
    account: &ObjectRef,
    wanted: bool,
) -> Result<Outcome, Error> {
    committing(context)?;
    let user = reading::fetch(scim, account)?;
    if active(&user) == Some(wanted) {
        return Ok(Outcome::unchanged().with_account(scim.whole_account(&user, false)?));
    }
    switch(scim, &Call::of(context), account, wanted)
}

/// Sets `active` and looks whether it came to be.
fn switch(
    scim: &Scim,
    call: &Call<'_>,
    account: &ObjectRef,
    wanted: bool,
) -> Result<Outcome, Error> {
    let at = scim.at(&["Users", &account.uid]);
    let mut answer = None;
    let mut patched = scim.patch != Some(false);
    if patched {
        let operation = json!({ "op": "replace", "path": "active", "value": wanted });
        match api::write(Request::patch(at.as_str()), call, Some(&patch::body(&[operation]))) {
            Ok(user) => answer = user,
            Err(error)
                if scim.patch.is_none() && matches!(error.kind, ErrorKind::Unsupported(_)) =>
            {
                patched = false;
            }
            Err(error) => return Err(error),
        }
    }
    if !patched {
        let mut user = reading::fetch(scim, account)?;
        let present = api::revision(&user);
        Field::named("active").write(&mut user, Some(json!(wanted)));
        let call = Call { if_match: call.if_match.or(present.as_deref()), ..*call };
        answer = api::write(Request::put(at), &call, Some(&user))?;
    }
    let user = match answer.filter(|user| active(user).is_some()) {
        Some(user) => user,
        None => reread(scim, account)?,
    };
    let outcome = Outcome::applied().with_account(scim.whole_account(&user, true)?);
    if active(&user) == Some(wanted) {
        return Ok(outcome);
    }
    let shown = active(&user).map_or_else(|| "nothing".to_owned(), |b| b.to_string());
    Ok(outcome.with_failed(
        "active",
        Error::other(
            "not-effective",
            RetryClass::Later,
            AppliedClass::No,
            format!("the service took `active` = {wanted} and shows {shown}"),
        ),
    ))
}

pub(crate) fn delete(
    scim: &Scim,
    context: &OperationContext,
    account: &ObjectRef,
) -> Result<Outcome, Error> {
    committing(context)?;
    known_type(&account.type_, USER)?;
    let request = Request::delete(scim.at(&["Users", &account.uid]));
    match api::write(request, &Call::of(context), None) {
        Ok(_) => Ok(Outcome::applied()),
        Err(error) if error.is_not_found() => Ok(Outcome::unchanged()),
        Err(error) => Err(error),
    }
}
