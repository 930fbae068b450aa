use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lanyard_core::{
    account::AccountState,
    id::ReviewName,
    obligation::{Closed, ClosedBy, Obligation},
    observed::{Declined, Origin},
    review::{Decision, Item, Review, Silence},
    union::{Books, Merged, Rearranged, Said, merge, split},
    value::ObjectRef,
    workflow::Question,
};

use super::{
    erasure,
    example::{account, at, entry, identity, link, name, observed, user},
    obligations::owed,
    requests::asked,
};
use crate::store::{AuditFilter, Erasure, Store};

async fn of(store: &dyn Store, make: impl FnOnce(&Books<'_>) -> Rearranged) -> Rearranged {
    let names: Vec<_> = store.names().await.unwrap().into_iter().collect();
    let names: Vec<_> = names
        .into_iter()
        .flat_map(|(target, names)| names.into_iter().map(move |it| (target.clone(), it)))
        .collect();
    make(&Books {
        identities: &store.identities().await.unwrap(),
        links: &store.links().await.unwrap(),
        declined: &store.declined().await.unwrap(),
        names: &names,
        kept: &store.kept().await.unwrap(),
        workflows: &store.workflows().await.unwrap(),
        cases: &store.cases().await.unwrap(),
        merged: &store.merged().await.unwrap(),
    })
}

pub(crate) async fn whoever_is_merged_goes_over_with_everything_and_comes_back(store: &dyn Store) {
    let (keep, other) = (identity("1"), identity("2"));
    let mut people = vec![keep.clone(), other.clone()];
    people.sort_by_key(|it| it.id);
    store.record_identities(&people, &BTreeMap::new(), at(0)).await.unwrap();
    let mut account = link(other.id, "u1");
    account.origin = Origin::Adopted;
    store.adopt(&account, &entry(1, "adopt")).await.unwrap();
    let declined = Declined { identity: other.id, target: name("directory"), account: user("u2") };
    store.decline(&declined, &entry(2, "decline")).await.unwrap();

    let said = Said { by: "operator".to_owned(), at: at(3), reason: "married".to_owned() };
    let merging = of(store, |books| merge(books, &keep, &other, said).unwrap()).await;
    store.rearrange(&merging, &[entry(3, "merge"), entry(3, "merge")]).await.unwrap();
    let now = store.identities().await.unwrap();
    assert_eq!((now.len(), now[0].id, now[0].records.len()), (1, keep.id, 2));
    assert_eq!(store.links().await.unwrap()[0].identity, keep.id);
    let one = Declined { identity: keep.id, ..declined.clone() };
    assert_eq!(store.declined().await.unwrap(), BTreeSet::from([one]));
    let merged = store.merged().await.unwrap();
    assert!(
        matches!(merged.as_slice(), [Merged { other: id, reason, .. }] if *id == other.id && reason == "married")
    );

    // What was done and said of them before is theirs, whoever they are.
    let kept = store.kept().await.unwrap();
    assert_eq!((kept.by_now(other.id), kept.by_now(keep.id)), (keep.id, keep.id));
    let filter = AuditFilter { identity: Some(keep.id), ..AuditFilter::default() };
    let rows = store.audit(&filter).await.unwrap();
    assert!(rows.iter().any(|row| row.entry.action == "adopt"), "{rows:?}");

    let record = &other.records[0];
    let splitting = of(store, |books| split(books, &now[0], record).unwrap()).await;
    store.rearrange(&splitting, &[entry(4, "split"), entry(4, "split")]).await.unwrap();
    assert_eq!(store.identities().await.unwrap(), people);
    assert_eq!(store.links().await.unwrap(), [account]);
    assert_eq!(store.declined().await.unwrap(), BTreeSet::from([declined]));
    assert_eq!(store.merged().await.unwrap(), []);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 6);
}

