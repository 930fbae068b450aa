//! Facts that decide the state or what somebody may have, and that a source
//! stopped to give to anybody.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{
    read::Read,
    record::{made_of, plain_name},
};
use crate::{
    fact::{Fact, Identity},
    id::{ConnectorName, FactName, IdentityId},
    lifecycle::moment_of,
    policy::Policy,
    template::Template,
};

/// How many identities a source is known to have given a fact.
pub(super) type Givers<'a> = BTreeMap<(&'a ConnectorName, &'a FactName), usize>;

pub(super) fn givers<'a>(known: &BTreeMap<IdentityId, &'a Identity>) -> Givers<'a> {
    let mut givers = Givers::new();
    for identity in known.values() {
        for (name, facts) in &identity.facts {
            for fact in facts {
                *givers.entry((&fact.record.source, name)).or_default() += 1;
            }
        }
    }
    givers
}

/// A fact a record no longer has.
pub(super) struct Lost<'a> {
    pub name: &'a FactName,
    /// What it was.
    pub old: &'a [Fact],
    /// What the record says of the first day.
    pub start: Option<&'a Fact>,
    /// Nobody else had it from this source.
    pub alone: bool,
}

impl Lost<'_> {
    /// A first day after the last one: hired again, which ends the end.
    fn is_past(&self) -> bool {
        let at = |fact, last| moment_of(fact, last, &TimeZone::UTC);
        let old = self.old.iter().filter_map(|fact| at(fact, true)).max();
        let start = self.start.and_then(|fact| at(fact, false));
        self.name.as_str() == "end" && old.zip(start).is_some_and(|(old, start)| start >= old)
    }
}

/// What is wrong with a source that gave a record a fact and gives it none
/// now; nothing when only this record was changed.
///
/// Without its `end` or `status` somebody who left would count as active, and
/// without what a rule asks for everybody would lose what it gives, so a
/// column that is missing, or empty from top to bottom, is never taken for
/// what the source means.  A cell that was emptied while others have a value
/// is, and so is one that was the only one with a value.  A file that no
/// longer makes the fact of anything is a decision, too.
pub(super) fn vanished(policy: &Policy, read: &Read<'_>, lost_fact: &Lost<'_>) -> Option<String> {
    let Lost { name, old, start: _, alone } = lost_fact;
    let decides_state = match name.as_str() {
        "start" | "end" => true,
        "leave_start" | "leave_end" => !policy.lifecycle.leaves.is_empty(),
        "status" => !policy.lifecycle.status.is_empty(),
        _ => false,
    };
    let decides = decides_state || gives_access(policy, name.as_str());
    let (source, settings) = read.source;
    let behind = made_of(settings, name).filter(|_| decides)?;
    let before: Vec<&str> = old.iter().flat_map(|it| &it.from).map(String::as_str).collect();
    let there =
        |attribute: &str| read.attributes.keys().any(|it| plain_name(it) == plain_name(attribute));
    let lost: Vec<&str> = before.iter().copied().filter(|it| behind(it) && !there(it)).collect();
    let valued = read.attributes.iter().any(|(attribute, valued)| *valued && behind(attribute));
    if lost.is_empty() && (valued || *alone) || lost_fact.is_past() {
        return None;
    }
    let mend = if decides_state {
        format!("leave `{name}` out of the source's `facts`")
    } else {
        format!("take `{name}` out of the rules that ask for it")
    };
    let (what, of) = if lost.is_empty() { ("a value in ", before) } else { ("", lost) };
    let of: Vec<String> = of.into_iter().map(|attribute| format!("`{attribute}`")).collect();
    Some(format!(
        "source `{source}`: no record has {what}{} any more, which the fact `{name}` was made of; \
         bring it back, or {mend}",
        of.join(" or ")
    ))
}

/// Whether rules or roles ask for the fact.
fn gives_access(policy: &Policy, name: &str) -> bool {
    let asks = |grants: &BTreeMap<ConnectorName, Vec<Template>>| {
        grants.values().flatten().any(|grant| grant.reads().contains(name))
    };
    policy.rules.iter().any(|rule| rule.when.reads().contains(name) || asks(&rule.grants))
        || policy.access.roles.values().any(|role| asks(&role.grants))
}
