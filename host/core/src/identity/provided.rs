//! Facts that the targets give which make them: a mail address, say.

use std::collections::BTreeMap;

use super::{Assembled, assemble::by_authority};
use crate::{
    account::Account,
    fact::{Fact, Identity, RecordKey},
    id::{ConnectorName, FactName, IdentityId},
    observed::{Link, Observed},
    policy::Policy,
    value::{Completeness, Value},
};

/// Gives everybody the facts of their own accounts, those that are linked;
/// `known` are the same people as they were before.
///
/// A target that was not read, or does not show the account or the value,
/// keeps what it said last; one that proves that the account or the value is
/// gone takes the fact with it.
pub fn provide(
    policy: &Policy,
    assembled: &mut Assembled,
    known: &[Identity],
    observed: &Observed,
) {
    if policy.targets.values().all(|target| target.provides.is_empty()) {
        return;
    }
    let known: BTreeMap<IdentityId, &Identity> = known.iter().map(|it| (it.id, it)).collect();
    let mut links: BTreeMap<(IdentityId, &ConnectorName), &Link> = BTreeMap::new();
    for link in observed.links.iter().filter(|link| !link.gone) {
        let first = links.entry((link.identity, &link.target)).or_insert(link);
        *first = std::cmp::min_by_key(*first, link, |link| &link.account);
    }
    let accounts = accounts(policy, observed);
    let ids: Vec<String> = assembled.identities.iter().map(|it| it.id.to_string()).collect();
    for identity in &mut assembled.identities {
        for (name, target) in &policy.targets {
            let Some(link) = links.get(&(identity.id, name)) else { continue };
            let account = accounts.get(&(name, &link.account)).copied();
            let own = identity.id.to_string();
            // What carries the id of somebody else is not theirs.
            let stranger = |it: &&Account| {
                it.anchor.as_ref().is_some_and(|id| *id != own && ids.binary_search(id).is_ok())
            };
            for (fact, attribute) in &target.provides {
                let before = || known.get(&identity.id).and_then(|it| of(it, fact, name));
                let now = match account {
                    Some(account) if stranger(&account) => None,
                    Some(account) => said(account, attribute, observed, name, before()),
                    None => before(),
                };
                identity.facts.entry(fact.clone()).or_default().extend(now);
            }
        }
        by_authority(policy, &mut identity.facts);
    }
}

type Accounts<'a> = BTreeMap<(&'a ConnectorName, &'a crate::value::ObjectRef), &'a Account>;

fn accounts<'a>(policy: &Policy, observed: &'a Observed) -> Accounts<'a> {
    let gives = |name: &ConnectorName| {
        policy.targets.get(name).is_some_and(|target| !target.provides.is_empty())
    };
    let targets = observed.targets.iter().filter(|(name, _)| gives(name));
    let accounts = targets
        .flat_map(|(name, there)| there.accounts.iter().map(move |it| ((name, &it.reference), it)));
    accounts.collect()
}

/// What a target gave of a fact before.
fn of(identity: &Identity, fact: &FactName, target: &ConnectorName) -> Option<Fact> {
    let facts = identity.facts.get(fact)?;
    facts.iter().find(|fact| fact.record.source == *target).cloned()
}

fn said(
    account: &Account,
    attribute: &str,
    observed: &Observed,
    target: &ConnectorName,
    before: Option<Fact>,
) -> Option<Fact> {
    let read_at = observed.targets.get(target)?.read_at;
    let found = account.attributes.iter().find(|it| it.name == attribute);
    if found.is_some_and(|it| it.completeness == Completeness::Withheld) {
        return before;
    }
    let texts = found.iter().flat_map(|it| &it.values).map(|it| it.to_string().trim().to_owned());
    let values: Vec<Value> = texts.filter(|text| !text.is_empty()).map(Value::Text).collect();
    if values.is_empty() {
        return None;
    }
    let learned = before.filter(|it| it.values == values).map_or(read_at, |it| it.learned);
    Some(Fact {
        values,
        record: RecordKey { source: target.clone(), key: account.reference.uid.clone() },
        from: vec![attribute.to_owned()],
        learned,
        effective_from: None,
        effective_until: None,
    })
}
