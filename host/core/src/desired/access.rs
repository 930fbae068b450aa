//! What somebody may not have besides what they have: separation of duties
//! and exclusive entitlements, after rules, roles and steps have spoken.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    RequestsNow, leave,
    person::{self, Given, Wanted},
    steps::{Subject, Wish},
    wishes::{self, Overrides},
};
use crate::{
    access::{Role, Separation, SeparationMode, Side},
    fact::Identity,
    id::{ConnectorName, RoleName, SeparationName},
    operation::Cause,
    policy::Policy,
    template::Scope,
};

/// The roles of somebody, and what stands between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessNow {
    pub roles: Vec<RoleNow>,
    pub conflicts: Vec<Conflict>,
    /// What people asked for, for them.
    pub requests: RequestsNow,
}

/// A role somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNow {
    pub name: RoleName,
    /// Its risk, owner and description, as far as the file gives them.
    pub about: String,
    pub causes: Vec<Cause>,
}

/// What must not be held together and would be, or is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub separation: SeparationName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    /// What they hold already, in words.
    pub held: Vec<String>,
    /// What they would be given besides.
    pub new: Vec<String>,
    /// What is new is not given.
    pub prevented: bool,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { separation, line, held, new, prevented } = self;
        let all = || [held.as_slice(), new].concat().join(" and ");
        match (prevented, held.as_slice()) {
            (false, _) => write!(f, "`{separation}` (line {line}) keeps {} apart", all()),
            (true, []) => write!(
                f,
                "`{separation}` (line {line}) keeps {} apart; both are new, and neither is given",
                all()
            ),
            (true, held) => write!(
                f,
                "`{separation}` (line {line}): {} is not given while they hold {}",
                new.join(" and "),
                held.join(" and ")
            ),
        }
    }
}

/// What is given in the end.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub wanted: BTreeMap<ConnectorName, Wanted>,
    pub overrides: Overrides,
    pub access: AccessNow,
}

/// Adds what steps wish to what rules gave, and takes away what must not be
/// there besides the rest.
///
/// # Errors
/// A sentence for every template that failed.
pub(super) fn settle(
    subject: &Subject<'_>,
    wishes: &[Wish],
    given: Given,
    identity: &Identity,
) -> Result<Settled, Vec<String>> {
    let Given { mut wanted, mut roles } = given;
    let mut overrides = wishes::apply(subject, wishes, &mut wanted)?;
    let mut judge = Judge { subject, refused_roles: BTreeSet::new(), refused: BTreeSet::new() };
    let mut conflicts = Vec::new();
    for separation in &subject.policy.access.separations {
        if judge.excepted(separation, identity) {
            continue;
        }
        let refused = judge.refused_roles.len();
        conflicts.extend(judge.conflict(separation, &wanted, &roles));
        if judge.refused_roles.len() > refused {
            let Subject { policy, facts, scope, state, now, .. } = *subject;
            let refused = &judge.refused_roles;
            let besides = person::Besides { refused, requests: subject.requests, now };
            let again = person::wanted(policy, facts, scope, state, &besides)?;
            Given { wanted, roles } = again;
            leave::keeps_of(policy, state, &mut wanted);
            overrides = wishes::apply(subject, wishes, &mut wanted)?;
        }
    }
    for (target, text) in &judge.refused {
        judge.take(&mut wanted, target, text);
    }
    judge.exclude(&mut wanted);
    let roles = roles.into_iter().filter_map(|(name, causes)| {
        let about = about(subject.policy.access.roles.get(&name)?);
        Some(RoleNow { name, about, causes })
    });
    let requests = RequestsNow::default();
    let access = AccessNow { roles: roles.collect(), conflicts, requests };
    Ok(Settled { wanted, overrides, access })
}

/// "risk high, owner 1002: pays invoices"
fn about(role: &Role) -> String {
    let owner = role.owner.iter().map(|owner| format!(", owner {owner}"));
    let description = Some(&role.description).filter(|it| !it.is_empty());
    let description = description.into_iter().map(|it| format!(": {it}"));
    std::iter::once(format!("risk {}", role.risk.word())).chain(owner).chain(description).collect()
}

/// An entitlement as the file writes it, at its target.
pub(super) type Written = (ConnectorName, String);

struct Judge<'s, 'a> {
    subject: &'s Subject<'a>,
    refused_roles: BTreeSet<RoleName>,
    refused: BTreeSet<Written>,
}

impl Judge<'_, '_> {
    fn excepted(&self, separation: &Separation, identity: &Identity) -> bool {
        let id = identity.id.to_string();
        separation.except.iter().any(|except| {
            let theirs = identity.records.iter().any(|record| record.key == except.identity);
            self.subject.now < except.until && (theirs || except.identity == id)
        })
    }

    /// Notes what is refused, and says what is held together or would be.
    fn conflict(
        &mut self,
        separation: &Separation,
        wanted: &BTreeMap<ConnectorName, Wanted>,
        roles: &BTreeMap<RoleName, Vec<Cause>>,
    ) -> Option<Conflict> {
        let (mut held, mut new) = (Vec::new(), Vec::new());
        for side in &separation.sides {
            if self.holds(side, &separation.sides) {
                held.push(side);
            } else if self.is_given(side, wanted, roles) {
                new.push(side);
            }
        }
        if held.len() + new.len() < 2 {
            return None;
        }
        let prevented = separation.mode == SeparationMode::Prevent && !new.is_empty();
        for side in new.iter().filter(|_| prevented) {
            match side {
                Side::Role(role) => _ = self.refused_roles.insert(role.clone()),
                Side::Entitlement { target, entitlement } => {
                    self.refused.insert((target.clone(), entitlement.clone()));
                }
            }
        }
        let words = |sides: Vec<&Side>| sides.into_iter().map(ToString::to_string).collect();
        Some(Conflict {
            separation: separation.name.clone(),
            line: separation.line,
            held: words(held),
            new: words(new),
            prevented,
        })
    }

