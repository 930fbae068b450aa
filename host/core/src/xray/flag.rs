//! What stands out of accounts, besides whose they are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{AccountXray, Class, Flag, TargetXray, is_open};
use crate::{
    guard,
    id::IdentityId,
    observed::{Observed, ObservedTarget},
    policy::Policy,
    value::ObjectRef,
};

pub(super) fn mark(
    policy: &Policy,
    observed: &Observed,
    targets: &mut [TargetXray],
    dormant_after: SignedDuration,
    now: Timestamp,
) {
    let named = guard::privileged(policy, observed);
    let dormant_since = now.checked_sub(dormant_after).unwrap_or(Timestamp::MIN);
    for target in targets {
        let Some(there) = observed.targets.get(&target.target) else { continue };
        let held = held(there);
        let of_file = named.get(&target.target);
        let second = second(&target.accounts);
        for account in &mut target.accounts {
            let reference =
                ObjectRef { object_type: account.object_type.clone(), uid: account.uid.clone() };
            let entitlements = held.get(&reference).into_iter().flatten();
            let is_privileged = |it: &&Entitled<'_>| {
                it.privileged || of_file.is_some_and(|of_file| of_file.contains(it.reference))
            };
            let privileged: BTreeSet<&str> =
                entitlements.filter(is_privileged).map(|it| it.name).collect();
            account.privileged = privileged.into_iter().map(str::to_owned).collect();
            let direct = held.get(&reference).into_iter().flatten().any(|it| it.direct);
            let second = owner(account).is_some_and(|owner| second.contains(&owner));
            let flags = [
                (Flag::LeftButActive, is_left(account)),
                (Flag::OwnerlessAdmin, is_ownerless(account) && !account.privileged.is_empty()),
                (Flag::Dormant, is_dormant(account, dormant_since)),
                (Flag::SecondAccount, second),
                (Flag::DisabledWithGrants, !is_open(account.state) && direct),
            ];
            account.flags = flags.into_iter().filter(|(_, is)| *is).map(|it| it.0).collect();
        }
    }
}

/// Something that an account holds.
struct Entitled<'a> {
    reference: &'a ObjectRef,
    name: &'a str,
    privileged: bool,
    direct: bool,
}

fn held(there: &ObservedTarget) -> BTreeMap<&ObjectRef, Vec<Entitled<'_>>> {
    let known: BTreeMap<_, _> = there.entitlements.iter().map(|it| (&it.reference, it)).collect();
    let mut held: BTreeMap<&ObjectRef, Vec<Entitled<'_>>> = BTreeMap::new();
    for assignment in &there.assignments {
        let reference = &assignment.entitlement;
        let entitlement = known.get(reference);
        held.entry(&assignment.holder).or_default().push(Entitled {
            reference,
            name: entitlement.map_or(reference.uid.as_str(), |it| it.name.as_str()),
            privileged: entitlement.is_some_and(|it| it.privileged),
            direct: assignment.direct,
        });
    }
    held
}

/// The only one whose it is or may be.
fn owner(account: &AccountXray) -> Option<(IdentityId, String)> {
    match account.owners.as_slice() {
        [only] => Some((only.person.identity, account.object_type.clone())),
        _ => None,
    }
}

/// Who has more than one account of a type.
fn second(accounts: &[AccountXray]) -> BTreeSet<(IdentityId, String)> {
    let mut seen = BTreeSet::new();
    accounts.iter().filter_map(owner).filter(|it| !seen.insert(it.clone())).collect()
}

fn is_left(account: &AccountXray) -> bool {
    is_open(account.state)
        && !account.owners.is_empty()
        && account.owners.iter().all(|owner| owner.gone)
}

fn is_ownerless(account: &AccountXray) -> bool {
    match account.class {
        Class::Mine | Class::Sure => false,
        Class::Ask | Class::Orphan | Class::Service => true,
    }
}

/// What never tells when it was used is never dormant.
fn is_dormant(account: &AccountXray, since: Timestamp) -> bool {
    is_open(account.state) && account.last_used.is_some_and(|used| used <= since)
}
