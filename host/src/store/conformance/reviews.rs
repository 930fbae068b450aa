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
        relation: String::new(),
        label: "Admins".to_owned(),
        given: "rule `it` (line 3)".to_owned(),
        asked: None,
        since: None,
        after: 0,
        told: [].into(),
        decision: None,
        before: Vec::new(),
        closed: None,
    };
    let name = ReviewName::new("quarterly").unwrap();
    Review {
        name,
        ordinal,
        opened: at(1),
        silence: Silence::Revoke,
        items: vec![item],
        skipped: [].into(),
    }
}

pub(crate) async fn a_review_is_kept_in_its_place_with_an_entry_for_each_answer(store: &dyn Store) {
    let both = [(review(1), vec![entry(1, "review")]), (review(2), Vec::new())];
    store.record_reviews(&both).await.unwrap();
    let mut answered = review(1);
    let reason = "left the project".to_owned();
    let by = Some("Bob Example".to_owned());
    answered.items[0].decision = Some(Decision {
        at: at(2),
        number: 1,
        by,
        by_id: Some(ada()),
        revoke: true,
        reason,
        requests: ["5e29".to_owned()].into(),
        over: None,
    });
    let entries = vec![entry(2, "review"), entry(3, "review")];
    store.record_reviews(&[(answered.clone(), entries)]).await.unwrap();
    assert_eq!(store.kept().await.unwrap().reviews, vec![answered, review(2)]);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 3);
}
