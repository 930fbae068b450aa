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
    let is =
        |it: &&Identity| Some(it.id) == id || it.records.iter().any(|record| record.key == key);
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

#[cfg(test)]
mod tests {
    use lanyard_core::{
        fact::RecordKey,
        id::{ConnectorName, IdentityId},
    };

    use super::*;

    fn person(source: &str, key: &str) -> Identity {
        let source = ConnectorName::new(source).unwrap();
        Identity {
            id: IdentityId::first_seen(&source, &format!("{source}{key}")),
            records: vec![RecordKey { source, key: key.to_owned() }],
            facts: [].into(),
            absent_since: None,
            unreadable: Vec::new(),
            unchanged: [].into(),
        }
    }

    #[test]
    fn nobody_is_guessed_of_two_with_one_key_and_an_id_says_who_is_meant() {
        let people = [person("hr", "1"), person("travel", "1"), person("hr", "2")];
        let mut kept = Kept::default();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let found =
            |kept: &Kept, key: &str| with_key(&people, kept, key, now).map(|it| it.map(|it| it.id));
        let several = found(&kept, "1").unwrap_err().to_string();
        assert!(several.starts_with("`1` could be 2 people: 1 ("), "{several}");
        assert_eq!(found(&kept, "2"), Ok(Some(people[2].id)));
        assert_eq!(found(&kept, "3"), Ok(None));
        assert_eq!(found(&kept, &people[1].id.to_string()), Ok(Some(people[1].id)));
        let other = person("old", "9").id;
        kept.merged.insert(other, people[0].id);
        assert_eq!(found(&kept, &other.to_string()), Ok(Some(people[0].id)));
    }
}
