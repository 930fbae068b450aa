//! What should be, with accounts of nobody that are surely somebody's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Desired, Presence, desired, managed_object};
use crate::{
    account::Account,
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    observed::Observed,
    plan::{Adoption, PlanSettings, adopting},
    policy::Policy,
    recognition::{Marks, keys, of_account},
    schema::ObjectDef,
    value::ObjectRef,
};

/// What is [`desired`], with accounts of nobody that are surely somebody's
/// taken for theirs; they are in `observed.adopting` then, and linked.
pub fn desired_adopting(
    policy: &Policy,
    assembled: &Assembled,
    observed: &mut Observed,
    now: Timestamp,
) -> Desired {
    loop {
        let desired = desired(policy, assembled, observed, now);
        let found = surely(policy, assembled, &desired, observed);
        if found.is_empty() {
            return desired;
        }
        observed.adopt(found);
    }
}

/// Accounts of nobody that are surely somebody's, and like nobody of whom too
/// little is known.
pub(crate) fn surely(
    policy: &Policy,
    assembled: &Assembled,
    desired: &Desired,
    observed: &Observed,
) -> Vec<Adoption> {
    let is_new = |id: &IdentityId| assembled.shrank.iter().any(|shrank| shrank.new.contains(id));
    let mut found = adopting(&PlanSettings::of(policy), desired, observed);
    // They may be somebody who is known, under another key.
    found.retain(|adoption: &Adoption| !is_new(&adoption.identity));
    let targets: BTreeSet<ConnectorName> = found.iter().map(|it| it.target.clone()).collect();
    let rivals: BTreeMap<ConnectorName, Rivals<'_>> = targets
        .into_iter()
        .filter_map(|name| {
            let rivals = Rivals::at(&name, policy, (assembled, desired), observed)?;
            Some((name, rivals))
        })
        .collect();
    found.retain(|adoption| !rivals.get(&adoption.target).is_some_and(|it| it.fit(adoption)));
    found
}

/// People of whom nobody can tell what their account would look like: who is
/// held, or has none coming, had one perhaps.
struct Rivals<'a> {
    sure: &'a [Marks],
    def: &'a ObjectDef,
    accounts: BTreeMap<&'a ObjectRef, &'a Account>,
    /// Whose each value of a fact is.
    values: BTreeMap<String, BTreeSet<IdentityId>>,
}

impl<'a> Rivals<'a> {
    fn at(
        name: &ConnectorName,
        policy: &'a Policy,
        (assembled, desired): (&Assembled, &Desired),
        observed: &'a Observed,
    ) -> Option<Self> {
        let (target, there) = (policy.targets.get(name)?, observed.targets.get(name)?);
        let is_compared = |id: IdentityId| {
            let person = desired.identities.get(&id).filter(|person| person.holds.is_empty());
            let account = person.and_then(|person| person.accounts.get(name));
            account.is_some_and(|it| matches!(it.presence, Presence::Present { .. }))
        };
        let mut values: BTreeMap<String, BTreeSet<IdentityId>> = BTreeMap::new();
        for identity in assembled.identities.iter().filter(|it| !is_compared(it.id)) {
            for value in identity.facts.values().flatten().flat_map(|fact| &fact.values) {
                values.entry(plain(&value.to_string())).or_default().insert(identity.id);
            }
        }
        Some(Self {
            sure: &target.match_by.sure,
            def: managed_object(target, &there.schema)?,
            accounts: there.accounts.iter().map(|it| (&it.reference, it)).collect(),
            values,
        })
    }

    /// Whether what recognises the account is so of one of them as well.
    fn fit(&self, adoption: &Adoption) -> bool {
        let Some(account) = self.accounts.get(&adoption.account) else { return false };
        let of = |marks: &Marks| keys(marks, |it| of_account(self.def, account, it));
        self.sure.iter().flat_map(of).any(|key| self.is_of_another(&key, adoption.identity))
    }

    fn is_of_another(&self, key: &[String], than: IdentityId) -> bool {
        let mut whose = key.iter().map(|value| self.values.get(&plain(value)));
        let Some(first) = whose.next().flatten() else { return false };
        let rest: Vec<_> = whose.collect();
        let has_all = |id: &IdentityId| rest.iter().all(|it| it.is_some_and(|it| it.contains(id)));
        first.iter().any(|id| *id != than && has_all(id))
    }
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}
