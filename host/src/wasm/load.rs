//! From a file to a component that can be called.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_core::{id::Digest, schema::Manifest};
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use wasmtime::component::{InstancePre, Linker};

use super::{
    cache::Cache,
    http,
    permitted::Permitted,
    script::{Outlet, ScriptedSystem},
    secrets::{UnreadableSecret, Vault},
    state::CallState,
    tls::{self, TlsSetupError},
    v0_1,
};
use crate::{
    config::{ConnectorConfig, Role, permissions::paste_secret},
    connector::{Abilities, Gate},
};

/// Bytes of a component file; interpreters compiled to components have 20 MB.
const MAX_COMPONENT: u64 = 64 << 20;

/// The package and version of the contract this host speaks.
const CONTRACT: &str = "lanyard:connector/";
const CONTRACT_VERSION: &str = "0.1.0";

/// Tells the time to guests.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why a file cannot be used as a connector.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read the plugin `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the plugin `{path}` has {size} bytes; at most {MAX_COMPONENT} are loaded")]
    TooLarge { path: PathBuf, size: u64 },
    #[error(
        "`{0}` is not WebAssembly; build the connector for the target `wasm32-wasip2` and give \
         the `.wasm` file"
    )]
    NotWasm(PathBuf),
    #[error(
        "`{0}` is a core WebAssembly module, not a component; build it for the target \
         `wasm32-wasip2`, or wrap it with `wasm-tools component new`"
    )]
    CoreModule(PathBuf),
    #[error(
        "`{path}` is damaged, or uses what this host does not know; copy it again, or build it \
         again for `wasm32-wasip2`"
    )]
    Invalid {
        path: PathBuf,
        #[source]
        source: wasmtime::Error,
    },
    #[error(
        "`{path}` does not export `lanyard:connector/meta`, so it is no connector; it exports \
         {exports}"
    )]
    NoConnector { path: PathBuf, exports: String },
    #[error(
        "`{path}` does not export `{CONTRACT}{interface}`, so it cannot be a {role}; it exports \
         {exports}"
    )]
    LacksInterface { path: PathBuf, interface: &'static str, role: &'static str, exports: String },
    #[error(
        "`{path}` was built against version {found} of lanyard:connector; this host speaks \
         {CONTRACT_VERSION}: build it again with the matching SDK"
    )]
    OtherVersion { path: PathBuf, found: String },
    #[error(
        "`{path}` imports `{import}`, which this host does not have; it offers {CONTRACT}* and \
         WASI 0.2"
    )]
    UnknownImport { path: PathBuf, import: String },
    #[error(
        "`{path}` has an interface that is not as version {CONTRACT_VERSION} of lanyard:connector \
         has it; build it again with the matching SDK"
    )]
    OtherInterface {
        path: PathBuf,
        #[source]
        source: wasmtime::Error,
    },
    #[error("`{path}` does not describe itself: {why}")]
    NoManifest { path: PathBuf, why: String },
    #[error(transparent)]
    Secret(#[from] UnreadableSecret),
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    #[error(
        "the connector asks for the secret `{secret}` ({purpose}) and cannot work without; {remedy}"
    )]
    SecretMissing { secret: String, purpose: String, remedy: String },
}

/// A component, compiled and linked, without anything permitted yet.
pub(super) struct Blueprint {
    pub(super) pre: InstancePre<CallState>,
    pub(super) exports: v0_1::Exports,
    pub(super) abilities: Abilities,
    pub(super) digest: Digest,
    pub(super) imports: Vec<String>,
    pub(super) export_names: Vec<String>,
    pub(super) size: u64,
}

impl Blueprint {
    pub(super) fn load(
        engine: &wasmtime::Engine,
        cache: Option<&Cache>,
        path: &Path,
    ) -> Result<Self, LoadError> {
        let bytes = read(path)?;
        is_component(path, &bytes)?;
        let digest = Digest::of(&bytes);
        let invalid = |source| LoadError::Invalid { path: path.to_owned(), source };
        let component = match cache {
            Some(cache) => cache.load(engine, &digest, &bytes),
            None => wasmtime::component::Component::from_binary(engine, &bytes),
        }
        .map_err(invalid)?;
        let ty = component.component_type();
        let mut imports: Vec<String> =
            ty.imports(engine).map(|(name, _item)| name.to_owned()).collect();
        let mut export_names: Vec<String> =
            ty.exports(engine).map(|(name, _item)| name.to_owned()).collect();
        // Their order in the file differs between builds of the same source.
        imports.sort();
        export_names.sort();
        same_version(path, imports.iter().chain(&export_names))?;
        let abilities = abilities(path, &export_names)?;
        know_imports(path, &imports)?;
        let mut linker = Linker::new(engine);
        v0_1::add_to_linker(&mut linker).map_err(invalid)?;
        let other = |source| LoadError::OtherInterface { path: path.to_owned(), source };
        let pre = linker.instantiate_pre(&component).map_err(other)?;
        let exports = v0_1::Exports::of(&pre, abilities).map_err(other)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Self { pre, exports, abilities, digest, imports, export_names, size })
    }
}

impl Blueprint {
    /// A source is read; a target is read and written.
    pub(super) fn serves(&self, role: Role, path: &Path) -> Result<(), LoadError> {
        let Abilities { directory, provisioning, step, .. } = self.abilities;
        let interface = match role {
            Role::Source | Role::Target if !directory => "directory",
            Role::Target if !provisioning => "provisioning",
            Role::Component if !step => "step",
            Role::Source | Role::Target | Role::Component => return Ok(()),
        };
        Err(LoadError::LacksInterface {
            path: path.to_owned(),
            interface,
            role: role.word(),
            exports: listed(&self.export_names),
        })
    }
}

