//! Connectors as WebAssembly components: one engine, a fresh instance for
//! every call, and nothing reachable that was not permitted.

mod cache;
mod call;
mod egress;
mod engine;
mod handed;
mod http;
mod load;
mod permitted;
mod script;
mod secrets;
mod state;
mod step;
mod stream;
mod tls;
mod v0_1;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use lanyard_core::{
    account::{Account, Assignment, Entitlement},
    fault::{Fault, FaultKind},
    id::{ConnectorName, Digest},
    schedule::Pacing,
    schema::{CheckDepth, CheckReport, Manifest, Schema},
    value::ObjectRef,
};

use crate::{
    config::{CallLimits, ConnectorConfig, Role, permissions::Permissions},
    connector::{
        Abilities, AssignmentScope, Connector, Lookup, Outcome, Page, PageRequest, Write,
        WriteContext,
    },
};
use cache::Cache;
use call::Call;
use load::{Blueprint, Component};
use permitted::Purpose;

pub use load::{Clock, LoadError};
pub use script::{Heard, ScriptedAnswer, ScriptedPeer, ScriptedRequest, ScriptedSystem};

/// Where components are compiled, inspected and loaded.
pub struct Sandbox {
    engine: engine::Engine,
    cache: Option<Cache>,
    clock: Clock,
    cancelled: Arc<AtomicBool>,
}

/// What `plugin inspect` shows of a file.
#[derive(Debug, Clone)]
pub struct Inspection {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    pub manifest: Manifest,
}

impl Sandbox {
    /// `cache` is the directory for compiled components; without one, or
    /// when it is not private, every start compiles anew.
    ///
    /// # Errors
    /// When this machine cannot run WebAssembly.
    pub fn new(cache: Option<&Path>, clock: Clock) -> wasmtime::Result<Self> {
        let cache = cache.and_then(|directory| {
            Cache::open(directory)
                .inspect_err(|refused| {
                    tracing::warn!("{refused}; components are compiled at every start");
                })
                .ok()
        });
        let engine = engine::Engine::new()?;
        tracing::debug!(allocation = ?engine.allocation(), "engine");
        Ok(Self { engine, cache, clock, cancelled: Arc::default() })
    }

    /// The engine itself, so that a benchmark measures what a call is made of
    /// with the very settings that calls run under.
    pub fn engine(&self) -> &wasmtime::Engine {
        self.engine.inner()
    }

    /// Asks running guests to stop at their next safe point.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Looks at a file without permitting it anything.
    ///
    /// # Errors
    /// Why it is no connector.
    pub async fn inspect(&self, path: &Path) -> Result<Inspection, LoadError> {
        let blueprint = self.blueprint(path)?;
        let manifest = self.describe(&blueprint, path).await?;
        Ok(Inspection {
            digest: blueprint.digest.clone(),
            size: blueprint.size,
            imports: blueprint.imports.clone(),
            exports: blueprint.export_names.clone(),
            manifest,
        })
    }

    /// Loads a configured connector.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn load(&self, config: &ConnectorConfig) -> Result<WasmConnector, LoadError> {
        self.load_into(config, None).await
    }

    /// Loads a configured connector whose requests and streams go to a
    /// script, and never to the network; every permission counts as ever.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn load_scripted(
        &self,
        config: &ConnectorConfig,
        system: Arc<dyn ScriptedSystem>,
    ) -> Result<WasmConnector, LoadError> {
        self.load_into(config, Some(system)).await
    }

    async fn load_into(
        &self,
        config: &ConnectorConfig,
        script: Option<Arc<dyn ScriptedSystem>>,
    ) -> Result<WasmConnector, LoadError> {
        let prepared = self.prepare(config).await?;
        self.permit_with(prepared, config, script)
    }

    /// Asks the plugin of a connector what it is, without permitting it
    /// anything.
    ///
    /// # Errors
    /// Why it cannot be what the file wants it to be.
    pub async fn prepare(&self, config: &ConnectorConfig) -> Result<Prepared, LoadError> {
        let blueprint = self.blueprint(&config.plugin)?;
        blueprint.serves(config.role, &config.plugin)?;
        let manifest = self.describe(&blueprint, &config.plugin).await?;
        Ok(Prepared { blueprint, manifest })
    }

    /// Permits a plugin what the file says, and configures it.
    ///
    /// # Errors
    /// Why a secret or an authority cannot be read.
    pub fn permit(
        &self,
        prepared: Prepared,
        config: &ConnectorConfig,
    ) -> Result<WasmConnector, LoadError> {
        self.permit_with(prepared, config, None)
    }

    fn permit_with(
        &self,
        prepared: Prepared,
        config: &ConnectorConfig,
        script: Option<Arc<dyn ScriptedSystem>>,
    ) -> Result<WasmConnector, LoadError> {
        let Prepared { blueprint, manifest } = prepared;
        load::has_required_secrets(&manifest, config)?;
        let component =
            Component::new(blueprint, config.clone(), manifest, Arc::clone(&self.clock), script)?;
        let permission = config.permissions.digest();
        Ok(WasmConnector {
            component: Arc::new(component),
            permission,
            cancelled: Arc::clone(&self.cancelled),
        })
    }

    fn blueprint(&self, path: &Path) -> Result<Arc<Blueprint>, LoadError> {
        Blueprint::load(self.engine.inner(), self.cache.as_ref(), path).map(Arc::new)
    }

    /// `describe` runs before anything is permitted.
    async fn describe(
        &self,
        blueprint: &Arc<Blueprint>,
        path: &Path,
    ) -> Result<Manifest, LoadError> {
        let no_manifest = |why: String| LoadError::NoManifest { path: path.to_owned(), why };
        let config = ConnectorConfig {
            name: ConnectorName::new("plugin").map_err(|error| no_manifest(error.to_string()))?,
            role: Role::Target,
            plugin: path.to_owned(),
            config: serde_json::Value::Null,
            permissions: Permissions::default(),
            limits: CallLimits::default(),
            pacing: Pacing::default(),
        };
        let nothing = Manifest {
            id: String::new(),
            version: String::new(),
            display_name: String::new(),
            config_schema: String::new(),
            requests: Vec::new(),
            streams: Vec::new(),
            directories: Vec::new(),
            secrets: Vec::new(),
            authorizations: Vec::new(),
            attributes: Vec::new(),
        };
        let clock = Arc::clone(&self.clock);
        let component = Component::new(Arc::clone(blueprint), config, nothing, clock, None)?;
        let connector = WasmConnector {
            component: Arc::new(component),
            permission: Permissions::default().digest(),
            cancelled: Arc::clone(&self.cancelled),
        };
        connector.describe().await.map_err(|fault| no_manifest(fault.message))
    }
}

