//! `lanyard explain`.

use std::path::Path;

use lanyard_core::explain;

use super::{named, output::Output, session};
use crate::{
    errors::{AppError, Exit},
    reconcile, telemetry,
};

/// From what is stored: no system is called.
pub(super) async fn explain(
    file: &Path,
    wanted: &str,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config)?;
    let now = telemetry::clock()();
    let identity = named::identity(&store, wanted, now).await?;
    let known = reconcile::last_known(config.policy, &store, now).await?;
    let Some(person) = known.desired.identities.get(&identity.id) else {
        return Err(AppError::new(Exit::Usage, "nothing is decided for this identity yet")
            .hint("make a plan first"));
    };
    output.text(&explain::explain(&identity, person, &known.observed))?;
    Ok(Exit::Ok)
}
