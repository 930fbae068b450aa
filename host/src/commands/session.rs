//! What a verb opens: the file, the store, the sandbox, the connectors.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use lanyard_core::id::ConnectorName;

use super::{apply::UNSWEPT, heads::Told, output::Output, stores};
use crate::{
    config::{self, Config, ConnectorConfig, Loaded, Role, store::StoreConfig},
    connector::{Attached, Connector, Connectors, Unusable},
    errors::{AppError, Exit},
    messenger::{Messenger, Post},
    reconcile::{Context, LastKnown, Stop},
    store::{Store, Upkeep as _, any::AnyStore},
    telemetry,
    wasm::{LoadError, Prepared, Sandbox, WasmConnector},
};

pub(super) fn load(file: &Path) -> Result<Loaded, AppError> {
    Ok(config::load(file, &|name| std::env::var(name).ok())?)
}

/// For verbs that only look at what is stored: an auditor has no secrets.
pub(super) fn load_without_secrets(file: &Path) -> Result<Loaded, AppError> {
    Ok(config::load(file, &|_name| Some("not read".to_owned()))?)
}

/// Where the store is: what has to be said at once is said whatever else is
/// wrong in the file.
pub(super) async fn load_store(file: &Path, output: &mut Output) -> Result<StoreConfig, AppError> {
    let unread = |_name: &str| Some("not read".to_owned());
    let mistakes = match config::load(file, &unread) {
        Ok(loaded) => return Ok(loaded.config.store),
        Err(mistakes) => mistakes,
    };
    let Ok(store) = config::store_of(file, &unread) else { return Err(mistakes.into()) };
    // One that nobody used yet may be another than the one that is meant.
    if !stores::exists_at(&store).await? {
        return Err(mistakes.into());
    }
    output.error(&mistakes.render());
    output.error("warning: the file is wrong, and no run begins with it; its `[store]` is read\n");
    Ok(store)
}

/// For verbs that only look: the last state, whatever else is running.
pub(super) async fn open_store(config: &Config) -> Result<AnyStore, AppError> {
    stores::open(config).await
}

/// For verbs that judge by what was recorded.
pub(super) fn say_unread(known: &LastKnown, output: &mut Output) {
    let read = &known.observed.targets;
    for target in known.policy.targets.keys().filter(|name| !read.contains_key(*name)) {
        output.error(&format!(
            "note: `{target}` was never read, so nothing is said of it; `lanyard plan` reads it\n"
        ));
    }
    if known.assembled.identities.is_empty() {
        output.error("note: nobody is known yet; `lanyard plan` reads the sources\n");
    }
}

/// What a verb does with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It records what it saw, and needs none of it afterwards.
    Looks,
    /// What it does must be remembered.
    Changes,
}

/// The store for the one process that changes it.
///
/// What was recorded while `LANYARD_NOW` made the clock stand is believed
/// only by those for whom it stands too: a store is one or the other from
/// its first use on.  Looking at the real one from another time is looking
/// at a copy.
pub(super) async fn exclusive_store(
    config: &Config,
    purpose: Use,
    output: &mut Output,
) -> Result<AnyStore, AppError> {
    Ok(own_store(config, purpose, output).await?.0)
}

/// True when it is a copy.
async fn own_store(
    config: &Config,
    purpose: Use,
    output: &mut Output,
) -> Result<(AnyStore, bool), AppError> {
    let store = stores::open_exclusive(config).await?;
    let stands = matches!(telemetry::set_clock(), Ok(Some(_)));
    match (stands, store.keep_clock(stands).await?) {
        (true, true) | (false, false) => {
            // What could not be then, because somebody was reading.
            if !store.sweep().await? {
                output.error(&format!("note: {UNSWEPT}\n"));
            }
            Ok((store, false))
        }
        (false, true) => Err(AppError::new(
            Exit::Store,
            format!("the store `{}` is one for trying out", config.store),
        )
        .hint("it was made under LANYARD_NOW, and its times are not to be believed without it")
        .hint("name another file under `[store] path`")),
        (true, false) if purpose == Use::Looks => {
            output.error("note: nothing of this is recorded: the store keeps to the real time\n");
            Ok((stores::open_copy(config).await?, true))
        }
        (true, false) => Err(AppError::new(
            Exit::Usage,
            format!("under LANYARD_NOW the store `{}` is not changed", config.store),
        )
        .hint("it keeps to the real time, and `plan` looks at a copy of it")
        .hint("to try out more, name another file under `[store] path`")),
    }
}

