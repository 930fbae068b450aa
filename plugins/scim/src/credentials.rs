//! The attribute `password`, which a service takes and never shows.

use lanyard_sdk::{http::Request, prelude::*};
use serde_json::json;

use crate::{
    Scim, USER,
    api::{self, Call},
    committing, known_type, patch,
};

/// By PATCH alone: a document that was read has no password to write back.
pub(crate) fn set_password(
    scim: &Scim,
    context: &OperationContext,
    holder: &ObjectRef,
    password: &NewPassword,
) -> Result<Outcome, Error> {
    committing(context)?;
    known_type(&holder.type_, USER)?;
    if password.must_change {
        return Err(Error::unsupported("a password to be changed at the first sign-in"));
    }
    if scim.patch == Some(false) {
        return Err(Error::unsupported("a password without PATCH"));
    }
    let operation = json!({ "op": "replace", "path": "password", "value": password.reveal()? });
    let request = Request::patch(scim.at(&["Users", &holder.uid]));
    api::write(request, &Call::of(context), Some(&patch::body(&[operation])))?;
    Ok(Outcome::applied())
}
