//! Written shape → checked shape: everything named exists, everything
//! compiles.
//!
//! Nothing stops at the first mistake.  Where a value is wrong its error is
//! reported and the entry is left out (or a default stands in): a shape with
//! errors is never handed on.

mod access;
mod account;
mod approvals;
mod audit;
mod components;
mod connectors;
mod credential;
mod effects;
mod expressions;
mod forgetting;
mod limits;
mod lives;
mod notify;
mod obligation;
mod pacing;
mod permissions;
mod policy;
mod requests;
mod reviews;
mod sources;
mod store;
mod tests_of_file;
mod workflows;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use lanyard_core::{
    id::{ConnectorName, Digest},
    policy::Policy,
    policy_test::PolicyTest,
    template::Expressions,
};

use super::{
    Config,
    document::{Part, Place},
    read::Report,
    report::ConfigError,
    store::StoreConfig,
    written::File,
};

/// The source of facts that steps set.
const OURS: &str = lanyard_core::workflow::OURS;

/// What every check needs.
struct Check<'c, 'i> {
    report: &'c mut Report<'i>,
    /// The folder of the file, which relative paths begin at.
    base: &'c Path,
    env: &'c dyn Fn(&str) -> Option<String>,
    expressions: Expressions,
    known_facts: Option<Vec<String>>,
}

/// The checked file and its tests; to be used only when `report` has no
/// errors.
pub(super) fn check(
    file: &File,
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    report: &mut Report<'_>,
) -> (Config, Vec<PolicyTest>) {
    let base = path.parent().unwrap_or(Path::new(""));
    let mut check = Check { report, base, env, expressions: Expressions::new(), known_facts: None };
    check.known_facts = expressions::known_facts(file, &check.report.document);
    check.source_and_target_names();
    let connectors = connectors::connectors(&mut check, file);
    let sources = policy::people(&mut check, file);
    let tables = sources::tables(&mut check, file);
    let authority = sources::authority(&mut check, file);
    let correlation = sources::correlation(&mut check, file);
    let targets = policy::targets(&mut check, file);
    let retired_sources = check.retired("source", &file.retired_sources);
    let retired_targets = check.retired("target", &file.retired_targets);
    let lifecycle = policy::lifecycle(&mut check, file);
    let holds = lives::holds(&mut check, file);
    let steps = notify::steps(&mut check, file, &lifecycle.timezone);
    let notify = notify::notify(&mut check, file);
    let rules = policy::rules(&mut check, file, &lifecycle.timezone);
    let mut access = access::access(&mut check, file, &lifecycle.timezone);
    access.approvals = approvals::approvals(&mut check, file, &steps);
    access.reviews = reviews::reviews(&mut check, file, &steps, &lifecycle.timezone);
    let workflows = workflows::workflows(&mut check, file);
    let limits = limits::limits(&mut check, &file.limits);
    let leaver = policy::leaver(&mut check, &file.leaver, &lifecycle.timezone);
    let signing = obligation::signing(&mut check, &file.signing);
    let tests = tests_of_file::tests(&mut check, file, &lifecycle.timezone);
    let store = store::store(&mut check, file);
    let audit = audit::audit(&mut check, file, &store);
    let policy = Policy {
        sources,
        tables,
        targets,
        retired_sources,
        retired_targets,
        authority,
        correlation,
        rules,
        workflows,
        versions: BTreeMap::new(),
        steps,
        access,
        lifecycle,
        leaver,
        limits,
        holds,
        expressions: check.expressions,
    };
    let config = Config {
        path: path.to_owned(),
        digest: Digest::of(""),
        store,
        signing,
        audit,
        connectors,
        notify,
        policy,
        text: String::new(),
    };
    (config, tests)
}

/// Where what is remembered is; to be used only when that added no errors to
/// `report`.
pub(super) fn store(
    file: &File,
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    report: &mut Report<'_>,
) -> StoreConfig {
    let base = path.parent().unwrap_or(Path::new(""));
    let expressions = Expressions::new();
    store::store(&mut Check { report, base, env, expressions, known_facts: None }, file)
}

