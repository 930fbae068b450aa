//! Removing an account, and what points at it.

use std::io::{Read, Write};

use lanyard_sdk::types::{Error, OperationContext, Outcome, SideEffect};
use ldap3_proto::proto::{LdapOp, LdapResultCode};

use crate::{
    fault,
    groups::Removal,
    session::{Session, names},
    writing::{check_mode, done, with_side_effects},
};

impl<S: Read + Write> Session<'_, S> {
    /// Takes the account out of its groups and removes it.  Groups come first:
    /// a server without referential integrity would keep the name as a member
    /// for ever, and a later account of that name would inherit the groups.
    pub(crate) fn delete(
        &mut self,
        context: &OperationContext,
        uid: &str,
    ) -> Result<Outcome, Error> {
        check_mode(context)?;
        let Some(entry) = self.person(uid, names(&["1.1"]))? else {
            return Ok(done(false, None));
        };
        let mut lost = Vec::new();
        for (group, group_dn) in self.groups_of(&entry.dn)? {
            if self.remove_member(&group_dn, &entry.dn)? == Removal::Removed {
                lost.push(SideEffect::EntitlementLost(group));
            }
        }
        let result = self.change(LdapOp::DelRequest(entry.dn))?;
        match result.code {
            LdapResultCode::Success => Ok(with_side_effects(done(true, None), lost)),
            LdapResultCode::NoSuchObject => Ok(with_side_effects(done(false, None), lost)),
            _ => Err(fault::from_result(&result, &[])),
        }
    }
}
