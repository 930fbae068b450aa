//! Making users, exactly once.

use lanyard_sdk::{http::Request, journal, prelude::*};
use serde_json::{Value as Json, json};

use crate::{
    Scim, USER,
    api::{self, Call},
    committing, known_type, patch, reading,
    user::{Field, active},
    writing,
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
        None => shown_by_anchor(scim, request)?,
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

/// The user the service took without showing it.  It may be there, so no
/// failure to see it may look like "not applied".
fn shown_by_anchor(scim: &Scim, request: &CreateRequest) -> Result<Json, Error> {
    match by_anchor(scim, request) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => {
            Err(Error::outcome_unknown("the service took the user but shows none by its anchor"))
        }
        Err(error) => Err(Error::outcome_unknown(format!(
            "the service took the user, but it could not be looked for: {}",
            error.message
        ))),
    }
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
    let user = if shown(&user) { user } else { writing::reread(scim, &made)? };
    let mut outcome = outcome.with_account(scim.whole_account(&user, true)?);
    if scim.anchor_of(&user).as_deref() != Some(request.anchor.as_str()) {
        let lost = Error::invalid_value(scim.anchor.as_str(), "the service did not keep it");
        outcome = outcome.with_failed(scim.anchor.as_str(), lost);
    }
    if active(&user) == Some(request.enabled()) {
        return Ok(outcome);
    }
    let call = Call { if_match: None, ..Call::of(context) };
    match writing::switch(scim, &call, &made, request.enabled()) {
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
