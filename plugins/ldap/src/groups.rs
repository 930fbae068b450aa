//! Membership in groups of names, one member at a time.

use std::io::{Read, Write};

use lanyard_sdk::types::{Edge, Error, OperationContext, Outcome};
use ldap3_proto::proto::{LdapModifyType, LdapResultCode, LdapSearchScope};

use crate::{
    entry::Entry,
    fault,
    listing::{Tree, key},
    schema::{GROUP, USER},
    session::{ENTRY_UUID, Session, and, equal, modification, names, no_key, single},
    wire::Search,
    writing::{check_mode, done},
};

/// Where `groupOfNames` keeps its members.
pub(crate) const MEMBER: &str = "member";
/// What became of a membership that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Removal {
    Removed,
    WasNot,
}

impl<'c, S: Read + Write> Session<'c, S> {
    /// Adds one member.
    pub(crate) fn grant(
        &mut self,
        context: &OperationContext,
        edge: &Edge,
    ) -> Result<Outcome, Error> {
        check_edge(context, edge)?;
        if edge.expires_at.is_some() {
            return Err(Error::unsupported("a membership that ends by itself"));
        }
        let holder = self.person(&edge.holder.uid, names(&["1.1"]))?;
        let holder =
            holder.ok_or_else(|| Error::not_found(format!("no account `{}`", edge.holder.uid)))?;
        let uid = &edge.entitlement.uid;
        let group = self.group(uid, names(&["1.1"]))?.ok_or_else(|| no_group(uid))?;
        let add =
            || modification(LdapModifyType::Add, MEMBER, vec![holder.dn.clone().into_bytes()]);
        if self.has_placeholder(&group.dn)? {
            let placeholder = self.config.empty_group_member.clone().into_bytes();
            let drop = modification(LdapModifyType::Delete, MEMBER, vec![placeholder]);
            let result = self.modify(&group.dn, vec![add(), drop])?;
            match result.code {
                LdapResultCode::Success => return Ok(done(true, None)),
                // Somebody else took the placeholder out, or the holder is a
                // member already: the plain request tells which.
                LdapResultCode::NoSuchAttribute | LdapResultCode::AttributeOrValueExists => {}
                _ => return Err(fault::from_result(&result, &[MEMBER])),
            }
        }
        let result = self.modify(&group.dn, vec![add()])?;
        match result.code {
            LdapResultCode::Success => Ok(done(true, None)),
            LdapResultCode::AttributeOrValueExists => Ok(done(false, None)),
            _ => Err(fault::from_result(&result, &[MEMBER])),
        }
    }

    /// Takes one member out.
    pub(crate) fn revoke(
        &mut self,
        context: &OperationContext,
        edge: &Edge,
    ) -> Result<Outcome, Error> {
        check_edge(context, edge)?;
        let Some(holder) = self.person(&edge.holder.uid, names(&["1.1"]))? else {
            return Ok(done(false, None));
        };
        let Some(group) = self.group(&edge.entitlement.uid, names(&["1.1"]))? else {
            return Ok(done(false, None));
        };
        let removal = self.remove_member(&group.dn, &holder.dn)?;
        Ok(done(removal == Removal::Removed, None))
    }

    /// Takes a name out of a group.  A `groupOfNames` must not be empty: the
    /// last member is exchanged for the placeholder.
    pub(crate) fn remove_member(&mut self, group: &str, member: &str) -> Result<Removal, Error> {
        let remove =
            || modification(LdapModifyType::Delete, MEMBER, vec![member.to_owned().into_bytes()]);
        let mut result = self.modify(group, vec![remove()])?;
        if result.code == LdapResultCode::ObjectClassViolation {
            let placeholder = self.config.empty_group_member.clone().into_bytes();
            let add = modification(LdapModifyType::Add, MEMBER, vec![placeholder]);
            result = self.modify(group, vec![add, remove()])?;
        }
        match result.code {
            LdapResultCode::Success => Ok(Removal::Removed),
            LdapResultCode::NoSuchAttribute | LdapResultCode::NoSuchObject => Ok(Removal::WasNot),
            _ => Err(fault::from_result(&result, &[MEMBER])),
        }
    }

    /// Key and name of the groups that hold the name as a member.
    pub(crate) fn groups_of(&mut self, member: &str) -> Result<Vec<(String, String)>, Error> {
        if self.config.groups_base.is_none() {
            return Ok(Vec::new());
        }
        let Tree { base, filter } = self.groups()?;
        let entries = self.all(&Search {
            base,
            scope: LdapSearchScope::Subtree,
            filter: and(filter, equal(MEMBER, member)),
            attributes: names(&[ENTRY_UUID]),
        })?;
        entries
            .into_iter()
            .map(|entry| match key(&entry) {
                Some(key) => Ok((key, entry.dn)),
                None => Err(no_key(&entry.dn)),
            })
            .collect()
    }

    /// Where the groups are.
    pub(crate) fn groups(&self) -> Result<Tree<'c>, Error> {
        let config = self.config;
        let base = config.groups_base.as_deref().ok_or_else(|| {
            Error::unsupported("groups, because the configuration has no `groups-base`")
        })?;
        Ok(Tree { base, filter: config.group_filter.0.clone() })
    }

    pub(crate) fn group(
        &mut self,
        uid: &str,
        attributes: Vec<String>,
    ) -> Result<Option<Entry>, Error> {
        let Tree { base, filter } = self.groups()?;
        let found = self.all(&Search {
            base,
            scope: LdapSearchScope::Subtree,
            filter: and(filter, equal(ENTRY_UUID, uid)),
            attributes,
        })?;
        single(found, GROUP)
    }

    /// Asks without reading the members, which may be many.
    fn has_placeholder(&mut self, group: &str) -> Result<bool, Error> {
        let found = self.search(&Search {
            base: group,
            scope: LdapSearchScope::Base,
            filter: equal(MEMBER, &self.config.empty_group_member),
            attributes: names(&["1.1"]),
        })?;
        match found.result.code {
            LdapResultCode::Success => Ok(!found.entries.is_empty()),
            _ => Err(fault::from_result(&found.result, &[MEMBER])),
        }
    }
}

/// Grants and revokes go between an account and a group.
fn check_edge(context: &OperationContext, edge: &Edge) -> Result<(), Error> {
    check_mode(context)?;
    if edge.entitlement.type_ != GROUP || edge.holder.type_ != USER {
        return Err(Error::unsupported("only a `user` can be in a `group`"));
    }
    if !edge.relation.is_empty() {
        let relation = &edge.relation;
        return Err(Error::unsupported(format!("the relation `{relation}` to a group")));
    }
    Ok(())
}

pub(crate) fn no_group(uid: &str) -> Error {
    Error::not_found(format!("no group `{uid}`"))
}
