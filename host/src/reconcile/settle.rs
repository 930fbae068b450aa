//! After a lost answer or a crash: look first, then decide; never a blind
//! second create.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_core::{
    account::Account,
    fault::{Fault, FaultKind},
    id::ConnectorName,
    operation::{AccountPointer, Change, Operation},
    retry::RetryPolicy,
    run::{OperationEvent, OperationState, Verification},
    schema::{CreateSafety, IdStability, ObjectDef, ObjectRole, Schema},
    value::ObjectRef,
    verify::{AccountRead, ReadBack, compare},
};

use super::{
    Context, ReconcileError,
    call::{read_back, resolved},
    perform::{Attempted, Task},
    whose::{self, Before},
};
use crate::{
    connector::{Attached, Lookup},
    store::{StoreError, Unsettled},
};

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
    /// The target cannot be asked now.
    Unknown(Fault),
}

pub(super) async fn look(task: &Task, created: Option<&ObjectRef>) -> Result<Look, StoreError> {
    let Task { operation, target, object, .. } = task;
    let change = &operation.change;
    let account = match change {
        Change::Create { name, anchor, .. } => {
            return Ok(look_for_created(task, name, anchor).await);
        }
        Change::Grant { holder: AccountPointer::Created { .. }, .. } => created,
        _ => change.account(),
    };
    let Some(account) = account else { return Ok(Look::NotApplied) };
    let change = &resolved(change, account);
    let after = read_back(target, account, change, &task.context.stop).await;
    if let (AccountRead::NotFound, Change::Update { name: Some(name), .. }) =
        (&after.account, change)
        && object.capabilities.id_stability == IdStability::Renameable
    {
        return look_for_renamed(task, account, name).await;
    }
    let verification = compare(change, &after, object);
    if has_new_name(change, &after, object) {
        return Ok(Look::Renamed { account: account.clone(), verification });
    }
    Ok(match verification {
        Verification::Verified => {
            Look::Applied { account: Some(account.clone()), verification: Verification::Verified }
        }
        // Every other write may be sent again: twice leaves it as once.
        Verification::Drifted(_) => Look::NotApplied,
        Verification::Unverifiable(_) if matches!(after.account, AccountRead::Found(_)) => {
            Look::NotApplied
        }
        Verification::Unverifiable(why) => {
            Look::Unknown(Fault::new(FaultKind::OutcomeUnknown { retry_after_ms: None }, why))
        }
    })
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
async fn look_for_renamed(task: &Task, before: &ObjectRef, name: &str) -> Result<Look, StoreError> {
    let Task { operation, target, object, context, .. } = task;
    let found = match found(task, &Lookup::Name(name.to_owned())).await {
        Ok(found) => found.unwrap_or_default(),
        Err(fault) => return Ok(Look::Unknown(fault)),
    };
    let Some(account) = found.first() else {
        let text = "the account is no longer there, under the old name or the new; plan again";
        return Ok(Look::Person(Fault::new(FaultKind::NotFound, text)));
    };
    let observations = context.store.observations().await?;
    let seen = observations.get(&operation.target).into_iter().flat_map(|it| &it.accounts);
    let anchor = seen.filter(|it| it.reference == *before).find_map(|it| it.anchor.as_ref());
    if found.len() > 1 || anchor.is_none() || account.anchor.as_ref() != anchor {
        let which = found.iter().map(|it| it.reference.clone()).collect();
        let text = "an account has the new name, but whether it is the renamed one is not known; \
                    adopt it if it is";
        return Ok(Look::Person(Fault::new(FaultKind::Ambiguous(which), text)));
    }
    let after = read_back(target, &account.reference, &operation.change, &context.stop).await;
    let verification = compare(&operation.change, &after, object);
    Ok(Look::Applied { account: Some(account.reference.clone()), verification })
}

/// None: it cannot be searched like this.
async fn found(task: &Task, by: &Lookup) -> Result<Option<Vec<Account>>, Fault> {
    let Task { target, object, context, .. } = task;
    let find = || target.connector.find(&object.object_type, by);
    match super::read::patiently(&context.stop, find).await {
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
            Err(fault) => return Look::Unknown(fault),
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
            let verification = compare(change, &after, object);
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
         there: adopt it, or say that there is none (`lanyard account not-created`)",
    ))
}

/// What came of the operations that earlier processes left behind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settled {
    /// They had taken effect.
    pub applied: usize,
    /// They had not; the next plan has them again where still wanted.
    pub not_applied: usize,
    /// A person has to look.
    pub parked: usize,
    /// Their target cannot be asked; they stay open.
    pub open: Vec<String>,
}

/// How far settling goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// It looks, and writes nothing to any target.
    Looking,
    /// It also ends what was cut off half-way (a rename and its groups).
    Finishing,
}

