//! `lanyard check`: the file, its tests, plugins, permissions, systems.

mod credentials;

use std::path::Path;

use lanyard_core::{
    fault::Fault,
    guard,
    id::ConnectorName,
    lifecycle::unknown_in_holds,
    policy_test,
    schema::{CheckDepth, CheckReport},
};

use super::{
    leaver,
    output::Output,
    plugin,
    session::{self, Plugins},
    stores,
};
use crate::{
    config::{Config, Loaded, Role, nearest},
    connector::{Connector as _, Connectors},
    errors::{self, AppError, Exit},
    reconcile::{self, ReconcileError, SourcesRead, Stop},
    store::Store as _,
    telemetry,
    wasm::{LoadError, Sandbox, WasmConnector},
};

/// What of everything that was looked at is as it should be.
struct Sound {
    /// The file and its tests.
    file: bool,
    connectors: bool,
    /// Nothing that left the file leaves access open.
    closed: bool,
}

pub(super) async fn check(
    file: &Path,
    offline: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let loaded = session::load(file)?;
    let sandbox = session::sandbox()?;
    let plugins = session::plugins(&sandbox, &loaded.config).await?;
    if let Some(absent) = &loaded.absent {
        output.error(&absent.render());
    } else {
        output.line(&format!("ok    {} is valid", file.display()))?;
    }
    warn_of_rates(&loaded.config, output);
    let complete = loaded.absent.is_none() && check_signing_key(&loaded, output);
    let passed = run_tests(&loaded, file, output)?;
    let mut sound = Sound { file: passed && complete, connectors: true, closed: true };
    if offline {
        for (name, plugin) in plugins {
            if let Err(error) = plugin {
                sound.connectors = false;
                cannot_be_used(&name, error, output)?;
            }
        }
    } else {
        let config = &loaded.config;
        let stop = session::watching(config).await?;
        let connectors =
            check_connectors(&sandbox, (config, &stop), plugins, &mut sound, output).await?;
        check_facts((config, &stop), &connectors, &mut sound, output).await?;
        stop.nothing_is_halted().await?;
    }
    sound.closed = check_dropped(loaded.config, output).await?;
    Ok(match sound {
        Sound { file: false, .. } => Exit::Config,
        Sound { connectors: false, .. } => Exit::Connector,
        Sound { closed: false, .. } => Exit::Failed,
        Sound { file: true, connectors: true, closed: true } => Exit::Ok,
    })
}

/// What is stored of sources and targets that left the file; true when that
/// leaves no access open.
async fn check_dropped(config: Config, output: &mut Output) -> Result<bool, AppError> {
    // Before the first plan there is no store, and looking must not make one.
    if !stores::exists(&config).await? {
        return Ok(true);
    }
    let store = session::open_store(&config).await?;
    let now = telemetry::clock()();
    let known = reconcile::last_known(config.policy, &store, now).await?;
    let left = known.left_behind();
    let word = if left.is_open() { "FAIL" } else { "note" };
    for sentence in reconcile::sentences(&known.policy, &left) {
        output.line(&format!("{word}  {sentence}"))?;
    }
    let people = &known.assembled.identities;
    for sentence in unknown_in_holds(&known.policy, people, &known.observed.kept) {
        output.line(&format!("note  {sentence}"))?;
    }
    Ok(!left.is_open())
}

/// Connectors of which nothing can ever be read whole.
fn warn_of_rates(config: &Config, output: &mut Output) {
    for (name, connector) in &config.connectors {
        let Some(every) = connector.pacing.rate.and_then(reconcile::too_seldom) else { continue };
        output.error(&format!(
            "warning: `{name}` can never be read: its `rate` lets one call in every {every:#}, and \
             a reading waits for none so long\n  hint: raise `rate`\n"
        ));
    }
}

