//! `lanyard rule test`.

use std::path::Path;

use lanyard_core::{
    asking::{Asking, CannotSuppose, supposed},
    desired::desired,
    id::RuleName,
    policy::Policy,
};

use super::{
    explain,
    moment::{Edge, moment},
    named,
    output::Output,
    session,
};
use crate::{
    args::Tried,
    config::nearest,
    errors::{AppError, Exit},
    telemetry,
};

/// From what is stored: no system is called, and nothing is kept.
pub(super) async fn test(
    file: &Path,
    wanted: &Tried,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let Tried { words, target, set, at, json } = wanted;
    let (rule, who) = match (words.as_slice(), target) {
        ([who], Some(_)) => (None, who),
        ([rule, who], None) => (Some(rule), who),
        _ => {
            return Err(AppError::new(
                Exit::Usage,
                "a rule and a person, or a target and a person",
            )
            .hint("`lanyard rule test RULE WHO`, or `lanyard rule test --target TARGET WHO`"));
        }
    };
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let timezone = &config.policy.lifecycle.timezone;
    let now = telemetry::clock()();
    let at = at.as_deref().map_or(Ok(now), |at| moment(at, Edge::First, timezone))?;
    let found = named::identity(&store, who, now).await?;
    if let Some(target) = target {
        named::target(&config, &store, target).await?;
    }
    let (mut all, touched) = explain::known(config, &store, Some(&found), at).await?;
    let known = &mut all.known;
    let mut people = known.assembled.identities.iter_mut();
    if let Some(identity) = people.find(|it| it.id == found.id) {
        supposed(&known.policy, identity, set, at).map_err(|error| match error {
            CannotSuppose::NoDate(_) => AppError::new(Exit::Usage, error),
            CannotSuppose::Name(_) => AppError::new(Exit::Bug, error),
        })?;
    }
    known.desired = desired(&known.policy, &known.assembled, &known.observed, at);
    let all = &all;
    let identity = all.known.assembled.identity(found.id).unwrap_or(&found);
    let asking = Asking::about(explain::world(all, &touched, at), identity).ok_or_else(|| {
        AppError::new(Exit::Usage, "nothing is decided for this identity yet")
            .hint("make a plan first")
    })?;
    let policy = &all.known.policy;
    let answer = match (rule, target) {
        (Some(rule), _) => {
            let found = policy.rules.iter().find(|it| it.name.as_str() == rule);
            asking.rule(found.ok_or_else(|| no_rule(policy, rule))?)
        }
        (None, Some(target)) => asking.mapping(target).ok_or_else(|| {
            AppError::new(Exit::Usage, format!("`{target}` is no longer in the file"))
        })?,
        (None, None) => return Err(AppError::new(Exit::Usage, "neither a rule nor a target")),
    };
    if *json {
        output.json(&answer)?;
    } else {
        output.text(&answer.render())?;
    }
    Ok(Exit::Ok)
}

fn no_rule(policy: &Policy, wanted: &str) -> AppError {
    let names = policy.rules.iter().map(|rule| &rule.name);
    let names: Vec<&str> = names.map(RuleName::as_str).collect();
    let error = AppError::new(Exit::Usage, format!("there is no rule `{wanted}`"));
    match nearest(wanted, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => error.hint("the file has no rule"),
        None => error.hint(format!("rules: {}", names.join(", "))),
    }
}
