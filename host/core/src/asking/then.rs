//! Who had something at a time, by the record of what was done.

mod having;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use self::having::{Having, Held, is_closed, is_done, lost_by};
use super::What;
use crate::{
    entitlement::Index, id::IdentityId, observed::ObservedTarget, policy::Policy, value::ObjectRef,
};

/// A row of the record about one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub number: i64,
    pub at: Timestamp,
    pub by: String,
    /// "create", "grant", "adopt", …
    pub action: String,
    /// "done", "failed", …
    pub result: String,
    /// "verified", "drifted", "unverifiable".
    pub verification: Option<String>,
    pub identity: Option<IdentityId>,
    pub account: Option<ObjectRef>,
    /// Of a grant or revoke: what the entitlement was called.
    pub entitlement: Option<String>,
    /// And its id there; none: rows of before do not say it.
    pub entitlement_id: Option<String>,
    /// Of an obligation: what had to go, and by whose word it has.
    pub loss: Option<String>,
    pub closed_by: Option<String>,
    /// How it was afterwards.
    pub after: Option<String>,
    pub because: Option<String>,
    /// What it said of a person is gone with them.
    pub emptied: bool,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    Account,
    Entitlement {
        /// None: the target shows none of that name by now.
        id: Option<String>,
        /// Everything it is called, with its id.
        names: BTreeSet<String>,
    },
}

/// What is asked for, by what is known of it now: an alias of the file, a
/// name or an id.
///
/// # Errors
/// Of a role the record says nothing; and where several are meant.
pub fn sought(
    policy: &Policy,
    observed: Option<&ObservedTarget>,
    what: &What,
) -> Result<Sought, String> {
    let (target, text) = match what {
        What::Target(_) => return Ok(Sought::Account),
        What::Role(role) => {
            return Err(format!(
                "the record says nothing of who had the role `{role}`: ask for what it gives"
            ));
        }
        What::Entitlement { target, entitlement } => (target, entitlement),
    };
    let none = BTreeMap::new();
    let aliases = policy.targets.get(target).map_or(&none, |it| &it.entitlements);
    let mut names = BTreeSet::from([aliases.get(text).unwrap_or(text).clone()]);
    let Some(there) = observed else { return Ok(Sought::Entitlement { id: None, names }) };
    let index = Index::new(&there.entitlements, there.assignments_coverage.proves_absence());
    let id = match index.resolve(aliases, text) {
        Ok(meant) => {
            names.extend([meant.name.clone(), meant.reference.uid.clone()]);
            Some(meant.reference.uid.clone())
        }
        Err(several) if index.is_called(aliases, text) => return Err(several.text),
        Err(_) => None,
    };
    Ok(Sought::Entitlement { id, names })
}

/// Whose something was: an identity, or where the record knew none, an
/// account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    OfIdentity(IdentityId),
    OfAccount(ObjectRef),
}

/// Follows the record, the oldest row first.
#[derive(Debug)]
pub struct Then {
    sought: Sought,
    at: Timestamp,
    had: BTreeMap<Whose, Having>,
    /// Rows that were looked at, up to the time.
    rows: u64,
    /// When the record begins.
    begins: Option<Timestamp>,
    /// Rows that may have been about it, of people who were erased.
    emptied: u64,
    /// Some row was about it, whenever.
    heard: bool,
}

/// Everybody who had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HadThen {
    /// "an account at crm".
    pub what: String,
    pub at: Timestamp,
    /// When the record of this target begins; none: there is none.
    pub begins: Option<Timestamp>,
    /// Rows it rests on.
    pub rows: u64,
    /// Rows that may have been about it, of people who were erased.
    pub emptied: u64,
    pub had: Vec<Had>,
}

/// Somebody who had it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Had {
    pub label: String,
    pub key: String,
    pub identity: Option<IdentityId>,
    /// The key of the account, as the record last called it.
    pub uid: Option<String>,
    /// Of the account: "active", "disabled", "as it was found".
    pub state: &'static str,
    pub since: Timestamp,
    /// When it ended later, by the record.
    pub until: Option<Timestamp>,
    /// What had to be done about it by then and was not seen to be: "disable",
    /// "delete" or "revoke", and since when.
    pub due: Option<(&'static str, Timestamp)>,
    /// "created", "adopted", "granted", "taken over".
    pub how: &'static str,
    pub by: String,
    pub because: Option<String>,
    /// The row that says so.
    pub row: i64,
    /// Why it may be otherwise.
    pub doubt: Option<&'static str>,
}