pub(super) fn sandbox() -> Result<Sandbox, AppError> {
    Sandbox::new(cache_directory().as_deref(), telemetry::clock()).map_err(|error| {
        AppError::new(Exit::Bug, format!("this machine cannot run WebAssembly: {error:#}"))
    })
}

/// `LANYARD_CACHE`, else `lanyard` in the user's cache directory.
fn cache_directory() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("LANYARD_CACHE")
        .map(PathBuf::from)
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| PathBuf::from(cache).join("lanyard")))
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache/lanyard")))
}

/// Plugins by the name of their connector; all that cannot be used are told.
pub(super) type Plugins = BTreeMap<ConnectorName, Result<Prepared, LoadError>>;

/// Asks every plugin of the file what it is, and holds what the file tells
/// it against its schema.
///
/// # Errors
/// Every mistake in the connectors' `config`.
pub(super) async fn plugins(sandbox: &Sandbox, config: &Config) -> Result<Plugins, AppError> {
    let mut plugins = Plugins::new();
    for (name, connector) in &config.connectors {
        plugins.insert(name.clone(), sandbox.prepare(connector).await);
    }
    let usable = plugins.iter().filter_map(|(name, it)| Some((name, it.as_ref().ok()?)));
    config.check_schemas(usable.map(|(name, it)| (name, it.manifest().config_schema.as_str())))?;
    Ok(plugins)
}

/// Connectors by their name; all that cannot be used are told.
pub(super) fn permitted(
    sandbox: &Sandbox,
    config: &Config,
    plugins: Plugins,
) -> BTreeMap<ConnectorName, Result<WasmConnector, LoadError>> {
    let connectors = &config.connectors;
    plugins
        .into_iter()
        .filter_map(|(name, plugin)| {
            let connector = connectors.get(&name)?;
            Some((name, plugin.and_then(|plugin| sandbox.permit(plugin, connector))))
        })
        .collect()
}

/// Everything for walking the road; holds the store alone.
pub(super) struct Road {
    pub(super) context: Context,
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) told: Told,
    /// Whether Ctrl-C stops what it does by now.
    pub(super) is_heeding: AtomicBool,
}

pub(super) async fn road(file: &Path, purpose: Use, output: &mut Output) -> Result<Road, AppError> {
    let Loaded { config, tests: _, absent } = load(file)?;
    if let Some(absent) = absent {
        // What they stop is told with each of them.
        tracing::warn!("{}", absent.render());
    }
    let sandbox = Arc::new(sandbox()?);
    let connectors = connectors(&sandbox, &config).await?;
    let (store, is_copy) = own_store(&config, purpose, output).await?;
    let store: Arc<dyn Store> = Arc::new(store);
    // Nobody halts a copy.
    let stop = if is_copy { watching(&config).await? } else { Stop::watching(Arc::clone(&store)) };
    let post = Arc::new(Post::new(&config.notify)?);
    let messenger: Arc<dyn Messenger> = Arc::<Post>::clone(&post);
    let mut policy = config.policy;
    policy.keep_versions(&store.definitions().await?);
    if matches!(telemetry::set_clock(), Ok(Some(_))) {
        // Whoever sets the clock means it to jump.
        policy.lifecycle.clock_jump = None;
    }
    let context = Context {
        policy: Arc::new(policy),
        config: config.digest,
        stop,
        store,
        connectors,
        messenger,
        actor: actor(),
        clock: telemetry::clock(),
    };
    let told = Told { audit: config.audit, signing: config.signing, store: config.store, post };
    Ok(Road { context, sandbox, told, is_heeding: AtomicBool::new(false) })
}

