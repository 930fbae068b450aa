//! What everybody's account would look like if everything gave them one, as
//! far as existing accounts are recognised by it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    AccountContent, Desired, DesiredAccount, DesiredIdentity, Presence,
    content::{Site, texts},
    jobs,
    life::engaged,
    managed_object, mapping,
    person::{self, Facts},
    typed,
};
use crate::{
    fact::Identity,
    forgetting::Closed,
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    lifecycle::{LifecycleState, StateNow},
    observed::Observed,
    policy::Policy,
    template::{Expressions, Scope},
    value::Value,
};

/// Everybody with an account at every target that was read.
pub(crate) struct Imagined {
    /// Only accounts of which everything could be told that recognises them.
    pub whole: Desired,
    /// All accounts, with what could be told of them.
    pub contents: BTreeMap<ConnectorName, BTreeMap<IdentityId, AccountContent>>,
}

/// `desired` is what really should be: states and labels are taken from it.
pub(crate) fn imagined(
    policy: &Policy,
    assembled: &Assembled,
    desired: &Desired,
    observed: &Observed,
    now: Timestamp,
) -> Imagined {
    let mut imagined = Imagined { whole: Desired::default(), contents: BTreeMap::new() };
    for identity in &assembled.identities {
        let Some(known) = desired.identities.get(&identity.id) else { continue };
        let mut person = DesiredIdentity { accounts: BTreeMap::new(), ..known.clone() };
        for (name, Told { content, whole }) in
            everywhere(policy, assembled, (identity, &known.state), observed, now)
        {
            if whole {
                let presence = Presence::Present { enabled: true, content: content.clone() };
                let account = DesiredAccount { presence, causes: Vec::new() };
                person.accounts.insert(name.clone(), account);
            }
            imagined.contents.entry(name).or_default().insert(identity.id, content);
        }
        imagined.whole.identities.insert(identity.id, person);
    }
    imagined
}

/// Says what accounts of somebody would look like who is to be erased.
pub fn liken(
    policy: &Policy,
    assembled: &Assembled,
    desired: &mut Desired,
    observed: &Observed,
    (id, now): (IdentityId, Timestamp),
) {
    let Some(identity) = assembled.identity(id) else { return };
    let Some(person) = desired.identities.get_mut(&id) else { return };
    let told = everywhere(policy, assembled, (identity, &person.state), observed, now);
    person.likeness = told.into_iter().map(|(name, told)| (name, told.content)).collect();
}

/// Of everybody whose time is over.
pub(super) fn liken_those_due(
    policy: &Policy,
    assembled: &Assembled,
    desired: &mut Desired,
    observed: &Observed,
    now: Timestamp,
) {
    let Some(retain) = &policy.leaver.retain else { return };
    let closed = Closed::of(observed);
    let is_due = |(id, person): (&IdentityId, &DesiredIdentity)| {
        let over = closed.over(retain, (*id, person))?;
        (over <= now).then_some(*id)
    };
    let due: Vec<IdentityId> = desired.identities.iter().filter_map(is_due).collect();
    for id in due {
        liken(policy, assembled, desired, observed, (id, now));
    }
}

/// What an account would look like at every target that was read.
fn everywhere(
    policy: &Policy,
    assembled: &Assembled,
    (identity, state): (&Identity, &StateNow),
    observed: &Observed,
    now: Timestamp,
) -> Vec<(ConnectorName, Told)> {
    let wrong = assembled.holds.get(&identity.id).map(Vec::as_slice).unwrap_or_default();
    let engaged = engaged(policy, identity, wrong, &observed.kept, now);
    let key = jobs::key(identity, &engaged);
    let facts = engaged.into_iter().next().map(|it| it.facts).unwrap_or_default();
    let about = About { identity, facts: &facts, key, state };
    let told = policy.targets.iter().filter_map(|(name, target)| {
        let there = observed.targets.get(name)?;
        let object = managed_object(target, &there.schema)?;
        let site = Site { name, policy: target, object };
        Some((name.clone(), about.told(&policy.expressions, &site)))
    });
    told.collect()
}

/// Somebody, and what templates read of them.
struct About<'a> {
    identity: &'a Identity,
    facts: &'a Facts<'a>,
    key: &'a str,
    state: &'a StateNow,
}

/// What could be told, and whether that was all.
struct Told {
    content: AccountContent,
    whole: bool,
}

impl About<'_> {
    fn told(&self, expressions: &Expressions, site: &Site<'_>) -> Told {
        let id = self.identity.id.to_string();
        // As while they work here: somebody who left had the account then.
        let state = StateNow { state: LifecycleState::Active, ..self.state.clone() };
        let mut scope = person::scope(self.facts, &id, self.key, &state);
        let wanted = site.policy.match_by.attributes();
        scope.own("suffix", "");
        let name = expressions.render(&site.policy.name, &scope);
        let mut whole = name.is_ok() || !wanted.contains(site.object.name_attribute.as_str());
        if let Ok(name) = &name {
            scope.own("login", name.trim());
        }
        let name = name.unwrap_or_default().trim().to_owned();
        let mut attributes = BTreeMap::new();
        for attribute in wanted.into_iter().filter(|it| *it != site.object.name_attribute) {
            match self.values(expressions, &scope, site, attribute) {
                Ok(values) => drop(attributes.insert(attribute.to_owned(), values)),
                Err(Untold) => whole = false,
            }
        }
        let content = AccountContent {
            object_type: site.object.object_type.clone(),
            name,
            anchor: id,
            attributes,
            initial: BTreeMap::new(),
            waits: Vec::new(),
            grants: BTreeMap::new(),
            attribute_causes: BTreeMap::new(),
        };
        Told { content, whole }
    }

    /// By the templates of the file; without any, by what the schema suggests.
    fn values(
        &self,
        expressions: &Expressions,
        scope: &Scope,
        site: &Site<'_>,
        attribute: &str,
    ) -> Result<Vec<Value>, Untold> {
        let def = site.object.attribute(attribute);
        let kind = &site.object.object_type;
        let mut found = BTreeSet::new();
        if site.policy.attributes.is_empty() {
            let fact = def.and_then(|def| mapping::fact_for(site.object, def));
            let texts = fact.as_ref().map(|fact| texts(self.facts, fact).0).unwrap_or_default();
            for text in texts {
                found.insert(typed::value(def, kind, text).map_err(|_expected| Untold)?);
            }
        }
        for template in site.policy.attributes.get(attribute).into_iter().flatten() {
            let text = expressions.render(template, scope).map_err(|_error| Untold)?;
            if !text.trim().is_empty() {
                let text = text.trim().to_owned();
                found.insert(typed::value(def, kind, text).map_err(|_expected| Untold)?);
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// A template has no result, or one that the attribute does not take.
struct Untold;
