//! Adding an account, once.

use std::io::{Read, Write};

use lanyard_sdk::{
    journal,
    types::{AccountState, CreateRequest, Error, ErrorKind, OperationContext, Outcome, Projection},
};
use ldap3_proto::proto::{LdapAddRequest, LdapOp, LdapPartialAttribute, LdapResultCode};

use crate::{
    dn,
    entry::Entry,
    fault, lock, people, schema,
    session::{Session, attribute, equal, no_key, reference, single},
    writing::{check_mode, done, failure, partial, texts},
};

/// The step marked once the entry is there, with its distinguished name.
const ADDED: &str = "added";

impl<S: Read + Write> Session<'_, S> {
    /// Adds an entry named after the login below the base.
    pub(crate) fn create(
        &mut self,
        context: &OperationContext,
        request: &CreateRequest,
    ) -> Result<Outcome, Error> {
        check_mode(context)?;
        people::check_type(&request.type_)?;
        if request.initial_secret.is_some() {
            return Err(Error::unsupported("setting a first password"));
        }
        let disabled = request.initial_state == AccountState::Disabled;
        let attributes = self.new_entry(request)?;
        let earlier = context.attempt > 1 || journal::recall(ADDED)?.is_some();
        if let Some(mine) = self.by_anchor(&request.anchor)? {
            let named = people::login(self.config, &mine).eq_ignore_ascii_case(&request.name);
            let locked = lock::state(self.config, &mine) == AccountState::Disabled;
            // Nothing may be written to an account no earlier try has made.
            if earlier || named && (locked || !disabled) {
                return self.settle(&mine, disabled, false);
            }
            return Err(taken(&mine));
        }
        let dn = format!("{},{}", dn::rdn(&self.config.rdn, &request.name), self.config.base);
        if let Some(mine) = self.add(&dn, attributes, disabled, request)? {
            return self.settle(&mine, disabled, false);
        }
        journal::mark(ADDED, &dn)?;
        let read = self.entry(&dn, people::wanted(self.config, &Projection::All));
        let added = read.map_err(|error| {
            Error::outcome_unknown(format!(
                "the entry was added, but not read back: {}",
                error.message
            ))
        })?;
        let added = added.ok_or_else(|| {
            Error::outcome_unknown(format!("`{dn}` was added, but the server does not show it"))
        })?;
        self.settle(&added, disabled, true)
    }

    /// What the new entry holds, its lock excepted.
    fn new_entry(&self, request: &CreateRequest) -> Result<Vec<LdapPartialAttribute>, Error> {
        let config = self.config;
        if request.name.trim().is_empty() {
            return Err(Error::invalid_value(&config.rdn, "an empty name"));
        }
        let classes = config.object_classes.iter().map(|class| class.clone().into_bytes());
        let mut attributes = vec![attribute("objectClass", classes.collect())];
        attributes.push(attribute(&config.rdn, vec![request.name.clone().into_bytes()]));
        if !request.anchor.is_empty() {
            let anchor = request.anchor.clone().into_bytes();
            attributes.push(attribute(&config.anchor_attribute, vec![anchor]));
        }
        for given in &request.attributes {
            let values = texts(config, &given.name, &given.values)?;
            if !values.is_empty() {
                attributes.push(attribute(&given.name, values));
            }
        }
        Ok(attributes)
    }

    /// Adds the entry; some entry when one of the same owner is there already.
    ///
    /// A disabled account is added with its lock, so that there is no moment
    /// at which it is open.  A server that does not take the lock on adding
    /// gets it afterwards, from `settle`.
    fn add(
        &mut self,
        dn: &str,
        attributes: Vec<LdapPartialAttribute>,
        disabled: bool,
        request: &CreateRequest,
    ) -> Result<Option<Entry>, Error> {
        let config = self.config;
        let state = if disabled { Some(lock::locking(config)) } else { lock::open(config) };
        let mut whole = attributes.clone();
        whole.extend(state.map(|(name, value)| attribute(name, vec![value])));
        let mut result = self
            .change(LdapOp::AddRequest(LdapAddRequest { dn: dn.to_owned(), attributes: whole }))?;
        if disabled && refuses_lock(&result.code) {
            let dn = dn.to_owned();
            result = self.change(LdapOp::AddRequest(LdapAddRequest { dn, attributes }))?;
        }
        match result.code {
            LdapResultCode::Success => Ok(None),
            LdapResultCode::EntryAlreadyExists => match self.by_anchor(&request.anchor)? {
                Some(mine) => Ok(Some(mine)),
                None => Err(self.name_taken(&request.name)?),
            },
            LdapResultCode::NoSuchObject => Err(crate::session::no_base(&config.base)),
            _ => {
                let mut sent: Vec<&str> = vec![config.rdn.as_str(), &config.anchor_attribute];
                sent.extend(request.attributes.iter().map(|given| given.name.as_str()));
                Err(fault::from_result(&result, &sent))
            }
        }
    }

    /// Makes sure that the entry has the state asked for, and tells.
    fn settle(&mut self, entry: &Entry, disabled: bool, added: bool) -> Result<Outcome, Error> {
        let config = self.config;
        let locked = if disabled { self.lock(entry) } else { Ok(false) };
        let mut account = people::account(config, entry, &Projection::All)?;
        match locked {
            Ok(changed) => {
                if disabled {
                    account.state = AccountState::Disabled;
                }
                // The revision is from before the lock.
                account.revision = account.revision.filter(|_| !changed);
                Ok(done(added || changed, Some(account)))
            }
            Err(error) => Ok(partial(Some(account), vec![failure("state", error)])),
        }
    }

    fn by_anchor(&mut self, anchor: &str) -> Result<Option<Entry>, Error> {
        if anchor.is_empty() {
            return Ok(None);
        }
        let config = self.config;
        let wanted = people::wanted(config, &Projection::All);
        let found = self.people(equal(&config.anchor_attribute, anchor), wanted)?;
        single(found, schema::USER)
    }

    /// The error for a name that somebody else holds.
    fn name_taken(&mut self, name: &str) -> Result<Error, Error> {
        let config = self.config;
        let wanted = people::wanted(config, &Projection::Only(Vec::new()));
        let found = self.people(equal(&config.rdn, name), wanted)?;
        let message = "the name is taken by an entry that is none of the people read";
        Ok(match found.as_slice() {
            [other] => taken(other),
            _ => Error::new(ErrorKind::AlreadyExists(None), message),
        })
    }
}

/// An entry that this operation did not make.
fn taken(entry: &Entry) -> Error {
    let Some(other) = reference(entry, schema::USER) else { return no_key(&entry.dn) };
    let message = format!("account `{}` holds the name or the anchor already", other.uid);
    Error::new(ErrorKind::AlreadyExists(Some(other)), message)
}

/// Answers by which a server may mean that the lock does not belong into a
/// new entry.  When it meant something else, it says so again without it.
fn refuses_lock(code: &LdapResultCode) -> bool {
    matches!(
        code,
        LdapResultCode::NoSuchAttribute
            | LdapResultCode::UndefinedAttributeType
            | LdapResultCode::ConstraintViolation
            | LdapResultCode::InvalidAttributeSyntax
            | LdapResultCode::InsufficentAccessRights
            | LdapResultCode::UnwillingToPerform
            | LdapResultCode::ObjectClassViolation
    )
}
