//! Sources and targets as connectors: their files, tables and bounds.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use lanyard_core::id::ConnectorName;

use super::{Check, pacing, permissions};
use crate::config::{
    CallLimits, ConnectorConfig, Role,
    document::Place,
    element::rate::Rate,
    report::{ConfigError, nearest},
    written::{Calls, Component, File, NoWrites, Permissions, StepCalls},
};

struct Written<'f> {
    plugin: &'f str,
    config: &'f toml::Table,
    permissions: &'f Permissions,
    limits: &'f Calls,
    rate: Option<Rate>,
    no_writes: Option<&'f NoWrites>,
    /// Of the lifecycle.
    timezone: &'f str,
}

pub(super) fn connectors(
    check: &mut Check<'_, '_>,
    file: &File,
) -> BTreeMap<ConnectorName, ConnectorConfig> {
    let timezone = file.lifecycle.timezone.as_str();
    let sources = file.source.iter().map(|(name, source)| {
        let written = Written {
            plugin: &source.plugin,
            config: &source.config,
            permissions: &source.permissions,
            limits: &source.limits,
            rate: source.rate,
            no_writes: None,
            timezone,
        };
        (name, Role::Source, written)
    });
    let targets = file.target.iter().map(|(name, target)| {
        let written = Written {
            plugin: &target.plugin,
            config: &target.config,
            permissions: &target.permissions,
            limits: &target.limits,
            rate: target.rate,
            no_writes: target.no_writes.as_ref(),
            timezone,
        };
        (name, Role::Target, written)
    });
    let folder = check.path(&file.plugin_directory);
    // They carry out one step after the other, and answer no pages.
    let bounds: Vec<Calls> = file.component.iter().map(|(_, component)| calls(component)).collect();
    let components = file.component.iter().zip(&bounds).map(|((name, component), limits)| {
        let written = Written {
            plugin: &component.plugin,
            config: &component.config,
            permissions: &component.permissions,
            limits,
            rate: None,
            no_writes: None,
            timezone,
        };
        (name, Role::Component, written)
    });
    sources
        .chain(targets)
        .chain(components)
        .map(|(name, role, written)| {
            (name.clone(), connector(check, &folder, name, role, &written))
        })
        .collect()
}

fn calls(component: &Component) -> Calls {
    let StepCalls { wall_time, memory } = component.limits.clone();
    Calls { wall_time, memory, ..Calls::default() }
}

fn connector(
    check: &mut Check<'_, '_>,
    folder: &Path,
    name: &ConnectorName,
    role: Role,
    written: &Written<'_>,
) -> ConnectorConfig {
    let Written { plugin, config, permissions, limits, rate, no_writes, timezone } = written;
    let place = Place::of([role.word(), name.as_str()]);
    ConnectorConfig {
        name: name.clone(),
        role,
        plugin: plugin_file(check, folder, &place.key("plugin"), plugin),
        config: json_table(check, &place.key("config"), config),
        permissions: permissions::permissions(check, &place.key("permissions"), permissions),
        limits: call_limits(check, &place.key("limits"), limits),
        pacing: pacing::pacing(check, &place, (*rate, *no_writes), timezone),
    }
}

fn plugin_file(check: &mut Check<'_, '_>, folder: &Path, place: &Place, plugin: &str) -> PathBuf {
    if Path::new(plugin).extension().is_some_and(|extension| extension == "wasm") {
        let path = check.path(plugin);
        if !path.is_file() {
            let error = ConfigError::new(format!("the plugin file `{plugin}` is not there"))
                .label("no such file")
                .hint("paths are relative to this file");
            check.report.absent(place, error);
        }
        return path;
    }
    let path = folder.join(format!("{plugin}.wasm"));
    if path.is_file() {
        return path;
    }
    let there = plugins_in(folder);
    let label = format!("no `{plugin}.wasm` in `{}`", folder.display());
    let error = ConfigError::new(format!("unknown plugin `{plugin}`")).label(label);
    let error = match (&there, nearest(plugin, there.iter().flatten().map(String::as_str))) {
        (_, Some(near)) => error.hint(format!("did you mean `{near}`?")),
        (None, None) => error.hint("there is no such folder; set `plugin-directory`"),
        (Some(names), None) if names.is_empty() => error.hint("there are no plugins in it"),
        (Some(names), None) => error.hint(format!("plugins there: {}", names.join(", "))),
    };
    check.report.absent(place, error);
    path
}

/// Names of the plugins in a folder, sorted; none when it cannot be read.
fn plugins_in(folder: &Path) -> Option<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".wasm").map(str::to_owned))
        .collect();
    names.sort();
    Some(names)
}

fn json_table(check: &mut Check<'_, '_>, place: &Place, table: &toml::Table) -> serde_json::Value {
    table.iter().map(|(key, value)| (key.clone(), json(check, &place.key(key), value))).collect()
}

fn json(check: &mut Check<'_, '_>, place: &Place, value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.clone().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Boolean(truth) => (*truth).into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Table(table) => json_table(check, place, table),
        toml::Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| json(check, &place.index(index), item))
            .collect(),
        toml::Value::Float(number) => {
            if !number.is_finite() {
                let error = ConfigError::new("a connector cannot be told this number")
                    .label("is infinite or not a number");
                check.value(place, error);
            }
            (*number).into()
        }
    }
}

fn call_limits(check: &mut Check<'_, '_>, place: &Place, limits: &Calls) -> CallLimits {
    let Calls { wall_time, memory, parallel, page_size } = limits;
    check.within_bounds(&place.key("parallel"), *parallel, 1000);
    check.within_bounds(&place.key("page-size"), *page_size, 100_000);
    let wall_time = wall_time.0.unsigned_abs();
    if wall_time.is_zero() {
        let error = ConfigError::new("bad value for `wall-time`").label("no call is that fast");
        check.value(&place.key("wall-time"), error);
    }
    CallLimits { wall_time, memory: memory.0, parallel: *parallel, page_size: *page_size }
}

impl Check<'_, '_> {
    fn within_bounds(&mut self, place: &Place, number: u32, most: u32) {
        if !(1..=most).contains(&number) {
            let key = place.last_key().unwrap_or_default();
            let error = ConfigError::new(format!("bad value for `{key}`"))
                .label(format!("needs a number from 1 to {most}"));
            self.value(place, error);
        }
    }
}
