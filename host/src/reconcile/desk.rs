//! Who answers at the desk, and in whose place.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_core::{
    desired,
    fact::Identity,
    id::IdentityId,
    identity::{facts_now, label},
    lifecycle::Kept,
    policy::Policy,
    review,
    workflow::Answering,
};

use super::{
    actor::{SeveralPeople, with_key},
    decide::DecisionError,
};
use crate::store::{Store, StoreError};

pub(super) struct Desk<'a> {
    policy: &'a Policy,
    kept: &'a Kept,
    people: Vec<Identity>,
    now: Timestamp,
}

impl<'a> Desk<'a> {
    pub(super) async fn open(
        store: &dyn Store,
        policy: &'a Policy,
        (kept, now): (&'a Kept, Timestamp),
    ) -> Result<Self, StoreError> {
        Ok(Self { policy, kept, people: store.identities().await?, now })
    }

    /// Who somebody is, by the key of a record or an id.
    fn by_key(&self, key: &str) -> Result<Option<&Identity>, SeveralPeople> {
        with_key(&self.people, self.kept, key, self.now)
    }

    /// Who an OS user is.
    pub(super) fn who(&self, user: &str) -> Option<IdentityId> {
        let key = self.policy.steps.actors.get(user)?;
        self.by_key(key).ok().flatten().map(|person| person.id)
    }

    /// Who an OS user is who is still there, and in whose place they answer;
    /// that they have left is the second of the two.
    pub(super) fn answering(
        &self,
        actor: &str,
    ) -> Result<(Answering, Option<DecisionError>), DecisionError> {
        let steps = &self.policy.steps;
        let key = steps.actors.get(actor);
        let key = key.ok_or_else(|| DecisionError::NoActor(actor.to_owned()))?;
        let person = self
            .by_key(key)?
            .ok_or_else(|| DecisionError::NoPerson { user: actor.to_owned(), key: key.clone() })?;
        let id = person.id.to_string();
        let keys = person.records.iter().map(|record| record.key.as_str());
        // A key that is somebody else's as well says nothing of who is meant.
        let keys = keys.filter(|key| matches!(self.by_key(key), Ok(Some(_))));
        let keys: Vec<&str> = keys.chain([id.as_str()]).collect();
        // Nobody answers in the place of who could be several people.
        let others = steps.stands_for(&keys, self.now);
        let others = others.filter_map(|key| self.by_key(key).ok().flatten());
        let others = others.map(|person| person.id).filter(|id| !self.has_left(*id));
        let stands_for: BTreeSet<IdentityId> = others.collect();
        let left = self.has_left(person.id).then(|| DecisionError::Left(actor.to_owned()));
        Ok((Answering { who: person.id, stands_for }, left))
    }

    /// Those whom an OS user answers for who is still there.
    pub(super) fn answerable(&self) -> BTreeSet<IdentityId> {
        let is_there = |id: IdentityId| !self.has_left(id);
        let known = review::answerable(self.policy, &self.people, &is_there, self.now);
        known.into_iter().filter(|id| is_there(*id)).collect()
    }

    fn has_left(&self, id: IdentityId) -> bool {
        let person = self.people.iter().find(|person| person.id == id);
        let state = person
            .map(|it| desired::standing(self.policy, it, &it.holds(), (self.kept, &[]), self.now));
        state.is_some_and(|state| state.is_ok_and(|state| state.state.is_over()))
    }

    /// How people call somebody.
    pub(super) fn label(&self, id: IdentityId) -> String {
        let person = self.people.iter().find(|person| person.id == id);
        person.map_or_else(String::new, |it| label(it, &facts_now(it, self.now)))
    }
}

/// Fewer characters of an id are a slip, not a reference.
const SHORTEST: usize = 4;

/// Whether a question is meant by its id, or by the beginning of it.
pub fn is_meant(id: &str, wanted: &str) -> bool {
    wanted.len() >= SHORTEST && id.starts_with(wanted)
}
