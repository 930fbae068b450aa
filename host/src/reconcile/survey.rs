//! From the world to a plan: read, assemble, desire, compare, guard.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use lanyard_core::{
    absence,
    case::{self, Decisions, KeptCase},
    desired::{Desired, desired_adopting, unwanted},
    dropped::{Dropped, dropped},
    fact::{Identity, Reading},
    fault::Fault,
    guard::{Finding, GuardSettings, TargetShrank, blocked, guard, last_ones, still_doubted},
    history::past_starts,
    id::{ConnectorName, IdentityId},
    identity::{Assembled, UnknownFact, assemble_decided, provide, unknown_facts},
    lifecycle::notes_of_holds,
    missing::missing,
    observed::{Link, Observed, ObservedTarget},
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    review,
    workflow::{Definition, Episode, EpisodeEnd, add_own_facts, without_own_facts},
};

use super::{
    Context, ReconcileError, Stop,
    approvals::{self, Seen},
    dropped::note,
    erase::{confirm_gone, free_names, set_aside},
    known::{known_of, lately},
    lives, read, requests, reviews,
};
use crate::{
    connector::Connectors,
    store::{AuditEntry, SourceRead, StoredPlan},
};

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
/// and that nobody gives; or the store fails.
pub async fn survey(context: &Context) -> Result<Survey, ReconcileError> {
    let now = context.now();
    let mut known = context.store.identities().await?;
    let mut read =
        read_sources(&context.policy, &context.connectors, &known, (now, &context.stop)).await?;
    if let Some(trouble) = read.trouble() {
        return Err(trouble);
    }
    let SourcesRead { mut readings, unread: unread_sources, .. } = read;
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
    findings.extend(lives::findings(context, &plan, &assembled, &mut observed, now));
    let digest = plan.digest()?;
    let seen = Seen::of((&plan, &digest), (&assembled, &desired, &observed), now);
    findings.extend(answered(context, seen, &findings, (&unread_sources, &unread)).await?);
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

/// The workflows of the file: whoever they would have been for before today
/// begins none of them.
async fn know_workflows(context: &Context, now: Timestamp) -> Result<(), ReconcileError> {
    let workflows = &context.policy.workflows;
    let definitions: Vec<Definition> = workflows.iter().map(|it| it.definition.clone()).collect();
    if !definitions.is_empty() {
        context.store.know_workflows(&definitions, now).await?;
    }
    Ok(())
}

/// Records what is over of what people are asked, unless the clock jumped, and
/// says what waits for them.
async fn answered(
    context: &Context,
    seen: Seen<'_>,
    findings: &[Finding],
    unread: (&BTreeMap<ConnectorName, Fault>, &BTreeMap<ConnectorName, Fault>),
) -> Result<Vec<Finding>, ReconcileError> {
    let Seen { plan, assembled, desired, observed, now, .. } = seen;
    if observed.kept.clock.jump.is_none() {
        requests::record_ended(context, desired, &held_back(plan, findings), now).await?;
        reviews::keep(context, assembled, &observed.kept, now).await?;
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

/// What this look found, whether or not its plan is applied.
async fn keep_what_was_seen(
    context: &Context,
    assembled: &Assembled,
    desired: &Desired,
    observed: &Observed,
    now: Timestamp,
) -> Result<(), ReconcileError> {
    let found = unwanted(assembled, desired, &observed.links, now);
    if !found.is_empty() {
        context.store.record_unwanted(&found).await?;
    }
    let seen = seen(context, desired, now);
    if !seen.is_empty() {
        context.store.record_episodes(&seen).await?;
    }
    Ok(())
}

/// What the sources of a file say together.
#[derive(Debug)]
pub struct SourcesRead {
    pub readings: Vec<Reading>,
    /// Names of what they give: attributes, and facts made of them.
    pub columns: BTreeSet<String>,
    /// What is asked for and none of those that were read gives.
    pub unknown: Vec<UnknownFact>,
    /// Those that could not be read, and why.
    pub unread: BTreeMap<ConnectorName, Fault>,
}

impl SourcesRead {
    /// Why nothing can be planned, when something asks for a fact that nobody
    /// gives.
    fn trouble(&mut self) -> Option<ReconcileError> {
        let unknown = self.unknown.drain(..).next()?;
        // It may be given by a source that was not read.
        Some(match self.unread.pop_first() {
            Some((source_name, fault)) => ReconcileError::Source { source_name, fault },
            None => ReconcileError::Fact { unknown, known: std::mem::take(&mut self.columns) },
        })
    }
}

/// Reads every source, and looks whether they give what is asked for; facts
/// of the identities `known` from before count as given.
///
/// One that cannot be read delays nobody of the others.
///
/// # Errors
/// When none of them can be read.
pub async fn read_sources(
    policy: &Policy,
    connectors: &Connectors,
    known: &[Identity],
    (now, stop): (Timestamp, &Stop),
) -> Result<SourcesRead, ReconcileError> {
    let reads = connectors.sources.iter().map(|(name, source)| async move {
        (name.clone(), read::source(name, source, now, stop).await)
    });
    let mut readings = Vec::new();
    let mut columns = BTreeSet::new();
    let mut unread = BTreeMap::new();
    for (name, read) in join_all(reads).await {
        match read {
            Ok((reading, declared)) => {
                readings.push(reading);
                columns.extend(declared);
            }
            Err(fault) => {
                tracing::warn!(source = %name, kind = fault.kind.word(), "not read: {fault}");
                unread.insert(name, fault);
            }
        }
    }
    if readings.is_empty()
        && let Some((source_name, fault)) = unread.pop_first()
    {
        return Err(ReconcileError::Source { source_name, fault });
    }
    let unknown = unknown_facts(policy, &columns, &readings, known);
    let mapped = policy.sources.values().flat_map(|source| source.facts.keys());
    columns.extend(mapped.map(ToString::to_string));
    Ok(SourcesRead { readings, columns, unknown, unread })
}

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

/// Identities as the readings make them.
async fn assemble_identities(
    context: &Context,
    readings: &[Reading],
    known: (&[Identity], &Decisions),
    now: Timestamp,
) -> Result<Assembled, ReconcileError> {
    let before = context.store.source_reads().await?;
    let baseline = before.into_iter().map(|(name, read)| (name, read.keys)).collect();
    Ok(assemble_decided(&context.policy, readings, known, &baseline, now))
}

/// Questions that only a person can answer, for `case list`.
async fn record_cases(
    context: &Context,
    kept: &[KeptCase],
    assembled: &Assembled,
    readings: &[Reading],
    now: Timestamp,
) -> Result<(), ReconcileError> {
    let proving = readings.iter().filter(|reading| reading.coverage.proves_absence());
    let proven = proving.map(|reading| &reading.source).collect();
    let closed = case::closed(kept, &assembled.cases, &context.policy, &proven);
    if !assembled.cases.is_empty() || !closed.is_empty() {
        context.store.record_cases(&assembled.cases, &closed, now).await?;
    }
    Ok(())
}

/// Readings that count as the measure of later ones: a shrunk one only when a
/// person says so.
pub(super) fn believed(
    assembled: &Assembled,
    readings: &[Reading],
) -> BTreeMap<ConnectorName, SourceRead> {
    let shrank: BTreeSet<&ConnectorName> =
        assembled.shrank.iter().map(|shrank| &shrank.source).collect();
    let mut reads = proving(readings);
    reads.retain(|source, _| !shrank.contains(source));
    reads
}

/// A person released that a source shrank: what it says now is the measure,
/// who is missing from it is absent, and who is new by it is known.
pub(super) async fn accept_shrunk(
    context: &Context,
    survey: &Survey,
) -> Result<(), ReconcileError> {
    let mut identities = survey.assembled.to_record(true);
    without_own_facts(&mut identities);
    let at = survey.stored.made_at;
    Ok(context.store.record_identities(&identities, &survey.reads, at).await?)
}

/// A person released that targets lost accounts of ours: they are gone.
pub(super) async fn accept_lost(context: &Context, survey: &Survey) -> Result<(), ReconcileError> {
    for (target, said) in &survey.shrank {
        context.store.record_observation(target, said).await?;
    }
    Ok(())
}

fn proving(readings: &[Reading]) -> BTreeMap<ConnectorName, SourceRead> {
    readings
        .iter()
        .filter(|reading| reading.coverage.proves_absence())
        .map(|reading| (reading.source.clone(), source_read(reading)))
        .collect()
}

fn source_read(reading: &Reading) -> SourceRead {
    let keys = reading.records.iter().map(|record| record.reference.uid.clone());
    SourceRead {
        keys: keys.filter(|key| !key.is_empty()).collect(),
        coverage: reading.coverage.clone(),
        read_at: reading.read_at,
    }
}

/// Episodes in which something was seen and nothing is decided: a wait that
/// is over, an account that is closed.
fn seen(
    context: &Context,
    desired: &Desired,
    now: Timestamp,
) -> Vec<(Episode, Option<AuditEntry>)> {
    let episodes = desired.identities.values().flat_map(|person| &person.episodes);
    episodes
        .filter(|it| it.changed && it.news.is_empty())
        .map(|it| (it.episode.clone(), episode_entry(context, &it.episode, now)))
        .collect()
}

/// What the audit says of an episode that is recorded; nothing of one that
/// never began.
pub(super) fn episode_entry(
    context: &Context,
    episode: &Episode,
    at: Timestamp,
) -> Option<AuditEntry> {
    if matches!(episode.end, Some(EpisodeEnd::Before { .. })) {
        return None;
    }
    let ended = episode.steps.keys().filter(|step| episode.ended(step).is_some());
    let ended = ended.map(ToString::to_string).collect::<Vec<_>>();
    Some(AuditEntry {
        at,
        actor: context.actor.clone(),
        action: "workflow".to_owned(),
        identity: Some(episode.identity),
        target: None,
        account: None,
        result: episode.word().to_owned(),
        verification: None,
        detail: BTreeMap::from([
            ("workflow".to_owned(), episode.workflow.to_string()),
            ("episode".to_owned(), episode.ordinal.to_string()),
            ("ended steps".to_owned(), ended.join(", ")),
        ]),
    })
}

/// A target that lost too many accounts of ours proves no absence from here
/// on; answers what it said.
pub(super) fn doubt_shrunk(
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
struct Observing {
    observed: Observed,
    unread: BTreeMap<ConnectorName, Fault>,
    /// Targets that lost too many accounts of ours, and what they said.
    shrank: Vec<(TargetShrank, ObservedTarget)>,
}

/// Reads every target; one that cannot be read delays nobody else.
async fn observe(context: &Context, now: Timestamp) -> Result<Observing, ReconcileError> {
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
