//! What a person says of an account or of an operation, for the record.

use std::collections::BTreeMap;

use lanyard_core::{
    account::Account,
    diff::one_line,
    id::{ConnectorName, IdentityId},
    observed::{Declined, Link, Origin},
    operation::Change,
    plan::adopted_link,
    value::ObjectRef,
};

use super::super::{output::Output, session};
use crate::{
    errors::{AppError, Exit},
    reconcile,
    store::{AuditEntry, Store, Unsettled},
    telemetry,
};

pub(super) async fn adopt(
    store: &dyn Store,
    target: ConnectorName,
    uid: &str,
    identity: IdentityId,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let account = reported(store, &target, uid).await?;
    let link = adopted_link(identity, &target, &account.reference);
    let audit = decision("adopt", &target, &account.reference, identity);
    store.adopt(&link, &audit).await?;
    output.line(&format!("`{}` at {target} now belongs to {identity}", one_line(&account.name)))?;
    Ok(Exit::Ok)
}

pub(super) async fn decline(
    store: &dyn Store,
    target: ConnectorName,
    uid: &str,
    identity: IdentityId,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let account = reported(store, &target, uid).await?;
    let links = store.links().await?;
    let is_theirs = |link: &Link| {
        link.target == target && link.account == account.reference && link.identity == identity
    };
    if links.iter().any(is_theirs) {
        return Err(AppError::new(
            Exit::Usage,
            format!("`{}` at {target} is managed as theirs", one_line(&account.name)),
        )
        .hint("if it was adopted by mistake: `lanyard account release`"));
    }
    let audit = decision("decline", &target, &account.reference, identity);
    let account_name = one_line(&account.name);
    let declined = Declined { identity, target, account: account.reference };
    store.decline(&declined, &audit).await?;
    output.line(&format!(
        "`{account_name}` at {} is not suggested for {identity} any more",
        declined.target
    ))?;
    Ok(Exit::Ok)
}

pub(super) async fn release(
    store: &dyn Store,
    target: ConnectorName,
    uid: &str,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let links = store.links().await?;
    let Some(link) = links.iter().find(|link| link.target == target && link.account.uid == uid)
    else {
        return Err(AppError::new(
            Exit::Usage,
            format!("`{uid}` at `{target}` is nobody's already, as far as is known"),
        )
        .hint("`lanyard account list` shows the accounts, and whose they are"));
    };
    if link.origin == Origin::Created {
        return Err(AppError::new(
            Exit::Usage,
            format!("`{uid}` at `{target}` was created here, and not adopted"),
        )
        .hint("it goes when no rule gives it any more"));
    }
    let audit = decision("release", &target, &link.account, link.identity);
    store.release(&target, &link.account, &audit).await?;
    output.line(&format!("`{uid}` at {target} is nobody's again; nothing was changed there"))?;
    Ok(Exit::Ok)
}

/// A person looked at the target.  `which`, of several that are open.
pub(super) async fn settle(
    store: &dyn Store,
    target: &ConnectorName,
    identity: IdentityId,
    (applied, which): (bool, Option<&str>),
    output: &mut Output,
) -> Result<Exit, AppError> {
    let mut open = store.unsettled(None).await?;
    open.retain(|it| it.operation.identity == identity && it.operation.target == *target);
    open.retain(|it| which.is_none_or(|which| which == called(it)));
    let [open] = open.as_slice() else { return Err(not_one(&open, target, identity)) };
    let change = &open.operation.change;
    let links = store.links().await?;
    let linked = links
        .iter()
        .find(|link| link.identity == identity && link.target == *target && !link.gone)
        .map(|link| &link.account);
    let account = match change {
        Change::Create { .. } => None,
        // A grant to an account of its own plan names none.
        _ => change.account().or(linked),
    };
    if applied && account.is_none() {
        return Err(AppError::new(
            Exit::Usage,
            format!("{} needs its account", change.kind().word()),
        )
        .hint("`lanyard account adopt` says which account it is"));
    }
    let (actor, at) = (session::actor(), telemetry::clock()());
    for answer in reconcile::said_by_a_person(open, applied, account, (&actor, at)) {
        store.answer(&answer).await?;
    }
    let became = if applied {
        "taken to be applied; the next plan goes on from there"
    } else {
        "taken to be not applied; the next plan has it again where it is still wanted"
    };
    output.line(&format!("{} at {target} for {identity}: {became}", change.kind().word()))?;
    Ok(Exit::Ok)
}

/// As `status` shows it.
fn called(unsettled: &Unsettled) -> String {
    format!("{}{}", unsettled.run.0, unsettled.operation.id)
}

fn not_one(open: &[Unsettled], target: &ConnectorName, identity: IdentityId) -> AppError {
    if open.is_empty() {
        return AppError::new(
            Exit::Usage,
            format!("nothing for {identity} at `{target}` is waiting for an answer"),
        )
        .hint("`lanyard status` shows what is uncertain");
    }
    let each = open.iter().map(|it| {
        let change = &it.operation.change;
        let what = match change {
            Change::Grant { label, .. } | Change::Revoke { label, .. } => format!(" {label}"),
            _ => String::new(),
        };
        format!("\n  {}  {}{what}", called(it), change.kind().word())
    });
    let each: String = each.collect();
    AppError::new(
        Exit::Usage,
        format!("several operations for {identity} at `{target}` are waiting for an answer{each}"),
    )
    .hint("name one with `--operation`")
}

/// An account as the target last reported it.
async fn reported(
    store: &dyn Store,
    target: &ConnectorName,
    uid: &str,
) -> Result<Account, AppError> {
    let observations = store.observations().await?;
    let accounts = observations.get(target).into_iter().flat_map(|it| &it.accounts);
    accounts.into_iter().find(|account| account.reference.uid == uid).cloned().ok_or_else(|| {
        AppError::new(Exit::Usage, format!("`{target}` reported no account `{uid}`"))
            .hint("`lanyard account list` shows what it reported at the last plan")
    })
}

pub(super) fn decision(
    action: &str,
    target: &ConnectorName,
    account: &ObjectRef,
    identity: IdentityId,
) -> AuditEntry {
    AuditEntry {
        at: telemetry::clock()(),
        actor: session::actor(),
        action: action.to_owned(),
        identity: Some(identity),
        target: Some(target.clone()),
        account: Some(account.clone()),
        result: "done".to_owned(),
        verification: None,
        detail: BTreeMap::new(),
    }
}
