//! People that an attribute of somebody's account speaks of: a manager, an
//! owner.
//!
//! Whoever is spoken of may have no account yet.  Then the attribute is left
//! as it is, and a later plan writes it, whichever of the two comes first.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Site;
use crate::{
    fact::Identity,
    id::IdentityId,
    observed::{Link, Observed},
    policy::Policy,
    template::{Expressions, Scope},
};

/// Identities by what the file may call them; nobody where it speaks of
/// nobody.
pub(super) struct Referents<'a> {
    /// By the key of a record; none where it is the key of several.
    by_key: BTreeMap<&'a str, Option<IdentityId>>,
}

impl<'a> Referents<'a> {
    pub(super) fn among(policy: &Policy, identities: &'a [Identity]) -> Self {
        let mut by_key: BTreeMap<&str, Option<IdentityId>> = BTreeMap::new();
        if policy.targets.values().all(|target| target.references.is_empty()) {
            return Self { by_key };
        }
        for identity in identities {
            for record in &identity.records {
                let who = by_key.entry(&record.key).or_insert(Some(identity.id));
                *who = who.filter(|who| *who == identity.id);
            }
        }
        Self { by_key }
    }

    /// # Errors
    /// A sentence when it is nobody, or nobody can tell who.
    fn who(&self, text: &str) -> Result<IdentityId, String> {
        let by_id = || text.parse().ok();
        match self.by_key.get(text) {
            Some(Some(id)) => Ok(*id),
            Some(None) => Err(format!("more than one person has the key `{text}`")),
            None => by_id().ok_or_else(|| format!("nobody has the key `{text}`")),
        }
    }
}

/// Accounts at one target by whose they are, as references speak of them;
/// none where the file has no references.
#[derive(Default)]
pub(super) struct Accounts<'a> {
    /// Keys at the target, of accounts that are there.
    keys: BTreeMap<IdentityId, &'a str>,
    /// Login names, also of accounts that are only planned.
    names: BTreeMap<IdentityId, String>,
    /// Whose account was there, and is not.
    gone: BTreeSet<IdentityId>,
}

impl<'a> Accounts<'a> {
    pub(super) fn at(
        site: Site<'_>,
        observed: &'a Observed,
        logins: &BTreeMap<IdentityId, String>,
    ) -> Self {
        if site.policy.references.is_empty() {
            return Self::default();
        }
        let target = site.name;
        let links = observed.links.iter().filter(|link| link.target == *target);
        let (gone, links): (Vec<&Link>, Vec<&Link>) = links.partition(|link| link.gone);
        let gone = gone.into_iter().map(|link| link.identity).collect();
        let links = links.into_iter();
        let by_key: BTreeMap<_, _> = links.map(|link| (&link.account, link.identity)).collect();
        let keys = by_key.iter().map(|(account, id)| (*id, account.uid.as_str())).collect();
        let accounts = observed.targets.get(target).into_iter().flat_map(|it| &it.accounts);
        let names = accounts.filter_map(|it| Some((*by_key.get(&it.reference)?, it.name.clone())));
        let mut names: BTreeMap<IdentityId, String> = names.collect();
        names.extend(logins.iter().map(|(id, login)| (*id, login.clone())));
        Self { keys, names, gone }
    }
}

/// What came of the references of one identity.
#[derive(Debug, Default)]
pub(super) struct Referred {
    /// Those that speak of nobody: what is made of them has no value.
    pub(super) nobody: BTreeSet<String>,
    /// Those that cannot be told yet, and why.
    pub(super) waits: BTreeMap<String, String>,
    /// Those whose account is not there yet: it has a name, and no key.
    pub(super) planned: BTreeMap<String, String>,
}

/// Looks up everybody an identity's account speaks of, and puts them in its
/// `scope`.
///
/// # Errors
/// A sentence for every template that has no result.
pub(super) fn refer(
    site: Site<'_>,
    expressions: &Expressions,
    (referents, accounts): (&Referents<'_>, &Accounts<'_>),
    scope: &mut Scope,
) -> Result<Referred, Vec<String>> {
    let mut referred = Referred::default();
    let mut known = BTreeMap::new();
    let mut failed = Vec::new();
    for (name, template) in &site.policy.references {
        // A fact that somebody does not have is nobody: not everyone has a
        // manager.
        if template.reads().iter().any(|fact| !scope.has(fact)) {
            referred.nobody.insert(name.clone());
            continue;
        }
        let text = match expressions.render(template, scope) {
            Ok(text) => text,
            Err(error) => {
                failed.push(format!("target `{}`, reference `{name}`: {error}", site.name));
                continue;
            }
        };
        if text.trim().is_empty() {
            referred.nobody.insert(name.clone());
            continue;
        }
        let id = match referents.who(text.trim()) {
            Ok(id) => id,
            Err(why) => {
                referred.waits.insert(name.clone(), why);
                continue;
            }
        };
        let mut account = BTreeMap::new();
        account.extend(accounts.names.get(&id).map(|login| ("name", login.clone())));
        account.extend(accounts.keys.get(&id).map(|key| ("id", (*key).to_owned())));
        let why = || format!("`{}` has no account there yet", text.trim());
        if account.is_empty() && accounts.gone.contains(&id) {
            // There was one, and there will be none.
            referred.nobody.insert(name.clone());
            continue;
        }
        if account.is_empty() {
            referred.waits.insert(name.clone(), why());
        } else if !account.contains_key("id") {
            referred.planned.insert(name.clone(), why());
        }
        known.insert(name.clone(), account);
    }
    scope.references(known);
    if failed.is_empty() { Ok(referred) } else { Err(failed) }
}
