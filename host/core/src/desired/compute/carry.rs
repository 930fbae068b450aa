//! Steps that are due and questions to be asked, once everything else of everybody is known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Person;
use crate::{
    desired::{
        DesiredStep, DesiredSteps, Presence,
        effects::{About, Due, effects},
        reach::{Reach, Somebody},
    },
    fact::Identity,
    id::IdentityId,
    identity::Assembled,
    observed::Observed,
    policy::Policy,
};

/// What the steps that are due would do.
pub(super) fn carry_out(
    policy: &Policy,
    assembled: &Assembled,
    observed: &Observed,
    people: &mut BTreeMap<IdentityId, Person<'_>>,
    now: Timestamp,
) {
    let due: BTreeMap<IdentityId, Vec<Due>> = people
        .iter_mut()
        .filter(|(_, person)| !person.due.is_empty() && person.holds.is_empty())
        .map(|(id, person)| (*id, std::mem::take(&mut person.due)))
        .collect();
    let asking: BTreeSet<IdentityId> = people
        .iter()
        .filter(|(_, person)| person.holds.is_empty() && person.access.requests.due(policy))
        .map(|(id, _)| *id)
        .collect();
    if due.is_empty() && asking.is_empty() {
        return;
    }
    // Whoever goes on as somebody new is nobody to turn to.
    let asked = |id: &IdentityId| due.contains_key(id) || asking.contains(id);
    let is_there = |it: &&Identity| !observed.kept.followed.contains_key(&it.id) || asked(&it.id);
    let everybody = assembled.identities.iter().filter(is_there).filter_map(|identity| {
        let Person { label, facts, state, .. } = people.get(&identity.id)?;
        let keys = identity.records.iter().map(|it| (&it.source, it.key.as_str())).collect();
        Some((identity.id, keys, Somebody { label, facts, state: state.state }))
    });
    let reach = Reach::of(everybody);
    let mut found = Vec::new();
    for (id, due) in due {
        let Some(person) = people.get(&id) else { continue };
        let accounts = person.logins(id, observed);
        let requests = &person.access.requests;
        let about = About { id, scope: &person.scope, accounts, requests, observed };
        found.push((id, effects(policy, &about, due, &reach, now)));
    }
    let mut questions = Vec::new();
    for id in asking {
        let Some(person) = people.get(&id) else { continue };
        let accounts = person.logins(id, observed);
        let requests = &person.access.requests;
        let about = About { id, scope: &person.scope, accounts, requests, observed };
        let mut asked = person.access.requests.clone();
        asked.ask(policy, &about, &reach, now);
        questions.push((id, asked));
    }
    for (id, requests) in questions {
        if let Some(person) = people.get_mut(&id) {
            person.access.requests = requests;
        }
    }
    for (id, DesiredSteps { planned, unable, unasked, open: _ }) in found {
        let Some(person) = people.get_mut(&id) else { continue };
        for step in unable.iter().chain(&unasked) {
            person.waits(step);
        }
        let steps = &mut person.steps;
        (steps.planned, steps.unable, steps.unasked) = (planned, unable, unasked);
    }
}

impl Person<'_> {
    /// What their accounts are called, or will be.
    fn logins(&self, id: IdentityId, observed: &Observed) -> BTreeMap<String, String> {
        let links = observed.links.iter().filter(|link| link.identity == id && !link.gone);
        let there = links.filter_map(|link| {
            let accounts = &observed.targets.get(&link.target)?.accounts;
            let account = accounts.iter().find(|account| account.reference == link.account)?;
            Some((link.target.to_string(), account.name.clone()))
        });
        let wanted = self.accounts.iter().filter_map(|(target, wanted)| match &wanted.presence {
            Presence::Present { content, .. } => Some((target.to_string(), content.name.clone())),
            Presence::Disabled | Presence::Kept { .. } | Presence::Deleted { .. } => None,
        });
        there.chain(wanted).collect()
    }

    fn waits(&mut self, step: &DesiredStep) {
        let mut episodes = self.episodes.iter_mut();
        if let Some(now) = episodes.find(|now| now.episode.workflow == step.workflow) {
            now.waits.insert(step.step.clone(), step.text.clone());
        }
    }
}
