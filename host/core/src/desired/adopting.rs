//! What should be, with accounts of nobody that are surely somebody's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Desired, Presence, desired, managed_object};
use crate::{
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    observed::Observed,
    plan::{Adoption, PlanSettings, adopting},
    policy::Policy,
    recognition::{keys, of_account},
};

/// What is [`desired`], with accounts of nobody that are surely somebody's
/// taken for theirs; they are in `observed.adopting` then, and linked.
pub fn desired_adopting(
    policy: &Policy,
    assembled: &Assembled,
    observed: &mut Observed,
    now: Timestamp,
) -> Desired {
    let is_new = |id: &IdentityId| assembled.shrank.iter().any(|shrank| shrank.new.contains(id));
    loop {
        let desired = desired(policy, assembled, observed, now);
        let mut found = adopting(&PlanSettings::of(policy), &desired, observed);
        // They may be somebody who is known, under another key.
        found.retain(|adoption: &Adoption| !is_new(&adoption.identity));
        let targets: BTreeSet<&ConnectorName> = found.iter().map(|it| &it.target).collect();
        let others: BTreeMap<ConnectorName, Others> = targets
            .into_iter()
            .map(|target| (target.clone(), others(assembled, &desired, target)))
            .collect();
        found.retain(|adoption| {
            let others = others.get(&adoption.target);
            others.is_none_or(|others| !fits_another(policy, observed, others, adoption))
        });
        if found.is_empty() {
            return desired;
        }
        observed.adopt(found);
    }
}

/// What is known of people of whom nobody can tell what their account would
/// look like: whose it is, by value.
type Others = BTreeMap<String, BTreeSet<IdentityId>>;

/// Whoever is held, or has no account coming there, had one perhaps.
fn others(assembled: &Assembled, desired: &Desired, target: &ConnectorName) -> Others {
    let is_compared = |id: IdentityId| {
        let person = desired.identities.get(&id).filter(|person| person.holds.is_empty());
        let account = person.and_then(|person| person.accounts.get(target));
        account.is_some_and(|it| matches!(it.presence, Presence::Present { .. }))
    };
    let mut others = Others::new();
    for identity in assembled.identities.iter().filter(|it| !is_compared(it.id)) {
        for value in identity.facts.values().flatten().flat_map(|fact| &fact.values) {
            others.entry(plain(&value.to_string())).or_default().insert(identity.id);
        }
    }
    others
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether what recognises the account is so of somebody else as well.
fn fits_another(
    policy: &Policy,
    observed: &Observed,
    others: &Others,
    adoption: &Adoption,
) -> bool {
    let (Some(target), Some(there)) =
        (policy.targets.get(&adoption.target), observed.targets.get(&adoption.target))
    else {
        return false;
    };
    let account = there.accounts.iter().find(|it| it.reference == adoption.account);
    let Some((account, def)) = account.zip(managed_object(target, &there.schema)) else {
        return false;
    };
    let of_another = |key: &Vec<String>| {
        let whose = key.iter().map(|value| others.get(&plain(value)).cloned().unwrap_or_default());
        let shared = whose.reduce(|one, more| one.intersection(&more).copied().collect());
        shared.is_some_and(|who| who.iter().any(|id| *id != adoption.identity))
    };
    let sure = &target.match_by.sure;
    sure.iter()
        .flat_map(|marks| keys(marks, |it| of_account(def, account, it)))
        .any(|key| of_another(&key))
}
