//! `lanyard eject`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use lanyard_core::{
    id::{ConnectorName, IdentityId},
    lifecycle::{Ejection, Undone},
    value::ObjectRef,
};

use super::{
    apply, heads, named,
    output::Output,
    plan,
    session::{self, Road, Use},
};
use crate::{
    errors::{AppError, Exit},
    reconcile::{self, Settling, Survey},
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

/// It is written down before any system is looked at.
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
    let mut road = session::road(file, Use::Changes, output).await?;
    let mut closed = BTreeSet::new();
    if !order.undo {
        closed = at_once(&road, (identity, order.yes), output).await?;
    }
    let (survey, open) = look(&mut road, output).await?;
    let survey = survey.only(&road.context, identity, &closed).await?;
    plan::show(&road.context, &survey, output).await?;
    let mut exit = plan::exit(&survey, open);
    if order.yes && survey.stored.plan.has_work() {
        exit = apply::carry_out(&road, (&survey, open), &[].into(), output).await?;
    } else if survey.stored.plan.has_work() {
        output.line("`lanyard apply` does it, and `lanyard eject` with `--yes` this alone")?;
    }
    exit = heads::tell(&road, exit, output).await;
    let unread = road.context.connectors.sources.is_empty();
    Ok(if exit == Exit::Ok && unread { Exit::Connector } else { exit })
}

/// By what was read last: systems that answer slowly, or not at all, are
/// waited for after that.  Says at which accounts something was done.
async fn at_once(
    road: &Road,
    (identity, yes): (IdentityId, bool),
    output: &mut Output,
) -> Result<BTreeSet<(ConnectorName, ObjectRef)>, AppError> {
    let survey = reconcile::at_once(&road.context, identity).await?;
    if !yes || !survey.stored.plan.has_work() {
        return Ok(BTreeSet::new());
    }
    output.line("at once, by what was read last:")?;
    plan::show(&road.context, &survey, output).await?;
    let summary = apply::send(road, &survey, &[].into()).await?;
    output.line(&apply::sentence(&summary))?;
    output.line("")?;
    let operations = survey.stored.plan.operations.into_iter();
    let touched = operations.filter_map(|it| Some((it.target, it.change.account()?.clone())));
    Ok(touched.collect())
}

/// As every plan, except that sources that cannot be read keep nobody in:
/// what they said last still counts for the others.
async fn look(road: &mut Road, output: &mut Output) -> Result<(Survey, bool), AppError> {
    match plan::look(&road.context, Settling::Finishing, output).await {
        Err(error) if error.exit == Exit::Connector => {
            output.error(&error.render());
            road.context.connectors.sources.clear();
            plan::look(&road.context, Settling::Finishing, output).await
        }
        looked => looked,
    }
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
