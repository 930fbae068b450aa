//! `lanyard hold add`, `list` and `release`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::{Timestamp, civil::Date};
use lanyard_core::{id::IdentityId, identity, lifecycle::LegalHold, policy::Policy};

use super::{
    named,
    output::{Output, counted},
    session::{self, Use},
};
use crate::{
    args::HoldVerb,
    config::nearest,
    errors::{AppError, Exit},
    store::{AuditEntry, Store},
    telemetry,
};

pub(super) async fn hold(
    file: &Path,
    verb: HoldVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    match verb {
        HoldVerb::Add { name, who, reason, review } => {
            if config.policy.holds.contains_key(&name) {
                let text = format!("the file has a legal hold `{name}` already");
                return Err(AppError::new(Exit::Usage, text).hint("give this one another name"));
            }
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let mut people = BTreeSet::new();
            for who in &who {
                people.insert(named::identity(&store, who, now).await?.id);
            }
            let hold = LegalHold { name, people, reason, review, by: session::actor(), at: now };
            add(&store, &hold).await?;
            let count = counted(hold.people.len(), "person", "people");
            output.line(&format!("nothing of {count} is deleted while `{}` stands", hold.name))?;
        }
        HoldVerb::List => {
            let store = session::open_store(&config).await?;
            list(&config.policy, &store, now, output).await?;
        }
        HoldVerb::Release { name } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            release(&config.policy, &store, &name, now).await?;
            output.line(&format!("the legal hold `{name}` is released"))?;
        }
    }
    Ok(Exit::Ok)
}

async fn add(store: &dyn Store, hold: &LegalHold) -> Result<(), AppError> {
    if store.kept().await?.legal_holds.iter().any(|it| it.name == hold.name) {
        let text = format!("there is a legal hold `{}` already", hold.name);
        return Err(AppError::new(Exit::Usage, text)
            .hint("give this one another name, or release that one first"));
    }
    let review = hold.review;
    let entries: Vec<AuditEntry> = hold
        .people
        .iter()
        .map(|who| entry(&hold.name, *who, "ordered", Some(review), hold.at))
        .collect();
    Ok(store.hold(hold, &entries).await?)
}

async fn release(
    policy: &Policy,
    store: &dyn Store,
    name: &str,
    now: Timestamp,
) -> Result<(), AppError> {
    let holds = store.kept().await?.legal_holds;
    let Some(hold) = holds.iter().find(|hold| hold.name == name) else {
        let error = AppError::new(Exit::Usage, format!("there is no legal hold `{name}`"));
        if policy.holds.contains_key(name) {
            return Err(error.hint(format!("it stands in the file: take out `[hold.{name}]`")));
        }
        return Err(match nearest(name, holds.iter().map(|hold| hold.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`lanyard hold list` shows them"),
        });
    };
    let entries: Vec<AuditEntry> =
        hold.people.iter().map(|who| entry(name, *who, "released", None, now)).collect();
    store.release_hold(name, now, &entries).await?;
    Ok(())
}

async fn list(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    let known = store.identities().await?;
    let label = |id: &IdentityId| {
        let found = known.iter().find(|it| it.id == *id);
        let facts = |it| identity::facts_now(it, now);
        found.map_or_else(|| id.to_string(), |it| identity::label(it, &facts(it)))
    };
    for (name, hold) in &policy.holds {
        let people: Vec<&str> = hold.people.iter().map(String::as_str).collect();
        let (owner, review, people) = (&hold.owner, hold.review, people.join(", "));
        let due = review_due(review, now);
        output.line(&format!("{name}: {people}; in the file, by {owner}, review {review}{due}"))?;
    }
    for hold in store.kept().await?.legal_holds {
        let people: Vec<String> = hold.people.iter().map(label).collect();
        let LegalHold { name, reason, review, by, at, .. } = hold;
        let (people, due) = (people.join(", "), review_due(review, now));
        output.line(&format!(
            "{name}: {people}; since {at:.0} by {by}, review {review}{due}: {reason}"
        ))?;
    }
    Ok(())
}

/// A review is a day, wherever one looks from.
pub(super) fn review_due(review: Date, now: Timestamp) -> &'static str {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    if review <= today { " (due)" } else { "" }
}

fn entry(
    name: &str,
    identity: IdentityId,
    result: &str,
    review: Option<Date>,
    at: Timestamp,
) -> AuditEntry {
    let mut detail = BTreeMap::from([("hold".to_owned(), name.to_owned())]);
    detail.extend(review.map(|review| ("review".to_owned(), review.to_string())));
    AuditEntry {
        at,
        actor: session::actor(),
        action: "hold".to_owned(),
        identity: Some(identity),
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail,
    }
}
