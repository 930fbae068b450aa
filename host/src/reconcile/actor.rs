//! Who an OS user is among the people, by what the file says.

use lanyard_core::{
    fact::Identity,
    identity::{facts_now, label},
    lifecycle::Kept,
};

/// Several people answer to what the file says of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` could be {count} people: {people}", count = .ids.len(), people = .ids.join(", "))]
pub struct SeveralPeople {
    key: String,
    /// Each with how people call them.
    ids: Vec<String>,
}

/// Whoever has a record of that key, or is meant by that id.
///
/// # Errors
/// When it is several people, of whom nobody is guessed.
pub(super) fn with_key<'a>(
    people: &'a [Identity],
    kept: &Kept,
    key: &str,
    now: jiff::Timestamp,
) -> Result<Option<&'a Identity>, SeveralPeople> {
    let id = key.parse().ok().map(|id| kept.by_now(id));
    let is = |it: &&Identity| {
        Some(it.id) == id || it.records.iter().any(|record| record.key == key)
    };
    let found: Vec<&Identity> = people.iter().filter(is).collect();
    match found.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let named = |it: &&Identity| format!("{} ({})", label(it, &facts_now(it, now)), it.id);
            let ids = several.iter().map(named).collect();
            Err(SeveralPeople { key: key.to_owned(), ids })
        }
    }
}
