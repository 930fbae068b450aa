use lanyard_core::{
    access::Side,
    id::IdentityId,
    request::{Ended, Request, RequestEnd, RequestedBy},
};

use super::example::{ada, at, bob, entry, name};
use crate::store::{AuditFilter, Store};

fn request(id: &str, seconds: i64) -> Request {
    Request {
        id: id.to_owned(),
        identity: ada(),
        access: Side::Entitlement { target: name("crm"), entitlement: "approvers".to_owned() },
        from: None,
        until: Some(at(100)),
        reason: "a project".to_owned(),
        by: RequestedBy::Person {
            user: "bob".to_owned(),
            identity: Some(bob()),
            label: "Bob Example".to_owned(),
        },
        at: at(seconds),
        start: None,
        answer_by: None,
        asked: None,
        agreed: vec!["Grace Example".to_owned()],
        given: Some(at(seconds)),
        ended: None,
    }
}

/// A request for somebody.
pub(crate) fn asked(id: &str, identity: IdentityId) -> Request {
    Request { identity, ..request(id, 20) }
}

pub(crate) async fn a_request_is_kept_in_its_place_and_with_its_entry(store: &dyn Store) {
    let both = [(request("b", 1), entry(1, "request")), (request("a", 2), entry(2, "request"))];
    store.record_requests(&both, None).await.unwrap();
    let ended = Some(Ended { at: at(3), how: RequestEnd::Over });
    let over = Request { ended, ..request("b", 1) };
    store.record_requests(&[(over.clone(), entry(3, "request"))], None).await.unwrap();
    let kept = store.kept().await.unwrap().requests;
    assert_eq!(kept.get(&ada()), Some(&vec![over, request("a", 2)]));
    assert_eq!(kept.len(), 1);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 3);
}
