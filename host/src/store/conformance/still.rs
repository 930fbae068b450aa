//! Questions whether a record is still that of somebody who was erased, and
//! what is kept of them by digests.

use std::collections::BTreeSet;

use lanyard_core::{
    case::{About, Candidate, Case},
    fact::RecordKey,
    forgetting::{StillErased, name_digest},
    id::IdentityId,
};

use super::{
    erasure::{erase, known, said},
    example::{ada, at, name},
};
use crate::store::{AuditEntry, AuditFilter, Store, chain};

fn case() -> Case {
    let record = RecordKey { source: name("hr"), key: "1".to_owned() };
    Case {
        id: "0123456789ab".to_owned(),
        newcomer: IdentityId::again(&record, 1),
        about: About::Record(record),
        label: "somebody who was erased".to_owned(),
        candidates: vec![Candidate { identity: ada(), matched: Vec::new() }],
        because: "it says that they are here".to_owned(),
        contradicted: false,
    }
}

fn still() -> StillErased {
    StillErased { identity: ada(), source: name("hr"), by: "operator".to_owned(), at: at(110) }
}

fn entry() -> AuditEntry {
    AuditEntry { at: at(110), action: "case".to_owned(), ..said() }
}

pub(crate) async fn that_somebody_is_still_erased_is_kept_without_the_record(store: &dyn Store) {
    known(store).await;
    erase(store).await.unwrap();
    let id = case().id;
    store.decide_still_erased(&id, &still(), &entry()).await.unwrap_err();
    store.record_cases(&[case()], &BTreeSet::new(), at(109)).await.unwrap();
    assert_eq!(store.forgotten().await.unwrap().asked_about(&case()), Some(ada()));
    store.decide_still_erased(&id, &still(), &entry()).await.unwrap();
    assert_eq!(store.cases().await.unwrap(), []);
    assert_eq!(store.forgotten().await.unwrap().still, [(id.clone(), still())].into());
    store.decide_still_erased(&id, &still(), &entry()).await.unwrap_err();
    store.reopen_still_erased(&id, &entry()).await.unwrap();
    assert_eq!(store.forgotten().await.unwrap().still, [].into());
    store.reopen_still_erased(&id, &entry()).await.unwrap_err();
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    chain::verify(&rows).unwrap();
    let said = rows.iter().filter(|row| row.entry.action == "case").count();
    assert_eq!(said, 2);
}

pub(crate) async fn a_record_of_somebody_erased_is_known_by_any_spelling(store: &dyn Store) {
    let person = known(store).await;
    erase(store).await.unwrap();
    let forgotten = store.forgotten().await.unwrap();
    let record = &person.records[0];
    for key in [record.key.clone(), format!(" 00{} ", record.key)] {
        let spelt = RecordKey { key, ..record.clone() };
        assert_eq!(forgotten.whose(&spelt), Some(&BTreeSet::from([ada()])), "{spelt:?}");
    }
    let other = RecordKey { key: "2".to_owned(), ..record.clone() };
    assert_eq!(forgotten.whose(&other), None);
}

pub(crate) async fn a_login_name_of_somebody_erased_goes_when_it_is_free(store: &dyn Store) {
    known(store).await;
    erase(store).await.unwrap();
    let forgotten = store.forgotten().await.unwrap();
    let digest = name_digest(&forgotten.salt, "ada.example");
    let other = name_digest(&forgotten.salt, "bob.muster");
    assert!(forgotten.names[&name("directory")].contains_key(&digest));
    store.free_names(&[(name("directory"), other), (name("crm"), digest.clone())]).await.unwrap();
    assert_eq!(store.forgotten().await.unwrap().names, forgotten.names);
    store.free_names(&[(name("directory"), digest)]).await.unwrap();
    assert_eq!(store.forgotten().await.unwrap().names, [].into());
}
