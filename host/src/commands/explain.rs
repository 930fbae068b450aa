//! `lanyard explain`.

use std::path::Path;

use lanyard_core::{
    asking::{Answer, Asking, Touched, World},
    explain,
    fact::Identity,
    id::{ConnectorName, IdentityId},
    lifecycle::Kept,
    obligation::Obligation,
};
use serde::Serialize;

use super::{
    moment::{Edge, moment},
    named,
    output::Output,
    session,
};
use crate::{
    args::{Explained, Held, Stepped},
    config::Config,
    errors::{AppError, Exit},
    reconcile::{self, Supposed},
    store::{AuditEntry, AuditFilter, AuditRow, Store},
    telemetry,
};

/// Everything about one person, for programs.
#[derive(Serialize)]
struct Everything<'a> {
    identity: &'a Identity,
    state: &'static str,
    because: &'a str,
    unclear: &'a [String],
    accounts: Vec<Answer>,
    /// What they still have to lose.
    obligations: &'a [Obligation],
}

/// From what is stored: no system is called.
pub(super) async fn explain(
    file: &Path,
    wanted: &Explained,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let Explained { identity, account, entitlement, step, at, json } = wanted;
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let timezone = &config.policy.lifecycle.timezone;
    let now = telemetry::clock()();
    let at = at.as_deref().map_or(Ok(now), |at| moment(at, Edge::First, timezone))?;
    let identity = named::identity(&store, identity, now).await?;
    for target in account.iter().chain(entitlement.iter().map(|held| &held.target)) {
        named::target(&config, &store, target).await?;
    }
    let (supposed, touched) = known(config, &store, Some(&identity), at).await?;
    let world = world(&supposed, &touched, at);
    let nothing = || {
        AppError::new(Exit::Usage, "nothing is decided for this identity yet")
            .hint("make a plan first")
    };
    let desired = &supposed.known.desired;
    let person = desired.identities.get(&identity.id).ok_or_else(nothing)?;
    let assembled = supposed.known.assembled.identity(identity.id).unwrap_or(&identity);
    let asking = Asking::about(world, assembled).ok_or_else(nothing)?;
    let answer = match (account, entitlement, step) {
        (Some(target), _, _) => asking.account(target),
        (None, Some(Held { target, entitlement }), _) => asking.entitlement(target, entitlement),
        (None, None, Some(Stepped { workflow, step })) => {
            asking.step(workflow, step).ok_or_else(|| {
                let text = format!("no workflow `{workflow}` has a step `{step}`");
                AppError::new(Exit::Usage, text).hint("`lanyard workflow show` shows the steps")
            })?
        }
        (None, None, None) if *json => {
            output.json(&Everything {
                identity: assembled,
                state: person.state.state.word(),
                because: &person.state.because,
                unclear: &person.holds,
                accounts: asking.accounts(),
                obligations: &owed(&store, identity.id).await?,
            })?;
            return Ok(Exit::Ok);
        }
        (None, None, None) => {
            let owed = owed(&store, identity.id).await?;
            let observed = &supposed.known.observed;
            output.text(&explain::explain(assembled, person, observed, (&owed, now)))?;
            return Ok(Exit::Ok);
        }
    };
    if *json {
        output.json(&answer)?;
    } else {
        output.text(&answer.render())?;
    }
    Ok(Exit::Ok)
}

async fn owed(store: &dyn Store, who: IdentityId) -> Result<Vec<Obligation>, AppError> {
    let kept = store.obligations(false).await?.into_iter().map(|it| it.obligation);
    Ok(kept.filter(|it| it.is_open() && it.identity == who).collect())
}

/// What is stored, the plan of it, and what was done; about one person, or
/// about everybody.
pub(super) async fn known(
    config: Config,
    store: &dyn Store,
    who: Option<&Identity>,
    at: jiff::Timestamp,
) -> Result<(Supposed, Vec<Touched>), AppError> {
    let filter = AuditFilter { identity: who.map(|it| it.id), ..AuditFilter::default() };
    let rows = store.audit(&filter).await?;
    let supposed = reconcile::suppose(config.policy, store, at).await?;
    let kept = &supposed.known.observed.kept;
    let touched = rows.into_iter().map(|row| touched(row, kept)).collect();
    Ok((supposed, touched))
}

pub(super) fn world<'a>(
    supposed: &'a Supposed,
    touched: &'a [Touched],
    now: jiff::Timestamp,
) -> World<'a> {
    let Supposed { known, plan, findings } = supposed;
    World {
        policy: &known.policy,
        desired: &known.desired,
        observed: &known.observed,
        plan,
        findings,
        touched,
        now,
    }
}

fn touched(row: AuditRow, kept: &Kept) -> Touched {
    let AuditEntry { at, actor, action, identity, target, account, result, verification, detail } =
        row.entry;
    let target: Option<ConnectorName> = target;
    let verified = verification.map(|word| format!(", {word}")).unwrap_or_default();
    Touched {
        at,
        action,
        result: format!("{result}{verified}"),
        identity: identity.map(|identity| kept.by_now(identity)),
        target,
        account,
        entitlement: detail.get("entitlement").cloned(),
        run: detail.get("run").cloned(),
        by: actor,
    }
}
