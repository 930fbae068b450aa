//! What somebody may not have besides what they have: separation of duties
//! and exclusive entitlements, after rules, roles and steps have spoken.

mod judge;
mod left;
mod sides;

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use self::judge::{Judge, Written};
pub(super) use self::sides::gives;
use super::{
    AtOnce, RequestsNow, ReviewedNow,
    person::{Given, Wanted},
    steps::{Subject, Wish},
    wishes::{self, Overrides, TakenByStep},
};
use crate::{
    access::{Role, Separation},
    fact::Identity,
    id::{ConnectorName, RoleName, SeparationName},
    operation::Cause,
    value::ObjectRef,
};

/// The roles of somebody, and what stands between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessNow {
    pub roles: Vec<RoleNow>,
    pub conflicts: Vec<Conflict>,
    /// What people asked for, for them.
    pub requests: RequestsNow,
    /// What reviews took from them.
    pub reviewed: ReviewedNow,
    /// What is given and steps of workflows took from them.
    pub taken: Vec<TakenByStep>,
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
    /// What they may hold, where not everything was read.
    pub unknown: Vec<String>,
    /// What is new is not given.
    pub prevented: bool,
}

impl Conflict {
    /// What they hold together, or are to hold.
    pub fn together(&self) -> Vec<String> {
        let new = if self.prevented { &[] } else { self.new.as_slice() };
        [self.held.as_slice(), new].concat()
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { separation, line, held, new, unknown, prevented } = self;
        write!(f, "`{separation}` (line {line})")?;
        let and = |sides: &[String]| sides.join(" and ");
        let (is, both) = match new.as_slice() {
            [_] => ("is", ""),
            [_, _] => ("are", "both are new, and neither is given"),
            _ => ("are", "all are new, and none is given"),
        };
        match (prevented, held.as_slice(), new.as_slice(), unknown.as_slice()) {
            (false, held, new, _) => write!(f, " keeps {} apart", and(&[held, new].concat())),
            (true, held, [], unknown) => write!(
                f,
                " keeps {} apart; nothing more of them is given",
                and(&[held, unknown].concat())
            ),
            (true, [], new, []) => write!(f, " keeps {} apart; {both}", and(new)),
            (true, [], new, unknown) => write!(
                f,
                ": {} {is} not given while it is not known whether they hold {}",
                and(new),
                and(unknown)
            ),
            (true, held, new, _) => {
                write!(f, ": {} {is} not given while they hold {}", and(new), and(held))
            }
        }
    }
}

/// What is given in the end.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub wanted: BTreeMap<ConnectorName, Wanted>,
    pub overrides: Overrides,
    pub at_once: AtOnce,
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
    mut given: Given,
    identity: &Identity,
) -> Result<Settled, Vec<String>> {
    let mut overrides = wishes::apply(subject, wishes, &mut given.wanted)?;
    let taken = std::mem::take(&mut overrides.missed);
    let mut judge = Judge::new(subject, wishes, given);
    let mut conflicts = Vec::new();
    for separation in &subject.policy.access.separations {
        if !excepted(separation, identity, subject.now) {
            conflicts.extend(judge.conflict(separation)?);
        }
    }
    let Given { mut wanted, roles } = judge.finished();
    let mut at_once = overrides.taken.clone();
    at_once.grants.extend(exclude(subject, &mut wanted));
    let roles = roles.into_iter().filter_map(|(name, causes)| {
        let about = about(subject.policy.access.roles.get(&name)?);
        Some(RoleNow { name, about, causes })
    });
    let requests = RequestsNow::default();
    let reviewed = ReviewedNow::default();
    let access = AccessNow { roles: roles.collect(), conflicts, requests, reviewed, taken };
    Ok(Settled { wanted, overrides, at_once, access })
}

/// Whether they may hold both, by somebody's word.
fn excepted(separation: &Separation, identity: &Identity, now: Timestamp) -> bool {
    let id = identity.id.to_string();
    separation.except.iter().any(|except| {
        let theirs = identity.records.iter().any(|record| record.key == except.identity);
        now < except.until && (theirs || except.identity == id)
    })
}

/// Of what excludes each other, the first that applies stays; the others are
/// nobody's to keep for a while.
fn exclude(
    subject: &Subject<'_>,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
) -> Vec<(ConnectorName, ObjectRef)> {
    let mut others = Vec::new();
    for exclusive in &subject.policy.access.exclusives {
        let applies = |(target, text): &&Written| {
            let mut here = wanted.get(target).into_iter().flat_map(|it| it.grants.keys());
            here.any(|grant| subject.same(target, &grant.entitlement, text))
        };
        let Some(first) = exclusive.of.iter().find(applies) else { continue };
        for it in exclusive.of.iter().filter(|it| *it != first) {
            judge::take(subject, wanted, it);
            let meant = subject.entitlement(&it.0, &it.1);
            others.extend(meant.map(|meant| (it.0.clone(), meant.reference.clone())));
        }
    }
    others
}

/// "risk high, owner 1002: pays invoices"
fn about(role: &Role) -> String {
    let owner = role.owner.iter().map(|owner| format!(", owner {owner}"));
    let description = Some(&role.description).filter(|it| !it.is_empty());
    let description = description.into_iter().map(|it| format!(": {it}"));
    std::iter::once(format!("risk {}", role.risk.word())).chain(owner).chain(description).collect()
}

#[cfg(test)]
mod tests;
