//! What people ask for in a scenario, and what becomes of it.

use std::fmt::Write as _;

use jiff::{Timestamp, civil::Date};
use lanyard::reconcile::{self, Context, StepTold};
use lanyard_core::{
    access::Side,
    id::{ConnectorName, RoleName},
    identity::{facts_now, label},
    plan::Plan,
    request::{PlannedQuestion, Wish},
};

use crate::people::identity;

/// `grace asks for buyer for 1001 until 2026-08-31`: the OS user, a role or
/// `target/entitlement`, the key of whom it is for, the last day or `ever`.
pub(crate) async fn asks(
    context: &Context,
    (user, access, whom, until): (&str, &str, &str, &str),
    now: Timestamp,
) -> Result<String, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let access = match access.split_once('/') {
        Some((target, entitlement)) => Side::Entitlement {
            target: ConnectorName::new(target).map_err(|error| said(&error))?,
            entitlement: entitlement.to_owned(),
        },
        None => Side::Role(RoleName::new(access).map_err(|error| said(&error))?),
    };
    let until = match until {
        "ever" => None,
        day => {
            let day: Date = day.parse().map_err(|error| said(&error))?;
            let zone = context.policy.lifecycle.timezone.clone();
            let next = day.tomorrow().and_then(|day| day.to_zoned(zone));
            Some(next.map_err(|error| said(&error))?.timestamp())
        }
    };
    let identity = identity(context, whom).await?;
    let reason = "a project".to_owned();
    let wish = Wish { identity, access, from: None, until, reason };
    let (policy, store) = (context.policy.as_ref(), context.store.as_ref());
    Ok(match reconcile::request_access(policy, store, wish, (user, now)).await {
        Ok(request) if request.given.is_some() => "given\n".to_owned(),
        Ok(request) if request.asked.is_some() => "others are asked\n".to_owned(),
        Ok(_) => "nobody can be asked\n".to_owned(),
        Err(error) => format!("refused: {error}\n"),
    })
}

/// `take back buyer from 1001`.
pub(crate) async fn taken_back(
    context: &Context,
    (access, whom): (&str, &str),
    now: Timestamp,
) -> Result<String, String> {
    let identity = identity(context, whom).await?;
    let store = context.store.as_ref();
    let requests = store.kept().await.map_err(|error| error.to_string())?.requests;
    let mut theirs = requests.get(&identity).into_iter().flatten();
    let named = |side: &Side| match side {
        Side::Role(role) => role.as_str() == access,
        Side::Entitlement { target, entitlement } => format!("{target}/{entitlement}") == access,
    };
    let found = theirs.find(|it| it.is_open() && named(&it.access));
    let Some(request) = found else { return Ok("refused: nobody asked for it\n".to_owned()) };
    let by = (context.actor.as_str(), "no longer needed");
    let removed = reconcile::remove_request(store, request.clone(), by, now).await;
    removed.map(|()| "taken back\n".to_owned()).map_err(|error| error.to_string())
}

/// `requests`: all that were ever made, and how each stands as recorded.
pub(crate) async fn requests(context: &Context, now: Timestamp) -> Result<String, String> {
    let store = context.store.as_ref();
    let people = store.identities().await.map_err(|error| error.to_string())?;
    let kept = store.kept().await.map_err(|error| error.to_string())?;
    let mut all: Vec<_> = kept.requests.into_values().flatten().collect();
    all.sort_by_key(|request| request.at);
    let mut text = String::new();
    for request in &all {
        let person = people.iter().find(|person| person.id == request.identity);
        let who = person.map(|it| label(it, &facts_now(it, now))).unwrap_or_default();
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{who}: {}, {}", request.access, request.about());
    }
    Ok(if text.is_empty() { "none\n".to_owned() } else { text })
}

/// Who, and what became of a question.
pub(crate) fn question_line(plan: &Plan, question: &PlannedQuestion, how: &StepTold) -> String {
    let who = plan.labels.get(&question.identity).map_or("", String::as_str);
    let how = match how {
        StepTold::Done | StepTold::Pending(_) => String::new(),
        StepTold::Untold(why) => format!(" (asked, and nobody told: {why})"),
        StepTold::Again(why) | StepTold::Unknown(why) => format!(" (not yet: {why})"),
        StepTold::Skipped(why) => format!(" (not tried: {why})"),
    };
    format!("{who}: a question about a request{how}")
}