impl Check<'_, '_> {
    fn at(&mut self, place: &Place, part: Part, error: ConfigError) {
        self.report.at(place, part, error);
    }

    fn value(&mut self, place: &Place, error: ConfigError) {
        self.at(place, Part::Value, error);
    }

    fn key(&mut self, place: &Place, error: ConfigError) {
        self.at(place, Part::Key, error);
    }

    fn path(&self, written: &str) -> PathBuf {
        self.base.join(written)
    }

    /// Names written under `[kind.…]`, sound or not.
    fn names(&self, kind: &str) -> Vec<String> {
        self.report.document.keys(&Place::of([kind])).into_iter().map(str::to_owned).collect()
    }

    /// Nothing in the file gives anybody an account: it is there to look, and
    /// no name has to come of it.
    fn gives_nothing(&self) -> bool {
        ["rule", "role", "workflow"].into_iter().all(|kind| self.names(kind).is_empty())
    }

    fn source_and_target_names(&mut self) {
        // A `source` of another kind has been reported.
        let place = Place::of(["source"]);
        let table = self.report.document.is_table(&place);
        if self.names("source").is_empty() && (table || !self.report.document.has(&place)) {
            self.report.nowhere(
                ConfigError::new("the file has no source, so there is nobody to give accounts to")
                    .hint("add `[source.hr]` with `plugin = \"csv\"`"),
            );
        }
        let sources = self.names("source");
        if sources.iter().any(|name| name == OURS) {
            let error = ConfigError::new(format!("no source can be called `{OURS}`"))
                .label("facts that workflows set come from this name")
                .hint("give it another name");
            self.key(&Place::of(["source", OURS]), error);
        }
        let targets = self.names("target");
        for name in self.names("component") {
            let Some((kind, _)) = [("source", &sources), ("target", &targets)]
                .into_iter()
                .find(|(_, names)| names.contains(&name))
            else {
                continue;
            };
            let error = ConfigError::new(format!("`{name}` is both a {kind} and a component"))
                .label(format!("`[{kind}.{name}]` has this name"))
                .hint("give one of them another name: it is what logs and plans say");
            self.key(&Place::of(["component", &name]), error);
        }
        for name in targets.iter().filter(|name| sources.contains(name)) {
            let error = ConfigError::new(format!("`{name}` is both a source and a target"))
                .label(format!("`[source.{name}]` has this name"))
                .hint("give one of them another name: it is what logs and plans say");
            self.key(&Place::of(["target", name]), error);
        }
    }

    /// Names of `kind` that nothing is configured under any longer.
    fn retired(&mut self, kind: &str, written: &[String]) -> BTreeSet<ConnectorName> {
        let key = format!("retired-{kind}s");
        let here = self.names(kind);
        let mut names = BTreeSet::new();
        for (index, name) in written.iter().enumerate() {
            let error = match ConnectorName::new(name.as_str()) {
                Err(rule) => {
                    ConfigError::new(format!("bad value for `{key}`")).label(rule.to_string())
                }
                Ok(_) if here.contains(name) => {
                    ConfigError::new(format!("the {kind} `{name}` is not retired"))
                        .label(format!("`[{kind}.{name}]` is in this file"))
                        .hint("take one of the two out")
                }
                Ok(name) => {
                    names.insert(name);
                    continue;
                }
            };
            self.value(&Place::of([key.as_str()]).index(index), error);
        }
        names
    }

    /// Is `name` a target?  If not, that is reported.
    fn target(&mut self, place: &Place, part: Part, name: &str) -> bool {
        let targets = self.names("target");
        if targets.iter().any(|target| target == name) {
            return true;
        }
        let error = ConfigError::new(format!("unknown target `{name}`"))
            .label(format!("no `[target.{name}]` in this file"));
        let near = super::report::nearest(name, targets.iter().map(String::as_str));
        let error = match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None if targets.is_empty() => error,
            None => error.hint(format!("targets here: {}", targets.join(", "))),
        };
        self.at(place, part, error);
        false
    }
}
