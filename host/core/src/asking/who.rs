//! Who has something: people, people who should have it, and accounts of
//! nobody.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{Touched, World};
use crate::{
    account::{Account, Assignment},
    desired::{DesiredIdentity, Presence},
    entitlement::Index,
    explain::state_word,
    id::{ConnectorName, IdentityId, RoleName},
    identity::{self, Assembled},
    observed::{Link, ObservedTarget, Origin},
    operation::Cause,
    value::ObjectRef,
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An account there.
    Target(ConnectorName),
    /// By an alias of the file, or a name or id at the target.
    Entitlement {
        target: ConnectorName,
        entitlement: String,
    },
    Role(RoleName),
}

/// Who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    /// "an account at crm".
    pub what: String,
    /// When the target was last read; none: never, or it is a role.
    pub read_at: Option<Timestamp>,
    /// Whether that reading tells of everybody who has it.
    pub whole: Option<bool>,
    pub holders: Vec<Holder>,
}

/// Somebody, or an account of nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holder {
    /// Without an identity last, then by name.
    #[serde(skip)]
    nobody: bool,
    pub label: String,
    pub key: String,
    pub identity: Option<IdentityId>,
    /// Lifecycle state; empty for nobody.
    pub state: &'static str,
    /// The login name there.
    pub account: String,
    pub uid: String,
    pub account_state: &'static str,
    /// The target shows it.
    pub has: bool,
    /// Rules, roles or workflows give it.
    pub should: bool,
    /// When we made it so, or were told; none: it was so before, or is not
    /// known.
    pub since: Option<Timestamp>,
    /// "created by us", "granted by us", "adopted", "not ours", …
    pub how: &'static str,
    /// What gives it.
    pub why: Vec<String>,
    /// Why nobody can tell whether they should have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
}

/// Everybody who has, or should have, what is asked for.
///
/// # Errors
/// A sentence, when there is no such thing.
pub fn who(world: World<'_>, assembled: &Assembled, what: &What) -> Result<Who, String> {
    let asked = Asked { world, assembled };
    match what {
        What::Role(role) => asked.role(role),
        What::Target(target) => Ok(asked.target(target)),
        What::Entitlement { target, entitlement } => asked.entitlement(target, entitlement),
    }
}

struct Asked<'a> {
    world: World<'a>,
    assembled: &'a Assembled,
}

