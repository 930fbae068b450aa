//! `lanyard account list` and `adopt`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lanyard_core::{
    fault::{Fault, FaultKind},
    id::{ConnectorName, IdentityId},
    observed::{Link, Origin},
    operation::{Change, Operation},
    policy::Policy,
    run::{OperationEvent, OperationState},
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
    errors::{AppError, Exit},
    store::{Answer, AuditEntry, Store, Unsettled},
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
            if let Some(target) = &target {
                named::target(&config, &store, target).await?;
            }
            list(&store, &config.policy, target.as_ref(), json, output).await
        }
        AccountVerb::Adopt { target, uid, identity } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            named::target(&config, &store, &target).await?;
            let identity = named::identity(&store, &identity, telemetry::clock()()).await?.id;
            adopt(&store, target, &uid, identity, output).await
        }
        AccountVerb::NotCreated { target, identity } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            named::target(&config, &store, &target).await?;
            let identity = named::identity(&store, &identity, telemetry::clock()()).await?.id;
            not_created(&store, &target, identity, output).await
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

/// A person looked, and there is none: the journal has it as not applied.
async fn not_created(
    store: &dyn Store,
    target: &ConnectorName,
    identity: IdentityId,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let mut open = store.unsettled(None).await?;
    open.retain(|it| {
        let Operation { identity: whose, target: at, change, .. } = &it.operation;
        matches!(change, Change::Create { .. }) && *whose == identity && at == target
    });
    if open.is_empty() {
        return Err(AppError::new(
            Exit::Usage,
            format!("no create for {identity} at `{target}` is waiting for an answer"),
        )
        .hint("`lanyard status` shows what is uncertain"));
    }
    for unsettled in open {
        let state = store.operation_states(unsettled.run).await?.remove(&unsettled.operation.id);
        if matches!(state, Some(OperationState::Sent { .. })) {
            let fault = Fault::new(
                FaultKind::OutcomeUnknown { retry_after_ms: None },
                "the process ended before the answer was written down",
            );
            store.answer(&said(&unsettled, OperationEvent::LostAnswer { fault })).await?;
        }
        let retry_at = telemetry::clock()();
        store.answer(&said(&unsettled, OperationEvent::FoundNotApplied { retry_at })).await?;
    }
    output
        .line(&format!("the next plan may create the account of {identity} at {target} again"))?;
    Ok(Exit::Ok)
}

fn said(unsettled: &Unsettled, event: OperationEvent) -> Answer {
    let Unsettled { run, operation, key: _, attempt: _, epoch, sent_at: _ } = unsettled;
    let at = telemetry::clock()();
    let audit = AuditEntry {
        at,
        actor: session::actor(),
        action: "create".to_owned(),
        identity: Some(operation.identity),
        target: Some(operation.target.clone()),
        account: None,
        result: event.word().to_owned(),
        verification: None,
        detail: BTreeMap::from([("said".to_owned(), "by a person".to_owned())]),
    };
    Answer {
        run: *run,
        operation: operation.id,
        epoch: *epoch,
        event,
        effects: Vec::new(),
        audit,
        at,
    }
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
        unproven: false,
        was_enabled: true,
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
