//! Changing and deleting users.

use lanyard_sdk::{http::Request, prelude::*};
use serde_json::{Value as Json, json};

use crate::{
    Scim, USER,
    api::{self, Call},
    committing, known_type, patch, reading,
    user::{Field, active},
};

/// A read after a write: its failure leaves the write open.
pub(crate) fn reread(scim: &Scim, account: &ObjectRef) -> Result<Json, Error> {
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
pub(crate) fn switch(
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
