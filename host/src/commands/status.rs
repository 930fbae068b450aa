//! `lanyard status`.

use std::{collections::BTreeMap, path::Path};

use lanyard_core::run::OperationState;

use super::{output::Output, session};
use crate::{
    errors::{AppError, Exit},
    reconcile,
    store::{RunRecord, Store},
    telemetry,
};

pub(super) async fn status(file: &Path, output: &mut Output) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config)?;
    let identities = store.identities().await?;
    output.line(&format!("identities  {}", identities.len()))?;
    for (source, read) in store.source_reads().await? {
        output.line(&format!(
            "source      {source}: {} records, read {}",
            read.keys.len(),
            read.read_at
        ))?;
    }
    let observations = store.observations().await?;
    let links = store.links().await?;
    for (target, observed) in &observations {
        let ours = links.iter().filter(|link| link.target == *target && !link.gone).count();
        output.line(&format!(
            "target      {target}: {} accounts, {ours} of them ours, read {}",
            observed.accounts.len(),
            observed.read_at
        ))?;
    }
    if let Some(run) = store.runs().await?.last() {
        show_run(&store, run, output).await?;
    }
    let unsettled = store.unsettled(None).await?;
    for open in &unsettled {
        let operation = &open.operation;
        output.line(&format!(
            "uncertain   {} at {}, run {} {}, sent {}",
            operation.change.kind().word(),
            operation.target,
            open.run.0,
            operation.id,
            open.sent_at
        ))?;
    }
    let left = reconcile::left_behind(&config.policy, &store, telemetry::clock()()).await?;
    for sentence in reconcile::retired(&left) {
        output.line(&format!("retired     {sentence}"))?;
    }
    for sentence in reconcile::sentences(&config.policy, &left) {
        output.line(&format!("dropped     {sentence}"))?;
    }
    Ok(if unsettled.is_empty() && !left.is_open() { Exit::Ok } else { Exit::Failed })
}

async fn show_run(store: &dyn Store, run: &RunRecord, output: &mut Output) -> Result<(), AppError> {
    let ended = run.ended_at.map_or_else(|| "not ended".to_owned(), |at| format!("ended {at}"));
    output.line(&format!(
        "last run    {} of plan {} by {}, began {}, {ended}",
        run.id.0,
        run.plan.short(),
        run.actor,
        run.began_at
    ))?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for state in store.operation_states(run.id).await?.values() {
        *counts.entry(state.word()).or_default() += 1;
        if let OperationState::Done { verification } = state {
            *counts.entry(verification.word()).or_default() += 1;
        }
    }
    let counts: Vec<String> =
        counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    output.line(&format!("            {}", counts.join(", ")))
}
