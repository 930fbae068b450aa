use std::collections::BTreeMap;

use lanyard_core::account::{Coverage, CoverageKind};

use super::example::{at, identity, name};
use crate::store::{SourceRead, Store};

pub(crate) async fn an_identity_comes_back_as_it_was_recorded(store: &dyn Store) {
    let mut ada = identity("1");
    ada.absent_since = Some(at(5));
    let mut people = vec![ada, identity("2")];
    store.record_identities(&people, &BTreeMap::new(), at(6)).await.unwrap();
    people.sort_by_key(|person| person.id);
    assert_eq!(store.identities().await.unwrap(), people);

    people[0].absent_since = None;
    people[0].facts.clear();
    store.record_identities(&people, &BTreeMap::new(), at(7)).await.unwrap();
    assert_eq!(store.identities().await.unwrap(), people);
}

pub(crate) async fn an_identity_that_a_later_reading_does_not_have_stays(store: &dyn Store) {
    store.record_identities(&[identity("1")], &BTreeMap::new(), at(0)).await.unwrap();
    store.record_identities(&[identity("2")], &BTreeMap::new(), at(1)).await.unwrap();
    assert_eq!(store.identities().await.unwrap().len(), 2);
}

pub(crate) async fn a_record_can_move_from_one_identity_to_another(store: &dyn Store) {
    let (mut ada, mut bob) = (identity("1"), identity("2"));
    store.record_identities(&[ada.clone(), bob.clone()], &BTreeMap::new(), at(0)).await.unwrap();
    ada.records.append(&mut bob.records);
    let mut people = vec![ada, bob];
    store.record_identities(&people, &BTreeMap::new(), at(1)).await.unwrap();
    people.sort_by_key(|person| person.id);
    assert_eq!(store.identities().await.unwrap(), people);
}

pub(crate) async fn a_read_that_left_something_out_does_not_replace_an_exhaustive_one(
    store: &dyn Store,
) {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let whole = SourceRead {
        keys: keys(&["1", "2", "3"]),
        coverage: Coverage::exhaustive(),
        read_at: at(0),
    };
    let reads = BTreeMap::from([(name("hr"), whole)]);
    store.record_identities(&[], &reads, at(0)).await.unwrap();
    let part = SourceRead {
        keys: keys(&["1"]),
        coverage: Coverage { kind: CoverageKind::Truncated, skipped: Vec::new() },
        read_at: at(1),
    };
    store.record_identities(&[], &BTreeMap::from([(name("hr"), part)]), at(1)).await.unwrap();
    assert_eq!(store.source_reads().await.unwrap(), reads);

    let later =
        SourceRead { keys: keys(&["2", "3"]), coverage: Coverage::exhaustive(), read_at: at(2) };
    let reads = BTreeMap::from([(name("hr"), later)]);
    store.record_identities(&[], &reads, at(2)).await.unwrap();
    assert_eq!(store.source_reads().await.unwrap(), reads);
}
