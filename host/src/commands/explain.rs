//! `lanyard explain`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lanyard_core::{
    desired::desired, explain, identity::Assembled, identity::assemble, observed::Observed,
};

use super::{named, output::Output, session};
use crate::{
    errors::{AppError, Exit},
    store::Store,
    telemetry,
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
    let known = store.identities().await?;
    let observed = Observed {
        targets: store.observations().await?,
        links: store.links().await?,
        ledger: store.ledger().await?,
        in_doubt: BTreeSet::new(),
        workflows: store.workflows().await?,
        declined: store.declined().await?,
    };
    // Without readings nothing is learned: everyone as last known.
    let assembled: Assembled = assemble(&config.policy, &[], &known, &BTreeMap::new(), now);
    let desired = desired(&config.policy, &assembled, &observed, now);
    let Some(person) = desired.identities.get(&identity.id) else {
        return Err(AppError::new(Exit::Usage, "nothing is decided for this identity yet")
            .hint("make a plan first"));
    };
    output.text(&explain::explain(&identity, person, &observed))?;
    Ok(Exit::Ok)
}
