//! What of a look is kept, whether or not its plan is applied.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    case::{self, KeptCase},
    desired::{Desired, unwanted},
    fact::Reading,
    identity::Assembled,
    observed::Observed,
    workflow::{Definition, Episode, EpisodeEnd, without_own_facts},
};

use super::Survey;
use crate::{
    reconcile::{Context, ReconcileError},
    store::AuditEntry,
};

/// Questions that only a person can answer, for `case list`.
pub(super) async fn record_cases(
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

/// The workflows of the file: whoever they would have been for before today
/// begins none of them.
pub(super) async fn know_workflows(
    context: &Context,
    now: Timestamp,
) -> Result<(), ReconcileError> {
    let workflows = &context.policy.workflows;
    let definitions: Vec<Definition> = workflows.iter().map(|it| it.definition.clone()).collect();
    if !definitions.is_empty() {
        context.store.know_workflows(&definitions, now).await?;
    }
    Ok(())
}

/// What this look found, whether or not its plan is applied.
pub(super) async fn keep_what_was_seen(
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
pub(in crate::reconcile) fn episode_entry(
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

/// A person released that a source shrank: what it says now is the measure,
/// who is missing from it is absent, and who is new by it is known.
pub(in crate::reconcile) async fn accept_shrunk(
    context: &Context,
    survey: &Survey,
) -> Result<(), ReconcileError> {
    let mut identities = survey.assembled.to_record(true);
    without_own_facts(&mut identities);
    let at = survey.stored.made_at;
    Ok(context.store.record_identities(&identities, &survey.reads, at).await?)
}

/// A person released that targets lost accounts of ours: they are gone.
pub(in crate::reconcile) async fn accept_lost(
    context: &Context,
    survey: &Survey,
) -> Result<(), ReconcileError> {
    for (target, said) in &survey.shrank {
        context.store.record_observation(target, said).await?;
    }
    Ok(())
}
