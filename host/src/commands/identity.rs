//! `lanyard identity list` and `show`.

mod then;

use std::{collections::BTreeMap, path::Path};

use lanyard_core::{
    desired, diff,
    fact::Identity,
    id::IdentityId,
    identity,
    lifecycle::{Kept, StateNow},
    observed::Link,
    policy::Policy,
};
use serde::Serialize;

use super::{erase, named, output::Output, session, union};
use crate::{
    args::IdentityVerb,
    errors::{AppError, Exit},
    store::Store,
    telemetry,
};

/// An identity as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    label: String,
    key: &'a str,
    state: &'static str,
    because: String,
}

pub(super) async fn identity(
    file: &Path,
    verb: IdentityVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let verb = match verb {
        IdentityVerb::Merge(order) => return union::merge(file, order, output).await,
        IdentityVerb::Split(order) => return union::split(file, order, output).await,
        IdentityVerb::Erase(order) => return erase::erase(file, order, output).await,
        verb @ (IdentityVerb::List { .. } | IdentityVerb::Show { .. }) => verb,
    };
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let now = telemetry::clock()();
    match verb {
        IdentityVerb::Merge(_) | IdentityVerb::Split(_) | IdentityVerb::Erase(_) => {}
        IdentityVerb::List { json } => {
            let identities = store.identities().await?;
            let lives = Lives::of(&store).await?;
            let shown: Vec<Shown<'_>> =
                identities.iter().map(|it| shown(&config.policy, it, &lives, now)).collect();
            if json {
                output.json(&shown)?;
            } else {
                for Shown { id, label, key, state, because: _ } in &shown {
                    output.line(&format!("{id}  {state:<9}  {key:<12}  {label}"))?;
                }
            }
        }
        IdentityVerb::Show { identity, json, then } => {
            if let Some((id, left)) = erase::meant(&store.forgotten().await?, &identity) {
                if json {
                    output.json(&BTreeMap::from([(id.to_string(), left)]))?;
                } else {
                    let sentence = erase::sentence(&left);
                    output.line(&format!("{id}\n  state  erased: {sentence}"))?;
                }
                return Ok(Exit::Ok);
            }
            let found = named::identity(&store, &identity, now).await?;
            if then.at.is_some() || then.as_known.is_some() {
                let about = (&config.policy, &store as &dyn Store);
                then::show(about, &found, (&then, json), now, output).await?;
            } else if json {
                output.json(&found)?;
            } else {
                show(&config.policy, &found, &Lives::of(&store).await?, now, output)?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// What is remembered of lives, and whose accounts there are.
pub(super) struct Lives {
    pub(super) kept: Kept,
    links: BTreeMap<IdentityId, Vec<Link>>,
}

impl Lives {
    pub(super) async fn of(store: &dyn Store) -> Result<Self, AppError> {
        let mut links: BTreeMap<IdentityId, Vec<Link>> = BTreeMap::new();
        for link in store.links().await? {
            links.entry(link.identity).or_default().push(link);
        }
        Ok(Self { kept: store.kept().await?, links })
    }

    fn links_of(&self, id: IdentityId) -> Vec<&Link> {
        self.links.get(&id).into_iter().flatten().collect()
    }
}

fn shown<'a>(policy: &Policy, it: &'a Identity, lives: &Lives, now: jiff::Timestamp) -> Shown<'a> {
    let facts = identity::facts_now(it, now);
    let label = diff::one_line(&identity::label(it, &facts)).into_owned();
    let (state, because) = match state(policy, it, lives, now) {
        Ok(now) => (now.state.word(), now.because),
        Err(problems) => ("unclear", problems.join("; ")),
    };
    Shown { id: it.id.to_string(), label, key: identity::key(it), state, because }
}

pub(super) fn state(
    policy: &Policy,
    it: &Identity,
    lives: &Lives,
    now: jiff::Timestamp,
) -> Result<StateNow, Vec<String>> {
    let dropped = identity::dropped_source(policy, it);
    if let Some(source) = dropped.filter(|_| lives.kept.ejected(it.id).is_none()) {
        return Err(vec![format!("its source `{source}` is no longer in the file")]);
    }
    let links = lives.links_of(it.id);
    desired::standing(policy, it, &it.holds(), (&lives.kept, &links), now)
}

fn show(
    policy: &Policy,
    it: &Identity,
    lives: &Lives,
    now: jiff::Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    let Shown { id, label, key: _, state, because } = shown(policy, it, lives, now);
    output.line(&format!("{label}\n  id     {id}\n  state  {state}: {because}"))?;
    for engagement in desired::engagements(policy, it, &lives.kept, now) {
        output.line(&format!("  {engagement}"))?;
    }
    for held in it.unreadable.iter().filter(|_| lives.kept.ejected(it.id).is_none()) {
        output.line(&format!("  held since {:.0}: {}", held.since, held.hold))?;
    }
    for record in &it.records {
        output.line(&format!("  record {} of {}", record.key, record.source))?;
    }
    let requests = lives.kept.requests.get(&it.id).into_iter().flatten();
    for request in requests.filter(|request| request.is_open()) {
        let (id, access, about) = (&request.id, &request.access, request.about());
        output.line(&format!("  request {id} for {access}: {about}"))?;
    }
    for (name, fact) in identity::facts_now(it, now) {
        let values: Vec<String> = fact.values.iter().map(ToString::to_string).collect();
        output.line(&format!(
            "  {name} = {}  (from {}, learned {:.0})",
            values.join(", "),
            fact.record.source,
            fact.learned
        ))?;
    }
    Ok(())
}
