//! When time alone will change something for somebody.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    desired::{DesiredIdentity, person},
    fact::Identity,
    identity::{self, key},
    lifecycle::{Kept, moment_of, zone_of},
    observed::{Link, OwnedGrant},
    policy::{LimitsPolicy, Policy},
    request::Request,
    template::Scope,
    workflow::{Episode, On, PATIENCE, StepRecord, Task, Wait, wait_moment},
};

/// The next moment after `now` at which a look may find something new; none
/// when nothing that is known changes any more.
///
/// Too early a moment costs a look; too late a one would miss something.
pub fn next_change(
    policy: &Policy,
    identity: &Identity,
    person: &DesiredIdentity,
    (links, used, kept): (&[&Link], &[Timestamp], &Kept),
    now: Timestamp,
) -> Option<Timestamp> {
    let mut moments: Vec<Timestamp> = person.state.until.into_iter().collect();
    moments.extend(person.engagements.iter().filter_map(|it| it.until));
    for fact in identity.facts.values().flatten() {
        moments.extend(fact.effective_from);
        moments.extend(fact.effective_until);
    }
    let facts = identity::facts_now(identity, now);
    let zone = zone_of(&facts, &policy.lifecycle);
    let zone = zone.unwrap_or_else(|_wrong| policy.lifecycle.timezone.clone());
    moments.extend(leaves(identity, &zone));
    moments.extend(offsets(policy, identity, &zone));
    moments.extend(unused(policy, (identity, person), used));
    moments.extend(deletions(policy, (identity, person), links, now));
    moments.extend(overlaps(policy, links, kept));
    let retain = policy.leaver.retain.as_ref();
    moments.extend(retain.zip(person.state.left).and_then(|(retain, left)| retain.over(left)));
    moments.extend(validity(policy));
    moments
        .extend(kept.requests.get(&identity.id).into_iter().flatten().flat_map(Request::moments));
    let LimitsPolicy { ejects_max, ejects_window, .. } = policy.limits;
    let turns = kept.turns_to_come(ejects_max, ejects_window);
    moments.extend(turns.filter(|(id, _)| *id == identity.id).map(|(_, from)| from));
    let scope = person::scope(&facts, &identity.id.to_string(), key(identity), &person.state);
    for now in person.episodes.iter().filter(|it| it.episode.is_open()) {
        moments.extend(ends_of_steps(policy, &now.episode, (&scope, &zone)));
    }
    moments.into_iter().filter(|at| *at > now).min()
}

/// First and last days of leaves: a state says nothing of a leave to come.
fn leaves(identity: &Identity, zone: &TimeZone) -> Vec<Timestamp> {
    let facts = |name: &str| identity.facts.get(name).into_iter().flatten();
    let begin = facts("leave_start").filter_map(|fact| moment_of(fact, false, zone));
    begin.chain(facts("leave_end").filter_map(|fact| moment_of(fact, true, zone))).collect()
}

/// When rules, roles and exceptions of the file begin and end to count.
fn validity(policy: &Policy) -> impl Iterator<Item = Timestamp> + '_ {
    let rules = policy.rules.iter().map(|rule| &rule.valid);
    let valid = rules.chain(policy.access.roles.values().map(|role| &role.valid));
    let bounds = valid.flat_map(|valid| valid.from.into_iter().chain(valid.until));
    let except = policy.access.separations.iter().flat_map(|it| &it.except);
    bounds.chain(except.map(|except| except.until))
}

/// When a mover no longer keeps what nothing gives.
fn overlaps(policy: &Policy, links: &[&Link], kept: &Kept) -> Vec<Timestamp> {
    let overlap = policy.lifecycle.overlap;
    if overlap.is_zero() {
        return Vec::new();
    }
    let there = links.iter().filter(|link| !link.gone);
    let accounts = there.clone().filter_map(|link| link.unwanted_since);
    let of_them = |grant: &OwnedGrant| {
        there.clone().any(|link| link.target == grant.target && link.account == grant.holder)
    };
    let grants = kept.unwanted_grants.iter().filter(|(grant, _)| of_them(grant));
    let since = accounts.chain(grants.map(|(_, since)| *since));
    since.filter_map(|since| since.checked_add(overlap).ok()).collect()
}

/// Beginnings of workflows before or after a date.
fn offsets<'a>(
    policy: &'a Policy,
    identity: &'a Identity,
    zone: &'a TimeZone,
) -> impl Iterator<Item = Timestamp> + 'a {
    let offsets = policy.workflows.iter().chain(policy.versions.values());
    let offsets = offsets.filter_map(|workflow| match &workflow.on {
        On::Offset(offset) => Some(offset),
        On::State(_) | On::Changed(_) | On::Unused(_) | On::Demand => None,
    });
    offsets.flat_map(move |offset| {
        let last = offset.fact.as_str() == "end";
        let facts = identity.facts.get(&offset.fact).into_iter().flatten();
        let moments = facts.filter_map(move |fact| moment_of(fact, last, zone));
        moments.filter_map(|moment| moment.checked_add(offset.by).ok())
    })
}

