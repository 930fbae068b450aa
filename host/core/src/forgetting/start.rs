//! First days that were said of somebody.

use jiff::Timestamp;

use crate::{
    fact::{Fact, Identity},
    history::PastFact,
    identity::facts_now,
    lifecycle::{moment_of, zone_of},
    policy::Policy,
};

/// The latest first day that was ever said of somebody; `past` are facts of
/// theirs from before.
pub fn started(
    policy: &Policy,
    identity: &Identity,
    past: &[PastFact],
    now: Timestamp,
) -> Option<Timestamp> {
    let lifecycle = &policy.lifecycle;
    let zone = zone_of(&facts_now(identity, now), lifecycle);
    let zone = zone.unwrap_or_else(|_wrong| lifecycle.timezone.clone());
    let past = past.iter().filter(|it| it.name.as_str() == "start").map(|it| &it.fact);
    let said = identity.facts.get("start").into_iter().flatten();
    said.chain(past).filter_map(|fact: &Fact| moment_of(fact, false, &zone)).max()
}
