//! Somebody at another time: what counts then, and what was known then.

use std::{collections::BTreeMap, slice};

use jiff::Timestamp;
use lanyard_core::{
    fact::{Fact, Identity},
    history,
    id::FactName,
    identity,
    policy::Policy,
    workflow::add_own_facts,
};
use serde::Serialize;

use super::Lives;
use crate::{
    args::people::Then,
    commands::{
        moment::{Edge, moment},
        output::Output,
    },
    errors::AppError,
    store::Store,
};

/// Somebody as they were, or will be.
#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    at: Timestamp,
    as_known: Timestamp,
    /// None: nothing was known of them.
    state: Option<&'static str>,
    because: String,
    facts: BTreeMap<FactName, &'a Fact>,
}

/// `--at` and `--as-known`, of which one is now when it is not given.
pub(super) async fn show(
    (policy, store): (&Policy, &dyn Store),
    found: &Identity,
    (then, json): (&Then, bool),
    now: Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    let zone = &policy.lifecycle.timezone;
    let read = |text: Option<&str>, edge| text.map_or(Ok(now), |text| moment(text, edge, zone));
    let known = read(then.as_known.as_deref(), Edge::Last)?;
    let at = read(then.at.as_deref(), Edge::First)?;
    let past = store.past_facts(found.id).await?;
    let mut identity = history::as_known(policy, found, &past, known);
    let mut own = store.own_facts().await?;
    own.retain(|own| own.since <= known);
    add_own_facts(slice::from_mut(&mut identity), &own);
    let mut lives = Lives::of(store).await?;
    lives.kept = lives.kept.as_of(known);
    if json {
        let facts = identity::facts_now(&identity, at);
        let (state, because) = match super::state(policy, &identity, &lives, at) {
            _ if identity.facts.is_empty() => (None, "nobody knew them".to_owned()),
            Ok(state) => (Some(state.state.word()), state.because),
            Err(problems) => (Some("unclear"), problems.join("; ")),
        };
        let id = identity.id.to_string();
        return output.json(&Shown { id, at, as_known: known, state, because, facts });
    }
    output.line(&format!("at {at:.0}, by what was known at {known:.0}"))?;
    if identity.facts.is_empty() {
        return output.line(&format!("nobody knew {} then", identity.id));
    }
    super::show(policy, &identity, &lives, at, output)
}
