//! `lanyard halt` and `lanyard resume`.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use lanyard_core::schedule::Halt;

use super::{output::Output, session};
use crate::{
    errors::{AppError, Exit},
    store::{AuditEntry, Store as _},
    telemetry,
};

/// It is written down beside whatever runs, which finds it before its next
/// call.
pub(super) async fn halt(
    file: &Path,
    reason: Option<&str>,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_store(file, output).await?;
    let store = session::store_beside(&config).await?;
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    let halt = Halt { at: telemetry::clock()(), by: session::actor(), reason };
    if store.halt(&halt, &entry("halt", halt.at)).await? {
        output.line("everything is halted: no system is called until `lanyard resume`")?;
        return Ok(Exit::Ok);
    }
    let stands = store.halted().await?.map(|halt| format!(" {halt}")).unwrap_or_default();
    output.line(&format!("everything is halted already{stands}"))?;
    Ok(Exit::Ok)
}

pub(super) async fn resume(file: &Path, output: &mut Output) -> Result<Exit, AppError> {
    let config = session::load_store(file, output).await?;
    let store = session::store_beside(&config).await?;
    let now = telemetry::clock()();
    if store.resume(now, &entry("resume", now)).await? {
        output.line("the next run goes on with what is left")?;
        return Ok(Exit::Ok);
    }
    Err(AppError::new(Exit::Usage, "nothing is halted"))
}

fn entry(action: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: session::actor(),
        action: action.to_owned(),
        identity: None,
        target: None,
        account: None,
        result: "ordered".to_owned(),
        verification: None,
        detail: BTreeMap::new(),
    }
}