/// When accounts that were `used` then, and nobody uses, begin workflows.
fn unused<'a>(
    policy: &'a Policy,
    (identity, person): (&'a Identity, &'a DesiredIdentity),
    used: &'a [Timestamp],
) -> impl Iterator<Item = Timestamp> + 'a {
    let forms = policy.workflows.iter().chain(policy.versions.values());
    let forms = forms.filter_map(|workflow| match &workflow.on {
        On::Unused(unused) => Some(unused.after),
        On::State(_) | On::Changed(_) | On::Offset(_) | On::Demand => None,
    });
    forms.flat_map(move |after| {
        let facts = identity.facts.values().flatten();
        let changes = facts.flat_map(|fact| fact.effective_from.into_iter().chain([fact.learned]));
        let from = used.iter().copied().chain(person.state.since).chain(changes);
        from.filter_map(move |from| from.checked_add(after).ok())
    })
}

/// When accounts that nothing gives are deleted, and nothing is left to do.
fn deletions(
    policy: &Policy,
    (identity, person): (&Identity, &DesiredIdentity),
    links: &[&Link],
    now: Timestamp,
) -> Vec<Timestamp> {
    let Some(delete_after) = policy.leaver.delete_after else { return Vec::new() };
    let departed = person.state.since.filter(|_| person.state.state.is_over());
    let due = |link: &Link| {
        let unwanted = link.unwanted_since.unwrap_or(now);
        let since = link.disabled_since?.max(unwanted).max(departed.unwrap_or(Timestamp::MIN));
        since.checked_add(delete_after).ok()
    };
    let status = identity.facts.get("status").into_iter().flatten().map(|fact| fact.learned);
    let left = departed.into_iter().chain(status);
    let done = left.filter_map(|left| left.checked_add(delete_after).ok());
    links.iter().filter(|link| !link.gone).filter_map(|link| due(link)).chain(done).collect()
}

/// When waits are over, and steps have taken too long.
fn ends_of_steps(
    policy: &Policy,
    episode: &Episode,
    (scope, zone): (&Scope, &TimeZone),
) -> Vec<Timestamp> {
    let mut forms = policy.workflows.iter().chain(policy.versions.values());
    let Some(workflow) = forms.find(|it| it.version == episode.version) else { return Vec::new() };
    let mut moments = Vec::new();
    for (id, record) in &episode.steps {
        let (Some(begun), Some(step)) = (episode.begun(id), workflow.step(id)) else { continue };
        let after = |duration: SignedDuration| begun.checked_add(duration).ok();
        moments.extend(step.timeout.and_then(after));
        // An effect that the file gives no time is tried for so long.
        moments.extend(after(PATIENCE));
        match record {
            StepRecord::Again { next, .. } => moments.push(*next),
            StepRecord::Pending { pending, .. } => {
                moments.push(pending.next);
                moments.extend(pending.until);
            }
            StepRecord::Asked { asked, .. } => {
                moments.push(asked.expires);
                moments.extend(asked.escalate.as_ref().map(|(from, _)| *from));
            }
            StepRecord::Begun { .. }
            | StepRecord::Sent { .. }
            | StepRecord::Told { .. }
            | StepRecord::Ended { .. } => {}
        }
        match &step.task {
            Task::Wait(Wait::For(duration)) => moments.extend(after(*duration)),
            Task::Wait(Wait::Until(template)) => {
                let text = policy.expressions.render(template, scope).ok();
                moments.extend(text.and_then(|text| wait_moment(&text, zone)));
            }
            Task::Wait(Wait::Facts(_)) | Task::Do(_) => {}
        }
    }
    moments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        desired::desired,
        example::{at, hired, id, noon, observed, policy, worker},
        lifecycle::Ejection,
    };

    #[test]
    fn an_ejection_that_waits_is_looked_at_when_it_is_its_turn() {
        let mut policy = policy();
        (policy.limits.ejects_max, policy.limits.ejects_window) =
            (1, SignedDuration::from_hours(1));
        let people =
            vec![worker("1", ("Ada", "Example"), &[]), worker("2", ("Ben", "Beispiel"), &[])];
        let assembled = hired(&policy, people);
        let ejection = |key: &str, time: &str| Ejection {
            identity: id(key),
            at: at(time),
            by: "operator".to_owned(),
            reason: String::new(),
            undone: None,
        };
        let mut observed = observed(&[]);
        observed.kept.ejections =
            vec![ejection("1", "2026-06-01T12:00:00Z"), ejection("2", "2026-06-01T12:01:00Z")];
        let now = at("2026-06-01T12:30:00Z");
        let desired = desired(&policy, &assembled, &observed, now);
        let next = |key: &str| {
            let identity = assembled.identity(id(key)).unwrap();
            let person = &desired.identities[&id(key)];
            next_change(&policy, identity, person, (&[], &[], &observed.kept), now)
        };
        let turn = noon() + SignedDuration::from_hours(1);
        assert_eq!(next("2"), Some(turn));
        assert_ne!(next("1"), Some(turn), "it was theirs at once");
    }
}