/// By what people are called now: label and key; none: they were erased.
type Called<'a> = &'a dyn Fn(IdentityId) -> Option<(String, String)>;

impl Then {
    pub fn new(sought: Sought, at: Timestamp) -> Self {
        Self { sought, at, had: BTreeMap::new(), rows: 0, begins: None, emptied: 0, heard: false }
    }

    /// The next row about the target; those after the time say when something
    /// ended.
    pub fn take(&mut self, deed: &Deed) {
        self.begins.get_or_insert(deed.at);
        let whose = match (deed.identity, &deed.account) {
            (Some(identity), _) => Whose::OfIdentity(identity),
            (None, Some(account)) => Whose::OfAccount(account.clone()),
            (None, None) => return,
        };
        let is_it = self.is_about_it(deed);
        self.heard |= is_it || matches!(self.sought, Sought::Account);
        let about_grants = matches!(deed.action.as_str(), "grant" | "claim" | "revoke");
        if deed.at > self.at {
            if self.ends(deed)
                && let Some(having) = self.had.get_mut(&whose)
            {
                having.until.get_or_insert(deed.at);
            }
            return;
        }
        self.rows = self.rows.saturating_add(1);
        if deed.emptied && about_grants && matches!(self.sought, Sought::Entitlement { .. }) {
            self.emptied = self.emptied.saturating_add(1);
        }
        self.had.entry(whose).or_default().take(deed, is_it);
    }

    /// Whether it is about the entitlement that is sought.
    fn is_about_it(&self, deed: &Deed) -> bool {
        let Sought::Entitlement { id, names } = &self.sought else { return false };
        match (id, &deed.entitlement_id) {
            (Some(id), Some(of_it)) => id == of_it,
            // A name may have been another one's before: that is all there is.
            _ => [&deed.entitlement, &deed.entitlement_id]
                .into_iter()
                .flatten()
                .any(|it| names.contains(it)),
        }
    }

    /// Whether there is such a thing, or the record ever had one of that name.
    pub fn is_known(&self) -> bool {
        self.heard || !matches!(self.sought, Sought::Entitlement { id: None, .. })
    }

    fn ends(&self, deed: &Deed) -> bool {
        let (verb, took) = match deed.action.as_str() {
            "obligation" => (lost_by(deed), is_closed(deed)),
            verb => (verb, is_done(deed)),
        };
        took && match &self.sought {
            Sought::Account => verb == "delete",
            Sought::Entitlement { .. } => {
                verb == "delete" || verb == "revoke" && self.is_about_it(deed)
            }
        }
    }

    /// Everybody who had it; `gone` are those whose account readings no longer
    /// show by now.
    pub fn had(self, what: String, gone: &BTreeSet<IdentityId>, called: Called<'_>) -> HadThen {
        let Self { sought, at, had, rows, begins, emptied, heard: _ } = self;
        let each = had.into_iter().filter_map(|(whose, having)| {
            let Having { account, grant, uid, state, due, until } = having;
            let is_gone = account.is_none();
            let held = match sought {
                Sought::Account => account,
                Sought::Entitlement { .. } => grant,
            }?;
            let identity = match &whose {
                Whose::OfIdentity(identity) => Some(*identity),
                Whose::OfAccount(_) => None,
            };
            let vanished = until.is_none() && identity.is_some_and(|it| gone.contains(&it));
            let doubt = held.doubt.or_else(|| {
                vanished.then_some(
                    "a later reading no longer shows the account, and no row says when it went",
                )
            });
            let (label, key) = match identity {
                Some(identity) => called(identity)
                    .unwrap_or_else(|| ("somebody who was erased".to_owned(), String::new())),
                None => ("nobody".to_owned(), String::new()),
            };
            let due = due.into_iter().min_by_key(|(_, since)| *since);
            let unknown = if is_gone { "not known" } else { "as it was found" };
            let state = state.unwrap_or(unknown);
            let Held { since, how, by, because, row, doubt: _ } = held;
            Some(Had {
                label,
                key,
                identity,
                uid,
                state,
                since,
                until,
                due,
                how,
                by,
                because,
                row,
                doubt,
            })
        });
        let mut had: Vec<Had> = each.collect();
        had.sort();
        HadThen { what, at, begins, rows, emptied, had }
    }
}

#[cfg(test)]
mod tests;
