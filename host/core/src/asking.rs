//! What people ask: why somebody has something, or has it not.
//!
//! Everything in here reads; an answer is one sentence, and below it what
//! stands behind it, down to what a source, a person or a target said.

mod account;
mod answer;
mod chain;
mod entitlement;
mod mapping;
mod next;
mod request;
mod reviewed;
mod rule;
mod step;
mod then;
mod who;

use jiff::Timestamp;

pub use self::{
    answer::{Answer, Detail},
    chain::Root,
    mapping::{CannotSuppose, supposed},
    then::{Deed, Had, HadThen, Sought, Then, sought},
    who::{Holder, What, Who, who},
};
use crate::{
    desired::{
        Desired, DesiredIdentity,
        person::{self, Facts},
    },
    fact::Identity,
    guard::Finding,
    id::{ConnectorName, IdentityId},
    identity,
    observed::{Link, Observed, ObservedTarget},
    operation::Cause,
    plan::Plan,
    policy::Policy,
    template::Scope,
    value::ObjectRef,
};

/// Everything that may be behind an answer.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    pub policy: &'a Policy,
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    /// What would be done next, and what the guard says to it.
    pub plan: &'a Plan,
    pub findings: &'a [Finding],
    /// What was done to accounts, the oldest first.
    pub touched: &'a [Touched],
    pub now: Timestamp,
}

/// Something that was done, as the audit has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub at: Timestamp,
    /// "create", "grant", "adopt", …
    pub action: String,
    /// "done", "refused", …, and what the read after it showed.
    pub result: String,
    pub identity: Option<IdentityId>,
    pub target: Option<ConnectorName>,
    pub account: Option<ObjectRef>,
    /// Of a grant or revoke: the name of the entitlement at the target, or
    /// its id.
    pub entitlement: Option<String>,
    /// The run that did it; none: a person's word.
    pub run: Option<String>,
    pub by: String,
}

/// One person, asked about.
pub struct Asking<'a> {
    world: World<'a>,
    identity: &'a Identity,
    person: &'a DesiredIdentity,
    facts: Facts<'a>,
    scope: Scope,
}

impl<'a> Asking<'a> {
    /// None: nothing is decided for this identity.
    pub fn about(world: World<'a>, identity: &'a Identity) -> Option<Self> {
        let person = world.desired.identities.get(&identity.id)?;
        let facts = identity::facts_now(identity, world.now);
        let id = identity.id.to_string();
        let scope = person::scope(&facts, &id, identity::key(identity), &person.state);
        Some(Self { world, identity, person, facts, scope })
    }

    fn label(&self) -> &'a str {
        &self.person.label
    }

    fn there(&self, target: &ConnectorName) -> Option<&'a ObservedTarget> {
        self.world.observed.targets.get(target)
    }

    /// Accounts of theirs at a target, those that are gone last.
    fn links(&self, target: &ConnectorName) -> Vec<&'a Link> {
        let all = self.world.observed.links.iter();
        let mut links: Vec<&Link> =
            all.filter(|it| it.identity == self.identity.id && it.target == *target).collect();
        links.sort_by_key(|link| (link.gone, &link.account));
        links
    }

    /// What was read of a target, and when.
    fn reading(&self, target: &ConnectorName) -> Detail {
        Detail::new(match self.there(target) {
            None => format!("`{target}` was never read"),
            Some(there) => format!(
                "`{target}` was read {:.0}: accounts {}, grants {}",
                there.read_at,
                covered(there.accounts_coverage.proves_absence()),
                covered(there.assignments_coverage.proves_absence()),
            ),
        })
    }

    /// The last that was done about an account, or one entitlement of it.
    fn last_touched(&self, target: &ConnectorName, entitlement: Option<&[&str]>) -> Option<Detail> {
        let here = self.world.touched.iter().rev().find(|it| {
            let named = it.entitlement.as_deref();
            it.identity == Some(self.identity.id)
                && it.target.as_ref() == Some(target)
                && entitlement.is_none_or(|names| named.is_some_and(|it| names.contains(&it)))
        })?;
        let Touched { at, action, result, entitlement, run, by, .. } = here;
        let what = entitlement.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
        let run = run.as_ref().map(|run| format!(", run {run}")).unwrap_or_default();
        Some(Detail::new(format!("last touched {at:.0}: {action}{what}, {result}{run}, by {by}")))
    }

    /// Why, each cause with what it comes from.
    fn because(&self, target: &ConnectorName, causes: &[Cause]) -> Vec<Detail> {
        causes.iter().map(|cause| self.chain(target, cause)).collect()
    }
}

fn covered(whole: bool) -> &'static str {
    if whole { "wholly" } else { "not wholly" }
}

#[cfg(test)]
mod tests;
