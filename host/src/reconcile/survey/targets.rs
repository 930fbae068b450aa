//! What targets hold.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use lanyard_core::{
    fault::Fault,
    guard::{GuardSettings, TargetShrank},
    id::ConnectorName,
    observed::{Link, Observed, ObservedTarget},
    policy::Policy,
};

use crate::{
    connector::Connectors,
    reconcile::{Context, ReconcileError, known::known_of, read},
};

/// Reads the written targets once more, so that what is shown of them is
/// what they are now.  One that cannot be read is shown as it was.
///
/// # Errors
/// When the store fails.
pub async fn refresh(
    context: &Context,
    written: &BTreeSet<ConnectorName>,
) -> Result<(), ReconcileError> {
    let targets = context.connectors.targets.iter().filter(|(name, _)| written.contains(*name));
    let connectors = Connectors {
        sources: BTreeMap::new(),
        targets: targets.map(|(name, target)| (name.clone(), target.clone())).collect(),
        components: BTreeMap::new(),
    };
    observe(&Context { connectors, ..context.clone() }, context.now()).await?;
    Ok(())
}

/// A target that lost too many accounts of ours proves no absence from here
/// on; answers what it said.
pub(in crate::reconcile) fn doubt_shrunk(
    policy: &Policy,
    name: &ConnectorName,
    observed: &mut ObservedTarget,
    before: &[Link],
) -> Option<(TargetShrank, ObservedTarget)> {
    let found = TargetShrank::of(&GuardSettings::of(policy), name, observed, before)?;
    let lost = u64::try_from(found.lost).unwrap_or(u64::MAX);
    let doubted = observed.clone().doubted("more are missing than may be at once", lost);
    Some((found, std::mem::replace(observed, doubted)))
}

/// What targets hold now.
pub(super) struct Observing {
    pub(super) observed: Observed,
    pub(super) unread: BTreeMap<ConnectorName, Fault>,
    /// Targets that lost too many accounts of ours, and what they said.
    pub(super) shrank: Vec<(TargetShrank, ObservedTarget)>,
}

/// Reads every target; one that cannot be read delays nobody else.
pub(super) async fn observe(
    context: &Context,
    now: Timestamp,
) -> Result<Observing, ReconcileError> {
    let reads = context.connectors.targets.iter().map(|(name, target)| {
        let settings = context.policy.targets.get(name);
        let object_type = settings.and_then(|target| target.object_type.as_deref());
        async move { (name.clone(), read::target(target, object_type, now, &context.stop).await) }
    });
    let before = context.store.links().await?;
    let mut targets = BTreeMap::new();
    let mut unread = BTreeMap::new();
    let mut shrank = Vec::new();
    for (name, read) in join_all(reads).await {
        match read {
            Ok(mut observed) => {
                shrank.extend(doubt_shrunk(&context.policy, &name, &mut observed, &before));
                context.store.record_observation(&name, &observed).await?;
                targets.insert(name, observed);
            }
            Err(fault) => {
                tracing::warn!(target = %name, kind = fault.kind.word(), "not read: {fault}");
                unread.insert(name, fault);
            }
        }
    }
    let observed = known_of(targets, context.store.as_ref()).await?;
    Ok(Observing { observed, unread, shrank })
}
