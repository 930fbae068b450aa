//! The operator's file: written shape → checked shape.
//!
//! `document` keeps positions, `written` has the keys and `element` their
//! values, `read` collects the mistakes of form, `check` those of meaning,
//! `report` shows them all; `shape` holds what a connector is told against
//! the schema of its plugin.

pub mod audit;
mod check;
mod document;
mod element;
mod mask;
pub mod notify;
pub mod permissions;
mod read;
pub mod report;
mod schema;
mod shape;
pub mod store;
mod tables;
mod written;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use lanyard_core::{
    id::{ConnectorName, Digest},
    policy::Policy,
    policy_test::PolicyTest,
    schedule::Pacing,
};

use document::{Part, Place};
use permissions::{Permissions, SecretSource};
use read::{Report, in_order};
use report::ConfigError;

pub use report::ConfigErrors;
pub(crate) use report::nearest;

pub use schema::json_schema;

/// The file, checked: everything named exists, everything compiles.
#[derive(Debug)]
pub struct Config {
    pub path: PathBuf,
    /// Of the file's bytes.
    pub digest: Digest,
    pub store: store::StoreConfig,
    /// Where the key is that signs; none: beside the store.
    pub signing: Option<SecretSource>,
    pub audit: audit::AuditConfig,
    pub connectors: BTreeMap<ConnectorName, ConnectorConfig>,
    pub notify: notify::Notify,
    pub policy: Policy,
    /// The file, for the places of what is found wrong later.
    text: String,
}

impl Config {
    /// Holds the `config` of connectors against the JSON Schema that their
    /// plugins give.  A schema that is none allows everything.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn check_schemas<'s>(
        &self,
        schemas: impl IntoIterator<Item = (&'s ConnectorName, &'s str)>,
    ) -> Result<(), ConfigErrors> {
        let (mut report, _file) = Report::read(&self.path, &self.text);
        let mut mistakes = Vec::new();
        for (name, schema) in schemas {
            let Some(connector) = self.connectors.get(name) else { continue };
            let schema = serde_json::from_str(schema).unwrap_or_default();
            let place = Place::of([connector.role.word(), name.as_str(), "config"]);
            mistakes.extend(shape::mistakes(&schema, &connector.config, &place));
        }
        report.mistakes(mistakes);
        let errors = report.into_errors();
        if errors.is_empty() { Ok(()) } else { Err(failed(&self.path, errors)) }
    }
}

impl Config {
    /// What is wrong with the key that signs, where the file names it.
    pub fn bad_signing_key(&self, label: String) -> ConfigErrors {
        let (mut report, _file) = Report::read(&self.path, &self.text);
        let error = ConfigError::new("nothing can be signed with `key`").label(label);
        report.at(&Place::of(["signing", "key"]), Part::Value, error);
        failed(&self.path, report.into_errors())
    }
}

/// A configured instance of a plugin.
#[derive(Debug, Clone)]
pub struct ConnectorConfig {
    pub name: ConnectorName,
    pub role: Role,
    /// The component file; it exists.
    pub plugin: PathBuf,
    /// The operator's `config` table.
    pub config: serde_json::Value,
    pub permissions: Permissions,
    pub limits: CallLimits,
    pub pacing: Pacing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Source,
    Target,
    /// It carries out steps of workflows.
    Component,
}

impl Role {
    /// As in the file: `[source.x]`, `[target.x]`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::Component => "component",
        }
    }
}

/// What bounds one connector's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// Wall-clock time of one call, host calls included.
    pub wall_time: Duration,
    /// Bytes of linear memory of one call.
    pub memory: u64,
    /// Calls at the same time.
    pub parallel: u32,
    /// Accounts per page asked for.
    pub page_size: u32,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            // Generous for a slow directory page, far below a hung run.
            wall_time: Duration::from_secs(30),
            // The pooling allocator reserves this much per slot; typical
            // guests use under 4 MiB.
            memory: 64 << 20,
            parallel: 4,
            page_size: 500,
        }
    }
}

/// What a file gives.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// Its `[[test]]` blocks, in order.
    pub tests: Vec<PolicyTest>,
    /// Plugins and secrets that are not there: a connector that needs one
    /// cannot be used, and the others can; without its key nothing is signed.
    pub absent: Option<ConfigErrors>,
}

/// Reads and checks the file; `env` gives the value of an environment
/// variable.
///
/// # Errors
/// Every mistake in the file, of form and of meaning.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, ConfigErrors> {
    let text = text_of(path)?;
    let (mut report, file) = Report::read(path, &text);
    let loaded = file.map(|file| check::check(&file, path, env, &mut report));
    let (errors, absent) = report.into_parts();
    match loaded {
        Some((config, tests)) if errors.is_empty() => {
            let digest = Digest::of(text.as_bytes());
            let absent = (!absent.is_empty()).then(|| failed(path, absent));
            Ok(Loaded { config: Config { digest, text, ..config }, tests, absent })
        }
        _ => Err(failed(path, in_order([errors, absent].concat()))),
    }
}

/// Where what is remembered is, from a file that may be wrong in everything
/// else.
///
/// # Errors
/// Every mistake in its `[store]`, and whatever keeps that from being read.
pub fn store_of(
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<store::StoreConfig, ConfigErrors> {
    let text = text_of(path)?;
    let (mut report, file) = Report::read(path, &text);
    let before = report.errors();
    let store = file.map(|file| check::store(&file, path, env, &mut report));
    let is_sound = report.errors() == before && !report.took_out_of("store");
    store.filter(|_| is_sound).ok_or_else(|| failed(path, report.into_errors()))
}

/// A duration as the file writes it: `90d`.
///
/// # Errors
/// What it would have to be.
pub(crate) fn duration(text: &str) -> Result<jiff::SignedDuration, String> {
    let duration = text.parse::<element::duration::Duration>();
    duration.map(|it| it.0).map_err(|error| error.to_string())
}

/// The file with every default written out; it means the same.
///
/// # Errors
/// Every mistake of form; what it refers to is not looked at.
pub fn expand(path: &Path) -> Result<String, ConfigErrors> {
    let text = text_of(path)?;
    let (report, file) = Report::read(path, &text);
    let errors = report.into_errors();
    let Some(file) = file.filter(|_| errors.is_empty()) else {
        return Err(failed(path, errors));
    };
    toml::to_string(&file).map_err(|error| {
        let error = ConfigError::new("the file cannot be written back").label(error.to_string());
        failed(path, vec![error])
    })
}

fn text_of(path: &Path) -> Result<String, ConfigErrors> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        let problem = ConfigError::new(format!("cannot read `{shown}`")).label(error.to_string());
        let problem = match error.kind() {
            std::io::ErrorKind::NotFound => {
                problem.hint("`--config FILE` names another; README.md begins with one to copy")
            }
            _ => problem,
        };
        failed(path, vec![problem])
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count() + 1;
        let error = ConfigError::new(format!("`{shown}` is not UTF-8"))
            .label(format!("the first byte that is not stands in line {line}"));
        failed(path, vec![error])
    })
}

fn failed(path: &Path, errors: Vec<ConfigError>) -> ConfigErrors {
    ConfigErrors { file: path.display().to_string(), errors }
}
