//! Calls of the interface `credentials`.

use lanyard_core::value::ObjectRef;

use super::{
    bindings::{exports::lanyard::connector::credentials, lanyard::connector::types},
    convert,
    instance::{Call, CallError, Instance, interface, refused},
};
use crate::{connector::Outcome, wasm::handed::NAME};

impl Instance<'_> {
    pub(super) async fn apply_credentials(
        &mut self,
        context: &types::OperationContext,
        account: &ObjectRef,
        request: &credentials::CredentialRequest,
    ) -> Call<Outcome> {
        let guest = interface!(self, credentials);
        let holder = convert::object_ref(account);
        let answer = guest.call_apply(&mut *self.store, context, &holder, request).await;
        let outcome = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::outcome(outcome).map_err(CallError::Answer)
    }
}

/// The one that is handed to this call.
pub(super) fn set_password(must_change: bool) -> credentials::CredentialRequest {
    let secret = NAME.to_owned();
    credentials::CredentialRequest::SetPassword(credentials::SetPassword { secret, must_change })
}
