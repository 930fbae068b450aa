//! Passwords, by the server's own operation for them (RFC 3062): how they are
//! kept is for the server to say.

use std::io::{Read, Write};

use lanyard_sdk::{
    NewPassword,
    types::{Error, ErrorKind, OperationContext, Outcome},
};
use ldap3_proto::proto::{LdapModifyType, LdapOp, LdapPasswordModifyRequest, LdapResultCode};

use crate::{
    fault, lock,
    session::{Session, modification, names},
    writing::{check_mode, done},
};

const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

/// Set by the overlay where somebody else set the password.
const RESET: &str = "pwdReset";

impl<S: Read + Write> Session<'_, S> {
    /// Whether passwords can be set, and have to be changed at the first
    /// sign-in.
    pub(crate) fn password_promises(&mut self) -> Result<(bool, bool), Error> {
        let root = self.entry("", names(&["supportedExtension"]))?;
        let sets = root
            .is_some_and(|root| root.texts("supportedExtension").any(|it| it == PASSWORD_MODIFY));
        let policy = match &self.config.policy_dn {
            Some(policy) => match self.entry(policy, names(&["pwdMustChange"])) {
                Err(error) if matches!(error.kind, ErrorKind::PermissionDenied(_)) => None,
                found => found?,
            },
            None => None,
        };
        let must = policy.is_some_and(|policy| {
            policy.text("pwdMustChange").is_some_and(|value| value.eq_ignore_ascii_case("TRUE"))
        });
        Ok((sets, sets && must))
    }

    pub(crate) fn set_password(
        &mut self,
        context: &OperationContext,
        uid: &str,
        password: &NewPassword,
    ) -> Result<Outcome, Error> {
        check_mode(context)?;
        let entry = self
            .person(uid, lock::for_passwords(self.config))?
            .ok_or_else(|| Error::not_found(format!("no account `{uid}`")))?;
        if lock::is_shut(self.config, &entry) {
            let message = "the account is locked, and a new password would open it";
            return Err(Error::conflict(None, message));
        }
        let request = LdapPasswordModifyRequest {
            user_identity: Some(entry.dn.clone()),
            old_password: None,
            new_password: Some(password.reveal()?),
        };
        let result = self.change(LdapOp::ExtendedRequest(request.into()))?;
        if result.code != LdapResultCode::Success {
            return Err(fault::from_result(&result, &["userPassword"]));
        }
        if password.must_change {
            self.ask_for_another(&entry.dn)?;
        }
        Ok(done(true, None))
    }

    /// The password is set: what fails now leaves it in doubt, and another
    /// one takes its place.
    fn ask_for_another(&mut self, dn: &str) -> Result<(), Error> {
        let doubt = |why: &str| {
            Error::outcome_unknown(format!(
                "set, but it need not be changed at the first sign-in: {why}"
            ))
        };
        let after = self.entry(dn, names(&[RESET])).map_err(|error| doubt(&error.message))?;
        let asked = after.and_then(|it| it.text(RESET).map(|it| it.eq_ignore_ascii_case("TRUE")));
        if asked == Some(true) {
            return Ok(());
        }
        let reset = modification(LdapModifyType::Replace, RESET, vec![b"TRUE".to_vec()]);
        let result = self.modify(dn, vec![reset]).map_err(|error| doubt(&error.message))?;
        if result.code == LdapResultCode::Success {
            return Ok(());
        }
        Err(doubt(&fault::from_result(&result, &[RESET]).message))
    }
}
