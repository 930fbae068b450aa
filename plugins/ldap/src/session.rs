//! Questions and changes with the errors of the contract.

use std::io::{Read, Write};

use lanyard_sdk::types::{Error, ErrorKind, ObjectRef};
use ldap3_proto::proto::{
    LdapFilter, LdapModify, LdapModifyRequest, LdapModifyType, LdapOp, LdapPartialAttribute,
    LdapResult, LdapResultCode, LdapSearchScope,
};

use crate::{
    config::Config,
    entry::Entry,
    fault,
    wire::{Found, Search, Wire},
};

/// The immutable key of every entry (RFC 4530).
pub(crate) const ENTRY_UUID: &str = "entryUUID";

/// One call of the host: one connection, one configuration.
#[derive(Debug)]
pub(crate) struct Session<'c, S: Read + Write> {
    pub(crate) wire: Wire<S>,
    pub(crate) config: &'c Config,
}

impl<'c, S: Read + Write> Session<'c, S> {
    /// `stream` is connected and signed in.
    pub(crate) fn new(config: &'c Config, stream: S) -> Self {
        Self { wire: Wire::new(stream), config }
    }

    /// A whole search; whatever result it ended with.
    pub(crate) fn search(&mut self, search: &Search<'_>) -> Result<Found, Error> {
        self.wire.search(search).map_err(|failure| fault::while_reading(&failure))
    }

    /// All entries that match, or an error: nobody may conclude anything from
    /// a part of them.
    pub(crate) fn all(&mut self, search: &Search<'_>) -> Result<Vec<Entry>, Error> {
        let Found { entries, references, result } = self.search(search)?;
        match result.code {
            LdapResultCode::Success if references == 0 || !entries.is_empty() => Ok(entries),
            LdapResultCode::Success => Err(Error::misconfigured(format!(
                "a part of `{}` is in another server, and referrals are not followed; point the stream at the server that holds it",
                search.base
            ))),
            LdapResultCode::NoSuchObject => Err(no_base(search.base)),
            _ => Err(fault::from_result(&result, &[])),
        }
    }

    /// The entry of that name, if it is there.
    pub(crate) fn entry(
        &mut self,
        dn: &str,
        attributes: Vec<String>,
    ) -> Result<Option<Entry>, Error> {
        let found = self.search(&Search {
            base: dn,
            scope: LdapSearchScope::Base,
            filter: LdapFilter::Present("objectClass".to_owned()),
            attributes,
        })?;
        match found.result.code {
            LdapResultCode::Success => Ok(found.entries.into_iter().next()),
            LdapResultCode::NoSuchObject => Ok(None),
            _ => Err(fault::from_result(&found.result, &[])),
        }
    }

    /// The people that match `filter`.
    pub(crate) fn people(
        &mut self,
        filter: LdapFilter,
        attributes: Vec<String>,
    ) -> Result<Vec<Entry>, Error> {
        let config = self.config;
        self.all(&Search {
            base: &config.base,
            scope: LdapSearchScope::Subtree,
            filter: and(config.people_filter.0.clone(), filter),
            attributes,
        })
    }

    /// The person with this key, if there is one.
    pub(crate) fn person(
        &mut self,
        uid: &str,
        attributes: Vec<String>,
    ) -> Result<Option<Entry>, Error> {
        single(self.people(equal(ENTRY_UUID, uid), attributes)?, crate::schema::USER)
    }

    /// Sends a change and waits for the server's answer.
    pub(crate) fn change(&mut self, request: LdapOp) -> Result<LdapResult, Error> {
        self.wire.write(request).map_err(|failure| fault::while_writing(&failure))
    }

    /// Sends changes of one entry; they happen all or not at all.
    pub(crate) fn modify(
        &mut self,
        dn: &str,
        changes: Vec<LdapModify>,
    ) -> Result<LdapResult, Error> {
        self.change(LdapOp::ModifyRequest(LdapModifyRequest { dn: dn.to_owned(), changes }))
    }
}

/// An attribute with its values, as requests carry it.
pub(crate) fn attribute(name: &str, vals: Vec<Vec<u8>>) -> LdapPartialAttribute {
    LdapPartialAttribute { atype: name.to_owned(), vals }
}

/// One change of one attribute.
pub(crate) fn modification(
    operation: LdapModifyType,
    name: &str,
    values: Vec<Vec<u8>>,
) -> LdapModify {
    LdapModify { operation, modification: attribute(name, values) }
}

/// Filters are built from parts and sent in binary: no value can change what
/// is asked.
pub(crate) fn equal(attribute: &str, value: &str) -> LdapFilter {
    LdapFilter::Equality(attribute.to_owned(), value.to_owned())
}

pub(crate) fn and(left: LdapFilter, right: LdapFilter) -> LdapFilter {
    LdapFilter::And(vec![left, right])
}

pub(crate) fn names(attributes: &[&str]) -> Vec<String> {
    attributes.iter().map(|name| (*name).to_owned()).collect()
}

/// At most one; several are for a person to sort out.
pub(crate) fn single(entries: Vec<Entry>, kind: &str) -> Result<Option<Entry>, Error> {
    if entries.len() > 1 {
        let found = entries.iter().filter_map(|entry| reference(entry, kind)).collect();
        return Err(Error::new(ErrorKind::Ambiguous(found), "several entries match"));
    }
    Ok(entries.into_iter().next())
}

/// How the host points at the entry; none when the key may not be read.
pub(crate) fn reference(entry: &Entry, kind: &str) -> Option<ObjectRef> {
    let uid = entry.text(ENTRY_UUID)?.to_ascii_lowercase();
    Some(ObjectRef { type_: kind.to_owned(), uid })
}

pub(crate) fn no_base(base: &str) -> Error {
    Error::misconfigured(format!(
        "the directory has no entry `{base}`, or the sign-in of the stream may not see it; check `base` and `groups-base`"
    ))
}

pub(crate) fn no_key(dn: &str) -> Error {
    Error::misconfigured(format!(
        "the server does not show the `{ENTRY_UUID}` of `{dn}`; the sign-in of the stream must be allowed to read it"
    ))
}
