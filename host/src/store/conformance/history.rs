use std::collections::BTreeMap;

use lanyard_core::{history::PastFact, id::FactName, value::Value};

use super::example::{at, identity};
use crate::store::Store;

pub(crate) async fn what_a_source_no_longer_says_is_kept_once(store: &dyn Store) {
    let mut ada = identity("1");
    let (name, facts) =
        ada.facts.iter().next().map(|(name, it)| (name.clone(), it.clone())).unwrap();
    let reads = BTreeMap::new();
    for second in [1, 2] {
        store.record_identities(&[ada.clone(), identity("2")], &reads, at(second)).await.unwrap();
    }
    assert_eq!(store.past_facts(ada.id).await.unwrap(), Vec::new());

    let changed = ada.facts.get_mut(&name).unwrap();
    changed[0].values = vec![Value::Text("Ada Muster".to_owned())];
    changed[0].learned = at(3);
    store.record_identities(&[ada.clone(), identity("2")], &reads, at(3)).await.unwrap();
    let first = PastFact { name: name.clone(), fact: facts[0].clone(), forgotten: at(3) };
    assert_eq!(store.past_facts(ada.id).await.unwrap(), vec![first.clone()]);

    let fact = ada.facts.remove(&name).unwrap().remove(0);
    for second in [4, 5] {
        store.record_identities(&[ada.clone()], &reads, at(second)).await.unwrap();
    }
    let second = PastFact { name, fact, forgotten: at(4) };
    assert_eq!(store.past_facts(ada.id).await.unwrap(), vec![first, second]);
    assert_eq!(store.past_facts(identity("2").id).await.unwrap(), Vec::new());
}

pub(crate) async fn first_days_that_were_said_before_are_found_for_everybody(store: &dyn Store) {
    let mut ada = identity("1");
    let fact = ada.facts.values().flatten().next().unwrap().clone();
    let start = FactName::new("start").unwrap();
    ada.facts.insert(start.clone(), vec![fact.clone()]);
    store.record_identities(&[ada.clone()], &BTreeMap::new(), at(1)).await.unwrap();
    assert!(store.kept().await.unwrap().past_starts.is_empty());
    ada.facts.remove(&start);
    store.record_identities(&[ada.clone()], &BTreeMap::new(), at(2)).await.unwrap();
    let past = PastFact { name: start, fact, forgotten: at(2) };
    let expected = BTreeMap::from([(ada.id, vec![past])]);
    assert_eq!(store.kept().await.unwrap().past_starts, expected);
}
