//! Whether what was done is still so, and can be taken back.

use std::collections::BTreeSet;

use super::back::restored;
use crate::{
    account::{Account, AccountState, Assignment},
    id::{ConnectorName, IdentityId},
    observed::{Link, Observed, ObservedTarget},
    operation::{AccountPointer, Change, Operation},
    plan::Plan,
    schema::{DeleteKind, ObjectDef},
    value::ObjectRef,
};

/// One operation that was done, in the present world.
pub(super) struct Fits<'a> {
    pub(super) observed: &'a Observed,
    /// The plan it was done with.
    pub(super) plan: &'a Plan,
    pub(super) operation: &'a Operation,
    /// Where people have got another account since.
    pub(super) made_anew: &'a BTreeSet<(IdentityId, ConnectorName)>,
}

/// Their account as it is now.
pub(super) struct Now<'a> {
    pub(super) there: &'a ObservedTarget,
    pub(super) account: &'a Account,
    pub(super) def: &'a ObjectDef,
}

impl<'a> Fits<'a> {
    /// What takes it back, as far as that can be, and what of it stays, in
    /// sentences.
    pub(super) fn back(&self) -> (Option<Change>, Vec<String>) {
        let change = &self.operation.change;
        if let Change::Delete { account } = change {
            return (None, vec![self.deleted(account)]);
        }
        let now = match self.now() {
            Ok(now) => now,
            Err(why) => return (None, vec![why]),
        };
        if let Change::Update { name, anchor, attributes, before, .. } = change {
            return restored(&now, (name.as_deref(), anchor.as_deref()), attributes, before);
        }
        match self.opposite(&now, change) {
            Ok(change) => (Some(change), Vec::new()),
            Err(why) => (None, vec![why]),
        }
    }

    fn opposite(&self, now: &Now<'_>, change: &Change) -> Result<Change, String> {
        match change {
            Change::Create { .. } | Change::Enable { .. } => closed(now),
            Change::Disable { .. } => opened(now),
            Change::Grant { entitlement, relation, label, .. } => {
                if !assigned(now, entitlement).is_some_and(|it| it.direct) {
                    return Err(format!("`{label}` is not held any more"));
                }
                let ours = self.observed.ledger.iter().any(|it| {
                    it.target == self.operation.target
                        && it.holder == now.account.reference
                        && it.entitlement == *entitlement
                });
                if !ours {
                    return Err(format!("`{label}` is not ours to take any more"));
                }
                Ok(Change::Revoke {
                    holder: now.account.reference.clone(),
                    entitlement: entitlement.clone(),
                    relation: relation.clone(),
                    label: label.clone(),
                })
            }
            Change::Revoke { entitlement, relation, label, .. } => {
                if assigned(now, entitlement).is_some() {
                    return Err(format!("`{label}` is held again"));
                }
                let known = now.there.entitlements.iter().find(|it| it.reference == *entitlement);
                if !known.is_some_and(|it| it.grantable) {
                    return Err(format!("`{label}` cannot be granted there any more"));
                }
                Ok(Change::Grant {
                    holder: AccountPointer::Known(now.account.reference.clone()),
                    entitlement: entitlement.clone(),
                    relation: relation.clone(),
                    label: label.clone(),
                })
            }
            Change::Credentials { .. } => {
                Err("what was ended stays so; they sign in again when they may".to_owned())
            }
            Change::Update { .. } | Change::Delete { .. } => Err("it has no opposite".to_owned()),
        }
    }

    fn deleted(&self, account: &ObjectRef) -> String {
        let there = self.observed.targets.get(&self.operation.target);
        let def = there.and_then(|it| it.schema.object(&account.object_type));
        match def.map(|def| def.capabilities.delete_kind) {
            Some(DeleteKind::SoftDays(days)) => format!(
                "the account was deleted; the target keeps what is deleted for {days} days: \
                 restore it there, and it is ours again"
            ),
            Some(DeleteKind::SameAsDisable) => {
                "deleting only disables there; enable it by a rule".to_owned()
            }
            Some(DeleteKind::Hard) | None => {
                "a deleted account cannot be brought back; a new one is made when rules give it"
                    .to_owned()
            }
        }
    }

    /// Their account, as it is now.
    fn now(&self) -> Result<Now<'a>, String> {
        let Operation { target, .. } = self.operation;
        let there = self.observed.targets.get(target).ok_or("the target was not read")?;
        let of_a_created = self.operation.change.account().is_none();
        if of_a_created && self.made_anew.contains(&(self.operation.identity, target.clone())) {
            return Err("a later plan made them another account there".to_owned());
        }
        let link = self.link().ok_or("no account of theirs there is ours any more")?;
        let account = there.accounts.iter().find(|it| it.reference == link.account);
        let account = account.ok_or("their account was not seen there")?;
        let carried: Option<IdentityId> = account.anchor.as_ref().and_then(|it| it.parse().ok());
        let kept = &self.observed.kept;
        if carried.is_some_and(|it| kept.by_now(it) != self.operation.identity) {
            return Err(format!("the account `{}` carries somebody else's id", account.name));
        }
        let def = there.schema.object(&account.reference.object_type);
        let def = def.ok_or("the target has no such type of account any more")?;
        Ok(Now { there, account, def })
    }

    /// The one it was about, also under a key that a rename of the plan gave;
    /// for one that the plan created, the only one they have there.
    fn link(&self) -> Option<&'a Link> {
        let Operation { identity, target, change, .. } = self.operation;
        let links = self.observed.links.iter();
        let mut theirs =
            links.filter(|it| it.identity == *identity && it.target == *target && !it.gone);
        let Some(known) = change.account() else {
            let only = theirs.next();
            return only.filter(|_| theirs.next().is_none());
        };
        let theirs: Vec<&Link> = theirs.collect();
        let exactly = theirs.iter().find(|link| link.account == *known);
        let renamed = self.plan.operations.iter().any(|it| {
            it.identity == *identity
                && matches!(&it.change, Change::Update { account, name: Some(_), .. } if account == known)
        });
        let only = || match theirs.as_slice() {
            [only] if renamed => Some(only),
            _ => None,
        };
        exactly.or_else(only).copied()
    }
}

fn assigned<'a>(now: &Now<'a>, entitlement: &ObjectRef) -> Option<&'a Assignment> {
    let mut all = now.there.assignments.iter();
    all.find(|it| it.holder == now.account.reference && it.entitlement == *entitlement)
}

fn closed(now: &Now<'_>) -> Result<Change, String> {
    let name = &now.account.name;
    match now.account.state {
        AccountState::Disabled | AccountState::SoftDeleted => {
            Err(format!("the account `{name}` is not enabled any more"))
        }
        _ if !now.def.capabilities.disable => {
            Err("the connector cannot disable accounts".to_owned())
        }
        AccountState::Active
        | AccountState::Locked
        | AccountState::Pending
        | AccountState::Unknown => Ok(Change::Disable { account: now.account.reference.clone() }),
    }
}

fn opened(now: &Now<'_>) -> Result<Change, String> {
    let name = &now.account.name;
    match now.account.state {
        AccountState::Disabled | AccountState::Unknown if now.def.capabilities.enable => {
            Ok(Change::Enable { account: now.account.reference.clone() })
        }
        AccountState::Disabled | AccountState::Unknown => {
            Err("the connector cannot enable accounts".to_owned())
        }
        AccountState::Active
        | AccountState::Locked
        | AccountState::Pending
        | AccountState::SoftDeleted => {
            Err(format!("the account `{name}` is not disabled any more"))
        }
    }
}