/// Whether the key that the file names can sign.
fn check_signing_key(loaded: &Loaded, output: &mut Output) -> bool {
    let Some(source) = &loaded.config.signing else { return true };
    let Err(error) = leaver::named_key(source) else { return true };
    output.error(&loaded.config.bad_signing_key(error.to_string()).render());
    false
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

/// The connectors that can be used.
async fn check_connectors(
    sandbox: &Sandbox,
    (config, stop): (&Config, &Stop),
    plugins: Plugins,
    sound: &mut Sound,
    output: &mut Output,
) -> Result<Connectors, AppError> {
    let mut connectors = Connectors::default();
    for (name, loaded) in session::permitted(sandbox, config, plugins) {
        stop.nothing_is_halted().await?;
        match loaded {
            Ok(connector) if check_connector(&connector, output).await? => {
                sound.connectors &= check_effects(&connector, config, output).await?;
                session::attach(&mut connectors, &name, connector);
            }
            Ok(_unusable) => sound.connectors = false,
            Err(error) => {
                sound.connectors = false;
                cannot_be_used(&name, error, output)?;
            }
        }
    }
    stop.nothing_is_halted().await?;
    sound.file &= check_credentials(config, &connectors, output).await?;
    Ok(connectors)
}

/// Whether disabling does there what the file requires.
async fn check_effects(
    connector: &WasmConnector,
    config: &Config,
    output: &mut Output,
) -> Result<bool, AppError> {
    let name = &connector.config().name;
    let target =
        config.policy.targets.get(name).filter(|_| connector.config().role == Role::Target);
    let Some(target) = target.filter(|target| !target.requires.is_empty()) else {
        return Ok(true);
    };
    let missing = match connector.discover().await {
        Ok(schema) => guard::unpromised(target, &schema),
        Err(fault) => {
            output.line(&format!("FAIL  {name}: {}: {}", fault.kind.word(), fault.message))?;
            return Ok(false);
        }
    };
    if missing.is_empty() {
        output.line(&format!("ok    {name}: disabling does what `require` asks for"))?;
    } else {
        output.line(&format!(
            "FAIL  {name}: disabling an account does not do what `require` asks for ({}); nothing \
             is given there",
            guard::words_of_effects(&missing)
        ))?;
    }
    Ok(missing.is_empty())
}

/// Whether what steps do with credentials can be done anywhere.
async fn check_credentials(
    config: &Config,
    connectors: &Connectors,
    output: &mut Output,
) -> Result<bool, AppError> {
    let mut fine = true;
    for unable in credentials::unable(&config.policy, connectors).await {
        fine &= !unable.fails;
        output.line(&format!("{}  {}", if unable.fails { "FAIL" } else { "note" }, unable.text))?;
    }
    Ok(fine)
}

fn cannot_be_used(
    name: &ConnectorName,
    error: LoadError,
    output: &mut Output,
) -> Result<(), AppError> {
    let text = AppError::from(error).render();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    output.text(&format!("FAIL  {name}: {text}"))
}

/// Whether the sources give every fact that is asked for; only all of them
/// together can tell.
async fn check_facts(
    (config, stop): (&Config, &Stop),
    connectors: &Connectors,
    sound: &mut Sound,
    output: &mut Output,
) -> Result<(), AppError> {
    let sources = &config.policy.sources;
    if !sources.keys().all(|name| connectors.sources.contains_key(name)) {
        return Ok(());
    }
    // A first look makes no store.
    let known = if stores::exists(config).await? {
        session::open_store(config).await?.identities().await?
    } else {
        Vec::new()
    };
    let now = telemetry::clock()();
    let read = reconcile::read_sources(&config.policy, connectors, &known, (now, stop)).await;
    stop.nothing_is_halted().await?;
    let SourcesRead { columns, unknown, unread, .. } = match read {
        Ok(read) => read,
        Err(error) => return cannot_be_read(error, sound, output),
    };
    if !unread.is_empty() {
        for (source_name, fault) in unread {
            cannot_be_read(ReconcileError::Source { source_name, fault }, sound, output)?;
        }
        return Ok(());
    }
    if unknown.is_empty() {
        return output.line("ok    every fact that is asked for is given by a source");
    }
    sound.file = false;
    for fact in unknown {
        let near = nearest(&fact.fact, columns.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        output.line(&format!("FAIL  {fact}{near}"))?;
    }
    Ok(())
}

fn cannot_be_read(
    error: ReconcileError,
    sound: &mut Sound,
    output: &mut Output,
) -> Result<(), AppError> {
    sound.connectors = false;
    let text = AppError::from(error).render();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    output.text(&format!("FAIL  {text}"))
}

/// True when it can be used.
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
    // Nothing else of a component is tried before somebody leaves by it.
    let is_component = connector.config().role == Role::Component;
    let mut usable = !is_component || connector.unpermitted().is_empty();
    if !usable {
        output.line(&format!("FAIL  {name}: it may not do what it asks for; see above"))?;
    }
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
