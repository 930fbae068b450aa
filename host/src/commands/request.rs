//! `lanyard request add`, `list`, `show` and `remove`.

use std::{collections::BTreeMap, path::Path};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    access::Side,
    desired::{Desired, RequestNow},
    id::{ConnectorName, IdentityId, RoleName},
    policy::Policy,
    request::{Request, Wish},
};
use serde::Serialize;

use super::{
    moment::{Edge, moment},
    named,
    output::Output,
    session::{self, Use},
};
use crate::{
    args::RequestVerb,
    config::nearest,
    errors::{AppError, Exit},
    reconcile::{self, LastKnown},
    telemetry,
};

/// Fewer characters of an id are a slip, not a reference.
const SHORTEST: usize = 4;

pub(super) async fn request(
    file: &Path,
    verb: RequestVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let mut config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    match verb {
        RequestVerb::Add { identity, access, from, until, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            config.policy.keep_versions(&crate::store::Store::definitions(&store).await?);
            let identity = named::identity(&store, &identity, now).await?.id;
            let access = side(&config.policy, &access)?;
            let zone = &config.policy.lifecycle.timezone;
            let at =
                |text: Option<String>, edge| text.map(|text| moment(&text, edge, zone)).transpose();
            let (from, until) = (at(from, Edge::First)?, at(until, Edge::Last)?.map(after));
            let wish = Wish { identity, access, from, until, reason };
            let by = (session::actor(), now);
            let made =
                reconcile::request_access(&config.policy, &store, wish, (&by.0, by.1)).await?;
            let what = match (&made.asked, made.given) {
                (_, Some(_)) => "nobody has to agree; the next plan gives it",
                (Some(_), None) => "others have to agree: `lanyard approval list`",
                (None, None) => "nobody can be asked yet; the next plan says why",
            };
            output.line(&format!("request {} for {}: {what}", made.id, made.access))?;
        }
        RequestVerb::List { all, json } => {
            let store = session::open_store(&config).await?;
            let known = reconcile::last_known(config.policy, &store, now).await?;
            let shown = shown(&known, all);
            if json {
                output.json(&shown)?;
            } else {
                for shown in &shown {
                    output.line(&line(shown))?;
                }
            }
        }
        RequestVerb::Show { id } => {
            let store = session::open_store(&config).await?;
            let known = reconcile::last_known(config.policy, &store, now).await?;
            let shown = shown(&known, true);
            let found = one(&shown, &id, |it| &it.request.id)?;
            output.line(&line(found))?;
            output.line(&format!("  {}", found.request.about()))?;
            output.line(&format!("  reason: {}", found.request.reason))?;
            for conflict in &found.conflicts {
                output.line(&format!("  conflict: {conflict}"))?;
            }
        }
        RequestVerb::Remove { id, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let requests = crate::store::Store::kept(&store).await?.requests;
            let open: Vec<Request> =
                requests.into_values().flatten().filter(Request::is_open).collect();
            let found = one(&open, &id, |it| &it.id)?.clone();
            let by = (session::actor(), now);
            let text = format!("request {} for {} is ended", found.id, found.access);
            reconcile::remove_request(&store, found, (&by.0, &reason), now).await?;
            output.line(&text)?;
        }
    }
    Ok(Exit::Ok)
}

/// The last moment of a day is in it.
fn after(last: Timestamp) -> Timestamp {
    if last.subsec_nanosecond() == 0 {
        return last;
    }
    last.checked_add(SignedDuration::from_nanos(1)).unwrap_or(last)
}

/// What is meant by a role, or by `target/entitlement`.
fn side(policy: &Policy, text: &str) -> Result<Side, AppError> {
    let known = policy.access.requestable.keys();
    let written: BTreeMap<String, &Side> = known.map(|side| (word(side), side)).collect();
    let side = match text.split_once('/') {
        Some((target, entitlement)) => ConnectorName::new(target)
            .ok()
            .map(|target| Side::Entitlement { target, entitlement: entitlement.to_owned() }),
        None => RoleName::new(text).ok().map(Side::Role),
    };
    if let Some(side) = side.filter(|side| policy.access.requestable.contains_key(side)) {
        return Ok(side);
    }
    let error = AppError::new(Exit::Usage, format!("nobody can ask for `{text}`"));
    Err(match nearest(text, written.keys().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if written.is_empty() => {
            error.hint("the file makes nothing `requestable`, in a role or a target")
        }
        None => {
            let all: Vec<&str> = written.keys().map(String::as_str).collect();
            error.hint(format!("what can be asked for: {}", all.join(", ")))
        }
    })
}

fn word(side: &Side) -> String {
    match side {
        Side::Role(role) => role.to_string(),
        Side::Entitlement { target, entitlement } => format!("{target}/{entitlement}"),
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    label: String,
    request: &'a Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<String>,
}

fn shown(known: &LastKnown, all: bool) -> Vec<Shown<'_>> {
    let LastKnown { observed, desired, .. } = known;
    let recorded = observed.kept.requests.values().flatten();
    let mut shown: Vec<Shown<'_>> = recorded
        .map(|request| {
            let (over, now) = found(desired, request);
            let request = over.unwrap_or(request);
            Shown {
                label: label(desired, request.identity),
                request,
                waits: now.and_then(|it| it.waits.clone()),
                conflicts: now.map(|it| it.conflicts.clone()).unwrap_or_default(),
            }
        })
        .filter(|it| all || it.request.is_open())
        .collect();
    shown.sort_by(|one, other| {
        (one.request.at, &one.request.id).cmp(&(other.request.at, &other.request.id))
    });
    shown
}

/// A request as it is by now, where that is not recorded yet, and what is
/// said of it.
fn found<'a>(
    desired: &'a Desired,
    request: &Request,
) -> (Option<&'a Request>, Option<&'a RequestNow>) {
    let Some(person) = desired.identities.get(&request.identity) else { return (None, None) };
    let requests = &person.access.requests;
    let over = requests.ended.iter().find(|it| it.id == request.id);
    (over, requests.open.iter().find(|it| it.request.id == request.id))
}

fn label(desired: &Desired, id: IdentityId) -> String {
    let person = desired.identities.get(&id);
    person.map_or_else(|| id.to_string(), |person| person.label.clone())
}

fn line(shown: &Shown<'_>) -> String {
    let Shown { label, request, waits, .. } = shown;
    let how = match (&request.ended, waits) {
        (Some(ended), _) => format!("ended {:.0}: {}", ended.at, ended.how),
        (None, Some(waits)) => waits.clone(),
        (None, None) => "is given".to_owned(),
    };
    format!("{}  {label}, {}: {how}", request.id, request.access)
}

/// The only one that is meant by the beginning of its id.
fn one<'a, T>(all: &'a [T], wanted: &str, id: impl Fn(&T) -> &str) -> Result<&'a T, AppError> {
    let long = wanted.len() >= SHORTEST;
    let mut found = all.iter().filter(|it| long && id(it).starts_with(wanted));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => {
            let text = format!("`{wanted}` could be several requests; give more of it");
            Err(AppError::new(Exit::Usage, text))
        }
        (None, _) => {
            let error = AppError::new(Exit::Usage, format!("there is no request `{wanted}`"));
            Err(error.hint("`lanyard request list` shows those that stand"))
        }
    }
}
