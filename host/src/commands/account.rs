//! `lanyard account`: the list of accounts, and what a person says of one.

mod said;
mod sure;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lanyard_core::{
    diff::one_line,
    id::{ConnectorName, IdentityId},
    observed::Link,
    policy::Policy,
    value::ObjectRef,
};
use serde::Serialize;

use super::{
    named,
    output::Output,
    session::{self, Use},
};
use crate::{
    args::AccountVerb,
    config::Config,
    errors::{AppError, Exit},
    store::{Store, any::AnyStore},
    telemetry,
};

/// An account as it is shown.
#[derive(Serialize)]
struct Shown {
    target: ConnectorName,
    name: String,
    uid: String,
    state: String,
    /// None: nobody's that we know of.
    identity: Option<IdentityId>,
    /// False: nothing is done about it any longer.
    target_in_file: bool,
}

pub(super) async fn account(
    file: &Path,
    verb: AccountVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let mut config = session::load_without_secrets(file)?.config;
    match verb {
        AccountVerb::List { target, json } => {
            let store = session::open_store(&config).await?;
            if let Some(target) = &target {
                named::target(&config, &store, target).await?;
            }
            list(&store, &config.policy, target.as_ref(), json, output).await
        }
        AccountVerb::Adopt { target, uid: Some(uid), identity: Some(identity), .. } => {
            let (store, identity) = decided(&config, &target, &identity, output).await?;
            said::adopt(&store, target, &uid, identity, output).await
        }
        AccountVerb::Adopt { target, yes, .. } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            named::target(&config, &store, &target).await?;
            config.policy.keep_versions(&store.definitions().await?);
            sure::adopt(&config.policy, &store, &target, yes, output).await
        }
        AccountVerb::Decline { target, uid, identity } => {
            let (store, identity) = decided(&config, &target, &identity, output).await?;
            said::decline(&store, target, &uid, identity, output).await
        }
        AccountVerb::Release { target, uid } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            named::target(&config, &store, &target).await?;
            said::release(&store, target, &uid, output).await
        }
        AccountVerb::Settle { target, identity, applied, not_applied: _, operation } => {
            let (store, identity) = decided(&config, &target, &identity, output).await?;
            let which = operation.as_deref();
            said::settle(&store, &target, identity, (applied, which), output).await
        }
    }
}

/// The store to change, and whom a person means.
async fn decided(
    config: &Config,
    target: &ConnectorName,
    identity: &str,
    output: &mut Output,
) -> Result<(AnyStore, IdentityId), AppError> {
    let store = session::exclusive_store(config, Use::Changes, output).await?;
    named::target(config, &store, target).await?;
    let identity = named::identity(&store, identity, telemetry::clock()()).await?.id;
    Ok((store, identity))
}

async fn list(
    store: &dyn Store,
    policy: &Policy,
    target: Option<&ConnectorName>,
    json: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let links = store.links().await?;
    let owners: BTreeMap<(&ConnectorName, &ObjectRef), IdentityId> =
        links.iter().map(|link| ((&link.target, &link.account), link.identity)).collect();
    let observations = store.observations().await?;
    let is_wanted = |name: &ConnectorName| target.is_none_or(|it| it == name);
    let wanted = observations.iter().filter(|(name, _)| is_wanted(name));
    let mut shown: Vec<Shown> = wanted
        .flat_map(|(name, observed)| observed.accounts.iter().map(move |it| (name, it)))
        .map(|(name, account)| Shown {
            target: name.clone(),
            name: account.name.clone(),
            uid: account.reference.uid.clone(),
            state: account.state.word().to_owned(),
            identity: owners.get(&(name, &account.reference)).copied(),
            target_in_file: policy.targets.contains_key(name),
        })
        .collect();
    // A target that left the file is not read any more; ours stay ours.
    let is_left = |link: &&Link| !link.gone && !policy.targets.contains_key(&link.target);
    let seen: BTreeSet<(&ConnectorName, &ObjectRef)> = observations
        .iter()
        .flat_map(|(name, observed)| observed.accounts.iter().map(move |it| (name, &it.reference)))
        .collect();
    let is_unseen = |link: &&Link| !seen.contains(&(&link.target, &link.account));
    let left = links.iter().filter(is_left).filter(is_unseen);
    shown.extend(left.filter(|link| is_wanted(&link.target)).map(|link| Shown {
        target: link.target.clone(),
        name: String::new(),
        uid: link.account.uid.clone(),
        state: "not seen".to_owned(),
        identity: Some(link.identity),
        target_in_file: false,
    }));
    if json {
        output.json(&shown)?;
        return Ok(Exit::Ok);
    }
    for Shown { target, name, uid, state, identity, target_in_file } in &shown {
        let (name, uid) = (one_line(name), one_line(uid));
        let owner = identity.map_or_else(|| "not ours".to_owned(), |id| id.to_string());
        let left = match target_in_file {
            true => "",
            false if policy.retired_targets.contains(target) => "  (target retired)",
            false => "  (target no longer in the file)",
        };
        output.line(&format!("{target:<12} {name:<28} {state:<12} {uid:<38} {owner}{left}"))?;
    }
    Ok(Exit::Ok)
}
