//! Erasing people: by time, as a plan has it, or by a person's order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    case,
    desired::{Desired, liken},
    fact::{Identity, Reading},
    forgetting::{self, Anew, PlannedErasure, Told, doubts, let_go, started},
    guard::{FindingKind, room_to_erase},
    id::IdentityId,
    identity::Assembled,
    lifecycle::Kept,
    observed::Observed,
    plan::{PlanSettings, hindered},
    policy::Policy,
};

use super::{
    Context,
    known::look,
    progress::{Progress, Summary},
    survey::Survey,
};
use crate::store::{AuditEntry, ErasedRows, Erasure, Store, StoreError};

/// Why somebody is not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} is not erased: {}", .identity, .why.join("; "))]
    Hindered { identity: IdentityId, why: Vec<String> },
}

/// What a person orders.
#[derive(Debug, Clone, Copy)]
pub struct Erasing<'a> {
    pub identity: &'a Identity,
    pub reason: &'a str,
    /// An OS user.
    pub actor: &'a str,
    /// False: what it would take is told, and nothing is done.
    pub carry_out: bool,
}

/// Takes up what this look says of accounts of ours that are gone.
pub(super) async fn confirm_gone(
    context: &Context,
    observed: &mut Observed,
) -> Result<(), StoreError> {
    let changed = forgetting::confirm_gone(&context.policy, observed);
    if changed.is_empty() {
        return Ok(());
    }
    context.store.record_gone(&changed).await?;
    let gone = &mut observed.forgetting.gone;
    for (account, proof) in changed {
        match proof {
            Some(proof) => drop(gone.insert(account, proof)),
            None => drop(gone.remove(&account)),
        }
    }
    Ok(())
}

/// Frees login names of people who were erased that are kept from nobody any
/// longer; a clock that jumped frees none.
pub(super) async fn free_names(
    context: &Context,
    observed: &mut Observed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let forgotten = &mut observed.forgetting.forgotten;
    let free = forgotten.free_names(&context.policy, now);
    if free.is_empty() || observed.kept.clock.jump.is_some() {
        return Ok(());
    }
    context.store.free_names(&free).await?;
    for (target, digest) in free {
        if let Some(names) = forgotten.names.get_mut(&target) {
            names.remove(&digest);
        }
    }
    Ok(())
}

/// Leaves out what sources still say of people who were erased; whoever of
/// them begins anew is known from now on.  Answers those who go on as somebody
/// new as well: they are known by no source any more.
pub(super) async fn set_aside(
    context: &Context,
    readings: &mut [Reading],
    known: &mut Vec<Identity>,
    now: Timestamp,
) -> Result<(Told, Vec<Identity>), StoreError> {
    let store = context.store.as_ref();
    let Aside { told, begun, followed } =
        look_aside(&context.policy, store, readings, known, now).await?;
    record_begun(context, &begun, now).await?;
    Ok((told, followed))
}

/// What is left out of readings, and who goes on as whom.
pub(super) struct Aside {
    told: Told,
    pub begun: Vec<Anew>,
    /// Those who go on as somebody new.
    pub followed: Vec<Identity>,
}

/// [`set_aside`], of which nothing is recorded.
pub(super) async fn look_aside(
    policy: &Policy,
    store: &dyn Store,
    readings: &mut [Reading],
    known: &mut Vec<Identity>,
    now: Timestamp,
) -> Result<Aside, StoreError> {
    let (forgotten, mut kept) = (store.forgotten().await?, store.kept().await?);
    let decided = case::decisions(&store.cases().await?);
    let mut told = forgetting::set_aside(policy, readings, (known, &forgotten, &decided), now);
    known.append(&mut told.again);
    let mut begun = Vec::new();
    // Whoever left and is hired again is somebody new, where the file wants it.
    if policy.leaver.begins_anew {
        let links = store.links().await?;
        begun = forgetting::begin_anew(policy, readings, known, (&kept, &links, &forgotten), now);
    }
    for Anew { former, followed, again } in &begun {
        known.retain(|identity| identity.id != former.id);
        known.extend([former.clone(), again.clone()]);
        kept.followed.insert(former.id, *followed);
    }
    known.sort_by_key(|identity| identity.id);
    let followed = part_followed(known, &kept);
    Ok(Aside { told, begun, followed })
}

async fn record_begun(context: &Context, begun: &[Anew], now: Timestamp) -> Result<(), StoreError> {
    if begun.is_empty() {
        return Ok(());
    }
    let entry = |identity: IdentityId, part: &str, other: IdentityId| AuditEntry {
        at: now,
        actor: context.actor.clone(),
        action: "rehire".to_owned(),
        identity: Some(identity),
        target: None,
        account: None,
        result: "somebody new".to_owned(),
        verification: None,
        detail: BTreeMap::from([(part.to_owned(), other.to_string())]),
    };
    let entries: Vec<AuditEntry> = begun
        .iter()
        .flat_map(|Anew { former, again, .. }| {
            [entry(former.id, "goes on as", again.id), entry(again.id, "was", former.id)]
        })
        .collect();
    context.store.begin_anew(begun, &entries).await
}

