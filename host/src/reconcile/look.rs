//! What a target shows of an operation nobody knows the outcome of.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    account::Account,
    fault::{Fault, FaultKind},
    operation::{AccountPointer, Change},
    run::Verification,
    schema::{CreateSafety, IdStability, ObjectDef, ObjectRole, Schema},
    value::ObjectRef,
    verify::{AccountRead, ReadBack, compare},
};

use super::{
    call::{Read, read_back, resolved},
    perform::Task,
    turn::patiently,
};
use crate::connector::Lookup;

/// What the target shows of an operation nobody knows the outcome of.
pub(super) enum Look {
    Applied {
        account: Option<ObjectRef>,
        verification: Verification,
    },
    /// The account has the new name.  There may be more to a rename than the
    /// account shows, groups that hold the old name: the connector remembers
    /// how far it came, and the same key again ends it.
    Renamed {
        account: ObjectRef,
        verification: Verification,
    },
    /// Certainly not, and it may be sent again with the same key.
    NotApplied,
    /// Somebody has to look.
    Person(Fault),
    /// It was asked, and does not tell.
    Unknown(Fault),
    /// The target cannot be asked now, about this or anything else.
    Away(Fault),
}

pub(super) async fn look(task: &Task, created: Option<&ObjectRef>) -> Look {
    let Task { operation, target, object, .. } = task;
    let change = &operation.change;
    let account = match change {
        Change::Create { name, anchor, .. } => {
            return look_for_created(task, name, anchor).await;
        }
        Change::Grant { holder: AccountPointer::Created { .. }, .. } => created,
        _ => change.account(),
    };
    let Some(account) = account else { return Look::NotApplied };
    if change.kind().is_about_credentials() {
        // No reading shows it, and twice leaves it as once.
        return Look::NotApplied;
    }
    let change = &resolved(change, account);
    let Read { back: after, fault } = read_back(target, account, change, &task.context.stop).await;
    if let (AccountRead::NotFound, Change::Update { name: Some(name), .. }) =
        (&after.account, change)
        && object.capabilities.id_stability == IdStability::Renameable
    {
        return look_for_renamed(task, account, name).await;
    }
    let verification = compare(change, &after, object);
    if has_new_name(change, &after, object) {
        return Look::Renamed { account: account.clone(), verification };
    }
    match verification {
        Verification::Verified => {
            Look::Applied { account: Some(account.clone()), verification: Verification::Verified }
        }
        // Every other write may be sent again: twice leaves it as once.
        Verification::Drifted(_) => Look::NotApplied,
        Verification::Unverifiable(_) if matches!(after.account, AccountRead::Found(_)) => {
            Look::NotApplied
        }
        Verification::Unverifiable(why) => {
            let unknown = Fault::new(FaultKind::OutcomeUnknown { retry_after_ms: None }, why);
            if fault.is_some_and(|fault| is_away(&fault)) {
                Look::Away(unknown)
            } else {
                Look::Unknown(unknown)
            }
        }
    }
}

fn has_new_name(change: &Change, after: &ReadBack, object: &ObjectDef) -> bool {
    let Change::Update { account, name: Some(name), before, .. } = change else { return false };
    let rename = Change::Update {
        account: account.clone(),
        name: Some(name.clone()),
        anchor: None,
        attributes: Vec::new(),
        before: before.clone(),
    };
    compare(&rename, after, object) == Verification::Verified
}

/// A rename may have given the account another key: ours is the one with the
/// new name and the old anchor.
async fn look_for_renamed(task: &Task, before: &ObjectRef, name: &str) -> Look {
    let Task { operation, target, object, context, .. } = task;
    let found = match found(task, &Lookup::Name(name.to_owned())).await {
        Ok(found) => found.unwrap_or_default(),
        Err(fault) => return unanswered(fault),
    };
    let Some(account) = found.first() else {
        let text = "the account is no longer there, under the old name or the new; plan again";
        return Look::Person(Fault::new(FaultKind::NotFound, text));
    };
    // Where nobody knows any more what it carried, ours carries the id.
    let ours = Some(operation.identity.to_string());
    let anchor = task.before.get(before).unwrap_or(&ours);
    if found.len() > 1 || anchor.is_none() || account.anchor != *anchor {
        let which = found.iter().map(|it| it.reference.clone()).collect();
        let text = "an account has the new name, but whether it is the renamed one is not known; \
                    adopt it if it is";
        return Look::Person(Fault::new(FaultKind::Ambiguous(which), text));
    }
    let after = read_back(target, &account.reference, &operation.change, &context.stop).await;
    let verification = compare(&operation.change, &after.back, object);
    Look::Applied { account: Some(account.reference.clone()), verification }
}

