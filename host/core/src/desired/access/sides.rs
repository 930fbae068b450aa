//! What tells that somebody has one of the things that must not come
//! together.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::steps::Subject,
    judge::{Judge, Written},
};
use crate::{
    access::{Role, Side},
    id::{ConnectorName, RoleName},
    policy::Policy,
    template::{Scope, Template},
    value::ObjectRef,
};

/// Whether something is held, in the order of how much has to be kept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    No,
    /// Where it would be was not read, or not wholly.
    Unknown,
    Yes,
}

/// How somebody stands to a side.
#[derive(Debug)]
pub(super) struct Stand<'p> {
    pub(super) side: &'p Side,
    pub(super) held: Held,
    /// They would be given what they do not hold of it.
    pub(super) given: bool,
    /// Grants that make it, by whatever they are given.
    pub(super) own: Vec<Written>,
}

/// What sets a role apart from everything else that they may have.
enum Own {
    /// Grants that nothing else of the file gives: each tells of the role.
    Each(Vec<Written>),
    /// All of it is given by others as well: only all of it together tells.
    All(Vec<Written>),
    /// It grants nothing that another side does not: its accounts tell.
    Accounts(BTreeSet<ConnectorName>),
}

impl Judge<'_, '_> {
    pub(super) fn stand<'p>(&self, side: &'p Side, sides: &[Side]) -> Stand<'p> {
        let (held, given, own) = match side {
            Side::Entitlement { target, entitlement } => {
                let own = (target.clone(), entitlement.clone());
                (self.holds(&own), self.wants(&own), vec![own])
            }
            Side::Role(role) => self.stand_to_role(role, sides),
        };
        Stand { side, held, given, own }
    }

    /// Whether there is anything to look at; with most people there is not.
    pub(super) fn may_have(&self, side: &Side) -> bool {
        let role = match side {
            Side::Entitlement { target, entitlement } => {
                let it = (target.clone(), entitlement.clone());
                return self.holds(&it) > Held::No || self.wants(&it);
            }
            Side::Role(role) => role,
        };
        let gives = self.gives(role);
        self.given().roles.contains_key(role)
            || gives.is_empty()
            || gives.iter().any(|it| self.holds(it) > Held::No || self.wants(it))
            || self.left_of(role, true) > Held::No
    }

    fn stand_to_role(&self, role: &RoleName, sides: &[Side]) -> (Held, bool, Vec<Written>) {
        let has = self.given().roles.contains_key(role);
        let left = self.left_of(role, false);
        match self.own(role, sides) {
            Own::Each(own) => {
                let held = own.iter().map(|it| self.holds(it)).max().unwrap_or(Held::No);
                let given = own.iter().any(|it| self.wants(it));
                (held.max(left), has || given, own)
            }
            Own::All(own) => {
                let held = own.iter().map(|it| self.holds(it)).min().unwrap_or(Held::No);
                let given = own.iter().all(|it| self.wants(it) || self.holds(it) == Held::Yes);
                (held.max(left), has || (given && held < Held::Yes), own)
            }
            Own::Accounts(own) => {
                let there = self.subject.links.iter().any(|link| own.contains(&link.target));
                (if there { Held::Yes } else { left }, has, Vec::new())
            }
        }
    }

    fn own(&self, role: &RoleName, sides: &[Side]) -> Own {
        let mut gives = self.gives(role);
        let others = || sides.iter().filter(|side| !matches!(side, Side::Role(it) if it == role));
        let without = |gives: &mut Vec<Written>, shared: &[Written]| {
            gives.retain(|it| !shared.iter().any(|other| self.same(it, other)));
        };
        let written = others().filter_map(|side| match side {
            Side::Entitlement { target, entitlement } => {
                Some((target.clone(), entitlement.clone()))
            }
            Side::Role(_) => None,
        });
        without(&mut gives, &written.collect::<Vec<_>>());
        let elsewhere: Vec<&Written> = self.others(role).map(|(_, other)| other).collect();
        let apart = |it: &&Written| !elsewhere.iter().any(|other| self.same(it, other));
        let each: Vec<Written> = gives.iter().filter(apart).cloned().collect();
        if !each.is_empty() {
            return Own::Each(each);
        }
        let roles = || {
            others().filter_map(|side| match side {
                Side::Role(other) => Some(other),
                Side::Entitlement { .. } => None,
            })
        };
        let shared = roles().flat_map(|other| self.gives(other));
        without(&mut gives, &shared.collect::<Vec<_>>());
        if !gives.is_empty() {
            return Own::All(gives);
        }
        let mut accounts = self.accounts_of(role);
        for other in roles() {
            accounts.retain(|it| !self.accounts_of(other).contains(it));
        }
        // An account that something else gives says nothing.
        if !self.given().roles.contains_key(role) {
            accounts.retain(|it| !self.given().wanted.contains_key(it));
        }
        Own::Accounts(accounts)
    }

    fn accounts_of(&self, role: &RoleName) -> BTreeSet<ConnectorName> {
        let all = with_included(self.subject.policy, role).into_values();
        all.flat_map(|role| role.accounts.iter().cloned()).collect()
    }

    fn gives(&self, role: &RoleName) -> Vec<Written> {
        gives(self.subject.policy, self.subject.scope, &Side::Role(role.clone()))
    }

    /// Grants of rules, and of roles other than this one: whoever has one
    /// that includes it has it.
    pub(super) fn others(&self, role: &RoleName) -> impl Iterator<Item = (&Template, &Written)> {
        let Subject { policy, scope, .. } = *self.subject;
        let all = self.all.get_or_init(|| {
            let plain = policy.rules.iter().map(|rule| (None, &rule.grants));
            let by_role = policy.access.roles.iter().map(|(name, it)| (Some(name), &it.grants));
            let grants = plain.chain(by_role).flat_map(|(by, grants)| {
                let each =
                    grants.iter().flat_map(|(target, all)| written(policy, scope, target, all));
                each.map(move |it| (by, it))
            });
            grants.collect()
        });
        let names = policy.access.roles.keys();
        let have: BTreeSet<&RoleName> =
            names.filter(|name| with_included(policy, name).contains_key(role)).collect();
        let others = all.iter().filter(move |(by, _)| by.is_none_or(|by| !have.contains(by)));
        others.map(|(_, (template, written))| (*template, written))
    }

    pub(super) fn holds(&self, (target, text): &Written) -> Held {
        if !self.subject.links.iter().any(|link| link.target == *target) {
            return Held::No;
        }
        let Some(there) = self.subject.observed.targets.get(target) else { return Held::Unknown };
        match self.subject.entitlement(target, text) {
            Some(meant) => self.seen(target, &meant.reference),
            None if there.assignments_coverage.proves_absence() => Held::No,
            None => Held::Unknown,
        }
    }

    /// Whether accounts of theirs were seen to hold it.
    pub(super) fn seen(&self, target: &ConnectorName, entitlement: &ObjectRef) -> Held {
        let Some(there) = self.subject.observed.targets.get(target) else { return Held::Unknown };
        let whole = there.assignments_coverage.proves_absence();
        let held = self.subject.held.get(target);
        let each =
            self.subject.links.iter().filter(|link| link.target == *target).map(|link| match held
                .and_then(|held| held.get(&link.account))
            {
                Some(held) if held.contains(entitlement) => Held::Yes,
                _ if whole && link.account.object_type == there.account_type => Held::No,
                _ => Held::Unknown,
            });
        each.max().unwrap_or(Held::No)
    }

    fn wants(&self, (target, text): &Written) -> bool {
        let here = self.given().wanted.get(target);
        let mut here = here.into_iter().flat_map(|it| it.grants.keys());
        here.any(|grant| self.subject.same(target, &grant.entitlement, text))
    }

    fn same(&self, (target, one): &Written, (at, other): &Written) -> bool {
        target == at && self.subject.same(target, one, other)
    }
}