/// Those who go on as somebody new: no source speaks of them any more.
pub(super) fn part_followed(known: &mut Vec<Identity>, kept: &Kept) -> Vec<Identity> {
    let (followed, others) = std::mem::take(known)
        .into_iter()
        .partition(|identity| kept.followed.contains_key(&identity.id));
    *known = others;
    followed
}

/// Erases those of a plan whom no finding holds back, when everything else is
/// done.
pub(super) async fn carry_out(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
    report: &(dyn Fn(Progress) + Send + Sync),
    summary: &mut Summary,
) -> Result<(), StoreError> {
    let plan = &survey.stored.plan;
    let now = survey.stored.made_at;
    let forgotten = &survey.observed.forgetting.forgotten;
    let room = room_to_erase(&context.policy.limits, forgotten, now);
    let go = let_go(plan, &survey.stored.findings, released, room);
    summary.blocked += plan.erasures.len().saturating_sub(go.len());
    // What this run and others began meanwhile is in the way as well.
    let meanwhile = if go.is_empty() {
        BTreeMap::new()
    } else {
        let policy = &context.policy;
        let (_, observed, desired) = look(policy, context.store.as_ref(), now).await?;
        let who = go.iter().map(|erasure| erasure.identity);
        hindered(&PlanSettings::of(policy), &desired, &observed, who)
    };
    for PlannedErasure { identity, departed, .. } in go {
        let Some(known) = survey.assembled.identity(*identity) else { continue };
        let is_doubtful =
            !survey.unread_sources.is_empty() || !doubts(known, &survey.observed).is_empty();
        let is_hindered = meanwhile.get(identity).is_none_or(|why| !why.is_empty());
        if is_hindered || is_doubtful {
            summary.blocked += 1;
            continue;
        }
        let said = Said { ordered: false, departed: Some(*departed), reason: None };
        let (erasure, entry) = erasure(
            &context.policy,
            context.store.as_ref(),
            known,
            (said, &context.actor, context.now()),
        )
        .await?;
        if context.store.erase(&erasure, &entry).await?.is_some() {
            summary.erased += 1;
            report(Progress::Erased { identity: *identity });
        }
    }
    // Also what an earlier run could not, because somebody was reading.
    if !context.store.sweep().await? {
        summary.unswept = true;
    }
    Ok(())
}

/// Erases somebody because a person says so, or tells what that would take.
///
/// # Errors
/// What is in the way.
pub async fn erase_by_order(
    policy: &Policy,
    store: &dyn Store,
    erasing: Erasing<'_>,
    now: Timestamp,
) -> Result<ErasedRows, EraseError> {
    let Erasing { identity: known, reason, actor, carry_out } = erasing;
    let identity = known.id;
    let (why, departed) = in_the_way(policy, known, Box::pin(look(policy, store, now)).await?, now);
    if !why.is_empty() {
        return Err(EraseError::Hindered { identity, why });
    }
    let said = Said { ordered: true, departed, reason: Some(reason.to_owned()) };
    let (erasure, entry) = erasure(policy, store, known, (said, actor, now)).await?;
    let rows = if carry_out {
        store.erase(&erasure, &entry).await?
    } else {
        store.would_erase(&erasure, &entry).await?
    };
    Ok(rows.unwrap_or_default())
}

/// Why somebody is not erased by order, and since when they are departed.
fn in_the_way(
    policy: &Policy,
    known: &Identity,
    (assembled, observed, mut desired): (Assembled, Observed, Desired),
    now: Timestamp,
) -> (Vec<String>, Option<Timestamp>) {
    let identity = known.id;
    liken(policy, &assembled, &mut desired, &observed, (identity, now));
    let mut why = hindered(&PlanSettings::of(policy), &desired, &observed, [identity])
        .remove(&identity)
        .unwrap_or_else(|| vec!["nobody knows them".to_owned()]);
    why.extend(doubts(known, &observed));
    (why, desired.identities.get(&identity).and_then(|person| person.state.left))
}

struct Said {
    ordered: bool,
    departed: Option<Timestamp>,
    reason: Option<String>,
}

async fn erasure(
    policy: &Policy,
    store: &dyn Store,
    known: &Identity,
    (said, actor, at): (Said, &str, Timestamp),
) -> Result<(Erasure, AuditEntry), StoreError> {
    let Said { ordered, departed, reason } = said;
    let past = store.past_facts(known.id).await?;
    let how = if ordered { "by order" } else { "their time was over" };
    let entry = AuditEntry {
        at,
        actor: actor.to_owned(),
        action: "erase".to_owned(),
        identity: Some(known.id),
        target: None,
        account: None,
        result: "done".to_owned(),
        verification: None,
        detail: BTreeMap::from([("how".to_owned(), how.to_owned())]),
    };
    let erasure = Erasure {
        identity: known.id,
        at,
        by: actor.to_owned(),
        ordered,
        departed,
        reason,
        started: started(policy, known, &past, at),
    };
    Ok((erasure, entry))
}
