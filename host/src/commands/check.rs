//! `lanyard check`: the file, its tests, plugins, permissions, systems.

use std::path::Path;

use lanyard_core::{
    fault::Fault,
    policy_test,
    schema::{CheckDepth, CheckReport},
};

use super::{output::Output, plugin, session};
use crate::{
    config::{Config, Loaded},
    connector::Connector as _,
    errors::{self, AppError, Exit},
    reconcile, telemetry,
    wasm::WasmConnector,
};

pub(super) async fn check(
    file: &Path,
    offline: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let loaded = session::load(file)?;
    output.line(&format!("ok    {} is valid", file.display()))?;
    let tests = run_tests(&loaded, file, output)?;
    let connectors = offline || check_connectors(&loaded.config, output).await?;
    let closed = check_dropped(&loaded.config, output).await?;
    Ok(match (tests, connectors, closed) {
        (true, true, true) => Exit::Ok,
        (false, _, _) => Exit::Config,
        (true, false, _) => Exit::Connector,
        (true, true, false) => Exit::Failed,
    })
}

/// What is stored of sources and targets that left the file; true when that
/// leaves no access open.
async fn check_dropped(config: &Config, output: &mut Output) -> Result<bool, AppError> {
    // Before the first plan there is no store, and looking must not make one.
    if !config.store.exists() {
        return Ok(true);
    }
    let store = session::open_store(config)?;
    let left = reconcile::left_behind(&config.policy, &store, telemetry::clock()()).await?;
    let word = if left.is_open() { "FAIL" } else { "note" };
    for sentence in reconcile::sentences(&config.policy, &left) {
        output.line(&format!("{word}  {sentence}"))?;
    }
    Ok(!left.is_open())
}

/// The `[[test]]` blocks; true when all pass.
fn run_tests(loaded: &Loaded, file: &Path, output: &mut Output) -> Result<bool, AppError> {
    let mut passed = true;
    for test in &loaded.tests {
        match policy_test::run(&loaded.config.policy, test) {
            Ok(()) => output.line(&format!("ok    test: {}", test.name))?,
            Err(differences) => {
                passed = false;
                let place = format!("{}:{}", file.display(), test.line);
                output.line(&format!("FAIL  test: {} ({place})", test.name))?;
                for difference in differences {
                    output.line(&format!("        {difference}"))?;
                }
            }
        }
    }
    Ok(passed)
}

/// True when every connector can be used.
async fn check_connectors(config: &Config, output: &mut Output) -> Result<bool, AppError> {
    let sandbox = session::sandbox()?;
    let mut usable = true;
    for (name, loaded) in session::load_connectors(&sandbox, config).await {
        match loaded {
            Ok(connector) => usable &= check_connector(&connector, output).await?,
            Err(error) => {
                usable = false;
                let text = AppError::from(error).render();
                let text = text.strip_prefix("error: ").unwrap_or(&text);
                output.text(&format!("FAIL  {name}: {text}"))?;
            }
        }
    }
    Ok(usable)
}

async fn check_connector(connector: &WasmConnector, output: &mut Output) -> Result<bool, AppError> {
    let name = &connector.config().name;
    let manifest = connector.manifest();
    output.line(&format!(
        "ok    {name}: {} {} ({})",
        manifest.display_name,
        manifest.version,
        connector.digest().short()
    ))?;
    for asked in plugin::asked(manifest) {
        output.line(&format!("        asks for {asked}"))?;
    }
    for missing in connector.unpermitted() {
        output.line(&format!("      {missing}"))?;
    }
    let found = found(connector.check(CheckDepth::Authorize).await);
    let mut usable = true;
    for (ok, line) in found {
        usable &= ok;
        output.line(&format!("{}  {name}: {line}", if ok { "ok  " } else { "FAIL" }))?;
    }
    Ok(usable)
}

fn found(report: Result<CheckReport, Fault>) -> Vec<(bool, String)> {
    match report {
        Err(fault) => {
            let advice = errors::advice(&fault.kind);
            let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
            vec![(false, format!("{}: {}{advice}", fault.kind.word(), fault.message))]
        }
        Ok(report) => report
            .findings
            .into_iter()
            .map(|it| {
                let remedy = it.remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
                (it.ok, format!("{}: {}{remedy}", it.subject, it.detail))
            })
            .collect(),
    }
}
