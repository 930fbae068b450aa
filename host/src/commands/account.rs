//! `lanyard account list` and `adopt`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lanyard_core::{
    id::{ConnectorName, IdentityId},
    observed::{Link, Origin},
    policy::Policy,
    value::ObjectRef,
};
use serde::Serialize;

use super::{
    output::Output,
    session::{self, Use},
};
use crate::{
    args::AccountVerb,
    errors::{AppError, Exit},
    store::{AuditEntry, Store},
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
    let config = session::load_without_secrets(file)?.config;
    match verb {
        AccountVerb::List { target, json } => {
            let store = session::open_store(&config)?;
            list(&store, &config.policy, target.as_ref(), json, output).await
        }
        AccountVerb::Adopt { target, uid, identity } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            adopt(&store, target, &uid, identity, output).await
        }
    }
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

async fn adopt(
    store: &dyn Store,
    target: ConnectorName,
    uid: &str,
    identity: IdentityId,
    output: &mut Output,
) -> Result<Exit, AppError> {
    if !store.identities().await?.iter().any(|it| it.id == identity) {
        return Err(AppError::new(Exit::Usage, format!("there is no identity {identity}"))
            .hint("`lanyard identity list` shows them"));
    }
    let observations = store.observations().await?;
    let account = observations
        .get(&target)
        .and_then(|it| it.accounts.iter().find(|account| account.reference.uid == uid))
        .ok_or_else(|| {
            AppError::new(Exit::Usage, format!("`{target}` reported no account `{uid}`"))
                .hint("`lanyard account list` shows what it reported at the last plan")
        })?;
    let at = telemetry::clock()();
    let link = Link {
        identity,
        target: target.clone(),
        account: account.reference.clone(),
        origin: Origin::Adopted,
        disabled_since: None,
        unwanted_since: None,
        gone: false,
    };
    let audit = AuditEntry {
        at,
        actor: session::actor(),
        action: "adopt".to_owned(),
        identity: Some(identity),
        target: Some(target.clone()),
        account: Some(account.reference.clone()),
        result: "done".to_owned(),
        verification: None,
        detail: BTreeMap::new(),
    };
    store.adopt(&link, &audit).await?;
    output.line(&format!("`{}` at {target} now belongs to {identity}", account.name))?;
    Ok(Exit::Ok)
}
