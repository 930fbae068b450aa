//! Reading groups and who is in them.

use std::{
    collections::HashMap,
    io::{Read, Write},
};

use lanyard_sdk::types::{
    Assignment, AssignmentPage, AssignmentScope, Coverage, Entitlement, EntitlementPage, Error,
    ObjectRef,
};
use ldap3_proto::proto::LdapSearchScope;

use crate::{
    dn,
    entry::Entry,
    groups::{MEMBER, no_group},
    listing::{Gaps, check_cursor, key},
    schema::{GROUP, USER},
    session::{ENTRY_UUID, Session, names},
    wire::Search,
};

/// Groups read with their members at a time.
const GROUPS: usize = 20;

/// Key of the group, key of the holder; assignments are in this order.
type Pair = (String, String);

impl<S: Read + Write> Session<'_, S> {
    pub(crate) fn list_entitlements(
        &mut self,
        kind: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<EntitlementPage, Error> {
        if kind != GROUP {
            return Err(Error::unsupported(format!("entitlements of type `{kind}`")));
        }
        let tree = self.groups()?;
        let wanted = names(&[ENTRY_UUID, "cn", "description"]);
        let piece = self.piece(&tree, &wanted, cursor, limit)?;
        Ok(EntitlementPage {
            items: piece.entries.iter().filter_map(entitlement).collect(),
            next: piece.next,
            coverage: piece.coverage,
            extra: Vec::new(),
        })
    }

    pub(crate) fn list_assignments(
        &mut self,
        scope: &AssignmentScope,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        match scope {
            AssignmentScope::OfAccount(holder) => {
                self.assignments_of_account(holder, cursor, limit)
            }
            AssignmentScope::OfEntitlement(group) => {
                let entry = self.group(&group.uid, names(&[ENTRY_UUID, MEMBER]))?;
                let entry = entry.ok_or_else(|| no_group(&group.uid))?;
                let mut gaps = Gaps::default();
                let people = self.people_by_name(&mut gaps)?;
                let holders = holders(&entry, &people);
                let uid = group.uid.to_ascii_lowercase();
                let pairs = holders.into_iter().map(|holder| (uid.clone(), holder)).collect();
                page(pairs, cursor, limit, gaps.coverage())
            }
            AssignmentScope::Everything => self.all_assignments(cursor, limit),
        }
    }

    fn assignments_of_account(
        &mut self,
        holder: &ObjectRef,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        let entry = self.person(&holder.uid, names(&[ENTRY_UUID]))?;
        let entry =
            entry.ok_or_else(|| Error::not_found(format!("no account `{}`", holder.uid)))?;
        let uid = holder.uid.to_ascii_lowercase();
        let groups = self.groups_of(&entry.dn)?;
        let pairs = groups.into_iter().map(|(group, _)| (group, uid.clone())).collect();
        page(pairs, cursor, limit, Coverage::exhaustive())
    }

    fn all_assignments(
        &mut self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        let last = cursor.map(read_cursor).transpose()?;
        let mut gaps = Gaps::default();
        let tree = self.groups()?;
        let people = self.people_by_name(&mut gaps)?;
        let mut groups = self.keys(&tree, &mut gaps)?;
        // The last group may have more members to come.
        groups.retain(|key| last.as_ref().is_none_or(|(group, _)| key >= group));
        let enough = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let mut pairs: Vec<Pair> = Vec::new();
        for chunk in groups.chunks(GROUPS) {
            let wanted = names(&[ENTRY_UUID, MEMBER]);
            for entry in self.fetch(&tree, &wanted, chunk, &mut gaps)? {
                let Some(group) = key(&entry) else { continue };
                let found = holders(&entry, &people).into_iter();
                let found = found.map(|holder| (group.clone(), holder));
                pairs.extend(found.filter(|pair| last.as_ref().is_none_or(|last| pair > last)));
            }
            if pairs.len() > enough {
                break;
            }
        }
        page(pairs, cursor, limit, gaps.coverage())
    }

    /// Keys of people by the comparable form of their names.
    fn people_by_name(&mut self, gaps: &mut Gaps) -> Result<HashMap<String, String>, Error> {
        let config = self.config;
        let found = self.search(&Search {
            base: &config.base,
            scope: LdapSearchScope::Subtree,
            filter: config.people_filter.0.clone(),
            attributes: names(&[ENTRY_UUID]),
        })?;
        gaps.note(&config.base, &found)?;
        let pairs =
            found.entries.iter().filter_map(|entry| Some((dn::normal(&entry.dn), key(entry)?)));
        Ok(pairs.collect())
    }
}

/// Members that are people.  Placeholders, nested groups and names that lead
/// nowhere are nobody's assignment.
fn holders(group: &Entry, people: &HashMap<String, String>) -> Vec<String> {
    group.texts(MEMBER).filter_map(|member| people.get(&dn::normal(member)).cloned()).collect()
}

fn entitlement(entry: &Entry) -> Option<Entitlement> {
    let uid = key(entry)?;
    let name = entry.text("cn").unwrap_or(&uid).to_owned();
    Some(Entitlement {
        description: entry.text("description").unwrap_or_default().to_owned(),
        ..Entitlement::group(ObjectRef::new(GROUP, uid), name, USER)
    })
}

fn read_cursor(cursor: &str) -> Result<Pair, Error> {
    let (group, holder) = cursor.split_once('/').unwrap_or_default();
    check_cursor(group)?;
    check_cursor(holder)?;
    Ok((group.to_owned(), holder.to_owned()))
}

/// The next `limit` pairs after the cursor.
fn page(
    mut pairs: Vec<Pair>,
    cursor: Option<&str>,
    limit: u32,
    coverage: Coverage,
) -> Result<AssignmentPage, Error> {
    let last = cursor.map(read_cursor).transpose()?;
    pairs.retain(|pair| last.as_ref().is_none_or(|last| pair > last));
    pairs.sort_unstable();
    pairs.dedup();
    let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
    let more = pairs.len() > limit;
    pairs.truncate(limit);
    let next = pairs.last().filter(|_| more).map(|(group, holder)| format!("{group}/{holder}"));
    let items = pairs.into_iter().map(|(group, holder)| Assignment {
        holder: ObjectRef::new(USER, holder),
        entitlement: ObjectRef::new(GROUP, group),
        relation: String::new(),
        direct: true,
        expires_at: None,
        extra: Vec::new(),
    });
    Ok(AssignmentPage { items: items.collect(), next, coverage, extra: Vec::new() })
}
