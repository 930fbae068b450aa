//! The connector on the bench: configured, permitted exactly what it asks
//! for, and connected to a script.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use lanyard_core::{
    fault::FaultKind,
    id::ConnectorName,
    schedule::Pacing,
    schema::{AuthorizationKind, Manifest, ObjectRole, Schema},
};
use tempfile::TempDir;

use super::{
    ContractError, Subject,
    calls::{Call, Called, Claim, Types},
    sample,
    situation::{self, Files, Scene, Situation},
    system::Script,
};
use crate::{
    config::{
        CallLimits, ConnectorConfig, Role,
        permissions::{
            AuthorizationScheme, DirectoryPermission, Host, Permissions, Protocol,
            RequestPermission, Scheme, SecretSource, StreamPermission, Tls,
        },
    },
    connector::{Abilities, Connector as _},
    wasm::{Sandbox, WasmConnector},
};

/// Wall time of a call to a system that never answers.
const BRIEF: Duration = Duration::from_millis(500);

/// Wall time of any other call: a script answers at once.
const WALL_TIME: Duration = Duration::from_secs(3);

/// Calls at the same time, where all of them wait.
const PARALLEL: u32 = 32;

/// The secret that stands behind the authorization, beside those asked for.
const SIGN_IN: &str = "contract-test";

pub(super) struct Bench {
    connector: WasmConnector,
    /// The same with little time.
    hasty: WasmConnector,
    /// The same with the directories that were given.
    filled: Option<WasmConnector>,
    pub(super) script: Arc<Script>,
    pub(super) types: Types,
    pub(super) schema: Option<Schema>,
    /// What `describe` answered without configuration or permissions.
    pub(super) bare: Manifest,
    data: TempDir,
    _secrets: TempDir,
}

impl Bench {
    pub(super) async fn set_up(
        sandbox: &Sandbox,
        subject: &Subject,
    ) -> Result<Self, ContractError> {
        let inspected = sandbox.inspect(&subject.file).await?;
        let writes = inspected.exports.iter().any(|name| name.contains("/provisioning@"));
        let bare = inspected.manifest;
        for name in subject.directories.keys() {
            if !bare.directories.iter().any(|need| need.name == *name) {
                return Err(ContractError::Directory(name.clone()));
            }
        }
        let canary = canary()?;
        let (data, secrets) = (scratch()?, scratch()?);
        let secret = secrets.path().join("canary");
        fs::write(&secret, &canary).map_err(ContractError::Scratch)?;
        let config = subject.config.clone().unwrap_or_else(|| {
            sample::config(&serde_json::from_str(&bare.config_schema).unwrap_or_default())
        });
        let directories = directories(&bare, data.path());
        let permissions = permissions(&bare, &config, &secret, directories);
        let config = ConnectorConfig {
            name: ConnectorName::new("tested").map_err(|error| ContractError::Config {
                config: config.to_string(),
                why: error.to_string(),
            })?,
            role: if writes { Role::Target } else { Role::Source },
            plugin: subject.file.clone(),
            config,
            permissions,
            limits: CallLimits {
                wall_time: WALL_TIME,
                parallel: PARALLEL,
                ..CallLimits::default()
            },
            pacing: Pacing::default(),
        };
        let script = Arc::new(Script::new(canary, &bare.requests));
        let connector = sandbox.load_scripted(&config, Arc::clone(&script) as _).await?;
        let limits = CallLimits { wall_time: BRIEF, ..config.limits.clone() };
        let hasty = connector
            .again(ConnectorConfig { limits, ..config.clone() }, Arc::clone(&script) as _)?;
        let filled = if subject.directories.is_empty() {
            None
        } else {
            let mut config = config.clone();
            let given = subject.directories.iter().map(|(name, path)| {
                (name.clone(), DirectoryPermission { path: path.clone(), write: false })
            });
            config.permissions.directories.extend(given);
            Some(connector.again(config, Arc::clone(&script) as _)?)
        };
        let types = Types { account: String::new(), entitlement: "group".to_owned(), schema: None };
        let mut bench = Self {
            connector,
            hasty,
            filled,
            script,
            types,
            schema: None,
            bare,
            data,
            _secrets: secrets,
        };
        bench.learn().await?;
        Ok(bench)
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.connector.manifest()
    }

