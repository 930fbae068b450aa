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
    config::Config,
    errors::{AppError, Exit},
    reconcile::{self, Supposed},
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
    let store = session::open_store(&config)?;
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
    let store = session::open_store(&this)?;
    let this = supposed(this, &store, at, output).await?;
    let that = supposed(that, &store, at, output).await?;
    let comparison = compare((&this.plan, &this.findings), (&that.plan, &that.findings));
    if json {
        output.json(&comparison)?;
    } else {
        let name = format!("`{}`", other.display());
        output.text(&comparison.render(&name, &this.known.observed.targets))?;
    }
    Ok(Exit::Ok)
}

async fn supposed(
    config: Config,
    store: &dyn Store,
    at: Timestamp,
    output: &mut Output,
) -> Result<Supposed, AppError> {
    let supposed = reconcile::suppose(config.policy, store, at).await?;
    session::say_unread(&supposed.known, output);
    Ok(supposed)
}

fn then(config: &Config, at: Option<&str>) -> Result<Timestamp, AppError> {
    let timezone = &config.policy.lifecycle.timezone;
    at.map_or_else(|| Ok(telemetry::clock()()), |at| moment(at, Edge::First, timezone))
}
