//! `lanyard identity erase`, and what is shown of those who were erased.

use std::path::Path;

use lanyard_core::{
    forgetting::{Forgotten, Tombstone},
    id::IdentityId,
};

use super::{
    apply::UNSWEPT,
    named,
    output::Output,
    session::{self, Use},
};
use crate::{
    args::EraseOrder,
    errors::{AppError, Exit},
    reconcile::{EraseError, Erasing, erase_by_order},
    store::{ErasedRows, Store},
    telemetry,
};

pub(super) async fn erase(
    file: &Path,
    order: EraseOrder,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let EraseOrder { identity, reason, yes } = order;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(AppError::new(Exit::Usage, "erasing somebody needs a reason")
            .hint("`--reason TEXT`; it is kept beside the id, so name nobody"));
    }
    let config = session::load_without_secrets(file)?.config;
    let store = session::exclusive_store(&config, Use::Changes, output).await?;
    let now = telemetry::clock()();
    let known = named::identity(&store, &identity, now).await?;
    let actor = session::actor();
    let mut policy = config.policy;
    policy.keep_versions(&store.definitions().await?);
    let mut erasing = Erasing { identity: &known, reason, actor: &actor, carry_out: false };
    let would = erase_by_order(&policy, &store, erasing, now).await.map_err(told)?;
    show(known.id, &would, output)?;
    if !yes && !output.ask(&format!("erase {} for good?", known.id))? {
        return Ok(Exit::Ok);
    }
    erasing.carry_out = true;
    erase_by_order(&policy, &store, erasing, now).await.map_err(told)?;
    output.line(&format!("{} is erased", known.id))?;
    if !store.sweep().await? {
        output.error(&format!("note: {UNSWEPT}\n"));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Ok)
}

fn show(identity: IdentityId, rows: &ErasedRows, output: &mut Output) -> Result<(), AppError> {
    output.line(&format!("erasing {identity} takes:"))?;
    for (what, count) in rows {
        output.line(&format!("{count:>8}  {what}"))?;
    }
    output.line(
        "what stays: the id, when they left and were erased, what was done when and by whom, and \
         salted digests of their records and login names, \
         and whatever others wrote of them in words of their own",
    )?;
    Ok(())
}

fn told(error: EraseError) -> AppError {
    match error {
        EraseError::Store(error) => error.into(),
        error @ EraseError::Hindered { .. } => AppError::new(Exit::Usage, error).hint(
            "`lanyard account list` shows accounts, `lanyard hold list`, `lanyard case list` and \
             `lanyard workflow status` the others; erase them once nothing is open",
        ),
    }
}

/// What is left of somebody, in a sentence.
pub(super) fn sentence(tombstone: &Tombstone) -> String {
    let Tombstone { at, by, ordered, departed, reason, .. } = tombstone;
    let how = if *ordered { format!("by order of {by}") } else { format!("by a run of {by}") };
    let left = departed.map(|at| format!(", departed since {at:.0}")).unwrap_or_default();
    let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("erased on {at:.0} {how}{left}{why}")
}

/// Whoever is meant by an id, or by the beginning of one, and was erased.
pub(super) fn meant(forgotten: &Forgotten, wanted: &str) -> Option<(IdentityId, Tombstone)> {
    let lower = wanted.to_lowercase();
    let is =
        |id: &IdentityId| lower.len() >= named::SHORTEST_ID && id.to_string().starts_with(&lower);
    let mut found = forgotten.people.iter().filter(|(id, _)| is(id));
    let (id, tombstone) = found.next()?;
    found.next().is_none().then(|| (*id, tombstone.clone()))
}
