//! When time alone will change something for somebody.

use jiff::{SignedDuration, Timestamp};

use crate::{
    desired::{DesiredIdentity, person},
    fact::Identity,
    identity::{self, key},
    lifecycle::{LifecycleState, moment_of},
    observed::Link,
    policy::Policy,
    template::Scope,
    workflow::{Episode, On, StepRecord, Task, Wait, wait_moment},
};

/// The next moment after `now` at which a look may find something new; none
/// when nothing that is known changes any more.
///
/// Too early a moment costs a look; too late a one would miss something.
pub fn next_change<'a>(
    policy: &Policy,
    identity: &Identity,
    person: &DesiredIdentity,
    links: impl Iterator<Item = &'a Link>,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut moments: Vec<Timestamp> = person.state.until.into_iter().collect();
    for fact in identity.facts.values().flatten() {
        moments.extend(fact.effective_from);
        moments.extend(fact.effective_until);
    }
    moments.extend(offsets(policy, identity));
    moments.extend(deletions(policy, person, links, now));
    let facts = identity::facts_now(identity, now);
    let scope = person::scope(&facts, &identity.id.to_string(), key(identity), person.state.state);
    for now in person.episodes.iter().filter(|it| it.episode.is_open()) {
        moments.extend(ends_of_steps(policy, &now.episode, &scope));
    }
    moments.into_iter().filter(|at| *at > now).min()
}

/// Beginnings of workflows before or after a date.
fn offsets<'a>(policy: &'a Policy, identity: &'a Identity) -> impl Iterator<Item = Timestamp> + 'a {
    let offsets = policy.workflows.iter().chain(policy.versions.values());
    let offsets = offsets.filter_map(|workflow| match &workflow.on {
        On::Offset(offset) => Some(offset),
        On::State(_) | On::Changed(_) | On::Demand => None,
    });
    offsets.flat_map(move |offset| {
        let last = offset.fact.as_str() == "end";
        let facts = identity.facts.get(&offset.fact).into_iter().flatten();
        let moments =
            facts.filter_map(move |fact| moment_of(fact, last, &policy.lifecycle.timezone));
        moments.filter_map(|moment| moment.checked_add(offset.by).ok())
    })
}

/// When accounts that nothing gives are deleted.
fn deletions<'a>(
    policy: &Policy,
    person: &DesiredIdentity,
    links: impl Iterator<Item = &'a Link>,
    now: Timestamp,
) -> Vec<Timestamp> {
    let Some(delete_after) = policy.leaver.delete_after else { return Vec::new() };
    let departed = person.state.since.filter(|_| person.state.state == LifecycleState::Departed);
    let due = |link: &Link| {
        let unwanted = link.unwanted_since.unwrap_or(now);
        let since = link.disabled_since?.max(unwanted).max(departed.unwrap_or(Timestamp::MIN));
        since.checked_add(delete_after).ok()
    };
    links.filter(|link| !link.gone).filter_map(due).collect()
}

/// When waits are over, and steps have taken too long.
fn ends_of_steps(policy: &Policy, episode: &Episode, scope: &Scope) -> Vec<Timestamp> {
    let mut forms = policy.workflows.iter().chain(policy.versions.values());
    let Some(workflow) = forms.find(|it| it.version == episode.version) else { return Vec::new() };
    let mut moments = Vec::new();
    for (id, record) in &episode.steps {
        let (StepRecord::Begun { at }, Some(step)) = (record, workflow.step(id)) else { continue };
        let after = |duration: SignedDuration| at.checked_add(duration).ok();
        moments.extend(step.timeout.and_then(after));
        match &step.task {
            Task::Wait(Wait::For(duration)) => moments.extend(after(*duration)),
            Task::Wait(Wait::Until(template)) => {
                let text = policy.expressions.render(template, scope).ok();
                let timezone = &policy.lifecycle.timezone;
                moments.extend(text.and_then(|text| wait_moment(&text, timezone)));
            }
            Task::Wait(Wait::Facts(_)) | Task::Do(_) => {}
        }
    }
    moments
}
