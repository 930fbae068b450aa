//! By what accounts of ours are known to be gone.

use std::collections::BTreeMap;

use lanyard_core::{
    account::AccountState,
    forgetting::{AccountKey, Missing, Proof},
    schema::IdStability,
};

use super::example::{
    account, ada, at, begin, entry, intent, link, name, observed, perform, user, user_object,
};
use crate::store::{Effect, Store};

fn key(uid: &str) -> AccountKey {
    (name("directory"), user(uid))
}

fn missing() -> Proof {
    Proof::Missing(Missing { since: at(9), seen: 3, last: at(11) })
}

pub(crate) async fn a_delete_of_ours_proves_that_an_account_is_gone_and_a_reading_does_not(
    store: &dyn Store,
) {
    store.adopt(&link(ada(), "a"), &entry(1, "adopt")).await.unwrap();
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new());
    store.record_observation(&name("directory"), &observed(9, Vec::new(), &[])).await.unwrap();
    assert!(store.links().await.unwrap()[0].gone);
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new());
    for proof in [missing(), Proof::Proven] {
        store.record_gone(&BTreeMap::from([(key("a"), Some(proof))])).await.unwrap();
        assert_eq!(store.gone().await.unwrap(), BTreeMap::from([(key("a"), proof)]));
    }
    store.record_gone(&BTreeMap::from([(key("a"), None)])).await.unwrap();
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new());
    let run = begin(store, 1).await;
    let gone = Effect::Gone { target: name("directory"), account: user("a") };
    perform(store, &intent(run, 0, 1, "a"), vec![gone]).await;
    assert_eq!(store.gone().await.unwrap(), BTreeMap::from([(key("a"), Proof::Proven)]));
}

pub(crate) async fn what_readings_said_of_an_account_goes_when_it_is_there_or_made_again(
    store: &dyn Store,
) {
    store.adopt(&link(ada(), "a"), &entry(1, "adopt")).await.unwrap();
    // Of one that is there nothing is kept.
    store.record_gone(&BTreeMap::from([(key("a"), Some(missing()))])).await.unwrap();
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new());
    let lost = async || {
        store.record_observation(&name("directory"), &observed(9, Vec::new(), &[])).await.unwrap();
        store.record_gone(&BTreeMap::from([(key("a"), Some(missing()))])).await.unwrap();
        assert_eq!(store.gone().await.unwrap().len(), 1);
    };
    lost().await;
    let mut there = observed(10, vec![account("a", AccountState::Active)], &[]);
    there.schema.objects = vec![user_object(IdStability::Immutable)];
    store.record_observation(&name("directory"), &there).await.unwrap();
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new());
    store.record_observation(&name("directory"), &observed(11, Vec::new(), &[])).await.unwrap();
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new(), "it is counted anew");
    lost().await;
    store.adopt(&link(ada(), "a"), &entry(8, "adopt")).await.unwrap();
    store.record_observation(&name("directory"), &observed(12, Vec::new(), &[])).await.unwrap();
    assert_eq!(store.gone().await.unwrap(), BTreeMap::new(), "it was adopted again");
}
