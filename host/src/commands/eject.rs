//! `lanyard eject`.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use lanyard_core::{
    id::IdentityId,
    lifecycle::{Ejection, Undone},
};

use super::{
    apply, named,
    output::Output,
    plan,
    session::{self, Use},
};
use crate::{
    errors::{AppError, Exit},
    reconcile::Settling,
    store::{AuditEntry, Store},
    telemetry,
};

/// What a person asks for.
pub(super) struct Order<'a> {
    pub(super) who: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) undo: bool,
    pub(super) yes: bool,
}

/// It is written down before any system is looked at: one that is broken
/// delays nobody's going from the others.
pub(super) async fn eject(
    file: &Path,
    order: &Order<'_>,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    let store = session::exclusive_store(&config, Use::Changes, output).await?;
    let identity = named::identity(&store, order.who, now).await?.id;
    if order.undo {
        undo(&store, identity, now).await?;
        output.line(&format!(
            "the ejection of {identity} is undone; facts say what becomes of them"
        ))?;
    } else {
        record(&store, identity, order.reason, now).await?;
        output.line(&format!("{identity} is ejected"))?;
    }
    // The road opens it anew.
    drop(store);
    let road = session::road(file, Use::Changes, output).await?;
    let (survey, open) = plan::look(&road.context, Settling::Finishing, output).await?;
    let survey = survey.only(&road.context, identity).await?;
    plan::show(&survey, output)?;
    if !survey.stored.plan.has_work() {
        return Ok(plan::exit(&survey, open));
    }
    if order.yes {
        return apply::carry_out(&road, (&survey, open), &[].into(), output).await;
    }
    output.line("`lanyard apply` does it, and `lanyard eject --yes` only this")?;
    Ok(plan::exit(&survey, open))
}

/// One that stands already stays as it was.
async fn record(
    store: &dyn Store,
    identity: IdentityId,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), AppError> {
    if store.kept().await?.ejected(identity).is_some() {
        return Ok(());
    }
    let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) else {
        return Err(AppError::new(Exit::Usage, "an ejection needs a reason")
            .hint("`--reason TEXT`; it is kept, and shown in the plan"));
    };
    let by = session::actor();
    let reason = reason.to_owned();
    let ejection = Ejection { identity, at: now, by, reason, undone: None };
    Ok(store.eject(&ejection, &entry(identity, "ordered", now)).await?)
}

async fn undo(store: &dyn Store, identity: IdentityId, now: Timestamp) -> Result<(), AppError> {
    let undone = Undone { at: now, by: session::actor() };
    if store.undo_ejection(identity, &undone, &entry(identity, "undone", now)).await? {
        return Ok(());
    }
    Err(AppError::new(Exit::Usage, format!("{identity} is not ejected")))
}

fn entry(identity: IdentityId, result: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: session::actor(),
        action: "eject".to_owned(),
        identity: Some(identity),
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail: BTreeMap::new(),
    }
}
