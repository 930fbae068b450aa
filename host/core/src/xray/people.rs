//! Where everybody stands.

use std::collections::{BTreeMap, BTreeSet};

use super::{Owner, Person, TargetXray, UNCLEAR, Unseen};
use crate::{
    desired::Desired,
    id::{ConnectorName, IdentityId},
    identity::{self, Assembled},
    lifecycle::Absence,
    observed::Observed,
};

/// Everybody who is known.
pub(super) struct People {
    known: BTreeMap<IdentityId, (Person, bool)>,
    /// Who has left for good, whatever else is wrong with what is told of them.
    pub(super) over: BTreeSet<IdentityId>,
    /// Who works here now.
    here: BTreeSet<IdentityId>,
}

impl People {
    pub(super) fn new(
        assembled: &Assembled,
        desired: &Desired,
        unconfirmed: &BTreeMap<IdentityId, Absence>,
    ) -> Self {
        let mut people =
            Self { known: BTreeMap::new(), over: BTreeSet::new(), here: BTreeSet::new() };
        for identity in &assembled.identities {
            let Some(now) = desired.identities.get(&identity.id) else { continue };
            let state = now.state.state;
            let absent = identity.absent_since.is_some();
            // By a source that lost too much, nobody is believed to be gone.
            let over = state.is_over() && !assembled.is_doubtful(identity.id);
            let unsaid = assembled.unsaid.values().any(|whose| whose.contains(&identity.id));
            let proven = absent
                && !unsaid
                && !assembled.is_doubtful(identity.id)
                && !unconfirmed.contains_key(&identity.id);
            let gone = over || proven;
            let held = !now.holds.is_empty();
            let word = match (over, proven) {
                (false, true) => "missing from the sources",
                (false, false) if held || absent => UNCLEAR,
                (true, _) | (false, false) => state.word(),
            };
            let person = Person {
                identity: identity.id,
                label: now.label.clone(),
                key: identity::key(identity).to_owned(),
                state: word.to_owned(),
            };
            if over {
                people.over.insert(identity.id);
            }
            if !absent && !held && crate::desired::person::enabled(state) == Some(true) {
                people.here.insert(identity.id);
            }
            people.known.insert(identity.id, (person, gone));
        }
        people
    }

    pub(super) fn owner(
        &self,
        id: IdentityId,
        matched: Option<String>,
        doubt: Option<String>,
    ) -> Owner {
        let known = self.known.get(&id).cloned();
        let (person, gone) = known.unwrap_or_else(|| {
            let (label, key) = (id.to_string(), String::new());
            (Person { identity: id, label, key, state: "unknown".to_owned() }, true)
        });
        Owner { person, matched, doubt, gone }
    }

    /// Who works here and has no account, and whose account of ours may be
    /// there all the same.
    pub(super) fn without(
        &self,
        targets: &[TargetXray],
        observed: &Observed,
    ) -> (Vec<Person>, Vec<Unseen>) {
        let accounts = targets.iter().flat_map(|it| &it.accounts);
        let owners = accounts.flat_map(|it| &it.owners).map(|it| it.person.identity);
        let owners: BTreeSet<IdentityId> = owners.collect();
        let without = self.here.difference(&owners).filter_map(|id| self.known.get(id));
        let mut without: Vec<Person> = without.map(|(person, _)| person.clone()).collect();
        without.sort_by(|one, other| (&one.label, &one.key).cmp(&(&other.label, &other.key)));
        let proves = |name: &ConnectorName| {
            let there = observed.targets.get(name);
            there.is_some_and(|there| there.accounts_coverage.proves_absence())
        };
        let mut doubted: BTreeMap<IdentityId, BTreeSet<&ConnectorName>> = BTreeMap::new();
        for link in observed.links.iter().filter(|it| !it.gone && !proves(&it.target)) {
            doubted.entry(link.identity).or_default().insert(&link.target);
        }
        let unseen = without.extract_if(.., |it| doubted.contains_key(&it.identity));
        let unseen = unseen.map(|person| {
            let targets = doubted.get(&person.identity).into_iter().flatten();
            Unseen { targets: targets.map(|it| (*it).clone()).collect(), person }
        });
        let unseen = unseen.collect();
        (without, unseen)
    }
}
