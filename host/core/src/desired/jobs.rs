//! What rules give somebody for everything they are engaged in, together.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    leave,
    person::{self, Facts, Given},
    steps::Entitlements,
};
use crate::{
    engagement::{Engagement, counts_beside},
    fact::Identity,
    id::RoleName,
    identity,
    lifecycle::StateNow,
    policy::Policy,
    template::Scope,
};

/// An engagement as rules look at it.
#[derive(Debug, Clone)]
pub(super) struct Job<'a> {
    facts: Facts<'a>,
    scope: Scope,
    state: StateNow,
}

/// The engagements that count beside the first.
pub(super) fn others<'a>(identity: &Identity, engaged: &[Engagement<'a>]) -> Vec<Job<'a>> {
    let Some((Engagement { state: Ok(first), .. }, others)) = engaged.split_first() else {
        return Vec::new();
    };
    let id = identity.id.to_string();
    let job = |it: &Engagement<'a>| {
        let state = it.state.clone().ok().filter(|it| counts_beside(first.state, it.state))?;
        let key = it.record.map_or("", |record| record.key.as_str());
        let scope = person::scope(&it.facts, &id, key, state.state.broad());
        Some(Job { facts: it.facts.clone(), scope, state })
    };
    others.iter().filter_map(job).collect()
}

/// What the first engagement is given, with what the others are; with
/// `entitlements`, as far as their leaves let them keep it.
///
/// # Errors
/// A sentence for every rule that failed.
pub(super) fn given(
    policy: &Policy,
    entitlements: Option<&Entitlements<'_>>,
    (facts, scope, state): (&Facts<'_>, &Scope, &StateNow),
    others: &[Job<'_>],
    (refused, now): (&BTreeSet<RoleName>, Timestamp),
) -> Result<Given, Vec<String>> {
    let mut given = Given::default();
    let others = others.iter().map(|Job { facts, scope, state }| (facts, scope, state));
    for (facts, scope, state) in std::iter::once((facts, scope, state)).chain(others) {
        let mut more = person::wanted(policy, facts, scope, state, (refused, now))?;
        if let Some(entitlements) = entitlements {
            leave::keeps_of(policy, entitlements, state, &mut more.wanted);
        }
        given.add(more);
    }
    Ok(given)
}

/// The key of the first engagement, or of the person.
pub(super) fn key<'a>(identity: &'a Identity, engaged: &[Engagement<'a>]) -> &'a str {
    let record = engaged.first().and_then(|it| it.record);
    record.map_or_else(|| identity::key(identity), |record| record.key.as_str())
}
