//! Changing an account: attributes, name, whether it may sign in.

use std::io::{Read, Write};

use lanyard_sdk::{
    journal,
    types::{
        Account, AccountState, AttributeChange, Change, Error, ErrorKind, OperationContext,
        Outcome, Projection, UpdateRequest,
    },
};

/// Journal step: the distinguished name an entry had before its rename.
const RENAMED_FROM: &str = "renamed-from";
use ldap3_proto::proto::{LdapModify, LdapModifyDNRequest, LdapModifyType, LdapOp, LdapResultCode};

use crate::{
    dn,
    entry::Entry,
    fault,
    groups::MEMBER,
    lock, people,
    schema::same_value,
    session::{Session, modification},
    writing::{check_mode, done, failure, partial, texts},
};

impl<S: Read + Write> Session<'_, S> {
    /// Renames first, because that can fail without anything being done; then
    /// all attributes in one request, which the server does whole or not.
    pub(crate) fn update(
        &mut self,
        context: &OperationContext,
        uid: &str,
        request: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        check_mode(context)?;
        let config = self.config;
        let entry = self.existing(uid)?;
        let changes = self.changes(&entry, request)?;
        let renamed = match &request.name {
            Some(name) if people::login(config, &entry) != name => {
                self.rename(&entry.dn, name)?;
                self.follow(&entry.dn, &renamed_dn(config, &entry.dn, name))?;
                true
            }
            // An earlier attempt may have been cut off after the rename.
            Some(_) => {
                if let Some(before) = journal::recall(RENAMED_FROM)? {
                    self.follow(&before, &entry.dn)?;
                }
                false
            }
            None => false,
        };
        if changes.is_empty() {
            return Ok(done(renamed, self.seen(uid)));
        }
        let dn = match &request.name {
            Some(name) if renamed => renamed_dn(config, &entry.dn, name),
            _ => entry.dn.clone(),
        };
        let mut parts: Vec<String> =
            changes.iter().map(|change| change.modification.atype.clone()).collect();
        parts.dedup();
        let sent: Vec<&str> = parts.iter().map(String::as_str).collect();
        let error = match self.modify(&dn, changes) {
            Ok(result) if result.code == LdapResultCode::Success => {
                return Ok(done(true, self.seen(uid)));
            }
            Ok(result) => fault::from_result(&result, &sent),
            Err(error) => error,
        };
        if !renamed || matches!(error.kind, ErrorKind::OutcomeUnknown(_)) {
            return Err(error);
        }
        let failed = parts.iter().map(|part| failure(part, error.clone())).collect();
        Ok(partial(self.seen(uid), failed))
    }

    /// Lets the account sign in.
    pub(crate) fn enable(
        &mut self,
        context: &OperationContext,
        uid: &str,
    ) -> Result<Outcome, Error> {
        check_mode(context)?;
        let config = self.config;
        let entry = self.existing(uid)?;
        if lock::state(config, &entry) == AccountState::Active {
            return Ok(done(false, Some(people::account(config, &entry, &Projection::All)?)));
        }
        let result = self.modify(&entry.dn, vec![lock::reopen(config)])?;
        if result.code != LdapResultCode::Success {
            let (name, _) = lock::locking(config);
            return Err(fault::from_result(&result, &[name]));
        }
        Ok(done(true, self.seen(uid)))
    }

    /// Keeps the account from signing in; never answers `applied` unless the
    /// lock was shown to hold.
    pub(crate) fn disable(
        &mut self,
        context: &OperationContext,
        uid: &str,
    ) -> Result<Outcome, Error> {
        check_mode(context)?;
        let entry = self.existing(uid)?;
        let changed = self.lock(&entry)?;
        Ok(done(changed, self.seen(uid)))
    }

    fn existing(&mut self, uid: &str) -> Result<Entry, Error> {
        let wanted = people::wanted(self.config, &Projection::All);
        self.person(uid, wanted)?.ok_or_else(|| Error::not_found(format!("no account `{uid}`")))
    }

    /// The account after a change.  When it cannot be read the change is done
    /// all the same, and the host reads again.
    fn seen(&mut self, uid: &str) -> Option<Account> {
        self.get(uid, &Projection::All).ok()
    }

    fn rename(&mut self, dn: &str, name: &str) -> Result<(), Error> {
        let config = self.config;
        if name.trim().is_empty() {
            return Err(Error::invalid_value(&config.rdn, "an empty name"));
        }
        journal::mark(RENAMED_FROM, dn)?;
        let result = self.change(LdapOp::ModifyDNRequest(LdapModifyDNRequest {
            dn: dn.to_owned(),
            newrdn: dn::rdn(&config.rdn, name),
            deleteoldrdn: true,
            new_superior: None,
        }))?;
        if result.code == LdapResultCode::Success {
            return Ok(());
        }
        Err(fault::from_result(&result, &[config.rdn.as_str()]))
    }

    /// Puts the new name where groups still hold the old one: without
    /// referential integrity in the server a rename would cost the person
    /// every group.
    fn follow(&mut self, before: &str, after: &str) -> Result<(), Error> {
        for (_, group) in self.groups_of(before)? {
            let exchange = vec![
                modification(LdapModifyType::Add, MEMBER, vec![after.to_owned().into_bytes()]),
                modification(LdapModifyType::Delete, MEMBER, vec![before.to_owned().into_bytes()]),
            ];
            let result = self.modify(&group, exchange)?;
            match result.code {
                LdapResultCode::Success | LdapResultCode::NoSuchAttribute => {}
                // The new name is in the group already.
                LdapResultCode::AttributeOrValueExists => {
                    self.remove_member(&group, before)?;
                }
                _ => return Err(fault::from_result(&result, &[MEMBER])),
            }
        }
        Ok(())
    }

    /// What really has to be written, compared with what is there: the same
    /// request twice changes nothing the second time.
    fn changes(&self, entry: &Entry, request: &UpdateRequest) -> Result<Vec<LdapModify>, Error> {
        let config = self.config;
        let mut changes = Vec::new();
        if let Some(anchor) = &request.anchor {
            let held = entry.values(&config.anchor_attribute);
            let wanted = vec![anchor.clone().into_bytes()];
            changes.extend(replace(held, &config.anchor_attribute, wanted));
        }
        for AttributeChange { name, change } in &request.changes {
            let held = entry.values(name);
            match change {
                Change::Replace(values) => {
                    changes.extend(replace(held, name, texts(config, name, values)?));
                }
                Change::Modify(change) => {
                    let holds = |value: &Vec<u8>| held.iter().any(|old| same_value(old, value));
                    let mut remove = texts(config, name, &change.remove)?;
                    remove.retain(holds);
                    let mut add = texts(config, name, &change.add)?;
                    add.retain(|value| {
                        !holds(value) || remove.iter().any(|old| same_value(old, value))
                    });
                    if !remove.is_empty() {
                        changes.push(modification(LdapModifyType::Delete, name, remove));
                    }
                    if !add.is_empty() {
                        changes.push(modification(LdapModifyType::Add, name, add));
                    }
                }
            }
        }
        Ok(changes)
    }
}

/// No change where exactly these values are held, in whatever order.
fn replace(held: &[Vec<u8>], name: &str, wanted: Vec<Vec<u8>>) -> Option<LdapModify> {
    let same = held.len() == wanted.len() && wanted.iter().all(|value| held.contains(value));
    (!same).then(|| modification(LdapModifyType::Replace, name, wanted))
}

fn renamed_dn(config: &crate::config::Config, dn: &str, name: &str) -> String {
    let rdn = dn::rdn(&config.rdn, name);
    match dn::parent(dn) {
        Some(parent) => format!("{rdn},{parent}"),
        None => rdn,
    }
}
