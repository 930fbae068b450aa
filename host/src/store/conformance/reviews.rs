use lanyard_core::{
    id::ReviewName,
    review::{Decision, Item, Review, Silence},
    value::ObjectRef,
};

use super::example::{ada, at, entry, name};
use crate::store::{AuditFilter, Store};

fn review(ordinal: u32) -> Review {
    let item = Item {
        id: format!("item{ordinal}"),
        identity: ada(),
        target: name("crm"),
        entitlement: ObjectRef { object_type: "group".to_owned(), uid: "admins".to_owned() },
        label: "Admins".to_owned(),
        given: "rule `it` (line 3)".to_owned(),
        asked: None,
        decision: None,
    };
    let name = ReviewName::new("quarterly").unwrap();
    Review { name, ordinal, opened: at(1), silence: Silence::Revoke, items: vec![item] }
}

pub(crate) async fn a_review_is_kept_in_its_place_with_an_entry_for_each_answer(store: &dyn Store) {
    let both = [(review(1), vec![entry(1, "review")]), (review(2), Vec::new())];
    store.record_reviews(&both).await.unwrap();
    let mut answered = review(1);
    let reason = "left the project".to_owned();
    let by = Some("Bob Example".to_owned());
    answered.items[0].decision = Some(Decision { at: at(2), by, revoke: true, reason });
    let entries = vec![entry(2, "review"), entry(3, "review")];
    store.record_reviews(&[(answered.clone(), entries)]).await.unwrap();
    assert_eq!(store.kept().await.unwrap().reviews, vec![answered, review(2)]);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 3);
}
