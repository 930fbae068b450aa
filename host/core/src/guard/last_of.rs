//! What somebody must always hold: no plan takes it from the last few.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, FindingKind};
use crate::{
    access::LastOf,
    account::{Account, AccountState},
    entitlement::Index,
    id::ConnectorName,
    observed::{Observed, ObservedTarget},
    operation::{Change, Operation},
    plan::{Note, NoteKind, Plan},
    policy::Policy,
    value::ObjectRef,
};

/// An entitlement that too few would be left with.
struct Lack<'a> {
    target: &'a ConnectorName,
    label: &'a str,
    /// Accounts that hold it and can be used.
    holders: usize,
    /// Of those who would lose it, the ones beyond what may be lost.
    blocked: Vec<&'a Operation>,
}

/// Aliases of entitlements, by target.
pub(super) type Aliases<'a> = BTreeMap<&'a ConnectorName, &'a BTreeMap<String, String>>;

pub(super) fn findings(
    last_of: &LastOf,
    aliases: &Aliases<'_>,
    plan: &Plan,
    observed: &Observed,
) -> Vec<Finding> {
    let lacks = lacks(last_of, aliases, plan, observed).into_iter();
    lacks
        .map(|Lack { target, label, holders, blocked }| Finding {
            kind: FindingKind::LastOf,
            target: Some(target.clone()),
            text: format!(
                "`{label}` at {target} is held by {holders} accounts that can be used, and {} \
                 have to keep it; give it to somebody else first, or change `[protect]`",
                last_of.least
            ),
            blocks: blocked.into_iter().map(|it| it.id).collect(),
        })
        .collect()
}

/// Who has to lose access and keeps it, because too few would be left; and
/// what `[protect]` names and nobody finds.
pub fn last_ones(policy: &Policy, plan: &Plan, observed: &Observed) -> Vec<Note> {
    let last_of = &policy.access.last_of;
    let aliases = policy.targets.iter().map(|(name, target)| (name, &target.entitlements));
    let aliases: Aliases<'_> = aliases.collect();
    let mut notes = BTreeSet::new();
    for Lack { target, label, blocked, .. } in lacks(last_of, &aliases, plan, observed) {
        notes.extend(blocked.into_iter().map(|operation| Note {
            identity: Some(operation.identity),
            target: Some(target.clone()),
            kind: NoteKind::Waits,
            text: format!(
                "their account keeps `{label}`, which {} have to hold; give it to somebody else, \
                 and it goes",
                last_of.least
            ),
            open: true,
        }));
    }
    for (target, text) in named(last_of) {
        let Some(there) = observed.targets.get(target) else { continue };
        let index = Index::new(&there.entitlements, there.assignments_coverage.proves_absence());
        let unknown = aliases.get(target).and_then(|it| index.resolve(it, text).err());
        notes.extend(unknown.map(|unknown| Note {
            identity: None,
            target: Some(target.clone()),
            kind: NoteKind::Unable,
            text: format!("`[protect] last-of` protects nothing here: {}", unknown.text),
            open: false,
        }));
    }
    notes.into_iter().collect()
}

fn named(last_of: &LastOf) -> impl Iterator<Item = (&ConnectorName, &String)> {
    let targets = last_of.entitlements.iter();
    targets.flat_map(|(target, texts)| texts.iter().map(move |text| (target, text)))
}

fn lacks<'a>(
    last_of: &'a LastOf,
    aliases: &Aliases<'_>,
    plan: &'a Plan,
    observed: &'a Observed,
) -> Vec<Lack<'a>> {
    let mut lacks = Vec::new();
    for (target, text) in named(last_of) {
        let (Some(there), Some(aliases)) = (observed.targets.get(target), aliases.get(target))
        else {
            continue;
        };
        let index = Index::new(&there.entitlements, true);
        let Some(entitlement) = index.only(aliases, text) else { continue };
        let holders = holders(target, there, &entitlement.reference, observed);
        let least = usize::try_from(last_of.least).unwrap_or(usize::MAX);
        let mut may_go = holders.len().saturating_sub(least);
        let mut going: BTreeMap<&ObjectRef, bool> = BTreeMap::new();
        let mut blocked = Vec::new();
        // Who comes first in the plan goes first: leavers before others.
        for operation in plan.operations.iter().filter(|it| it.target == *target) {
            let Some(holder) = loses(&operation.change, &entitlement.reference) else { continue };
            if !holders.contains(holder) {
                continue;
            }
            let stays = going.entry(holder).or_insert_with(|| {
                let stays = may_go == 0;
                may_go = may_go.saturating_sub(1);
                stays
            });
            if *stays {
                blocked.push(operation);
            }
        }
        if !blocked.is_empty() {
            let holders = holders.len();
            lacks.push(Lack { target, label: &entitlement.name, holders, blocked });
        }
    }
    lacks
}