    fn is_given(
        &self,
        side: &Side,
        wanted: &BTreeMap<ConnectorName, Wanted>,
        roles: &BTreeMap<RoleName, Vec<Cause>>,
    ) -> bool {
        match side {
            Side::Role(role) => roles.contains_key(role),
            Side::Entitlement { target, entitlement } => {
                let refused = self.refused.contains(&(target.clone(), entitlement.clone()));
                let mut here = wanted.get(target).into_iter().flat_map(|it| it.grants.keys());
                !refused && here.any(|grant| self.same(target, &grant.entitlement, entitlement))
            }
        }
    }

    /// Whether their accounts hold it now.  A role is held by what it alone
    /// gives, of those it conflicts with.
    fn holds(&self, side: &Side, sides: &[Side]) -> bool {
        match side {
            Side::Entitlement { target, entitlement } => self.holds_here(target, entitlement),
            Side::Role(role) => {
                let others = sides.iter().filter(|other| *other != side);
                let Subject { policy, scope, .. } = self.subject;
                let shared = others.flat_map(|other| gives(policy, scope, other));
                let shared: Vec<Written> = shared.collect();
                let own = gives(policy, scope, side).into_iter().filter(|(target, text)| {
                    !shared.iter().any(|(at, it)| at == target && self.same(target, it, text))
                });
                let own: Vec<Written> = own.collect();
                if own.is_empty() {
                    return self.has_account_of(role, sides);
                }
                own.iter().any(|(target, text)| self.holds_here(target, text))
            }
        }
    }

    /// Of a role that grants nothing of its own, the accounts tell.
    fn has_account_of(&self, role: &RoleName, sides: &[Side]) -> bool {
        let accounts = |role: &RoleName| -> BTreeSet<ConnectorName> {
            let all = with_included(self.subject.policy, role).into_values();
            all.flat_map(|role| role.accounts.iter().cloned()).collect()
        };
        let others = sides.iter().filter_map(|side| match side {
            Side::Role(other) if other != role => Some(accounts(other)),
            Side::Role(_) | Side::Entitlement { .. } => None,
        });
        let shared: BTreeSet<ConnectorName> = others.flatten().collect();
        let own: BTreeSet<ConnectorName> = accounts(role).difference(&shared).cloned().collect();
        self.subject.links.iter().any(|link| own.contains(&link.target))
    }

    /// A target that was not read may say so of any account there.
    fn holds_here(&self, target: &ConnectorName, text: &str) -> bool {
        let theirs = || self.subject.links.iter().filter(|link| link.target == *target);
        let Some(there) = self.subject.held.get(target) else { return theirs().next().is_some() };
        let Some(meant) = self.subject.entitlement(target, text) else { return false };
        theirs().any(|link| {
            there.get(&link.account).is_some_and(|held| held.contains(&meant.reference))
        })
    }

    /// Whether two texts mean one entitlement, as far as that is known.
    fn same(&self, target: &ConnectorName, one: &str, other: &str) -> bool {
        let known = self.subject.entitlement(target, one);
        one == other || (known.is_some() && known == self.subject.entitlement(target, other))
    }

    fn take(&self, wanted: &mut BTreeMap<ConnectorName, Wanted>, target: &ConnectorName, it: &str) {
        if let Some(wanted) = wanted.get_mut(target) {
            wanted.grants.retain(|grant, _| !self.same(target, &grant.entitlement, it));
        }
    }

    /// Of what excludes each other, the first that applies stays.
    fn exclude(&self, wanted: &mut BTreeMap<ConnectorName, Wanted>) {
        for exclusive in &self.subject.policy.access.exclusives {
            let applies = |(target, text): &&Written| {
                let mut here = wanted.get(target).into_iter().flat_map(|it| it.grants.keys());
                here.any(|grant| self.same(target, &grant.entitlement, text))
            };
            let Some(first) = exclusive.of.iter().find(applies) else { continue };
            let others: Vec<&Written> = exclusive.of.iter().filter(|it| *it != first).collect();
            for (target, text) in others {
                self.take(wanted, target, text);
            }
        }
    }
}

/// What a side grants to an identity; what cannot be told, it does not.
pub(super) fn gives(policy: &Policy, scope: &Scope, side: &Side) -> Vec<Written> {
    let role = match side {
        Side::Entitlement { target, entitlement } => {
            return vec![(target.clone(), entitlement.clone())];
        }
        Side::Role(role) => role,
    };
    let grants = with_included(policy, role).into_values().flat_map(|role| &role.grants);
    grants
        .flat_map(|(target, templates)| templates.iter().map(move |it| (target, it)))
        .filter_map(|(target, template)| {
            let text = policy.expressions.render(template, scope).ok()?;
            Some((target.clone(), text.trim().to_owned()))
        })
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

/// The role and those it includes.
fn with_included<'p>(policy: &'p Policy, role: &RoleName) -> BTreeMap<&'p RoleName, &'p Role> {
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

#[cfg(test)]
mod tests;