/// Says that nothing is called any more, where that is so.
pub(super) async fn say_halted(store: &dyn Store, output: &mut Output) -> Result<(), AppError> {
    if let Some(halt) = store.halted().await? {
        output.error(&format!(
            "everything is halted {halt}: nothing is taken from anybody until `lanyard resume`\n"
        ));
    }
    Ok(())
}

/// The store beside the process that changes it, for the one thing that has
/// to be said while that one runs.
pub(super) async fn store_beside(config: &StoreConfig) -> Result<AnyStore, AppError> {
    let store = stores::open_at(config).await?;
    let stands = matches!(telemetry::set_clock(), Ok(Some(_)));
    if store.keep_clock(stands).await? == stands {
        return Ok(store);
    }
    Err(AppError::new(Exit::Usage, format!("the store `{config}` keeps to another time"))
        .hint("LANYARD_NOW is for a store of its own"))
}

/// Where nothing is changed, and a halt ends it all the same; before there is
/// a store nobody can have said one.
pub(super) async fn watching(config: &Config) -> Result<Stop, AppError> {
    if !stores::exists(config).await? {
        return Ok(Stop::default());
    }
    Ok(Stop::watching(Arc::new(open_store(config).await?)))
}

/// Every connector of the file; one that cannot be used says so when it is
/// called.
///
/// # Errors
/// Every mistake in the connectors' `config`.
pub(super) async fn connectors(sandbox: &Sandbox, config: &Config) -> Result<Connectors, AppError> {
    let mut connectors = Connectors::default();
    let plugins = plugins(sandbox, config).await?;
    for (name, loaded) in permitted(sandbox, config, plugins) {
        match loaded {
            Ok(connector) => attach(&mut connectors, &name, connector),
            // It delays nothing but what is its own.
            Err(error) => {
                let Some(written) = config.connectors.get(&name) else { continue };
                attach_unusable(&mut connectors, &name, written.role, Unusable::new(&error));
            }
        }
    }
    Ok(connectors)
}

pub(super) fn attach(connectors: &mut Connectors, name: &ConnectorName, connector: WasmConnector) {
    let ConnectorConfig { role, limits, .. } = connector.config().clone();
    let attached = |connector: WasmConnector| Attached {
        plugin: connector.digest().clone(),
        permission: connector.permission_digest().clone(),
        page_size: limits.page_size,
        parallel: limits.parallel,
        gate: connector.gate(),
        connector: Arc::new(connector) as Arc<dyn Connector>,
    };
    match role {
        Role::Source => drop(connectors.sources.insert(name.clone(), attached(connector))),
        Role::Target => drop(connectors.targets.insert(name.clone(), attached(connector))),
        Role::Component => drop(connectors.components.insert(name.clone(), Arc::new(connector))),
    }
}

/// In the place of one that cannot be used.
fn attach_unusable(connectors: &mut Connectors, name: &ConnectorName, role: Role, it: Unusable) {
    match role {
        Role::Source => drop(connectors.sources.insert(name.clone(), it.attached())),
        Role::Target => drop(connectors.targets.insert(name.clone(), it.attached())),
        Role::Component => drop(connectors.components.insert(name.clone(), Arc::new(it))),
    }
}

/// Who orders it: the OS user, as the kernel knows them.
pub(super) fn actor() -> String {
    let uid = rustix::process::getuid().as_raw();
    let named = std::fs::read_to_string("/etc/passwd").ok().and_then(|passwd| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _password, id) = (fields.next()?, fields.next()?, fields.next()?);
            (id.parse() == Ok(uid)).then(|| name.to_owned())
        })
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}