    pub(super) fn config(&self) -> &serde_json::Value {
        &self.connector.config().config
    }

    pub(super) fn connector(&self) -> &WasmConnector {
        &self.connector
    }

    /// With the directories that were given, if any were.
    pub(super) fn filled(&self) -> Option<&WasmConnector> {
        self.filled.as_ref()
    }

    pub(super) fn abilities(&self) -> Abilities {
        self.connector.abilities()
    }

    /// The bad days that this connector can meet.
    pub(super) fn situations(&self) -> Vec<Situation> {
        let Manifest { requests, streams, directories, .. } = &self.bare;
        let mut situations = Vec::new();
        if !requests.is_empty() {
            situations.extend(situation::HTTP);
        }
        if !streams.is_empty() {
            situations.extend(situation::STREAM);
        }
        if !directories.is_empty() {
            situations.extend(situation::FILES);
        }
        situations
    }

    /// Makes calls on one bad day: one after the other, or, where all of them
    /// wait for their wall time, at once.
    pub(super) async fn on(&self, situation: &Situation, calls: Vec<Call>) -> Vec<Called> {
        self.script.play(Some(*situation));
        if let Scene::Files(files) = situation.scene
            && let Err(error) = self.lay_out(files)
        {
            tracing::error!(%error, "a file of the test cannot be written");
        }
        if situation.hangs() {
            let calls = calls.into_iter().map(|call| call.make(&self.hasty, &self.script));
            return futures_util::future::join_all(calls).await;
        }
        let mut called = Vec::new();
        for call in calls {
            called.push(call.make(&self.connector, &self.script).await);
        }
        called
    }

    /// Every text of the configuration that can be a file name becomes one.
    fn lay_out(&self, files: Files) -> std::io::Result<()> {
        let texts = self.config().as_object().into_iter().flat_map(|table| table.values());
        let names = texts.filter_map(serde_json::Value::as_str).filter(|text| {
            !text.is_empty() && !text.contains(['/', '\\', '\0']) && !text.starts_with('.')
        });
        for need in self.bare.directories.iter().filter(|need| is_plain(&need.name)) {
            let directory = self.data.path().join(&need.name);
            fs::remove_dir_all(&directory)?;
            fs::create_dir(&directory)?;
            for name in names.clone() {
                match files {
                    Files::Missing => {}
                    Files::Holding(bytes) => fs::write(directory.join(name), bytes)?,
                    Files::Directory => fs::create_dir_all(directory.join(name))?,
                }
            }
        }
        Ok(())
    }

    /// Schema and types: asked of the given directories, else of a system
    /// that has nothing, else guessed.
    async fn learn(&mut self) -> Result<(), ContractError> {
        let nothing = situation::HTTP.into_iter().find(|it| it.name == "missing");
        self.script.play(nothing);
        let connector = self.filled.as_ref().unwrap_or(&self.connector);
        let called = Call::Discover.make(connector, &self.script).await;
        match called.answer {
            Ok(Claim::Schema(schema)) => self.schema = Some(schema),
            Err(fault)
                if matches!(fault.kind, FaultKind::Misconfigured(_))
                    && !called.sent.anything()
                    && self.bare.directories.is_empty() =>
            {
                let config = self.config().to_string();
                return Err(ContractError::Config { config, why: fault.message });
            }
            _ => {}
        }
        if let Some(schema) = &self.schema {
            let in_role = |role| schema.in_role(role).next();
            if let Some(group) = in_role(ObjectRole::Entitlement) {
                self.types.entitlement.clone_from(&group.object_type);
            }
            if let Some(account) = in_role(ObjectRole::Account) {
                self.types.account.clone_from(&account.object_type);
                self.types.schema = Some(account.clone());
                return Ok(());
            }
        }
        self.types.account = self.guess_type().await;
        Ok(())
    }

    /// The first usual type that the connector does not call unsupported.
    async fn guess_type(&self) -> String {
        let usual = ["user", "person", "account"];
        self.script.play(None);
        for name in usual {
            let call = Call::List { object_type: name.to_owned(), cursor: None };
            let called = call.make(&self.connector, &self.script).await;
            let unknown = matches!(
                called.answer.as_ref().map_err(|fault| &fault.kind),
                Err(FaultKind::Unsupported(_) | FaultKind::InvalidValue(_) | FaultKind::NotFound)
            );
            if !unknown {
                return name.to_owned();
            }
        }
        "user".to_owned()
    }
}