impl Asked<'_> {
    fn role(&self, role: &RoleName) -> Result<Who, String> {
        if !self.world.policy.access.roles.contains_key(role) {
            return Err(format!("there is no role `{role}`"));
        }
        let people = self.world.desired.identities.iter();
        let holders = people.filter_map(|(id, person)| {
            let has = person.access.roles.iter().find(|it| it.name == *role)?;
            let holder = Holder {
                has: true,
                should: true,
                how: "by rules",
                why: words(&has.causes),
                ..self.person(*id, person)
            };
            Some(holder)
        });
        let what = format!("the role `{role}`");
        Ok(Who { what, read_at: None, whole: None, holders: sorted(holders) })
    }

    fn target(&self, target: &ConnectorName) -> Who {
        let there = self.world.observed.targets.get(target);
        let owners = self.owners(target);
        let mut holders = Vec::new();
        let mut having = BTreeSet::new();
        for account in there.iter().flat_map(|it| &it.accounts) {
            let owner = owners.get(&account.reference).copied();
            having.extend(owner.map(|link| link.identity));
            let wanted = owner.and_then(|link| self.wanted(link.identity, target));
            holders.push(Holder {
                has: true,
                should: wanted.is_some(),
                since: owner.and_then(|it| self.since(it, &["create", "adopt"], &[])),
                how: owner.map_or("nobody's", |link| match link.origin {
                    Origin::Created => "created by us",
                    Origin::Adopted => "adopted",
                }),
                why: wanted.map(|(causes, _)| words(causes)).unwrap_or_default(),
                ..self.holder(owner, Some(account), &account.reference)
            });
        }
        for (id, person) in &self.world.desired.identities {
            let Some((causes, name)) = self.wanted(*id, target) else { continue };
            if !having.contains(id) {
                let account = name.to_owned();
                let why = words(causes);
                let how = "not there";
                holders.push(Holder {
                    should: true,
                    account,
                    how,
                    why,
                    ..self.person(*id, person)
                });
            }
        }
        let whole = there.map(|it| it.accounts_coverage.proves_absence());
        let what = format!("an account at {target}");
        Who { what, read_at: there.map(|it| it.read_at), whole, holders: sorted(holders) }
    }

    fn entitlement(&self, target: &ConnectorName, text: &str) -> Result<Who, String> {
        let there = self.world.observed.targets.get(target);
        let there = there.ok_or_else(|| format!("`{target}` was never read"))?;
        let whole = there.assignments_coverage.proves_absence();
        let index = Index::new(&there.entitlements, whole);
        let none = BTreeMap::new();
        let aliases = self.world.policy.targets.get(target).map_or(&none, |it| &it.entitlements);
        let meant = index.resolve(aliases, text).map_err(|it| it.text)?;
        let owners = self.owners(target);
        let mut giving: BTreeMap<IdentityId, &[Cause]> = BTreeMap::new();
        for (id, person) in &self.world.desired.identities {
            let Some(Presence::Present { content, .. }) =
                person.accounts.get(target).map(|it| &it.presence)
            else {
                continue;
            };
            let same = |text: &str| index.only(aliases, text) == Some(meant);
            let mut grants = content.grants.iter();
            let given = grants.find(|(grant, _)| same(&grant.entitlement));
            giving.extend(given.map(|(_, causes)| (*id, causes.as_slice())));
        }
        let names = [meant.name.as_str(), meant.reference.uid.as_str(), text];
        let accounts = by_reference(there);
        let mut holders = Vec::new();
        let mut having = BTreeSet::new();
        for it in there.assignments.iter().filter(|it| it.entitlement == meant.reference) {
            let owner = owners.get(&it.holder).copied();
            having.extend(owner.map(|link| link.identity));
            let causes = owner.and_then(|link| giving.get(&link.identity));
            let account = accounts.get(&it.holder).copied();
            holders.push(Holder {
                has: true,
                should: causes.is_some(),
                since: owner.and_then(|link| self.since(link, &["grant", "claim"], &names)),
                how: self.how(target, it, owner),
                why: causes.map(|causes| words(causes)).unwrap_or_default(),
                ..self.holder(owner, account, &it.holder)
            });
        }
        for (id, causes) in giving.iter().filter(|(id, _)| !having.contains(*id)) {
            let Some(person) = self.world.desired.identities.get(id) else { continue };
            let (how, why) = ("not there", words(causes));
            holders.push(Holder { should: true, how, why, ..self.person(*id, person) });
        }
        let what = format!("`{}` at {target}", meant.name);
        Ok(Who { what, read_at: Some(there.read_at), whole: Some(whole), holders: sorted(holders) })
    }

    fn how(&self, target: &ConnectorName, it: &Assignment, owner: Option<&Link>) -> &'static str {
        let ours = || {
            self.world.observed.ledger.iter().any(|owned| {
                owned.target == *target
                    && owned.holder == it.holder
                    && owned.entitlement == it.entitlement
            })
        };
        match owner {
            _ if !it.direct => "through another entitlement",
            None => "nobody's",
            Some(_) if ours() => "granted by us",
            Some(_) => "not granted by us",
        }
    }

    /// Whose the accounts of a target are.
    fn owners(&self, target: &ConnectorName) -> BTreeMap<&ObjectRef, &Link> {
        let links = self.world.observed.links.iter();
        let here = links.filter(|link| link.target == *target && !link.gone);
        here.map(|link| (&link.account, link)).collect()
    }

    /// Why somebody should have an account, and its name.
    fn wanted(&self, id: IdentityId, target: &ConnectorName) -> Option<(&[Cause], &str)> {
        let wanted = self.world.desired.identities.get(&id)?.accounts.get(target)?;
        match &wanted.presence {
            Presence::Present { content, .. } => Some((&wanted.causes, &content.name)),
            Presence::Disabled | Presence::Kept { .. } | Presence::Deleted { .. } => None,
        }
    }

    /// The last time that one of these was done about their account.
    fn since(&self, link: &Link, actions: &[&str], names: &[&str]) -> Option<Timestamp> {
        let done = |it: &&Touched| {
            let about = it.entitlement.as_deref();
            it.identity == Some(link.identity)
                && it.target.as_ref() == Some(&link.target)
                && actions.contains(&it.action.as_str())
                && (it.result.starts_with("done") || it.result.starts_with("applied"))
                && (names.is_empty() || about.is_some_and(|it| names.contains(&it)))
        };
        self.world.touched.iter().rev().find(done).map(|it| it.at)
    }

    fn holder(&self, owner: Option<&Link>, account: Option<&Account>, uid: &ObjectRef) -> Holder {
        let person = owner.and_then(|link| {
            let person = self.world.desired.identities.get(&link.identity)?;
            Some(self.person(link.identity, person))
        });
        Holder {
            account: account.map(|it| it.name.clone()).unwrap_or_default(),
            uid: uid.uid.clone(),
            account_state: account.map(|it| state_word(it.state)).unwrap_or_default(),
            ..person.unwrap_or_default()
        }
    }

    fn person(&self, id: IdentityId, person: &DesiredIdentity) -> Holder {
        let key = self.assembled.identity(id).map(identity::key).unwrap_or_default();
        Holder {
            nobody: false,
            label: person.label.clone(),
            key: key.to_owned(),
            identity: Some(id),
            state: person.state.state.word(),
            held: person.holds.clone(),
            ..Holder::default()
        }
    }
}

impl Default for Holder {
    /// Nobody, who has nothing.
    fn default() -> Self {
        Self {
            nobody: true,
            label: String::new(),
            key: String::new(),
            identity: None,
            state: "",
            account: String::new(),
            uid: String::new(),
            account_state: "",
            has: false,
            should: false,
            since: None,
            how: "",
            why: Vec::new(),
            held: Vec::new(),
        }
    }
}

fn by_reference(there: &ObservedTarget) -> BTreeMap<&ObjectRef, &Account> {
    there.accounts.iter().map(|it| (&it.reference, it)).collect()
}

fn words(causes: &[Cause]) -> Vec<String> {
    causes.iter().map(ToString::to_string).collect()
}

fn sorted(holders: impl IntoIterator<Item = Holder>) -> Vec<Holder> {
    let mut holders: Vec<Holder> = holders.into_iter().collect();
    holders.sort();
    holders
}
