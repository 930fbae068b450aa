//! `lanyard obligations`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use lanyard_core::{
    desired::DesiredStep,
    id::{ConnectorName, IdentityId},
    obligation::{Closed, Listed, Obligation, Spent, rendered, spent, times},
};
use serde::Serialize;

use super::{
    named,
    output::{Output, counted},
    session::{self, Use},
};
use crate::{
    args::{Owed, OwedVerb},
    errors::{AppError, Exit},
    reconcile::{self, CloseError, LastKnown},
    store::{KeptObligation, Store},
    telemetry,
};

/// All of it, for programs.
#[derive(Serialize)]
struct Told<'a> {
    obligations: Vec<Row<'a>>,
    /// Steps of workflows that failed, and are open until a person says
    /// something.
    steps: Vec<StepRow<'a>>,
    /// In seconds, by target, of all that are closed.
    time_to_revoke: BTreeMap<ConnectorName, Spent>,
}

#[derive(Serialize)]
struct Row<'a> {
    number: i64,
    identity: IdentityId,
    who: &'a str,
    target: &'a ConnectorName,
    account: &'a str,
    login: &'a str,
    loss: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entitlement: Option<&'a str>,
    since: Timestamp,
    /// In seconds.
    open_for: i64,
    because: Vec<String>,
    why: Option<&'a str>,
    tries: u32,
    last_try: Option<Timestamp>,
    last_error: Option<&'a str>,
    next_try: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<&'a Closed>,
}

#[derive(Serialize)]
struct StepRow<'a> {
    identity: IdentityId,
    who: &'a str,
    workflow: &'a str,
    step: &'a str,
    text: &'a str,
}

pub(super) async fn obligations(
    file: &Path,
    wanted: Owed,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    if let Some(OwedVerb::Close { numbers, reason }) = &wanted.verb {
        let store = session::exclusive_store(&config, Use::Changes, output).await?;
        let by = session::actor();
        // None is closed where another one cannot be.
        let kept = store.obligations(false).await?;
        let is_open =
            |number: i64| kept.iter().any(|it| it.number == number && it.obligation.is_open());
        if let Some(unknown) = numbers.iter().find(|number| !is_open(**number)) {
            return Err(told(CloseError::Unknown(*unknown)));
        }
        let numbers: BTreeSet<i64> = numbers.iter().copied().collect();
        for number in &numbers {
            let said = (*number, reason.as_str());
            reconcile::close_obligation(&config.policy, &store, said, (&by, now))
                .await
                .map_err(told)?;
            output.line(&format!("obligation {number} is closed"))?;
        }
        return Ok(Exit::Ok);
    }
    let store = session::open_store(&config).await?;
    session::say_halted(&store, output).await?;
    let all = store.obligations(true).await?;
    if let Some(target) = &wanted.target
        && !all.iter().any(|it| it.obligation.place.target == *target)
    {
        named::target(&config, &store, target).await?;
    }
    let known = reconcile::last_known(config.policy, &store, now).await?;
    list(&known, &all, &wanted, now, output)
}

/// From what is stored: no system is called.
fn list(
    known: &LastKnown,
    all: &[KeptObligation],
    wanted: &Owed,
    now: Timestamp,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let Owed { target, all: closed_too, json, .. } = wanted;
    let here = |it: &&KeptObligation| {
        target.as_ref().is_none_or(|target| it.obligation.place.target == *target)
    };
    let of_target: Vec<&KeptObligation> = all.iter().filter(here).collect();
    let shown = of_target.iter().filter(|it| *closed_too || it.obligation.is_open());
    let shown: Vec<Listed<'_>> = shown
        .map(|it| Listed {
            number: it.number,
            who: who(known, it.obligation.identity),
            obligation: &it.obligation,
        })
        .collect();
    let steps = if target.is_none() { steps(known) } else { Vec::new() };
    let took = spent(of_target.iter().map(|it| &it.obligation));
    let open = shown.iter().filter(|it| it.obligation.is_open()).count() + steps.len();
    if *json {
        let obligations = shown.iter().map(|it| row(it, now)).collect();
        output.json(&Told { obligations, steps, time_to_revoke: took })?;
    } else {
        output.text(&rendered(&shown, now))?;
        for StepRow { who, workflow, step, text, .. } in &steps {
            output.line(&format!("-  {who}: workflow `{workflow}`, step `{step}` {text}"))?;
        }
        let word = counted(open, "obligation is", "obligations are");
        output.line(&if open == 0 {
            "nothing is open".to_owned()
        } else {
            format!("{word} open")
        })?;
        output.text(&times(&took))?;
    }
    Ok(if open == 0 { Exit::Ok } else { Exit::Failed })
}

fn who(known: &LastKnown, identity: IdentityId) -> &str {
    let person = known.desired.identities.get(&identity);
    person.map_or("somebody unknown", |person| person.label.as_str())
}

fn steps(known: &LastKnown) -> Vec<StepRow<'_>> {
    let people = known.desired.identities.iter();
    people
        .flat_map(|(id, person)| person.steps.open.iter().map(move |step| (*id, person, step)))
        .map(|(identity, person, DesiredStep { workflow, step, text })| StepRow {
            identity,
            who: &person.label,
            workflow: workflow.as_str(),
            step: step.as_str(),
            text,
        })
        .collect()
}

fn row<'a>(listed: &Listed<'a>, now: Timestamp) -> Row<'a> {
    let Listed { number, who, obligation } = *listed;
    let Obligation { identity, place, name, label, since, causes, why, tries, .. } = obligation;
    let until = obligation.closed.as_ref().map_or(now, |closed| closed.at);
    Row {
        number,
        identity: *identity,
        who,
        target: &place.target,
        account: &place.account.uid,
        login: name,
        loss: place.loss.word(),
        entitlement: label.as_deref(),
        since: *since,
        open_for: until.duration_since(*since).as_secs().max(0),
        because: causes.iter().map(ToString::to_string).collect(),
        why: why.as_deref(),
        tries: *tries,
        last_try: obligation.last_try,
        last_error: obligation.last_error.as_deref(),
        next_try: obligation.next_try,
        closed: obligation.closed.as_ref(),
    }
}

fn told(error: CloseError) -> AppError {
    let exit = match &error {
        CloseError::Store(_) => Exit::Store,
        _ => Exit::Usage,
    };
    let error = AppError::new(exit, error);
    if exit == Exit::Usage {
        error.hint("`lanyard obligations` lists those that are open")
    } else {
        error
    }
}
