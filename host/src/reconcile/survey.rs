//! From the world to a plan: read, assemble, desire, compare, guard.

mod at_once;
mod kept;
mod sources;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    absence,
    case::{self, Decisions},
    desired::{Desired, desired_adopting},
    dropped::{Dropped, dropped},
    fact::{Identity, Reading},
    fault::Fault,
    guard::{Finding, GuardSettings, blocked, guard, last_ones, still_doubted},
    history::past_starts,
    id::{ConnectorName, IdentityId},
    identity::{Assembled, assemble_decided, provide},
    lifecycle::notes_of_holds,
    missing::missing,
    observed::{Observed, ObservedTarget},
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    review,
    workflow::add_own_facts,
};

pub use self::{
    at_once::at_once,
    sources::{SourcesRead, read_sources},
    targets::refresh,
};
pub(super) use self::{
    kept::{accept_lost, accept_shrunk, episode_entry},
    sources::believed,
    targets::doubt_shrunk,
};
use self::{
    kept::{keep_what_was_seen, know_workflows, record_cases},
    sources::{measure, proving},
    targets::{Observing, observe},
};
use super::{
    Context, ReconcileError,
    approvals::{self, Seen},
    dropped::note,
    erase::{confirm_gone, free_names, set_aside},
    known::lately,
    lives, nothing_is_halted,
    obligations::Owed,
    requests, reviews,
};
use crate::store::{SourceRead, StoredPlan};

/// Everything one look at the world gave.
#[derive(Debug)]
pub struct Survey {
    pub assembled: Assembled,
    pub desired: Desired,
    pub observed: Observed,
    /// Kept in the store under its digest.
    pub stored: StoredPlan,
    /// Every reading of a source that proves absence, the shrunk included.
    reads: BTreeMap<ConnectorName, SourceRead>,
    /// What sources and targets that left the file leave behind.
    pub dropped: Dropped,
    /// Targets that could not be read, and why.
    pub unread: BTreeMap<ConnectorName, Fault>,
    /// What targets said that lost too many accounts of ours.
    pub shrank: BTreeMap<ConnectorName, ObservedTarget>,
    /// Sources that could not be read while others could, and why.
    pub unread_sources: BTreeMap<ConnectorName, Fault>,
}

/// Looks at every source and target and makes the plan for now.
///
/// # Errors
/// When no source can be read, or one that may give a fact that is asked for
/// and that nobody gives; when everything is halted before its end; or the
/// store fails.
pub async fn survey(context: &Context) -> Result<Survey, ReconcileError> {
    nothing_is_halted(context.store.as_ref()).await?;
    let survey = surveyed(context).await;
    // What a halt kept from being read was not away.
    context.stop.nothing_is_halted().await?;
    nothing_is_halted(context.store.as_ref()).await?;
    survey
}

async fn surveyed(context: &Context) -> Result<Survey, ReconcileError> {
    let now = context.now();
    let mut known = context.store.identities().await?;
    let (mut readings, unread_sources) = told_by_sources(context, &known, now).await?;
    let (told, followed) = set_aside(context, &mut readings, &mut known, now).await?;
    let cases = context.store.cases().await?;
    let decided = case::decisions(&cases);
    let mut assembled = assemble_identities(context, &readings, (&known, &decided), now).await?;
    told.join(&mut assembled, followed);
    let believed = believed(&assembled, &readings);
    lives::confirm_absences(context, &assembled, &known, &believed, now).await?;
    know_workflows(context, now).await?;
    let Observing { mut observed, unread, shrank } = observe(context, now).await?;
    let policy = context.policy.as_ref();
    observed.kept.clock = observed.kept.clock.after(policy.lifecycle.clock_jump, now);
    just_learned(context, &mut observed, (&known, &assembled), now).await?;
    provide(policy, &mut assembled, &known, &observed);
    context.store.record_identities(&assembled.to_record(false), &believed, now).await?;
    record_cases(context, &cases, &assembled, &readings, now).await?;
    add_own_facts(&mut assembled.identities, &context.store.own_facts().await?);
    let desired = desired_adopting(policy, &assembled, &mut observed, now);
    keep_what_was_seen(context, &assembled, &desired, &observed, now).await?;
    let mut plan = plan(&PlanSettings::of(policy), &desired, &observed, now);
    if !plan.overlaps.is_empty() {
        context.store.record_overlaps(&plan.overlaps).await?;
    }
    let owed = Owed::of(context, (&assembled, &desired, &observed), &plan, now).await?;
    owed.note(context, &mut plan, (&desired, &observed), &unread);
    notes(policy, &mut plan, &readings, (&assembled, &desired, &observed));
    plan.notes.extend(told.notes());
    let dropped = dropped(policy, &assembled, &desired, &observed);
    note(policy, &dropped, &mut plan);
    plan.notes.extend(last_ones(policy, &plan, &observed));
    review::planned(policy, (&assembled, &desired, &observed), &mut plan, now);
    let lately = lately(policy, context.store.as_ref(), now).await?;
    let settings = GuardSettings::of(policy);
    let mut findings =
        guard(&settings, &plan, &observed, &lately, &still_doubted(&assembled.shrank, &desired));
    findings.extend(shrank.iter().map(|(shrank, _)| shrank.finding(&plan)));
    let jumped = observed.kept.clock.jump.is_some();
    findings.extend(lives::findings(context, &plan, &assembled, &mut observed, now));
    let digest = plan.digest()?;
    let seen = Seen::of((&plan, &digest), (&assembled, &desired, &observed), now);
    findings.extend(answered(context, seen, &findings, (&unread_sources, &unread), jumped).await?);
    owed.keep(context, (&desired, &observed), (&plan, &findings), &unread, now).await?;
    context.store.mark_clock(observed.kept.clock).await?;
    let stored = StoredPlan {
        digest,
        plan,
        findings,
        config: context.config.clone(),
        made_at: now,
        erased: None,
    };
    context.store.save_plan(&stored).await?;
    let reads = proving(&readings);
    let shrank = shrank.into_iter().map(|(shrank, said)| (shrank.target, said)).collect();
    Ok(Survey {
        assembled,
        desired,
        observed,
        stored,
        reads,
        dropped,
        unread,
        shrank,
        unread_sources,
    })
}