fn scratch() -> Result<TempDir, ContractError> {
    TempDir::new().map_err(ContractError::Scratch)
}

/// A secret that nothing else can hold by chance.
fn canary() -> Result<String, ContractError> {
    use std::fmt::Write as _;
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(ContractError::Randomness)?;
    let mut canary = String::from("canary-");
    for byte in random {
        // Writing to a String cannot fail.
        let _infallible = write!(canary, "{byte:02x}");
    }
    Ok(canary)
}

/// Whether a name of the manifest stays where it is joined to.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// An empty directory for each that is asked for.
fn directories(manifest: &Manifest, data: &Path) -> BTreeMap<String, DirectoryPermission> {
    let mut permitted = BTreeMap::new();
    for need in manifest.directories.iter().filter(|need| is_plain(&need.name)) {
        let path = data.join(&need.name);
        if let Err(error) = fs::create_dir_all(&path) {
            tracing::error!(%error, "a directory of the test cannot be made");
        }
        permitted.insert(need.name.clone(), DirectoryPermission { path, write: need.writable });
    }
    permitted
}

/// Exactly what the manifest asks for.
fn permissions(
    manifest: &Manifest,
    config: &serde_json::Value,
    secret: &Path,
    directories: BTreeMap<String, DirectoryPermission>,
) -> Permissions {
    let mut permissions = Permissions { directories, ..Permissions::default() };
    for need in &manifest.requests {
        for (scheme, host, port) in places(&need.host, config) {
            let mut permission =
                RequestPermission { scheme, host, port, methods: None, path: "/".to_owned() };
            permissions.requests.push(permission.clone());
            if need.reads {
                permission.methods = Some(need.methods.iter().cloned().collect());
                permission.path.clone_from(&need.path);
                permissions.reads.push(permission);
            }
        }
    }
    for need in &manifest.streams {
        for (_, host, port) in places(&need.host, config).into_iter().take(1) {
            let stream = StreamPermission {
                host,
                port,
                // A raw stream cannot be kept read-only: there is none to test.
                protocol: Protocol::Ldap,
                tls: Tls::Off,
                ca: None,
                sign_in: None,
            };
            permissions.streams.insert(need.name.clone(), stream);
        }
    }
    let source = || SecretSource::File(secret.to_owned());
    permissions.secrets.insert(SIGN_IN.to_owned(), source());
    for need in &manifest.secrets {
        permissions.secrets.insert(need.name.clone(), source());
        if need.reveal {
            permissions.reveal.insert(need.name.clone());
        }
    }
    for need in &manifest.authorizations {
        let secret = SIGN_IN.to_owned();
        let scheme = match need.schemes.first() {
            None | Some(AuthorizationKind::Bearer) => AuthorizationScheme::Bearer(secret),
            Some(AuthorizationKind::Basic) => {
                AuthorizationScheme::Basic { user: SIGN_IN.to_owned(), secret }
            }
        };
        permissions.authorization.insert(need.name.clone(), scheme);
    }
    permissions
}

type Place = (Scheme, Host, u16);

/// Where a need of the manifest leads under a configuration.
fn places(asked: &str, config: &serde_json::Value) -> Vec<Place> {
    let field = asked.strip_prefix("{config.").and_then(|rest| rest.strip_suffix('}'));
    if let Some(field) = field {
        let text = config.get(field).and_then(serde_json::Value::as_str);
        return text.and_then(place).into_iter().collect();
    }
    if asked != "*" {
        return place(asked).into_iter().collect();
    }
    let texts = config.as_object().into_iter().flat_map(|table| table.values());
    let addresses = texts.filter_map(serde_json::Value::as_str).filter(|it| it.contains("://"));
    let mut places: Vec<Place> = addresses.filter_map(place).collect();
    if places.is_empty() {
        places.extend(place(sample::SYSTEM));
    }
    places
}

/// Of a URL, of `host:port` or of a bare host.
fn place(text: &str) -> Option<Place> {
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let uri: http::Uri = text.parse().ok()?;
    let (scheme, port) = match uri.scheme_str()? {
        "http" => (Scheme::Http, 80),
        "https" => (Scheme::Https, 443),
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some((scheme, host, uri.port_u16().unwrap_or(port)))
}