/// A plugin that said what it is, not yet permitted anything.
pub struct Prepared {
    blueprint: Arc<Blueprint>,
    manifest: Manifest,
}

impl Prepared {
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// A loaded connector.
pub struct WasmConnector {
    component: Arc<Component>,
    permission: Digest,
    cancelled: Arc<AtomicBool>,
}

/// One call on a fresh instance, within the connector's wall time.
macro_rules! call {
    ($self:ident, $purpose:expr, $journal:expr, |$instance:ident| $call:expr) => {{
        let cancelled = Arc::clone(&$self.cancelled);
        let mut call = Call::begin(&$self.component, $purpose, $journal, cancelled).await?;
        let done = tokio::time::timeout(call.wall_time(), async {
            let mut $instance = call.instance().await?;
            $call.await
        })
        .await;
        call.end(done)
    }};
}

use call as on_an_instance;

impl WasmConnector {
    pub fn manifest(&self) -> &Manifest {
        &self.component.permitted.manifest
    }

    pub fn config(&self) -> &ConnectorConfig {
        &self.component.permitted.config
    }

    /// Of the component file.
    pub fn digest(&self) -> &Digest {
        &self.component.blueprint.digest
    }

    /// The same component, configured and permitted anew.
    ///
    /// # Errors
    /// Why a secret or an authority cannot be read.
    pub fn again(
        &self,
        config: ConnectorConfig,
        system: Arc<dyn ScriptedSystem>,
    ) -> Result<Self, LoadError> {
        let Component { blueprint, permitted, clock, .. } = self.component.as_ref();
        let permission = config.permissions.digest();
        let component = Component::new(
            Arc::clone(blueprint),
            config,
            permitted.manifest.clone(),
            Arc::clone(clock),
            Some(system),
        )?;
        let cancelled = Arc::clone(&self.cancelled);
        Ok(Self { component: Arc::new(component), permission, cancelled })
    }

    /// What it asks for and is not permitted, each with the TOML that would
    /// permit it.
    pub fn unpermitted(&self) -> Vec<String> {
        self.component.permitted.unpermitted().iter().map(ToString::to_string).collect()
    }

    /// What it says of itself under this configuration.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn describe(&self) -> Result<Manifest, Fault> {
        call!(self, Purpose::Read, None, |instance| instance.describe())
    }
}

#[async_trait]
impl Connector for WasmConnector {
    fn abilities(&self) -> Abilities {
        self.component.blueprint.abilities
    }

    async fn check(&self, depth: CheckDepth) -> Result<CheckReport, Fault> {
        call!(self, Purpose::Read, None, |instance| instance.check(depth))
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        call!(self, Purpose::Read, None, |instance| instance.discover())
    }

    async fn list(&self, object_type: &str, page: PageRequest) -> Result<Page<Account>, Fault> {
        let limit = page.limit;
        let page = call!(self, Purpose::Read, None, |instance| instance.list(object_type, page))?;
        within(limit, page)
    }

    async fn get(&self, account: &ObjectRef) -> Result<Account, Fault> {
        let found = call!(self, Purpose::Read, None, |instance| instance.get(account))?;
        if found.reference == *account {
            Ok(found)
        } else {
            Err(bad_answer("it was asked for one account and answered another".to_owned()))
        }
    }

    async fn find(&self, object_type: &str, by: &Lookup) -> Result<Vec<Account>, Fault> {
        call!(self, Purpose::Read, None, |instance| instance.find(object_type, by))
    }

    async fn list_entitlements(
        &self,
        object_type: &str,
        page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        let limit = page.limit;
        let page = call!(self, Purpose::Read, None, |instance| {
            instance.list_entitlements(object_type, page)
        })?;
        within(limit, page)
    }

    async fn list_assignments(
        &self,
        scope: &AssignmentScope,
        page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        let limit = page.limit;
        let page =
            call!(self, Purpose::Read, None, |instance| instance.list_assignments(scope, page))?;
        within(limit, page)
    }

    async fn write(&self, context: WriteContext, write: &Write) -> Result<Outcome, Fault> {
        if let Write::SetPassword { password, .. } = write {
            return handed::set(self, context, (write, password)).await;
        }
        let journal = Some(Arc::clone(&context.journal));
        call!(self, Purpose::Write, journal, |instance| instance.write(&context, write))
    }
}

fn bad_answer(problem: String) -> Fault {
    Fault::new(FaultKind::BadAnswer(problem.clone()), problem)
}

/// A page is not larger than what was asked for.
fn within<T>(limit: u32, page: Page<T>) -> Result<Page<T>, Fault> {
    let items = page.items.len();
    if u32::try_from(items).is_ok_and(|items| items <= limit) {
        Ok(page)
    } else {
        Err(bad_answer(format!("a page of at most {limit} items has {items}")))
    }
}
