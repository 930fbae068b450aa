//! Whether an account may sign in, and proof that a lock locks.

use std::io::{Read, Write};

use lanyard_sdk::types::{AccountState, Error, ErrorKind};
use ldap3_proto::proto::{LdapModify, LdapModifyType, LdapResultCode};

use crate::{
    config::{Config, Disable, Flag, Lock},
    entry::Entry,
    fault,
    session::{Session, modification, names},
};

/// Where the password policy overlay keeps the lock.
const LOCKED_TIME: &str = "pwdAccountLockedTime";
/// The time that stands for "by administration, for good".
const FOR_GOOD: &str = "000001010000Z";
/// Which policy applies to an entry, where it is not the default one.
const POLICY: &str = "pwdPolicySubentry";

/// Whether a lock set by the connector keeps people out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Proof {
    Blocks,
    /// Why not, and what to change.
    Ineffective {
        why: String,
        remedy: String,
    },
}

/// Attributes to ask for so that [`state`] can tell.
pub(crate) fn attributes(config: &Config) -> Vec<String> {
    match &config.disable {
        Disable::Lock(Lock::Ppolicy) => names(&[LOCKED_TIME, POLICY]),
        Disable::Attribute(flag) => vec![flag.name.clone()],
    }
}

/// Attributes to ask for so that [`is_shut`] can tell.
pub(crate) fn for_passwords(config: &Config) -> Vec<String> {
    let mut asked = attributes(config);
    if !asked.iter().any(|name| name == LOCKED_TIME) {
        asked.push(LOCKED_TIME.to_owned());
    }
    asked
}

/// Whether a new password would let in somebody whom something keeps out: the
/// overlay takes its lock away with the old password, whatever else disables.
pub(crate) fn is_shut(config: &Config, entry: &Entry) -> bool {
    state(config, entry) != AccountState::Active || entry.text(LOCKED_TIME).is_some()
}

pub(crate) fn state(config: &Config, entry: &Entry) -> AccountState {
    match &config.disable {
        Disable::Lock(Lock::Ppolicy) => match entry.text(LOCKED_TIME) {
            None => AccountState::Active,
            Some(FOR_GOOD) => AccountState::Disabled,
            Some(_) => AccountState::Locked,
        },
        Disable::Attribute(Flag { name, disabled, .. }) => {
            if entry.texts(name).any(|value| value.eq_ignore_ascii_case(disabled)) {
                AccountState::Disabled
            } else {
                AccountState::Active
            }
        }
    }
}

/// The attribute and value that keep an account out.
pub(crate) fn locking(config: &Config) -> (&str, Vec<u8>) {
    match &config.disable {
        Disable::Lock(Lock::Ppolicy) => (LOCKED_TIME, FOR_GOOD.into()),
        Disable::Attribute(flag) => (&flag.name, flag.disabled.clone().into()),
    }
}

/// The attribute and value of a new account that may sign in.
pub(crate) fn open(config: &Config) -> Option<(&str, Vec<u8>)> {
    match &config.disable {
        Disable::Lock(Lock::Ppolicy) => None,
        Disable::Attribute(flag) => {
            flag.enabled.as_ref().map(|enabled| (flag.name.as_str(), enabled.clone().into()))
        }
    }
}

/// The change that keeps an account out.
pub(crate) fn shut(config: &Config) -> LdapModify {
    let (name, value) = locking(config);
    modification(LdapModifyType::Replace, name, vec![value])
}

/// The change that lets an account in; harmless where nothing is locked.
pub(crate) fn reopen(config: &Config) -> LdapModify {
    let (name, _) = locking(config);
    let values = open(config).map(|(_, value)| value).into_iter().collect();
    modification(LdapModifyType::Replace, name, values)
}

impl<S: Read + Write> Session<'_, S> {
    /// Whether a lock on `entry` keeps its owner out.  Of no entry in
    /// particular: whether the policy of the configuration does.
    pub(crate) fn proof(&mut self, entry: Option<&Entry>) -> Result<Proof, Error> {
        let config = self.config;
        if matches!(config.disable, Disable::Attribute(_)) {
            // That this attribute locks is what the operator's file says.
            return Ok(Proof::Blocks);
        }
        let own = entry.and_then(|entry| entry.text(POLICY));
        let Some(policy) = own.or(config.policy_dn.as_deref()) else {
            return Ok(Proof::Ineffective {
                why: "no password policy is known to apply, and without one the server lets locked accounts sign in".to_owned(),
                remedy: "load the ppolicy overlay with a default policy that has `pwdLockout: TRUE`, and name it in `policy-dn`".to_owned(),
            });
        };
        let found = match self.entry(policy, names(&["pwdLockout"])) {
            Err(error) if matches!(error.kind, ErrorKind::PermissionDenied(_)) => None,
            found => found?,
        };
        let Some(found) = found else {
            return Ok(Proof::Ineffective {
                why: format!(
                    "the password policy `{policy}` is not there, or the sign-in of the stream may not read it; without one the server lets locked accounts sign in"
                ),
                remedy: "create the policy with `pwdLockout: TRUE`, or correct `policy-dn`"
                    .to_owned(),
            });
        };
        if found.text("pwdLockout").is_some_and(|value| value.eq_ignore_ascii_case("TRUE")) {
            return Ok(Proof::Blocks);
        }
        Ok(Proof::Ineffective {
            why: format!(
                "the password policy `{policy}` does not say `pwdLockout: TRUE`, so the server lets locked accounts sign in"
            ),
            remedy: format!("set `pwdLockout: TRUE` in `{policy}`"),
        })
    }

    /// Sets the lock and shows that it holds.  True when something changed.
    ///
    /// Whether the lock would hold is asked first: a conversation that breaks
    /// after the change then leaves only the change itself to be looked at.
    pub(crate) fn lock(&mut self, entry: &Entry) -> Result<bool, Error> {
        let config = self.config;
        let proof = self.proof(Some(entry))?;
        let already = state(config, entry) == AccountState::Disabled;
        if !already {
            let result = self.modify(&entry.dn, vec![shut(config)])?;
            if result.code != LdapResultCode::Success {
                let (name, _) = locking(config);
                return Err(fault::from_result(&result, &[name]));
            }
            let read = self.entry(&entry.dn, attributes(config)).map_err(|error| {
                let why = error.message;
                Error::outcome_unknown(format!("the lock was written, but not read back: {why}"))
            })?;
            if read.is_none_or(|after| state(config, &after) != AccountState::Disabled) {
                let message = "the server accepted the lock, but the entry does not show it";
                return Err(Error::outcome_unknown(message));
            }
        }
        match proof {
            Proof::Blocks => Ok(!already),
            Proof::Ineffective { why, remedy } => Err(Error::misconfigured(format!(
                "the server accepted the lock, but will still let the account sign in: {why}; {remedy}"
            ))),
        }
    }
}
