//! What a person names on the command line: a target, an identity.

use std::{collections::BTreeSet, fmt::Write as _};

use jiff::Timestamp;
use lanyard_core::{
    fact::Identity,
    id::{ConnectorName, IdentityId},
    identity,
};

use super::erase;
use crate::{
    config::{Config, nearest},
    errors::{AppError, Exit},
    store::Store,
};

/// Of an id, so many of its first characters are enough: a plan shows 8.
pub(super) const SHORTEST_ID: usize = 8;
/// Identities listed where several are meant.
const MOST_LISTED: usize = 20;

/// A target of the file, or one that the store still knows.
///
/// # Errors
/// When there is none of that name.
pub(super) async fn target(
    config: &Config,
    store: &dyn Store,
    wanted: &ConnectorName,
) -> Result<(), AppError> {
    let mut known: BTreeSet<ConnectorName> = config.policy.targets.keys().cloned().collect();
    known.extend(store.links().await?.into_iter().map(|link| link.target));
    known.extend(store.observations().await?.into_keys());
    if known.contains(wanted) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(ConnectorName::as_str).collect();
    let error = AppError::new(Exit::Usage, format!("there is no target `{wanted}`"));
    Err(match nearest(wanted.as_str(), names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => error.hint("the file has no target"),
        None => error.hint(format!("targets: {}", names.join(", "))),
    })
}

/// The identity meant by its id, the key of a record, its label, or the
/// login name of one of its accounts.
///
/// # Errors
/// When it is nobody, or could be several.
pub(super) async fn identity(
    store: &dyn Store,
    wanted: &str,
    now: Timestamp,
) -> Result<Identity, AppError> {
    let people = people(store, now).await?;
    let mut found: Vec<&Person> = people.iter().filter(|person| person.is(wanted)).collect();
    if found.is_empty() {
        let was = |person: &&Person| person.was(wanted);
        found = people.iter().filter(was).collect();
    }
    if found.is_empty() && wanted.len() >= SHORTEST_ID {
        let begins = |person: &&Person| person.identity.id.to_string().starts_with(wanted);
        found = people.iter().filter(begins).collect();
    }
    match found.as_slice() {
        [only] => Ok(only.identity.clone()),
        [] => {
            if let Some((id, tombstone)) = erase::meant(&store.forgotten().await?, wanted) {
                let text = format!("{id}: {}", erase::sentence(&tombstone));
                return Err(AppError::new(Exit::Usage, text)
                    .hint("`lanyard audit list --identity ID` shows what was done"));
            }
            let error = AppError::new(Exit::Usage, format!("no identity is called `{wanted}`"));
            let names = people.iter().flat_map(|person| &person.names);
            Err(match nearest(wanted, names.map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error
                    .hint("`lanyard identity list` shows them; people appear once a plan was made"),
            })
        }
        several => Err(ambiguous(wanted, several)),
    }
}

fn ambiguous(wanted: &str, several: &[&Person]) -> AppError {
    let mut text = format!("`{wanted}` could be {} identities", several.len());
    for Person { identity, names, merged: _ } in several.iter().take(MOST_LISTED) {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "\n  {}  {}", identity.id, names.join(", "));
    }
    if let Some(more) = several.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        let _infallible = write!(text, "\n  … and {more} more");
    }
    AppError::new(Exit::Usage, text).hint("give the id")
}

/// An identity, and what it may be called besides its id.
struct Person {
    identity: Identity,
    names: Vec<String>,
    /// Ids of those who were merged into them.
    merged: Vec<String>,
}

impl Person {
    /// Whether it is the id of somebody who is them by now, or the beginning
    /// of it.
    fn was(&self, wanted: &str) -> bool {
        let lower = wanted.to_lowercase();
        let long = lower.len() >= SHORTEST_ID;
        long && self.merged.iter().any(|id| id.starts_with(&lower))
    }

    fn is(&self, wanted: &str) -> bool {
        let lower = wanted.to_lowercase();
        self.identity.id.to_string() == lower
            || self.names.iter().any(|name| name.to_lowercase() == lower)
    }
}

async fn people(store: &dyn Store, now: Timestamp) -> Result<Vec<Person>, AppError> {
    let mut logins: BTreeSet<(IdentityId, String)> = BTreeSet::new();
    let observations = store.observations().await?;
    for link in store.links().await? {
        let there = observations.get(&link.target);
        let account =
            there.and_then(|it| it.accounts.iter().find(|it| it.reference == link.account));
        logins.extend(account.map(|account| (link.identity, account.name.clone())));
    }
    let merged = store.kept().await?.merged;
    let identities = store.identities().await?.into_iter();
    Ok(identities
        .map(|identity| {
            let keys = identity.records.iter().map(|record| record.key.clone());
            let label = identity::label(&identity, &identity::facts_now(&identity, now));
            let own = logins.iter().filter(|(id, _)| *id == identity.id);
            let mut names: Vec<String> = Vec::new();
            for name in keys.chain([label]).chain(own.map(|(_, login)| login.clone())) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let merged = merged.iter().filter(|(_, keep)| **keep == identity.id);
            let merged = merged.map(|(other, _)| other.to_string()).collect();
            Person { identity, names, merged }
        })
        .collect())
}
