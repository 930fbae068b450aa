//! Searches: scope, filter, pages, and the limit that cuts them.

use std::collections::BTreeMap;

use ldap3_proto::proto::{
    LdapPartialAttribute, LdapResultCode as Code, LdapSearchRequest, LdapSearchResultEntry,
    LdapSearchScope as Scope,
};

use super::{
    dn,
    entry::{Entry, Refusal, refuse},
    filter, schema,
    tree::Tree,
};

/// What a search answers.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Vec<LdapSearchResultEntry>,
    /// More entries fit than the limit lets through.
    pub(super) cut: bool,
    /// Where the next page begins; empty after the last.
    pub(super) cookie: Vec<u8>,
}

/// A page asked for: how many entries, and after which.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) size: usize,
    pub(super) cookie: &'a [u8],
}

/// How far a search may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Entries over all pages together.
    pub(super) limit: Option<usize>,
    pub(super) sees_passwords: bool,
}

pub(super) fn search(
    tree: &Tree,
    request: &LdapSearchRequest,
    page: Option<&Page<'_>>,
    reach: Reach,
) -> Result<Found, Refusal> {
    let Some(base) = dn::normal(&request.base) else {
        return refuse(Code::InvalidDNSyntax, "invalid DN");
    };
    if !tree.contains(&base) {
        return Err(tree.no_such_object(&base));
    }
    let (mut count, last) = match page {
        Some(page) if !page.cookie.is_empty() => read_cookie(page.cookie)?,
        _ => (0, None),
    };
    let asked = usize::try_from(request.sizelimit).ok().filter(|limit| *limit > 0);
    let limit = [reach.limit, asked].into_iter().flatten().min();
    let memberships = memberships(tree);
    let mut found = Found::default();
    let mut shown = last.clone();
    for (name, entry) in tree.after(last.as_deref()) {
        if !in_scope(name, &base, &request.scope) {
            continue;
        }
        let entry = with_memberships(entry, name, &memberships);
        if !filter::matches(&request.filter, &entry) {
            continue;
        }
        if limit.is_some_and(|limit| count >= limit) {
            found.cut = true;
            return Ok(found);
        }
        if page.is_some_and(|page| found.entries.len() >= page.size) {
            found.cookie = format!("{count} {}", shown.unwrap_or_default()).into_bytes();
            return Ok(found);
        }
        found.entries.push(select(&entry, request, reach));
        count += 1;
        shown = Some(name.clone());
    }
    Ok(found)
}

fn read_cookie(cookie: &[u8]) -> Result<(usize, Option<String>), Refusal> {
    let read = || {
        let (count, last) = std::str::from_utf8(cookie).ok()?.split_once(' ')?;
        Some((count.parse().ok()?, Some(last.to_owned())))
    };
    read().map_or_else(|| refuse(Code::UnwillingToPerform, "paged results cookie is invalid"), Ok)
}

fn in_scope(name: &str, base: &str, scope: &Scope) -> bool {
    let below = || name.ends_with(&format!(",{base}"));
    match scope {
        Scope::Base => name == base,
        Scope::OneLevel => dn::parent(name).as_deref() == Some(base),
        Scope::Subtree => name == base || below(),
        Scope::Children => below(),
    }
}

/// Which groups each name is a member of.
fn memberships(tree: &Tree) -> BTreeMap<String, Vec<String>> {
    let mut memberships: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, group) in tree.after(None) {
        for member in group.values("member") {
            let member = dn::normal(member).unwrap_or_default();
            memberships.entry(member).or_default().push(group.dn.clone());
        }
    }
    memberships
}

fn with_memberships(
    entry: &Entry,
    name: &str,
    memberships: &BTreeMap<String, Vec<String>>,
) -> Entry {
    let mut entry = entry.clone();
    if let Some(groups) = memberships.get(name) {
        entry.attributes.insert("memberOf".into(), groups.clone());
    }
    entry
}

fn select(entry: &Entry, request: &LdapSearchRequest, reach: Reach) -> LdapSearchResultEntry {
    let asked = |wanted: &str| request.attrs.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let attributes = entry
        .attributes
        .iter()
        .filter(|(name, _)| {
            let hidden = schema::attribute(name).is_some_and(schema::hidden);
            let all = if hidden { asked("+") } else { request.attrs.is_empty() || asked("*") };
            (all || asked(name)) && (reach.sees_passwords || name.as_str() != "userPassword")
        })
        .map(|(name, values)| LdapPartialAttribute {
            atype: name.clone(),
            vals: if request.typesonly {
                Vec::new()
            } else {
                values.iter().map(|value| value.clone().into_bytes()).collect()
            },
        })
        .collect();
    LdapSearchResultEntry { dn: entry.dn.clone(), attributes }
}
