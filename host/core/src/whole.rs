//! Everybody and everything at once, kept so that a few people can be planned
//! alone and what was planned can be taken as done.
//!
//! Planning some people gives what planning everybody gives for them: names
//! are unique and accounts of nobody are found, for a part takes along every
//! account that its people's could be confused with.

mod applied;
mod part;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use self::place::Place;
use crate::{
    access::Unmanaged,
    desired::{Desired, Presence, desired_adopting, requests::hang_on_others},
    forgetting::Tombstone,
    id::{ConnectorName, FactName, IdentityId, WorkflowName},
    identity::Assembled,
    lifecycle::Kept,
    observed::{Link, Observed},
    plan::{Plan, PlanSettings, plan},
    policy::{Policy, TargetPolicy},
    request::Request,
    review::Review,
    workflow::{Action, Episode, OURS, OwnFact, Task, add_own_facts},
};

pub use applied::applied;

/// The world in memory.
#[derive(Debug, Clone)]
pub struct Whole {
    assembled: Assembled,
    /// Facts that anybody has, or had.
    facts: BTreeSet<FactName>,
    /// Everything that is observed, without targets.
    books: Observed,
    /// Where in the books each identity's links are.
    links: BTreeMap<IdentityId, Vec<usize>>,
    places: BTreeMap<ConnectorName, Place>,
}

/// What planning some people gave.
#[derive(Debug, Clone)]
pub struct Look {
    /// As far as it was needed.
    pub assembled: Assembled,
    pub observed: Observed,
    /// Of those asked for, and of whoever cannot be told apart from them.
    pub desired: Desired,
    pub plan: Plan,
}

impl Whole {
    /// `settings` say what accounts of nobody are recognised by.
    pub fn new(settings: &PlanSettings<'_>, assembled: Assembled, mut observed: Observed) -> Self {
        let facts = assembled.identities.iter().flat_map(|identity| identity.facts.keys().cloned());
        let facts = facts.chain(assembled.also_known.iter().cloned()).collect();
        let targets = std::mem::take(&mut observed.targets);
        let links = std::mem::take(&mut observed.links);
        let mut whole = Self {
            assembled,
            facts,
            books: observed,
            links: BTreeMap::new(),
            places: BTreeMap::new(),
        };
        for (name, target) in targets {
            let settings = settings.targets.get(&name);
            let match_by = settings.map(|it| it.match_by.attributes()).unwrap_or_default();
            whole.places.insert(name, Place::new(target, match_by));
        }
        for link in links {
            whole.link(link);
        }
        whole
    }

    /// Everybody known.
    pub fn everybody(&self) -> BTreeSet<IdentityId> {
        self.assembled.identities.iter().map(|identity| identity.id).collect()
    }

    pub fn assembled(&self) -> &Assembled {
        &self.assembled
    }

    /// Accounts of an identity that are or were ours.
    pub fn links_of(&self, id: IdentityId) -> impl Iterator<Item = &Link> {
        let places = self.links.get(&id).into_iter().flatten();
        places.filter_map(|place| self.books.links.get(*place))
    }

    /// When accounts of somebody were last used, where targets tell.
    pub(crate) fn used_of(&self, id: IdentityId) -> Vec<Timestamp> {
        let account = |link: &Link| self.places.get(&link.target)?.accounts.get(&link.account);
        self.links_of(id).filter_map(|link| account(link)?.last_used).collect()
    }

    /// Plans these people, whatever the others do.
    pub fn look(&self, policy: &Policy, ids: &BTreeSet<IdentityId>, now: Timestamp) -> Look {
        let asked = hang_on_others(&self.books.kept, ids.iter().copied());
        let everybody = (asked || depend_on_others(policy)).then(|| self.everybody());
        let mut part = self.part(everybody.as_ref().unwrap_or(ids));
        loop {
            let assembled = self.assembled.part(part.ids(), &self.facts);
            let mut observed = part.observed();
            let desired = desired_adopting(policy, &assembled, &mut observed, now);
            if part.widened_by(&desired) {
                continue;
            }
            let plan = plan(&PlanSettings::of(policy), &desired, &observed, now);
            return Look { assembled, observed, desired, plan };
        }
    }

    /// Remembers the names that people without an account are to get, so
    /// that whoever is planned alone gets none of them.
    pub fn reserve(&mut self, desired: &Desired) {
        for (id, person) in &desired.identities {
            for (target, place) in &mut self.places {
                place.unreserve(*id);
                let Some(account) = person.accounts.get(target) else { continue };
                if let Presence::Present { content, .. } = &account.presence {
                    place.reserve(*id, &content.name);
                }
            }
        }
    }

    /// A fact that a workflow sets, in place of what one set before.
    pub fn set_fact(&mut self, own: &OwnFact) {
        let mut identities = self.assembled.identities.iter_mut();
        let Some(identity) = identities.find(|it| it.id == own.identity) else { return };
        if let Some(facts) = identity.facts.get_mut(&own.fact) {
            facts.retain(|fact| fact.record.source.as_str() != OURS);
        }
        add_own_facts(std::slice::from_mut(identity), std::slice::from_ref(own));
        self.facts.insert(own.fact.clone());
    }

