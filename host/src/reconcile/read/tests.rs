use lanyard_core::account::AccountState;

use super::*;

fn record(key: &str, name: &str) -> Account {
    Account {
        reference: ObjectRef { object_type: "person".to_owned(), uid: key.to_owned() },
        revision: None,
        name: name.to_owned(),
        anchor: None,
        state: AccountState::Unknown,
        state_until: None,
        last_used: None,
        attributes: Vec::new(),
    }
}

/// The names of what is left, and whether the read proves absence.
fn left(
    distinct: fn(Whole<Account>) -> (Vec<Account>, Coverage),
    pages: u32,
    items: &[Account],
) -> (Vec<String>, bool) {
    let whole = Whole { items: items.to_vec(), coverage: Coverage::exhaustive(), pages };
    let (kept, coverage) = distinct(whole);
    (kept.into_iter().map(|record| record.name).collect(), coverage.proves_absence())
}

#[test]
fn two_records_of_a_source_with_one_key_are_both_kept() {
    let two = [record("1", "Ada"), record("2", "Ben"), record("1", "Cleo")];
    let both = |names: &[&str], proves| (names.iter().map(ToString::to_string).collect(), proves);
    assert_eq!(left(copies, 1, &two), both(&["Ada", "Ben", "Cleo"], true));
    assert_eq!(left(copies, 2, &two), both(&["Ada", "Cleo", "Ben"], false));
    let same = [record("1", "Ada"), record("2", "Ben"), record("1", "Ada")];
    assert_eq!(left(copies, 1, &same), both(&["Ada", "Ben", "Ada"], true));
    assert_eq!(left(copies, 2, &same), both(&["Ada", "Ben"], false), "it moved between pages");
    assert_eq!(left(copies, 2, &two[..2]), both(&["Ada", "Ben"], true));
    assert_eq!(left(once_each, 1, &two), both(&["Ben", "Cleo"], false), "a target's are one");
}
