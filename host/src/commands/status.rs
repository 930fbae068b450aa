//! `lanyard status`.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use lanyard_core::{
    desired::{Desired, DesiredIdentity, DesiredStep},
    fact::Identity,
    id::IdentityId,
    identity,
    lifecycle::{Kept, unknown_in_holds},
    obligation::length,
    policy::Policy,
    review::{OpenReview, open_reviews},
    run::OperationState,
};

use super::{
    apply::UNSWEPT,
    hold::review_due,
    identity::{Lives, state},
    output::{Output, counted},
    session,
};
use crate::{
    errors::{AppError, Exit},
    reconcile::{self, LastKnown},
    store::{RunRecord, Store, Unsettled, Upkeep as _},
    telemetry,
};

pub(super) async fn status(file: &Path, output: &mut Output) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let now = telemetry::clock()();
    let is_halted = halted(&store, output).await?;
    let known = Lives::of(&store).await?;
    let people = people(&config.policy, &store.identities().await?, &known, now);
    line("people", &people, output)?;
    lives(&config.policy, &known.kept, now, output)?;
    for (source, read) in store.source_reads().await? {
        let records = counted(read.keys.len(), "record", "records");
        line("source", &format!("{source}: {records}, read {:.0}", read.read_at), output)?;
    }
    let observations = store.observations().await?;
    let links = store.links().await?;
    for (target, observed) in &observations {
        let ours = links.iter().filter(|link| link.target == *target && !link.gone).count();
        let accounts = counted(observed.accounts.len(), "account", "accounts");
        let read = observed.read_at;
        line("target", &format!("{target}: {accounts}, {ours} ours, read {read:.0}"), output)?;
    }
    if let Some(run) = store.runs().await?.last() {
        show_run(&store, run, output).await?;
    }
    let unsettled = store.unsettled(None).await?;
    for open in &unsettled {
        line("uncertain", &in_doubt(open), output)?;
    }
    let open = leavers_with_access(&config.policy, &store, now).await?;
    let known = reconcile::last_known(config.policy, &store, now).await?;
    let left = known.left_behind();
    for sentence in reconcile::retired(&left) {
        line("retired", &sentence, output)?;
    }
    for sentence in reconcile::sentences(&known.policy, &left) {
        line("dropped", &sentence, output)?;
    }
    for sentence in &open {
        line("open", sentence, output)?;
    }
    let owing = owing(&store, now, output).await?;
    let held = held(&known);
    for (sentence, _) in &held {
        line("held", sentence, output)?;
    }
    for sentence in
        unknown_in_holds(&known.policy, &known.assembled.identities, &known.observed.kept)
    {
        line("doubtful", &sentence, output)?;
    }
    let undone = steps_not_done(&known.desired);
    for sentence in &undone {
        line("not done", sentence, output)?;
    }
    let nobody_is_left = questions(&known, now, output)?;
    let is_unswept = store.is_unswept().await?;
    if is_unswept {
        line("unswept", UNSWEPT, output)?;
    }
    let waiting = open_cases(&store).await?;
    for sentence in &waiting {
        line("case", sentence, output)?;
    }
    let nobody_held = held.iter().all(|(_, has_access)| !has_access);
    let nothing_waits = undone.is_empty() && waiting.is_empty() && !nobody_is_left;
    let nothing_waits = nothing_waits && nobody_held && !is_unswept && !is_halted && !owing;
    let closed = nothing_waits && unsettled.is_empty() && !left.is_open() && open.is_empty();
    Ok(if closed { Exit::Ok } else { Exit::Failed })
}

/// Whether no system is called any more.
async fn halted(store: &dyn Store, output: &mut Output) -> Result<bool, AppError> {
    let halt = store.halted().await?;
    if let Some(halt) = &halt {
        line("halted", &format!("{halt}; `lanyard resume`"), output)?;
    }
    Ok(halt.is_some())
}

