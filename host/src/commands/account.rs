//! `lanyard account list` and `adopt`.

use std::{collections::BTreeMap, path::Path};

use lanyard_core::{
    id::{ConnectorName, IdentityId},
    observed::{Link, Origin},
    value::ObjectRef,
};
use serde::Serialize;

use super::{named, output::Output, session};
use crate::{
    args::AccountVerb,
    errors::{AppError, Exit},
    store::{AuditEntry, Store, sqlite::SqliteStore},
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
            if let Some(target) = &target {
                named::target(&config, &store, target).await?;
            }
            list(&store, target.as_ref(), json, output).await
        }
        AccountVerb::Adopt { target, uid, identity } => {
            let store = SqliteStore::open_exclusive(&config.store)?;
            named::target(&config, &store, &target).await?;
            let identity = named::identity(&store, &identity, telemetry::clock()()).await?.id;
            adopt(&store, target, &uid, identity, output).await
        }
    }
}

async fn list(
    store: &dyn Store,
    target: Option<&ConnectorName>,
    json: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let links = store.links().await?;
    let owners: BTreeMap<(&ConnectorName, &ObjectRef), IdentityId> =
        links.iter().map(|link| ((&link.target, &link.account), link.identity)).collect();
    let observations = store.observations().await?;
    let wanted = observations.iter().filter(|(name, _)| target.is_none_or(|it| it == *name));
    let shown: Vec<Shown> = wanted
        .flat_map(|(name, observed)| observed.accounts.iter().map(move |it| (name, it)))
        .map(|(name, account)| Shown {
            target: name.clone(),
            name: account.name.clone(),
            uid: account.reference.uid.clone(),
            state: account.state.word().to_owned(),
            identity: owners.get(&(name, &account.reference)).copied(),
        })
        .collect();
    if json {
        output.json(&shown)?;
        return Ok(Exit::Ok);
    }
    for Shown { target, name, uid, state, identity } in &shown {
        let owner = identity.map_or_else(|| "not ours".to_owned(), |id| id.to_string());
        output.line(&format!("{target:<12} {name:<28} {state:<12} {uid:<38} {owner}"))?;
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
