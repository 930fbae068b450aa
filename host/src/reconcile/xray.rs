//! A look through everything, of which nothing is kept.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    case,
    fault::Fault,
    id::ConnectorName,
    identity::{assemble_decided, provide},
    policy::Policy,
    workflow::add_own_facts,
    xray::{NotRead, Xray, xray},
};

use super::{
    ReconcileError, SourcesRead, Stop,
    erase::{Aside, look_aside},
    known, lives, nothing_is_halted, read,
    survey::{believed, doubt_shrunk, read_sources},
};
use crate::{
    connector::Connectors,
    store::{Store, StoreError},
};

/// Reads every source and target and says what is there.  Nothing is
/// recorded, and nothing can be written while it reads.
///
/// # Errors
/// When no source can be read, or the store fails.
pub async fn look_through(
    policy: &Policy,
    connectors: &Connectors,
    store: &dyn Store,
    dormant_after: SignedDuration,
    (now, stop): (Timestamp, &Stop),
) -> Result<Xray, ReconcileError> {
    nothing_is_halted(store).await?;
    let mut identities = store.identities().await?;
    let SourcesRead { mut readings, unread, .. } =
        read_sources(policy, connectors, &identities, (now, stop)).await?;
    let mut not_read = not_read(unread, true);
    let Aside { begun, followed, .. } =
        look_aside(policy, store, &mut readings, &mut identities, now).await?;
    let decided = case::decisions(&store.cases().await?);
    let before = store.source_reads().await?;
    let baseline = before.into_iter().map(|(name, read)| (name, read.keys)).collect();
    let mut assembled =
        assemble_decided(policy, &readings, (&identities, &decided), &baseline, now);
    assembled.join(followed);
    let reads = connectors.targets.iter().map(|(name, target)| {
        let settings = policy.targets.get(name);
        let object_type = settings.and_then(|target| target.object_type.as_deref());
        async move { (name.clone(), read::target(target, object_type, now, stop).await) }
    });
    let links = store.links().await?;
    let mut targets = BTreeMap::new();
    let mut unread = BTreeMap::new();
    for (name, read) in join_all(reads).await {
        match read {
            Ok(mut observed) => {
                doubt_shrunk(policy, &name, &mut observed, &links);
                targets.insert(name, observed);
            }
            Err(fault) => drop(unread.insert(name, fault)),
        }
    }
    not_read.extend(self::not_read(unread, false));
    let mut observed = known::known_of(targets, store).await?;
    let kept = &mut observed.kept;
    kept.followed.extend(begun.into_iter().map(|it| (it.former.id, it.followed)));
    let reads = believed(&assembled, &readings);
    for (id, absence) in lives::counted(policy, (&assembled, &identities), &reads, kept, now) {
        match absence {
            Some(absence) => drop(kept.absences.insert(id, absence)),
            None => drop(kept.absences.remove(&id)),
        }
    }
    provide(policy, &mut assembled, &identities, &observed);
    add_own_facts(&mut assembled.identities, &store.own_facts().await?);
    let found = xray(policy, (&readings, &assembled), observed, dormant_after, now);
    Ok(Xray { not_read, ..found })
}

/// The same of what was recorded; no system is called.
///
/// # Errors
/// When the store fails.
pub async fn look_through_recorded(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Xray, StoreError> {
    let (assembled, observed) = known::recorded(policy, store, now).await?;
    Ok(xray(policy, (&[], &assembled), observed, SignedDuration::MAX, now))
}

fn not_read(unread: BTreeMap<ConnectorName, Fault>, is_source: bool) -> Vec<NotRead> {
    let told = unread.into_iter().map(|(name, fault)| NotRead {
        name,
        is_source,
        why: format!("{fault} ({})", fault.kind.word()),
    });
    told.collect()
}