/// Settles every operation whose process is gone, before anything is planned.
///
/// # Errors
/// When the store fails; a target that cannot be asked leaves its operations
/// open.
pub async fn settle(context: &Context, settling: Settling) -> Result<Settled, ReconcileError> {
    let mut settled = Settled::default();
    let mut schemas: BTreeMap<_, Result<Schema, Fault>> = BTreeMap::new();
    for unsettled in context.store.unsettled(None).await? {
        let name = unsettled.operation.target.clone();
        if settling == Settling::Looking && renames(&unsettled.operation.change) {
            settled.open.push(format!("{name}: a rename was cut off; the next `apply` ends it"));
            continue;
        }
        let Some(target) = context.connectors.targets.get(&name) else {
            settled.open.push(format!("{name}: it is no longer in the file"));
            continue;
        };
        if !schemas.contains_key(&name) {
            let discovered =
                super::read::patiently(&context.stop, || target.connector.discover()).await;
            schemas.insert(name.clone(), discovered);
        }
        match schemas.get(&name) {
            Some(Ok(schema)) => {
                settle_one(context, target, schema, unsettled, &mut settled).await?;
            }
            Some(Err(fault)) => settled.open.push(format!("{name}: {fault}")),
            None => {}
        }
    }
    Ok(settled)
}

fn renames(change: &Change) -> bool {
    matches!(change, Change::Update { name: Some(_), .. })
}

async fn settle_one(
    context: &Context,
    target: &Attached,
    schema: &Schema,
    unsettled: Unsettled,
    settled: &mut Settled,
) -> Result<(), ReconcileError> {
    let Unsettled { run, operation, key, attempt, epoch, sent_at } = unsettled;
    let object = object_of(schema, &operation.change);
    let Some(object) = object else {
        settled.open.push(format!("{}: its schema no longer has the type", operation.target));
        return Ok(());
    };
    let created = created_account(context, &operation).await?;
    let state = context.store.operation_states(run).await?.remove(&operation.id);
    let before = before_it(context, &operation.target, sent_at).await?;
    let task = Task {
        context: context.clone(),
        run,
        epoch,
        operation,
        key,
        target: target.clone(),
        object: object.clone(),
        retry: RetryPolicy::default(),
        before: Arc::new(before),
    };
    if matches!(task.operation.change, Change::Create { .. }) && task.has_link().await? {
        let verification = Verification::Unverifiable("an account was adopted".to_owned());
        let event = OperationEvent::Answered { verification: verification.clone() };
        task.record(event, Vec::new(), "adopted", Some(&verification)).await?;
        settled.applied += 1;
        return Ok(());
    }
    let lost = Fault::new(
        FaultKind::OutcomeUnknown { retry_after_ms: None },
        "the process ended before the answer was written down",
    );
    let attempted = match state {
        Some(OperationState::Sent { .. }) => task.lost(attempt, created.as_ref(), lost).await?,
        // What the target took is looked for until it is there.
        Some(OperationState::Uncertain { fault, .. })
            if matches!(fault.kind, FaultKind::Pending { .. }) =>
        {
            task.settle(attempt, created.as_ref(), fault).await?
        }
        _ => task.settle(attempt, created.as_ref(), lost).await?,
    };
    let attempted = match attempted {
        Attempted::Unfinished { .. } => task.attempt(attempt.saturating_add(1), None).await?,
        other => other,
    };
    match attempted {
        Attempted::Done { .. } | Attempted::Unfinished { .. } => settled.applied += 1,
        Attempted::Again { .. } => settled.not_applied += 1,
        Attempted::Parked { .. } => settled.parked += 1,
        Attempted::Uncertain { fault } => {
            settled.open.push(format!("{}: {fault}", task.operation.target));
        }
    }
    Ok(())
}

/// What the target had before the operation was sent, as far as the last
/// reading is from before that.
async fn before_it(
    context: &Context,
    target: &ConnectorName,
    sent_at: Timestamp,
) -> Result<Before, ReconcileError> {
    let observations = context.store.observations().await?;
    let read = observations.get(target).filter(|observed| observed.read_at < sent_at);
    Ok(read.map(whose::before).unwrap_or_default())
}

/// The account that a `Created` pointer of an earlier plan came to mean.
async fn created_account(
    context: &Context,
    operation: &Operation,
) -> Result<Option<ObjectRef>, ReconcileError> {
    let Change::Grant { holder: AccountPointer::Created { object_type }, .. } = &operation.change
    else {
        return Ok(None);
    };
    let links = context.store.links().await?;
    Ok(links
        .into_iter()
        .find(|link| {
            link.identity == operation.identity
                && link.target == operation.target
                && link.account.object_type == *object_type
                && !link.gone
        })
        .map(|link| link.account))
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