/// Without these it cannot work at all.
pub(super) fn has_required_secrets(
    manifest: &Manifest,
    config: &ConnectorConfig,
) -> Result<(), LoadError> {
    let permitted = &config.permissions.secrets;
    let missing =
        manifest.secrets.iter().find(|need| need.required && !permitted.contains_key(&need.name));
    match missing {
        None => Ok(()),
        Some(need) => Err(LoadError::SecretMissing {
            secret: need.name.clone(),
            purpose: need.purpose.clone(),
            remedy: paste_secret(config.role, config.name.as_str(), &need.name),
        }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_COMPONENT {
        return Err(LoadError::TooLarge { path: path.to_owned(), size });
    }
    std::fs::read(path).map_err(failed)
}

/// The first eight bytes tell (component model, binary format: layer 1).
fn is_component(path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        Some([0, b'a', b's', b'm', ..]) => Err(LoadError::CoreModule(path.to_owned())),
        _ => Err(LoadError::NotWasm(path.to_owned())),
    }
}

/// Every interface of ours that is named, of the version this host speaks.
fn same_version<'n>(
    path: &Path,
    mut names: impl Iterator<Item = &'n String>,
) -> Result<(), LoadError> {
    let other = names.find_map(|name| {
        let (_, version) = name.strip_prefix(CONTRACT)?.split_once('@')?;
        (version != CONTRACT_VERSION).then(|| version.to_owned())
    });
    match other {
        Some(found) => Err(LoadError::OtherVersion { path: path.to_owned(), found }),
        None => Ok(()),
    }
}

/// What the component can do, by what it exports.
fn abilities(path: &Path, exports: &[String]) -> Result<Abilities, LoadError> {
    let ours: Vec<&str> = exports
        .iter()
        .filter_map(|name| Some(name.strip_prefix(CONTRACT)?.split_once('@')?.0))
        .collect();
    let has = |interface: &str| ours.contains(&interface);
    if !has("meta") {
        return Err(LoadError::NoConnector { path: path.to_owned(), exports: listed(exports) });
    }
    Ok(Abilities {
        directory: has("directory"),
        provisioning: has("provisioning"),
        entitlements: has("entitlements"),
        credentials: has("credentials"),
        step: has("step"),
    })
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn know_imports(path: &Path, imports: &[String]) -> Result<(), LoadError> {
    const WASI: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];
    const OURS: [&str; 12] = [
        "authorization",
        "config",
        "deposit",
        "journal",
        "log",
        "placeholders",
        "progress",
        "reveal",
        "secret-types",
        "streams",
        "time",
        "types",
    ];
    for import in imports {
        let ours = import.strip_prefix(CONTRACT).and_then(|rest| rest.split_once('@'));
        if ours.is_some_and(|(interface, _)| OURS.contains(&interface)) {
            continue;
        }
        let wasi = import.strip_prefix("wasi:").is_some_and(|rest| {
            rest.split_once('/').is_some_and(|(package, _)| WASI.contains(&package))
                && rest.split_once('@').is_some_and(|(_, version)| version.starts_with("0.2."))
        });
        if !wasi {
            let import = import.clone();
            return Err(LoadError::UnknownImport { path: path.to_owned(), import });
        }
    }
    Ok(())
}

/// A component with everything permitted to it: what a call needs.
pub(super) struct Component {
    pub(super) blueprint: Arc<Blueprint>,
    pub(super) permitted: Arc<Permitted>,
    pub(super) vault: Arc<Vault>,
    pub(super) outlet: Outlet,
    tls: Arc<ClientConfig>,
    stream_tls: BTreeMap<String, Arc<ClientConfig>>,
    pub(super) parallel: Semaphore,
    pub(super) gate: Arc<Gate>,
    pub(super) clock: Clock,
}

impl Component {
    /// With a script, nothing of it ever touches the network.
    pub(super) fn new(
        blueprint: Arc<Blueprint>,
        config: ConnectorConfig,
        manifest: Manifest,
        clock: Clock,
        script: Option<Arc<dyn ScriptedSystem>>,
    ) -> Result<Self, LoadError> {
        let vault = Arc::new(Vault::read(&config.permissions)?);
        let tls = tls::client(None)?;
        let stream_tls = config
            .permissions
            .streams
            .iter()
            .filter_map(|(name, stream)| stream.ca.as_ref().map(|ca| (name, ca)))
            .map(|(name, ca)| Ok((name.clone(), tls::client(Some(ca))?)))
            .collect::<Result<_, TlsSetupError>>()?;
        let addresses = config.permissions.addresses.clone();
        let outlet = match script {
            Some(system) => Outlet::Scripted(system),
            None => {
                Outlet::Network(http::client(addresses, Arc::clone(&tls), config.limits.parallel))
            }
        };
        let parallel = usize::try_from(config.limits.parallel).unwrap_or(Semaphore::MAX_PERMITS);
        let gate = Gate::new(config.pacing.clone(), Arc::clone(&clock));
        Ok(Self {
            blueprint,
            permitted: Arc::new(Permitted { config, manifest }),
            vault,
            outlet,
            tls,
            stream_tls,
            parallel: Semaphore::new(parallel.clamp(1, Semaphore::MAX_PERMITS)),
            gate,
            clock,
        })
    }

    pub(super) fn stream_tls(&self, stream: &str) -> &Arc<ClientConfig> {
        self.stream_tls.get(stream).unwrap_or(&self.tls)
    }
}

impl super::WasmConnector {
    /// When it may be called, as it says and as the file does.
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.component.gate)
    }

    /// Of everything it is permitted.
    pub fn permission_digest(&self) -> &Digest {
        &self.permission
    }
}