/// What sources say, and those that said nothing.
async fn told_by_sources(
    context: &Context,
    known: &[Identity],
    now: Timestamp,
) -> Result<(Vec<Reading>, BTreeMap<ConnectorName, Fault>), ReconcileError> {
    let Context { policy, connectors, stop, .. } = context;
    let mut read = read_sources(policy, connectors, known, (now, stop)).await?;
    read.trouble().map_or(Ok((read.readings, read.unread)), Err)
}

/// What this look learned and the store does not have yet.
async fn just_learned(
    context: &Context,
    observed: &mut Observed,
    (known, assembled): (&[Identity], &Assembled),
    now: Timestamp,
) -> Result<(), ReconcileError> {
    confirm_gone(context, observed).await?;
    free_names(context, observed, now).await?;
    observed.forgetting.in_cases.extend(assembled.cases.iter().flat_map(case::may_be));
    for (id, past) in past_starts(known, &assembled.identities, now) {
        observed.kept.past_starts.entry(id).or_default().extend(past);
    }
    Ok(())
}

/// What a plan alone does not know to say.
fn notes(
    policy: &Policy,
    plan: &mut Plan,
    readings: &[Reading],
    (assembled, desired, observed): (&Assembled, &Desired, &Observed),
) {
    plan.notes.extend(missing(policy, readings, assembled, desired, observed));
    let absent = absence::notes(policy, assembled, desired, observed);
    plan.label(desired, absent.iter().filter_map(|note| note.identity));
    plan.notes.extend(absent);
    let people = &assembled.identities;
    plan.notes.extend(notes_of_holds(policy, people, &observed.kept, plan));
    plan.label(desired, assembled.doubted.iter().map(|(identity, _)| *identity));
    plan.notes.extend(case::notes(assembled));
}

/// Records what is over of what people are asked, unless the clock jumped, and
/// says what waits for them.
async fn answered(
    context: &Context,
    seen: Seen<'_>,
    findings: &[Finding],
    unread: (&BTreeMap<ConnectorName, Fault>, &BTreeMap<ConnectorName, Fault>),
    jumped: bool,
) -> Result<Vec<Finding>, ReconcileError> {
    let Seen { plan, desired, now, .. } = seen;
    // As it was when it was looked at: that a jump takes nothing is found after.
    if !jumped {
        let held = held_back(plan, findings);
        requests::record_ended(context, desired, &held, now).await?;
        reviews::keep(context, seen, &held).await?;
        approvals::keep(context, seen, unread).await?;
    }
    approvals::findings(context, seen).await
}

/// People about whom something is held back until a person has looked.
fn held_back(plan: &Plan, findings: &[Finding]) -> BTreeSet<IdentityId> {
    let blocked = blocked(plan, findings, &BTreeSet::new());
    let held = plan.operations.iter().filter(|it| blocked.contains(&it.id));
    held.map(|operation| operation.identity).collect()
}

/// Identities as the readings make them.
async fn assemble_identities(
    context: &Context,
    readings: &[Reading],
    known: (&[Identity], &Decisions),
    now: Timestamp,
) -> Result<Assembled, ReconcileError> {
    let baseline = measure(&context.policy, context.store.source_reads().await?, known.0);
    Ok(assemble_decided(&context.policy, readings, known, &baseline, now))
}
