//! When what somebody is signed in with was ended.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{account::AccountState, operation::CredentialVerb};

use super::{
    accounts::{observe, only_link},
    example::{account, ada, at, begin, intent, link, name, observed, perform, user},
};
use crate::store::{Effect, Store};

pub(crate) async fn what_was_ended_is_remembered_with_the_account(store: &dyn Store) {
    let run = begin(store, 1).await;
    perform(store, &intent(run, 0, 1, "a"), vec![Effect::Linked(link(ada(), "a"))]).await;
    let ended = |verb, seconds| Effect::Ended {
        target: name("directory"),
        account: user("a"),
        verb,
        at: at(seconds),
    };
    perform(store, &intent(run, 1, 1, "a"), vec![ended(CredentialVerb::Revoke, 2)]).await;
    let all = only_link(store).await.ended;
    assert_eq!((all.sessions, all.credentials), (Some(at(2)), Some(at(2))));
    perform(store, &intent(run, 2, 1, "a"), vec![ended(CredentialVerb::EndSessions, 3)]).await;
    let later = only_link(store).await.ended;
    assert_eq!((later.sessions, later.credentials), (Some(at(3)), Some(at(2))));

    // No reading and no other key of the account takes it away.
    observe(store, &observed(9, vec![account("a", AccountState::Active)], &[])).await;
    let to = user("b");
    store.password_set(&name("directory"), &user("a"), at(4)).await.unwrap();
    let later = only_link(store).await.ended;
    assert_eq!((later.sessions, later.password), (Some(at(3)), Some(at(4))));
    let set = BTreeMap::from([(name("directory"), BTreeSet::from([user("a")]))]);
    assert_eq!(store.done_since(at(4)).await.unwrap().passwords, set);
    assert_eq!(store.done_since(at(5)).await.unwrap().passwords, BTreeMap::new());
    let renamed = Effect::Rekeyed { target: name("directory"), from: user("a"), to };
    perform(store, &intent(run, 3, 1, "a"), vec![renamed]).await;
    assert_eq!(only_link(store).await.ended, later);
}
