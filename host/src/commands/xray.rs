//! `lanyard xray`.

mod page;

use std::path::Path;

use lanyard_core::xray::Xray;

use super::{output::Output, plan, session, stores};
use crate::{
    args::Looked,
    config,
    errors::{AppError, Exit},
    reconcile,
    store::{Store as _, sqlite::SqliteStore},
    telemetry,
};

/// What is there, read now; of a store that is there a copy is looked at, and
/// none is made.
pub(super) async fn xray(
    file: &Path,
    wanted: &Looked,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let dormant_after = config::duration(&wanted.dormant).map_err(|needs| {
        AppError::new(Exit::Usage, format!("`--dormant {}` {needs}", wanted.dormant))
    })?;
    let mut config = session::load(file)?.config;
    let sandbox = session::sandbox()?;
    let connectors = session::connectors(&sandbox, &config).await?;
    let store = if stores::exists(&config).await? {
        stores::open_copy(&config).await?
    } else {
        SqliteStore::in_memory()?.into()
    };
    config.policy.keep_versions(&store.definitions().await?);
    let stop = session::watching(&config).await?;
    let at = (telemetry::clock()(), &stop);
    let found =
        reconcile::look_through(&config.policy, &connectors, &store, dormant_after, at).await;
    stop.nothing_is_halted().await?;
    let found = found?;
    if let Some(path) = &wanted.html {
        plan::write_privately(path, &page::page(&found)).map_err(|error| {
            AppError::new(Exit::Usage, error)
                .hint(format!("the page could not be written to `{}`", path.display()))
        })?;
        output.error(&format!("written to `{}`, for its owner alone\n", path.display()));
    }
    if wanted.json {
        output.json(&found)?;
    } else {
        output.text(&found.render())?;
    }
    Ok(exit(&found))
}

fn exit(found: &Xray) -> Exit {
    if !found.not_read.is_empty() {
        Exit::Connector
    } else if found.left_but_active() > 0 || found.unclear() > 0 || !found.is_whole() {
        Exit::Failed
    } else {
        Exit::Ok
    }
}