/// What somebody still has to lose; whether it is anything.
async fn owing(store: &dyn Store, now: Timestamp, output: &mut Output) -> Result<bool, AppError> {
    let kept = store.obligations(false).await?;
    let open = kept.iter().map(|it| &it.obligation).filter(|it| it.is_open());
    let since: Vec<Timestamp> = open.map(|it| it.since).collect();
    let Some(oldest) = since.iter().min() else { return Ok(false) };
    let count = counted(since.len(), "loss of access is due", "losses of access are due");
    let oldest = length(now.duration_since(*oldest));
    line("owed", &format!("{count}, the oldest for {oldest}: `lanyard obligations`"), output)?;
    Ok(true)
}

/// An operation of which nobody knows whether it was applied.
fn in_doubt(open: &Unsettled) -> String {
    let Unsettled { run, operation, sent_at, .. } = open;
    let kind = operation.change.kind().word();
    format!(
        "{kind} at {}, operation {}{}, sent {sent_at:.0}",
        operation.target, run.0, operation.id
    )
}

/// What people ordered, and what waits for them.
fn lives(
    policy: &Policy,
    kept: &Kept,
    now: Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    let standing = kept.ejections.iter().filter(|it| it.undone.is_none()).count();
    if standing > 0 {
        let limits = &policy.limits;
        let waiting = kept.ejected_too_many(limits.ejects_max, limits.ejects_window, now).len();
        let waiting =
            if waiting > 0 { format!(", {waiting} wait for their turn") } else { String::new() };
        line("ejected", &format!("{}{waiting}", counted(standing, "person", "people")), output)?;
    }
    let of_file = policy.holds.iter().map(|(name, hold)| (name, hold.review));
    let ordered = kept.legal_holds.iter().map(|hold| (&hold.name, hold.review));
    for (name, review) in of_file.chain(ordered) {
        let due = review_due(review, now);
        line("legal hold", &format!("{name}, review {review}{due}"), output)?;
    }
    if let Some(jump) = kept.clock.jump {
        let text = format!("went from {:.0} to {:.0}, and nobody has looked", jump.from, jump.to);
        line("clock", &text, output)?;
    }
    Ok(())
}

/// Why nothing of people is changed, and whether they have access.
fn held(known: &LastKnown) -> Vec<(String, bool)> {
    let mut held = Vec::new();
    for (id, person) in &known.desired.identities {
        let mut links = known.observed.links.iter();
        let has_access = links.any(|link| link.identity == *id && link.is_open());
        let sentences = person.holds.iter().map(|hold| format!("{}: {hold}", person.label));
        held.extend(sentences.map(|sentence| (sentence, has_access)));
    }
    held
}

/// Records of which a person has to say whose they are.
async fn open_cases(store: &dyn Store) -> Result<Vec<String>, AppError> {
    let cases = store.cases().await?;
    let waiting = cases.iter().filter(|kept| kept.waits()).map(|kept| &kept.case);
    Ok(waiting
        .map(|case| {
            format!("{}, {}: `lanyard case show {}`", case.about.named(), case.label, case.id)
        })
        .collect())
}

/// Steps of workflows that failed, until a person says something.
fn steps_not_done(desired: &Desired) -> Vec<String> {
    let people = desired.identities.values();
    people
        .flat_map(|person| person.steps.open.iter().map(move |step| (&person.label, step)))
        .map(|(label, DesiredStep { workflow, step, text })| {
            format!("{label}: workflow `{workflow}`, step `{step}` {text}")
        })
        .collect()
}

/// What people are asked; whether there is nobody left to answer something.
fn questions(known: &LastKnown, now: Timestamp, output: &mut Output) -> Result<bool, AppError> {
    let overdue = reviews(known, now, output)?;
    let unasked = unasked(&known.desired);
    for sentence in &unasked {
        line("unasked", sentence, output)?;
    }
    Ok(overdue || !unasked.is_empty())
}