/// What a side grants to an identity; what cannot be told, it does not.
pub(in crate::desired) fn gives(policy: &Policy, scope: &Scope, side: &Side) -> Vec<Written> {
    let role = match side {
        Side::Entitlement { target, entitlement } => {
            return vec![(target.clone(), entitlement.clone())];
        }
        Side::Role(role) => role,
    };
    let grants = with_included(policy, role).into_values().flat_map(|role| &role.grants);
    let written = grants.flat_map(|(target, all)| written(policy, scope, target, all));
    written.map(|(_, written)| written).collect()
}

fn written<'p>(
    policy: &Policy,
    scope: &Scope,
    target: &'p ConnectorName,
    templates: &'p [Template],
) -> impl Iterator<Item = (&'p Template, Written)> {
    templates.iter().filter_map(move |template| {
        let text = policy.expressions.render(template, scope).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| (template, (target.clone(), text.to_owned())))
    })
}

/// The role and those it includes.
pub(super) fn with_included<'p>(
    policy: &'p Policy,
    role: &RoleName,
) -> BTreeMap<&'p RoleName, &'p Role> {
    let known = &policy.access.roles;
    let mut found = BTreeMap::new();
    let mut open = vec![role];
    while let Some((name, role)) = open.pop().and_then(|name| known.get_key_value(name)) {
        if found.insert(name, role).is_none() {
            open.extend(&role.includes);
        }
    }
    found
}
