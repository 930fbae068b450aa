//! `lanyard plan --against OTHER.toml` and `plan --at DATE`: plans of what is
//! recorded, to look at.

use std::path::Path;

use jiff::Timestamp;
use lanyard_core::{compare::compare, diff};

use super::{
    moment::{Edge, moment},
    output::Output,
    plan, session,
};
use crate::{
    config::{Config, ConnectorConfig, Role},
    errors::{AppError, Exit},
    reconcile::{self, Renamed, Supposed},
    store::{Store, StoredPlan},
    telemetry,
};

/// The plan as if it were then.
pub(super) async fn at(
    file: &Path,
    at: &str,
    json: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let at = then(&config, Some(at))?;
    let store = session::open_store(&config).await?;
    let digest = config.digest;
    let Supposed { known, plan, findings } = reconcile::suppose(config.policy, &store, at).await?;
    session::say_unread(&known, output);
    output.error(&format!(
        "note: as of {at:.0}, from what was recorded; it is not kept and cannot be applied\n"
    ));
    let exit = plan::exit_of(&plan, &findings);
    if json {
        let stored = StoredPlan {
            digest: plan.digest()?,
            plan,
            findings,
            config: digest,
            made_at: at,
            erased: None,
        };
        output.json(&stored)?;
    } else {
        output.text(&diff::render(&plan, &findings, &known.observed.targets))?;
    }
    Ok(exit)
}

/// What another file would do that this one does not, and the other way
/// round.
pub(super) async fn against(
    file: &Path,
    other: &Path,
    at: Option<&str>,
    json: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let this = session::load_without_secrets(file)?.config;
    let that = session::load_without_secrets(other)?.config;
    let at = then(&this, at)?;
    // The world is the one of the present file, wherever the other would
    // keep its own.
    let store = session::open_store(&this).await?;
    let renamed = renamed(&this, &that);
    for (before, now) in &renamed {
        output.error(&format!(
            "note: source `{before}` is called `{now}` in `{}` (the same plugin and config), and is \
             compared as if it always had been; keys have to stay the same\n",
            other.display()
        ));
    }
    let this = supposed(this, &store, &Renamed::new(), at, output).await?;
    let that = supposed(that, &store, &renamed, at, output).await?;
    let comparison = compare((&this.plan, &this.findings), (&that.plan, &that.findings));
    if json {
        output.json(&comparison)?;
    } else {
        let name = format!("`{}`", other.display());
        output.text(&comparison.render(&name, &this.known.observed.targets))?;
    }
    Ok(Exit::Ok)
}

/// Sources that another file has under another name: the one that each is is
/// told by its plugin and its config, and is guessed of none.
fn renamed(this: &Config, that: &Config) -> Renamed {
    let only = |one: &Config, other: &Config| -> Vec<ConnectorConfig> {
        let sources = one.connectors.values().filter(|it| it.role == Role::Source);
        sources.filter(|it| !other.connectors.contains_key(&it.name)).cloned().collect()
    };
    let same = |one: &&ConnectorConfig, other: &ConnectorConfig| {
        one.plugin == other.plugin && one.config == other.config
    };
    let (gone, new) = (only(this, that), only(that, this));
    let pairs = gone.iter().filter_map(|before| {
        let mut now = new.iter().filter(|it| same(it, before));
        let mut alike = gone.iter().filter(|it| same(it, before));
        match (now.next(), now.next(), alike.nth(1)) {
            (Some(now), None, None) => Some((before.name.clone(), now.name.clone())),
            _ => None,
        }
    });
    pairs.collect()
}

async fn supposed(
    config: Config,
    store: &dyn Store,
    renamed: &Renamed,
    at: Timestamp,
    output: &mut Output,
) -> Result<Supposed, AppError> {
    let supposed = reconcile::suppose_renamed(config.policy, store, renamed, at).await?;
    session::say_unread(&supposed.known, output);
    Ok(supposed)
}

fn then(config: &Config, at: Option<&str>) -> Result<Timestamp, AppError> {
    let timezone = &config.policy.lifecycle.timezone;
    at.map_or_else(|| Ok(telemetry::clock()()), |at| moment(at, Edge::First, timezone))
}