    /// The links as they are now: only times and signs of them change.
    pub fn record_links(&mut self, links: &[Link]) {
        for link in links {
            let places = self.links.get(&link.identity).into_iter().flatten();
            for place in places {
                let known = self.books.links.get_mut(*place);
                let same = |it: &&mut Link| it.target == link.target && it.account == link.account;
                if let Some(known) = known.filter(same) {
                    known.clone_from(link);
                }
            }
        }
    }

    /// The latest episode of somebody in a workflow.
    pub fn episode(&self, id: IdentityId, workflow: &WorkflowName) -> Option<&Episode> {
        self.books.workflows.latest(id, workflow)
    }

    pub fn kept(&self) -> &Kept {
        &self.books.kept
    }

    /// The latest episode of somebody in a workflow.
    pub fn record_episode(&mut self, episode: &Episode) {
        let of = self.books.workflows.episodes.entry(episode.identity).or_default();
        of.insert(episode.workflow.clone(), episode.clone());
    }

    /// People about whose requests others still have to say something: who
    /// that is may change with anybody.
    pub(crate) fn waiting_for_others(&self) -> BTreeSet<IdentityId> {
        let requests = self.books.kept.requests.values().flatten();
        requests.filter(|it| it.is_unanswered()).map(|it| it.identity).collect()
    }

    /// A request as it is from now on.
    pub fn record_request(&mut self, request: &Request) {
        let of = self.books.kept.requests.entry(request.identity).or_default();
        match of.iter_mut().find(|it| it.id == request.id) {
            Some(known) => known.clone_from(request),
            None => of.push(request.clone()),
        }
    }

    /// A review as it is from now on.
    pub(crate) fn record_review(&mut self, review: &Review) {
        let same = |it: &&mut Review| it.name == review.name && it.ordinal == review.ordinal;
        match self.books.kept.reviews.iter_mut().find(same) {
            Some(known) => known.clone_from(review),
            None => self.books.kept.reviews.push(review.clone()),
        }
    }

    /// Somebody is erased, and nobody knows them any longer.
    pub(crate) fn erase(&mut self, id: IdentityId, tombstone: Tombstone) {
        self.assembled.identities.retain(|identity| identity.id != id);
        self.books.forgetting.forgotten.people.insert(id, tombstone);
    }

    /// Workflows that were never looked at begin to count now.
    pub fn know_workflows(&mut self, policy: &Policy, now: Timestamp) {
        for workflow in &policy.workflows {
            self.books.workflows.known_since.entry(workflow.name.clone()).or_insert(now);
        }
    }

    /// What the guard looks at: the accounts of a look, and everybody's links.
    pub(crate) fn with_books<T>(
        &mut self,
        look: &mut Look,
        with: impl FnOnce(&Plan, &Observed) -> T,
    ) -> T {
        std::mem::swap(&mut self.books.targets, &mut look.observed.targets);
        let result = with(&look.plan, &self.books);
        std::mem::swap(&mut self.books.targets, &mut look.observed.targets);
        result
    }

    /// Everything in one piece again.
    pub fn into_observed(self) -> Observed {
        let targets = self.places.into_iter().map(|(name, place)| (name, place.into_target()));
        Observed { targets: targets.collect(), ..self.books }
    }

    fn link(&mut self, link: Link) {
        let place = self.books.links.len();
        self.links.entry(link.identity).or_default().push(place);
        if let Some(there) = self.places.get_mut(&link.target) {
            there.link(&link.account, place);
        }
        self.books.links.push(link);
    }
}

/// Whether what somebody gets may hang on people who share no account and no
/// name with them: a manager, whoever is asked or told, names of another
/// target, whoever an account is surely not theirs by.  Then only everybody together gives what everybody gives.
fn depend_on_others(policy: &Policy) -> bool {
    let mut targets = policy.targets.values();
    let alone = |target: &TargetPolicy| {
        target.references.is_empty()
            && target.unique_with.is_empty()
            && target.match_by.sure.is_empty()
    };
    if !targets.all(alone) {
        return true;
    }
    let mut targets = policy.targets.values();
    let removes = targets.any(|target| target.access.unmanaged == Unmanaged::Remove);
    // Who holds the last of something, and what is spoken of, all tell together.
    if removes || !policy.access.last_of.entitlements.is_empty() {
        return true;
    }
    let workflows = policy.workflows.iter().chain(policy.versions.values());
    let mut steps = workflows.flat_map(|workflow| &workflow.steps);
    steps.any(|step| {
        matches!(
            step.task,
            Task::Do(
                Action::Notify { .. }
                    | Action::Approve(_)
                    | Action::SetFact { .. }
                    | Action::Ticket { .. }
                    | Action::Request { .. }
                    | Action::Run { .. }
            )
        )
    })
}

#[cfg(test)]
mod tests;
