//! Passwords, keys and sessions of accounts.

use crate::{
    bindings,
    bindings::credentials::exports::lanyard::connector::credentials::SetPassword,
    config,
    connector::Connector,
    secrets,
    types::{CredentialInfo, CredentialRequest, Error, ObjectRef, OperationContext, Outcome},
};

/// What can be done with credentials; the schema says what of it is, with
/// `Capability::Credentials`.
///
/// Nothing here shows in a reading, so that an answer that was lost is
/// settled by sending the request again: twice must leave it as once.
pub trait Credentials: Connector {
    /// Whoever is signed in has to sign in again.
    fn end_sessions(
        &self,
        _context: &OperationContext,
        _holder: &ObjectRef,
    ) -> Result<Outcome, Error> {
        Err(Error::unsupported("end-sessions"))
    }

    /// Everything that keeps somebody in: sessions, refresh tokens, app
    /// passwords, API keys.
    fn revoke_all(
        &self,
        _context: &OperationContext,
        _holder: &ObjectRef,
    ) -> Result<Outcome, Error> {
        Err(Error::unsupported("revoke-all"))
    }

    fn set_password(
        &self,
        _context: &OperationContext,
        _holder: &ObjectRef,
        _password: &NewPassword,
    ) -> Result<Outcome, Error> {
        Err(Error::unsupported("set-password"))
    }

    /// Requests that have no function of their own here.
    fn other(
        &self,
        _context: &OperationContext,
        _holder: &ObjectRef,
        _request: &CredentialRequest,
    ) -> Result<Outcome, Error> {
        Err(Error::unsupported("this request about credentials"))
    }

    /// Keys and tokens the account has; never their values.
    fn list_credentials(&self, _holder: &ObjectRef) -> Result<Vec<CredentialInfo>, Error> {
        Err(Error::unsupported("list-credentials"))
    }
}

/// A password that the host made for this call, and hands to no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassword {
    name: String,
    /// It has to be changed at the first sign-in.
    pub must_change: bool,
}

impl NewPassword {
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn named(name: &str, must_change: bool) -> Self {
        Self { name: name.to_owned(), must_change }
    }

    /// For a header: the host swaps it on the way out.
    pub fn placeholder(&self) -> Result<String, Error> {
        secrets::placeholder(&self.name)
    }

    /// The plain text, for bodies and streams.  Neither log it nor put it
    /// into an error.
    pub fn reveal(&self) -> Result<String, Error> {
        String::from_utf8(secrets::reveal(&self.name)?)
            .map_err(|_| Error::misconfigured("the new password is no text"))
    }
}

impl From<SetPassword> for NewPassword {
    fn from(asked: SetPassword) -> Self {
        Self { name: asked.secret, must_change: asked.must_change }
    }
}

impl<T: Credentials> bindings::credentials::exports::lanyard::connector::credentials::Guest for T {
    fn apply(
        context: OperationContext,
        holder: ObjectRef,
        request: CredentialRequest,
    ) -> Result<Outcome, Error> {
        let connector = config::load::<T>()?;
        match request {
            CredentialRequest::EndSessions => connector.end_sessions(&context, &holder),
            CredentialRequest::RevokeAll => connector.revoke_all(&context, &holder),
            CredentialRequest::SetPassword(asked) => {
                connector.set_password(&context, &holder, &asked.into())
            }
            request @ (CredentialRequest::ResetPassword
            | CredentialRequest::Issue(_)
            | CredentialRequest::Withdraw(_)
            | CredentialRequest::Unlock
            | CredentialRequest::RequireChange
            | CredentialRequest::Named(_)) => connector.other(&context, &holder, &request),
        }
    }

    fn list_credentials(holder: ObjectRef) -> Result<Vec<CredentialInfo>, Error> {
        config::load::<T>()?.list_credentials(&holder)
    }
}