fn unanswered(fault: Fault) -> Look {
    if is_away(&fault) { Look::Away(fault) } else { Look::Unknown(fault) }
}

/// Whether the fault is of the target and not of what was asked about.
fn is_away(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Unavailable { .. }
            | FaultKind::RateLimited { .. }
            | FaultKind::OutcomeUnknown { .. }
            | FaultKind::TimedOut
            | FaultKind::InvalidCredentials
    )
}

/// None: it cannot be searched like this.
async fn found(task: &Task, by: &Lookup) -> Result<Option<Vec<Account>>, Fault> {
    let Task { target, object, context, .. } = task;
    let find = || target.connector.find(&object.object_type, by);
    match patiently(target, &context.stop, find).await {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Some(Vec::new())),
        Err(fault) if matches!(fault.kind, FaultKind::Unsupported(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// By anchor, by key, by name: mine, nobody's, or somebody else's.
async fn look_for_created(task: &Task, name: &str, anchor: &str) -> Look {
    let Task { operation, target, object, key, context, .. } = task;
    let change = &operation.change;
    let lookups = [
        Lookup::Anchor(anchor.to_owned()),
        Lookup::IdempotencyKey(key.clone()),
        Lookup::Name(name.to_owned()),
    ];
    let mut mine: BTreeMap<ObjectRef, Account> = BTreeMap::new();
    let mut others: BTreeSet<ObjectRef> = BTreeSet::new();
    let mut answered = false;
    for by in &lookups {
        let found = match found(task, by).await {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(fault) => return unanswered(fault),
        };
        answered = true;
        for account in found {
            let by_key = matches!(by, Lookup::IdempotencyKey(_));
            if by_key || account.anchor.as_deref() == Some(anchor) {
                mine.insert(account.reference.clone(), account);
            } else if matches!(by, Lookup::Name(_)) {
                others.insert(account.reference);
            }
        }
    }
    others.retain(|other| !mine.contains_key(other));
    let found: Vec<ObjectRef> = mine.into_keys().collect();
    match (found.as_slice(), others.first()) {
        ([account], _) => {
            let after = read_back(target, account, change, &context.stop).await;
            let verification = compare(change, &after.back, object);
            Look::Applied { account: Some(account.clone()), verification }
        }
        ([], Some(other)) => Look::Person(Fault::new(
            FaultKind::AlreadyExists(Some(other.clone())),
            "another account has this name already; adopt it or give the person another name",
        )),
        ([], None) => nobody(object, answered),
        (many, _) => Look::Person(Fault::new(
            FaultKind::Ambiguous(many.to_vec()),
            "several accounts carry this person's key; remove all but one",
        )),
    }
}

fn nobody(object: &ObjectDef, answered: bool) -> Look {
    if answered && object.capabilities.create_safety != CreateSafety::None {
        return Look::NotApplied;
    }
    // It stays open, and nothing is created in its place, until it is seen or
    // a person says.
    Look::Unknown(Fault::new(
        FaultKind::OutcomeUnknown { retry_after_ms: None },
        "whether the account was created is not known and this target cannot tell; look for it \
         there: adopt it, or say that there is none (`lanyard account settle`)",
    ))
}

/// What the schema says of the type of account a change is about.
pub(super) fn object_of<'a>(schema: &'a Schema, change: &Change) -> Option<&'a ObjectDef> {
    let object_type = match change {
        Change::Create { object_type, .. }
        | Change::Grant { holder: AccountPointer::Created { object_type }, .. } => object_type,
        other => &other.account()?.object_type,
    };
    schema.object(object_type).filter(|object| object.role == ObjectRole::Account)
}