/// Reviews that are open; whether nobody was left to answer in time in one.
fn reviews(known: &LastKnown, now: Timestamp, output: &mut Output) -> Result<bool, AppError> {
    let LastKnown { policy, assembled, observed, .. } = known;
    let open = open_reviews(policy, assembled, observed, now);
    for OpenReview { name, ordinal, waiting, until, overdue } in &open {
        let mut said = Vec::new();
        if let Some(until) = until {
            let waiting = counted(*waiting, "question is", "questions are");
            said.push(format!("{waiting} open, the first until {until:.0}"));
        }
        if *overdue > 0 {
            let overdue = counted(*overdue, "question is", "questions are");
            said.push(format!("{overdue} overdue, and nobody is there to answer"));
        }
        let said = said.join("; ");
        line("review", &format!("{name} {ordinal}: {said}; `lanyard review show {name}`"), output)?;
    }
    Ok(open.iter().any(|it| it.overdue > 0))
}

/// Questions about steps and requests for which nobody is left to ask.
fn unasked(desired: &Desired) -> Vec<String> {
    let mut unasked = Vec::new();
    for DesiredIdentity { label, steps, access, .. } in desired.identities.values() {
        unasked.extend(steps.unasked.iter().map(|DesiredStep { workflow, step, text }| {
            format!("{label}: workflow `{workflow}`, step `{step}`: {text}")
        }));
        let requests = access.requests.open.iter().filter(|it| it.is_unasked);
        unasked.extend(requests.map(|it| {
            let waits = it.waits.as_deref().unwrap_or_default();
            format!("{label}: request {} for {}: {waits}", it.request.id, it.request.access)
        }));
    }
    unasked
}

/// Who has departed, and where they have an account that is enabled as far
/// as we know.
async fn leavers_with_access(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<String>, AppError> {
    let mut targets: BTreeMap<IdentityId, Vec<String>> = BTreeMap::new();
    for link in store.links().await? {
        let answered_for = policy.targets.contains_key(&link.target);
        if link.is_open() && answered_for {
            targets.entry(link.identity).or_default().push(link.target.to_string());
        }
    }
    let mut open = Vec::new();
    let lives = Lives::of(store).await?;
    for person in store.identities().await? {
        let Some(targets) = targets.get(&person.id) else { continue };
        let facts = identity::facts_now(&person, now);
        let state = state(policy, &person, &lives, now);
        if state.is_ok_and(|now| now.state.is_over()) {
            let label = identity::label(&person, &facts);
            open.push(format!("{label} has departed, and has access at {}", targets.join(", ")));
        }
    }
    Ok(open)
}

fn line(title: &str, text: &str, output: &mut Output) -> Result<(), AppError> {
    output.line(&format!("{title:<10}  {text}"))
}

/// "12: 10 active, 1 held, 1 prehire"
fn people(policy: &Policy, identities: &[Identity], lives: &Lives, now: Timestamp) -> String {
    if identities.is_empty() {
        return "nobody is known yet; `lanyard plan` reads the sources".to_owned();
    }
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for person in identities {
        let state = state(policy, person, lives, now);
        *states.entry(state.map_or("unclear", |now| now.state.word())).or_default() += 1;
    }
    format!("{}: {}", identities.len(), listed(&states))
}

fn listed(counts: &BTreeMap<&str, usize>) -> String {
    let counts = counts.iter().map(|(word, count)| format!("{count} {word}"));
    counts.collect::<Vec<_>>().join(", ")
}

async fn show_run(store: &dyn Store, run: &RunRecord, output: &mut Output) -> Result<(), AppError> {
    let ended = run.ended_at.map_or_else(|| "not ended".to_owned(), |at| format!("ended {at:.0}"));
    let what = format!(
        "{} of plan {} by {}, began {:.0}, {ended}",
        run.id.0,
        run.plan.short(),
        run.actor,
        run.began_at
    );
    line("last run", &what, output)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut verified: BTreeMap<&str, usize> = BTreeMap::new();
    for state in store.operation_states(run.id).await?.values() {
        *counts.entry(state.word()).or_default() += 1;
        if let OperationState::Done { verification } = state {
            *verified.entry(verification.word()).or_default() += 1;
        }
    }
    let of_done = format!("done ({})", listed(&verified));
    if let Some(done) = counts.remove("done") {
        counts.insert(&of_done, done);
    }
    let done = if counts.is_empty() { "no operations".to_owned() } else { listed(&counts) };
    line("", &done, output)
}
