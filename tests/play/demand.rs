//! What a person begins: `run workflow emergency for 1001`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard::reconcile::Context;
use lanyard_core::workflow::{Episode, EpisodeEnd};

use crate::people;

/// As `lanyard workflow run` does.
pub(crate) async fn run(
    context: &Context,
    (name, key): (&str, &str),
    now: Timestamp,
) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let store = context.store.as_ref();
    let identity = people::identity(context, key).await?;
    let workflow = context.policy.workflows.iter().find(|it| it.name.as_str() == name);
    let workflow = workflow.ok_or_else(|| format!("there is no workflow `{name}`"))?;
    let remembered = store.workflows().await.map_err(|error| said(&error))?;
    let latest = remembered.latest(identity, &workflow.name);
    let episode = Episode {
        identity,
        workflow: workflow.name.clone(),
        ordinal: latest.map_or(1, |latest| latest.ordinal + 1),
        version: workflow.version.clone(),
        began: now,
        by: Some(context.actor.clone()),
        end: None,
        left: None,
        steps: BTreeMap::new(),
        tried: BTreeMap::new(),
    };
    let definitions = std::slice::from_ref(&workflow.definition);
    store.know_workflows(definitions, now).await.map_err(|error| said(&error))?;
    store.record_episodes(&[(episode, None)]).await.map_err(|error| said(&error))
}

/// As `lanyard workflow cancel` does.
pub(crate) async fn cancel(
    context: &Context,
    (name, key): (&str, &str),
    now: Timestamp,
) -> Result<(), String> {
    let store = context.store.as_ref();
    let identity = people::identity(context, key).await?;
    let remembered = store.workflows().await.map_err(|error| error.to_string())?;
    let episodes = remembered.episodes.get(&identity).into_iter().flatten();
    let mut standing = episodes.filter(|(it, episode)| it.as_str() == name && episode.stands());
    let (_, episode) = standing.next().ok_or_else(|| format!("`{key}` is not in `{name}`"))?;
    let end = Some(EpisodeEnd::Cancelled { at: now, by: context.actor.clone() });
    let episode = Episode { end, ..episode.clone() };
    store.record_episodes(&[(episode, None)]).await.map_err(|error| error.to_string())
}
