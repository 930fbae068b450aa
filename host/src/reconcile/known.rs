//! What the store knows without reading any system.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    case,
    desired::{Desired, desired, desired_adopting},
    dropped::{Dropped, dropped},
    forgetting::Forgetting,
    guard::{
        Finding, GuardSettings, Lately, guard, last_ones, mass_ejects, mass_erasures, still_doubted,
    },
    id::{ConnectorName, IdentityId},
    identity::{Assembled, assemble, provide},
    observed::{Observed, ObservedTarget},
    operation::Change,
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    review,
    workflow::add_own_facts,
};

use super::{dropped::note, erase::part_followed, obligations};
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
    let (assembled, observed, desired) = look(&policy, store, now).await?;
    Ok(LastKnown { policy, assembled, observed, desired })
}

/// What is stored, and what should be true by it.
pub(super) async fn look(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<(Assembled, Observed, Desired), StoreError> {
    let (assembled, observed) = recorded(policy, store, now).await?;
    let desired = desired(policy, &assembled, &observed, now);
    Ok((assembled, observed, desired))
}

/// Everybody and everything as it is stored.
pub(super) async fn recorded(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<(Assembled, Observed), StoreError> {
    let observed = known_of(store.observations().await?, store).await?;
    as_recorded(policy, store, &Renamed::new(), observed, now).await
}

/// The names that sources have in a file, by those under which they were read.
pub type Renamed = BTreeMap<ConnectorName, ConnectorName>;

async fn as_recorded(
    policy: &Policy,
    store: &dyn Store,
    renamed: &Renamed,
    observed: Observed,
    now: Timestamp,
) -> Result<(Assembled, Observed), StoreError> {
    let mut identities = store.identities().await?;
    let by_now = |name: ConnectorName| renamed.get(&name).cloned().unwrap_or(name);
    for identity in identities.iter_mut().filter(|_| !renamed.is_empty()) {
        identity.rename_sources(&by_now);
    }
    let followed = part_followed(&mut identities, &observed.kept);
    let reads = store.source_reads().await?;
    let baseline = reads.into_iter().map(|(name, read)| (by_now(name), read.keys)).collect();
    let mut assembled = assemble(policy, &[], &identities, &baseline, now);
    assembled.join(followed);
    provide(policy, &mut assembled, &identities, &observed);
    add_own_facts(&mut assembled.identities, &store.own_facts().await?);
    Ok((assembled, observed))
}

/// A plan of what is stored, which is not kept and cannot be applied.
pub struct Supposed {
    pub known: LastKnown,
    pub plan: Plan,
    pub findings: Vec<Finding>,
}

/// What would be planned now, had everything just been read as it is stored.
///
/// # Errors
/// When the store fails.
pub async fn suppose(
    policy: Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Supposed, StoreError> {
    suppose_renamed(policy, store, &Renamed::new(), now).await
}

/// The same by a file that calls sources something else.
///
/// # Errors
/// When the store fails.
pub async fn suppose_renamed(
    mut policy: Policy,
    store: &dyn Store,
    renamed: &Renamed,
    now: Timestamp,
) -> Result<Supposed, StoreError> {
    policy.keep_versions(&store.definitions().await?);
    let observed = known_of(store.observations().await?, store).await?;
    let (assembled, mut observed) = as_recorded(&policy, store, renamed, observed, now).await?;
    let desired = desired_adopting(&policy, &assembled, &mut observed, now);
    let mut known = LastKnown { policy, assembled, observed, desired };
    let LastKnown { policy, assembled, observed, desired } = &mut known;
    let mut plan = plan(&PlanSettings::of(policy), desired, observed, now);
    note(policy, &dropped(policy, assembled, desired, observed), &mut plan);
    plan.notes.extend(last_ones(policy, &plan, observed));
    review::planned(policy, (assembled, desired, observed), &mut plan, now);
    let lately = lately(policy, store, now).await?;
    let settings = GuardSettings::of(policy);
    // The clock is not looked at: another time is what is supposed.
    let mut findings =
        guard(&settings, &plan, observed, &lately, &still_doubted(&assembled.shrank, desired));
    findings.extend(mass_ejects(&policy.limits, &plan, &observed.kept, now));
    findings.extend(mass_erasures(&policy.limits, &plan, &observed.forgetting.forgotten, now));
    Ok(Supposed { known, plan, findings })
}

/// What was done within the window that limits count by.
///
/// # Errors
/// When the store fails.
pub async fn lately(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Lately, StoreError> {
    let window = policy.limits.removals_window;
    store.done_since(now.checked_sub(window).unwrap_or(Timestamp::MIN)).await
}

/// What targets hold, with what of it is ours.
pub(super) async fn known_of(
    targets: BTreeMap<ConnectorName, ObservedTarget>,
    store: &dyn Store,
) -> Result<Observed, StoreError> {
    let unsettled = store.unsettled(None).await?;
    let forgetting = Forgetting {
        forgotten: store.forgotten().await?,
        unsettled: unsettled.iter().map(|it| it.operation.identity).collect(),
        in_cases: case::waiting_for(&store.cases().await?),
        gone: store.gone().await?,
        owing: obligations::owing(store).await?,
    };
    Ok(Observed {
        targets,
        links: store.links().await?,
        ledger: store.ledger().await?,
        in_doubt: in_doubt(&unsettled),
        workflows: store.workflows().await?,
        declined: store.declined().await?,
        names: store.names().await?,
        kept: store.kept().await?,
        forgetting,
        adopting: Vec::new(),
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
