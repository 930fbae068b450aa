//! `lanyard audit`.

mod export;
mod open;
mod verify;

use std::path::Path;

use lanyard_core::id::IdentityId;

use super::{
    erase, heads,
    moment::{Edge, moment},
    named,
    output::Output,
    session,
};
use crate::{
    args::AuditVerb,
    errors::{AppError, Exit},
    store::{AuditFilter, AuditRow, Store},
    telemetry,
};

pub(super) async fn audit(
    file: &Path,
    verb: AuditVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let opened = async || {
        let config = session::load_without_secrets(file)?.config;
        let store = session::open_store(&config).await?;
        Ok::<_, AppError>((config, store))
    };
    match verb {
        AuditVerb::List { identity, target, last, json } => {
            let (config, store) = opened().await?;
            let identity = meant(&store, identity.as_deref()).await?;
            let filter =
                AuditFilter { identity, target, last: Some(last), ..AuditFilter::default() };
            let rows = store.audit(&filter).await?;
            // What is long gone may still be in the record.
            if let Some(target) = filter.target.as_ref().filter(|_| rows.is_empty()) {
                named::target(&config, &store, target).await?;
            }
            if json {
                output.json(&rows)?;
            } else {
                for row in &rows {
                    output.line(&sentence(row))?;
                }
            }
        }
        AuditVerb::Export { format, since, until, identity, target } => {
            let (config, store) = opened().await?;
            let timezone = &config.policy.lifecycle.timezone;
            let edge = |text: Option<String>, edge| {
                text.map(|text| moment(&text, edge, timezone)).transpose()
            };
            let filter = AuditFilter {
                identity: meant(&store, identity.as_deref()).await?,
                target,
                since: edge(since, Edge::First)?,
                until: edge(until, Edge::Last)?,
                ..AuditFilter::default()
            };
            export::export(&store, &filter, format, output).await?;
        }
        AuditVerb::Verify { heads, key } => {
            let (config, store) = opened().await?;
            verify::verify((&config, &store), (heads.as_deref(), key.as_deref()), output).await?;
        }
        AuditVerb::Open { file: sealed, heads, key } => {
            let (_config, store) = opened().await?;
            open::open(&store, &sealed, (heads.as_deref(), key.as_deref()), output).await?;
        }
        AuditVerb::Head { out } => heads::head(file, out.as_deref(), output).await?,
    }
    Ok(Exit::Ok)
}

/// Somebody who is known, or was erased.
async fn meant(store: &dyn Store, wanted: Option<&str>) -> Result<Option<IdentityId>, AppError> {
    let Some(wanted) = wanted else { return Ok(None) };
    let known = erase::meant(&store.forgotten().await?, wanted);
    Ok(Some(match known {
        Some((id, _)) => id,
        None => named::identity(store, wanted, telemetry::clock()()).await?.id,
    }))
}

fn sentence(row: &AuditRow) -> String {
    let entry = &row.entry;
    let target = entry.target.as_ref().map(|it| format!(" at {it}")).unwrap_or_default();
    let account = entry.account.as_ref().map(|it| format!(" {}", it.uid)).unwrap_or_default();
    let identity = entry.identity.map(|it| format!(" for {it}")).unwrap_or_default();
    let verified = entry.verification.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
    let because =
        entry.detail.get("because").map(|why| format!("; because {why}")).unwrap_or_default();
    format!(
        "{:>6}  {:.0}  {}  {}{account}{target}{identity}: {}{verified}{because}",
        row.sequence, entry.at, entry.actor, entry.action, entry.result
    )
}
