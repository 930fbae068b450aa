//! `lanyard workflow list`, `show`, `status`, `run` and `cancel`.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use lanyard_core::{
    desired::DesiredStep,
    id::{IdentityId, StepName, WorkflowName},
    policy::Policy,
    workflow::{Episode, EpisodeEnd, Workflow, mermaid, words},
};

use super::{
    defaults, named,
    output::{Output, counted},
    session::{self, Use},
};
use crate::{
    args::WorkflowVerb,
    config::{Config, nearest},
    errors::{AppError, Exit},
    reconcile::{self, Saying},
    store::{AuditEntry, Store},
    telemetry,
};

pub(super) async fn workflow(
    file: &Path,
    verb: WorkflowVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    if let WorkflowVerb::Default { name } = &verb {
        output.text(&defaults::shown(name.as_deref())?)?;
        return Ok(Exit::Ok);
    }
    let config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    match verb {
        WorkflowVerb::List => {
            list(&config.policy, &session::open_store(&config).await?, output).await?;
        }
        WorkflowVerb::Show { workflow } => {
            output.text(&mermaid(known(&config.policy, &workflow)?))?;
        }
        WorkflowVerb::Status => {
            let store = session::open_store(&config).await?;
            status(config.policy, &store, now, output).await?;
        }
        WorkflowVerb::Run { workflow, identity } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let workflow = known(&config.policy, &workflow)?;
            let identity = named::identity(&store, &identity, now).await?.id;
            begin(&store, workflow, identity, now).await?;
            output.line(&format!(
                "`{}` begins for {identity}; the next plan shows it",
                workflow.name
            ))?;
        }
        WorkflowVerb::Cancel { workflow, identity } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let identity = named::identity(&store, &identity, now).await?.id;
            cancel(&store, &workflow, identity, now).await?;
            output.line(&format!("`{workflow}` is cancelled for {identity}"))?;
        }
        WorkflowVerb::Done { workflow, identity, step, reason } => {
            let at = Place { config: &config, workflow, identity, step, now };
            say(&at, Saying::Done { reason }, output).await?;
        }
        WorkflowVerb::Retry { workflow, identity, step } => {
            let at = Place { config: &config, workflow, identity, step, now };
            say(&at, Saying::Retry, output).await?;
        }
        WorkflowVerb::Skip { workflow, identity, step } => {
            let at = Place { config: &config, workflow, identity, step, now };
            say(&at, Saying::Skip, output).await?;
        }
        // It needs no file, and was answered above.
        WorkflowVerb::Default { .. } => {}
    }
    Ok(Exit::Ok)
}

/// A step of somebody's way through a workflow.
struct Place<'a> {
    config: &'a Config,
    workflow: WorkflowName,
    identity: String,
    step: StepName,
    now: Timestamp,
}

async fn say(at: &Place<'_>, saying: Saying, output: &mut Output) -> Result<(), AppError> {
    let store = session::exclusive_store(at.config, Use::Changes, output).await?;
    let identity = named::identity(&store, &at.identity, at.now).await?.id;
    let step = (&at.workflow, &at.step);
    let how = match &saying {
        Saying::Done { .. } => "is done",
        Saying::Skip => "is skipped",
        Saying::Retry => "is tried anew by the next plan",
    };
    let actor = session::actor();
    reconcile::say_of_step(&store, identity, step, saying, (&actor, at.now)).await?;
    output.line(&format!("step `{}` of `{}` {how} for {identity}", at.step, at.workflow))
}

fn known<'a>(policy: &'a Policy, name: &WorkflowName) -> Result<&'a Workflow, AppError> {
    policy.workflows.iter().find(|it| it.name == *name).ok_or_else(|| {
        let error = AppError::new(Exit::Usage, format!("there is no workflow `{name}`"));
        let names = || policy.workflows.iter().map(|it| it.name.as_str());
        match nearest(name.as_str(), names()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None if policy.workflows.is_empty() => error.hint("the file has none"),
            None => error.hint(format!("workflows: {}", names().collect::<Vec<_>>().join(", "))),
        }
    })
}

async fn list(policy: &Policy, store: &dyn Store, output: &mut Output) -> Result<(), AppError> {
    let remembered = store.workflows().await?;
    for workflow in &policy.workflows {
        let latest = remembered.episodes.values().filter_map(|of| of.get(&workflow.name));
        let open = latest.filter(|latest| latest.is_open()).count();
        let steps = counted(workflow.steps.len(), "step", "steps");
        let people = counted(open, "person", "people");
        let on = words(&workflow.on);
        output.line(&format!("{:<20} {on}; {steps}, {people} in it", workflow.name))?;
    }
    Ok(())
}

/// As last known: nothing is read.
async fn status(
    policy: Policy,
    store: &dyn Store,
    now: Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    let known = reconcile::last_known(policy, store, now).await?;
    for person in known.desired.identities.into_values() {
        for episode in person.episodes.iter().filter(|it| it.episode.is_open()) {
            let began = episode.episode.began;
            let name = &episode.episode.workflow;
            output.line(&format!("{}: `{name}` since {began:.0}", person.label))?;
            for (step, why) in &episode.waits {
                output.line(&format!("  step `{step}`: {why}"))?;
            }
        }
        for DesiredStep { workflow, step, text } in &person.steps.open {
            output.line(&format!("{}: `{workflow}` step `{step}` {text}", person.label))?;
        }
    }
    Ok(())
}

async fn begin(
    store: &dyn Store,
    workflow: &Workflow,
    identity: IdentityId,
    now: Timestamp,
) -> Result<(), AppError> {
    let remembered = store.workflows().await?;
    let latest = remembered.latest(identity, &workflow.name);
    if latest.is_some_and(Episode::is_open) {
        return Err(AppError::new(
            Exit::Usage,
            format!("{identity} is in `{}` already", workflow.name),
        )
        .hint("`lanyard workflow status` shows how far"));
    }
    let episode = Episode {
        identity,
        workflow: workflow.name.clone(),
        ordinal: latest.map_or(1, |latest| latest.ordinal.saturating_add(1)),
        version: workflow.version.clone(),
        began: now,
        by: Some(session::actor()),
        end: None,
        left: None,
        steps: BTreeMap::new(),
        tried: BTreeMap::new(),
    };
    store.know_workflows(std::slice::from_ref(&workflow.definition), now).await?;
    let entry = entry(&episode, "begun by a person", now);
    Ok(store.record_episodes(&[(episode, Some(entry))]).await?)
}

async fn cancel(
    store: &dyn Store,
    workflow: &WorkflowName,
    identity: IdentityId,
    now: Timestamp,
) -> Result<(), AppError> {
    let remembered = store.workflows().await?;
    let latest = remembered.latest(identity, workflow).cloned();
    let Some(mut episode) = latest.filter(Episode::stands) else {
        return Err(AppError::new(Exit::Usage, format!("{identity} is not in `{workflow}`"))
            .hint("`lanyard workflow status` shows who is in which"));
    };
    episode.end = Some(EpisodeEnd::Cancelled { at: now, by: session::actor() });
    let entry = entry(&episode, "cancelled", now);
    Ok(store.record_episodes(&[(episode, Some(entry))]).await?)
}

fn entry(episode: &Episode, result: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: session::actor(),
        action: "workflow".to_owned(),
        identity: Some(episode.identity),
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail: BTreeMap::from([
            ("workflow".to_owned(), episode.workflow.to_string()),
            ("episode".to_owned(), episode.ordinal.to_string()),
        ]),
    }
}