pub(crate) async fn what_is_asked_follows_whoever_was_merged_and_goes_back(store: &dyn Store) {
    let (keep, other, third) = (identity("1"), identity("2"), identity("3"));
    let mut people = vec![keep.clone(), other.clone(), third.clone()];
    people.sort_by_key(|it| it.id);
    store.record_identities(&people, &BTreeMap::new(), at(0)).await.unwrap();
    let (stages, expire) = (vec![BTreeSet::from([other.id])], SignedDuration::from_hours(1));
    let question = Question { stages, expire, escalate: None, reason: String::new() };
    let question = question.asked(at(1));
    let mut request = asked("r1", third.id);
    (request.asked, request.given) = (Some(question.clone()), None);
    store.record_requests(&[(request, entry(1, "request"))], None).await.unwrap();
    let item = |id: &str, identity| Item {
        id: id.to_owned(),
        identity,
        target: name("crm"),
        entitlement: ObjectRef { object_type: "group".to_owned(), uid: id.to_owned() },
        label: id.to_owned(),
        given: String::new(),
        asked: Some(question.clone()),
        relation: String::new(),
        since: None,
        after: 0,
        told: [].into(),
        decision: None,
        before: Vec::new(),
        closed: None,
    };
    let review = Review {
        name: ReviewName::new("quarterly").unwrap(),
        ordinal: 1,
        opened: at(1),
        silence: Silence::Keep,
        items: vec![item("item1", keep.id), item("item2", other.id)],
        skipped: [].into(),
    };
    store.record_reviews(&[(review, Vec::new())]).await.unwrap();

    let said = Said { by: "operator".to_owned(), at: at(3), reason: "married".to_owned() };
    let merging = of(store, |books| merge(books, &keep, &other, said).unwrap()).await;
    store.rearrange(&merging, &[entry(3, "merge")]).await.unwrap();
    let kept = store.kept().await.unwrap();
    let who_is_asked = |asked: &lanyard_core::workflow::Asked| asked.waits_for(at(2));
    let request = &kept.requests[&third.id][0];
    assert_eq!(who_is_asked(request.asked.as_ref().unwrap()), BTreeSet::from([keep.id]));
    let mut review = kept.reviews[0].clone();
    assert!(review.items.iter().all(|it| it.identity == keep.id));
    assert!(
        review.items.iter().all(|it| who_is_asked(it.asked.as_ref().unwrap()).contains(&keep.id))
    );
    let (by, reason) = (Some("Grace Example".to_owned()), String::new());
    review.items[1].decision = Some(Decision {
        at: at(4),
        number: 1,
        by,
        by_id: None,
        revoke: true,
        reason,
        requests: [].into(),
        over: None,
    });
    store.record_reviews(&[(review, Vec::new())]).await.unwrap();

    // An answer goes with whoever the question was about.
    let now = store.identities().await.unwrap();
    let one = now.iter().find(|it| it.id == keep.id).unwrap();
    let splitting = of(store, |books| split(books, one, &other.records[0]).unwrap()).await;
    store.rearrange(&splitting, &[entry(5, "split")]).await.unwrap();
    let reviews = store.kept().await.unwrap().reviews;
    let said: Vec<_> =
        reviews[0].items.iter().map(|it| (it.identity, it.decision.is_some())).collect();
    assert_eq!(said, [(keep.id, false), (other.id, true)]);
}

pub(crate) async fn what_is_owed_goes_back_with_whoever_is_split_off_and_is_erased_with_them(
    store: &dyn Store,
) {
    let (keep, other) = (identity("1"), identity("2"));
    let mut people = vec![keep.clone(), other.clone()];
    people.sort_by_key(|it| it.id);
    store.record_identities(&people, &BTreeMap::new(), at(0)).await.unwrap();
    store.adopt(&link(other.id, "u1"), &entry(1, "adopt")).await.unwrap();
    let said = Said { by: "operator".to_owned(), at: at(3), reason: "married".to_owned() };
    let merging = of(store, |books| merge(books, &keep, &other, said).unwrap()).await;
    store.rearrange(&merging, &[entry(3, "merge")]).await.unwrap();

    // While they are one, something is owed and given, and a name is changed.
    let closed = Closed { at: at(5), by: ClosedBy::Read { at: at(5) } };
    let owed =
        |uid: &str| Obligation { identity: keep.id, closed: Some(closed.clone()), ..owed(uid) };
    let both = [(owed("u1"), None), (owed("u9"), None)];
    store.record_obligations(&both).await.unwrap();
    let mut one = store.identities().await.unwrap().remove(0);
    for fact in one.facts.values_mut().flatten() {
        fact.values = vec![lanyard_core::value::Value::Text("Somebody Else".to_owned())];
    }
    store.record_identities(&[one.clone()], &BTreeMap::new(), at(6)).await.unwrap();
    assert_eq!(store.past_facts(keep.id).await.unwrap().len(), 2);
    let seen = vec![account("u1", AccountState::Disabled)];
    store.record_observation(&name("directory"), &observed(7, seen, &[])).await.unwrap();
    store.record_observation(&name("directory"), &observed(8, Vec::new(), &[])).await.unwrap();

    let splitting = of(store, |books| split(books, &one, &other.records[0]).unwrap()).await;
    store.rearrange(&splitting, &[entry(9, "split")]).await.unwrap();
    let whose = async || {
        let kept = store.obligations(true).await.unwrap();
        let whose = kept.into_iter().map(|it| it.obligation);
        whose.map(|it| (it.place.account.uid, it.identity)).collect::<Vec<_>>()
    };
    let theirs = [("u1".to_owned(), other.id), ("u9".to_owned(), keep.id)];
    assert_eq!(whose().await, theirs);

    let erasure = Erasure { identity: other.id, ..erasure::erasure() };
    let rows = store.erase(&erasure, &erasure::said()).await.unwrap().unwrap();
    assert_eq!(rows.get("obligations"), Some(&1), "{rows:?}");
    assert_eq!(whose().await, theirs[1..]);
    let past = store.past_facts(keep.id).await.unwrap();
    assert!(past.iter().all(|it| it.fact.record == keep.records[0]), "{past:?}");
    assert_eq!(past.len(), 1);
}