/// Accounts that hold it, ours or not, as far as they can be used.
fn holders<'a>(
    target: &ConnectorName,
    there: &'a ObservedTarget,
    entitlement: &ObjectRef,
    observed: &Observed,
) -> BTreeSet<&'a ObjectRef> {
    let closed: BTreeSet<&ObjectRef> = observed
        .links
        .iter()
        .filter(|link| link.target == *target && link.disabled_since.is_some())
        .map(|link| &link.account)
        .collect();
    let usable = |account: &&Account| match account.state {
        AccountState::Active => true,
        AccountState::Unknown => !closed.contains(&account.reference),
        AccountState::Disabled
        | AccountState::Locked
        | AccountState::Pending
        | AccountState::SoftDeleted => false,
    };
    let usable = there.accounts.iter().filter(usable).map(|account| &account.reference);
    let holding: BTreeSet<&ObjectRef> = there
        .assignments
        .iter()
        .filter(|it| it.entitlement == *entitlement)
        .map(|it| &it.holder)
        .collect();
    usable.filter(|account| holding.contains(account)).collect()
}

/// Whose account can use the entitlement no more after this change.
fn loses<'a>(change: &'a Change, entitlement: &ObjectRef) -> Option<&'a ObjectRef> {
    match change {
        Change::Disable { account } | Change::Delete { account } => Some(account),
        Change::Revoke { holder, entitlement: revoked, .. } => {
            (revoked == entitlement).then_some(holder)
        }
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Enable { .. }
        | Change::Credentials { .. }
        | Change::Grant { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Assignment, Entitlement},
        example::{id, named, observed, policy},
        guard::AccessGuard,
        id::OperationId,
        operation::Event,
    };

    fn group(name: &str) -> ObjectRef {
        ObjectRef { object_type: "group".to_owned(), uid: name.to_owned() }
    }

    #[test]
    fn the_last_who_holds_it_keeps_that_and_nothing_else() {
        let mut policy = policy();
        let entitlements = BTreeMap::from([(named("crm"), BTreeSet::from(["admins".to_owned()]))]);
        policy.access.last_of = LastOf { entitlements, least: 1 };
        let mut observed = observed(&[("ada.example", Some("1"))]);
        let crm = observed.targets.get_mut("crm").unwrap();
        let holder = crm.accounts[0].reference.clone();
        let mut operations = Vec::new();
        for (name, number) in [("admins", 0), ("sellers", 1)] {
            crm.entitlements.push(Entitlement {
                reference: group(name),
                name: name.to_owned(),
                description: String::new(),
                grantable: true,
                privileged: false,
            });
            crm.assignments.push(Assignment {
                holder: holder.clone(),
                entitlement: group(name),
                relation: String::new(),
                direct: true,
            });
            operations.push(Operation {
                id: OperationId(number),
                identity: id("1"),
                target: named("crm"),
                change: Change::Revoke {
                    holder: holder.clone(),
                    entitlement: group(name),
                    relation: String::new(),
                    label: name.to_owned(),
                },
                after: Vec::new(),
                prefer_after: Vec::new(),
                event: Event::Mover,
                causes: Vec::new(),
            });
        }
        let plan = Plan { operations, ..Plan::default() };
        let access = AccessGuard::of(&policy);
        let found = findings(&policy.access.last_of, &access.aliases, &plan, &observed);
        let blocked: Vec<OperationId> = found.into_iter().flat_map(|it| it.blocks).collect();
        assert_eq!(blocked, [OperationId(0)]);
    }
}
