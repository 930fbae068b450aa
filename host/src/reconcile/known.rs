//! What the store knows without reading any system.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    desired::{Desired, desired},
    dropped::{Dropped, dropped},
    id::{ConnectorName, IdentityId},
    identity::{Assembled, assemble, provide},
    observed::{Observed, ObservedTarget},
    operation::Change,
    policy::Policy,
    workflow::add_own_facts,
};

use crate::store::{Store, StoreError, Unsettled};

/// Everyone and everything as last known, and what the file wants of it now.
pub struct LastKnown {
    pub policy: Policy,
    pub assembled: Assembled,
    pub observed: Observed,
    pub desired: Desired,
}

impl LastKnown {
    /// What sources and targets that left the file leave behind.
    pub fn left_behind(&self) -> Dropped {
        dropped(&self.policy, &self.assembled, &self.desired, &self.observed)
    }
}

/// What the file wants of what is stored; nothing is read, so nothing is
/// learned.
///
/// # Errors
/// When the store fails.
pub async fn last_known(
    mut policy: Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<LastKnown, StoreError> {
    policy.keep_versions(&store.definitions().await?);
    let observed = known_of(store.observations().await?, store).await?;
    let identities = store.identities().await?;
    let mut assembled = assemble(&policy, &[], &identities, &BTreeMap::new(), now);
    provide(&policy, &mut assembled, &identities, &observed);
    add_own_facts(&mut assembled.identities, &store.own_facts().await?);
    let desired = desired(&policy, &assembled, &observed, now);
    Ok(LastKnown { policy, assembled, observed, desired })
}

/// What targets hold, with what of it is ours.
pub(super) async fn known_of(
    targets: BTreeMap<ConnectorName, ObservedTarget>,
    store: &dyn Store,
) -> Result<Observed, StoreError> {
    Ok(Observed {
        targets,
        links: store.links().await?,
        ledger: store.ledger().await?,
        in_doubt: in_doubt(&store.unsettled(None).await?),
        workflows: store.workflows().await?,
        declined: store.declined().await?,
        names: store.names().await?,
        kept: store.kept().await?,
    })
}

/// Where a create was sent and what came of it is not known.
fn in_doubt(unsettled: &[Unsettled]) -> BTreeSet<(IdentityId, ConnectorName)> {
    unsettled
        .iter()
        .map(|it| &it.operation)
        .filter(|it| matches!(it.change, Change::Create { .. }))
        .map(|it| (it.identity, it.target.clone()))
        .collect()
}
