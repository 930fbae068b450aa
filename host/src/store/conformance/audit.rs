use lanyard_core::{
    fault::{Fault, FaultKind},
    recorded::recorded,
    run::OperationEvent,
};

use super::example::{ada, answer, at, begin, bob, done, entry, intent, link, name, user};
use crate::store::{AuditEntry, AuditFilter, AuditRow, Effect, Paged, Store, chain, each_row};

/// Adopts one account per entry.
async fn append(store: &dyn Store, entries: &[AuditEntry]) {
    for (number, entry) in entries.iter().enumerate() {
        let uid = format!("u{number}");
        let who = lanyard_core::id::IdentityId::first_seen(&name("hr"), &uid);
        store.adopt(&link(who, &uid), entry).await.unwrap();
    }
}

pub(crate) async fn rows_are_numbered_without_gaps_and_chained(store: &dyn Store) {
    let bare = AuditEntry {
        identity: None,
        target: None,
        account: None,
        verification: None,
        ..entry(3, "settle")
    };
    let entries = [entry(1, "adopt"), entry(2, "adopt"), bare];
    append(store, &entries).await;
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(rows.iter().map(|row| &row.entry).eq(&entries));
    let head = chain::verify(&rows).unwrap();
    assert_eq!((head.rows, head.digest.as_ref()), (3, Some(&rows[2].chain)));

    let mut edited = rows.clone();
    edited[1].entry.actor = "nobody".to_owned();
    assert_eq!(chain::verify(&edited).unwrap_err().sequence, 2);
    assert_eq!(chain::verify([&rows[0], &rows[2]]).unwrap_err().sequence, 2);
    let mut swapped = rows.clone();
    swapped[0].entry = rows[1].entry.clone();
    swapped[1].entry = rows[0].entry.clone();
    assert_eq!(chain::verify(&swapped).unwrap_err().sequence, 1);
}

pub(crate) async fn a_filter_gives_the_newest_in_ascending_order(store: &dyn Store) {
    let bobs = AuditEntry {
        identity: Some(bob()),
        target: Some(name("crm")),
        account: Some(user("b")),
        ..entry(2, "adopt")
    };
    append(store, &[entry(1, "adopt"), bobs, entry(3, "adopt"), entry(4, "adopt")]).await;
    let numbers = async |filter: AuditFilter| {
        let rows = store.audit(&filter).await.unwrap();
        rows.iter().map(|row| row.sequence).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    assert_eq!(numbers(AuditFilter { last: Some(2), ..all() }).await, [3, 4]);
    assert_eq!(numbers(AuditFilter { identity: Some(bob()), ..all() }).await, [2]);
    let directory = Some(name("directory"));
    assert_eq!(numbers(AuditFilter { target: directory.clone(), ..all() }).await, [1, 3, 4]);
    let adas =
        AuditFilter { identity: Some(ada()), target: directory.clone(), last: Some(2), ..all() };
    assert_eq!(numbers(adas.clone()).await, [3, 4]);
    let crm = Some(name("crm"));
    let neither = AuditFilter { identity: Some(ada()), target: crm, last: Some(0), ..all() };
    assert_eq!(numbers(neither).await, [0_i64; 0]);
    let between = AuditFilter { since: Some(at(2)), until: Some(at(3)), ..all() };
    assert_eq!(numbers(between.clone()).await, [2, 3]);
    assert_eq!(numbers(AuditFilter { after: Some(2), first: Some(1), ..all() }).await, [3]);
    assert_eq!(numbers(AuditFilter { target: directory, ..between }).await, [3]);
    let mut shown = Vec::new();
    let adas = AuditFilter { last: None, ..adas };
    let each = each_row(store, &adas, |row| {
        shown.push(row.sequence);
        if row.sequence == 3 { Err("enough") } else { Ok(()) }
    });
    assert!(matches!(each.await, Err(Paged::Refused("enough"))));
    assert_eq!(shown, [1, 3]);
}

pub(crate) async fn a_row_says_what_was_sent_and_what_it_changed_without_a_value(
    store: &dyn Store,
) {
    let run = begin(store, 1).await;
    let first = intent(run, 0, 1, "a");
    store.intend(&first).await.unwrap();
    let fault = Fault::new(FaultKind::NotFound, "not there");
    store.answer(&answer(&first, OperationEvent::GaveUp { fault }, Vec::new())).await.unwrap();
    let second = intent(run, 1, 1, "a");
    super::example::perform(store, &second, Vec::new()).await;
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    let [failed, done] = rows.as_slice() else { panic!("{rows:?}") };
    let said = |row: &AuditRow, name: &str| row.entry.detail.get(name).cloned();
    // What failed changed nothing.
    assert_eq!((said(failed, "before"), said(failed, "after")), (None, None));
    assert_eq!(said(done, "before").as_deref(), Some("active"));
    assert_eq!(said(done, "after").as_deref(), Some("disabled"));
    let salt = store.forgotten().await.unwrap().salt;
    let sent = recorded(&salt, &second.key, &second.operation).unwrap();
    assert_eq!(said(done, "request"), Some(sent.request.to_string()));
    assert_ne!(said(done, "request"), said(failed, "request"));
}

pub(crate) async fn a_failed_change_leaves_no_gap(store: &dyn Store) {
    let run = begin(store, 1).await;
    let first = intent(run, 0, 1, "a");
    store.intend(&first).await.unwrap();
    store.adopt(&link(bob(), "b"), &entry(0, "adopt")).await.unwrap();
    // The account is somebody else's: event, effect and audit row are undone.
    let stolen = answer(&first, done(), vec![Effect::Linked(link(ada(), "b"))]);
    store.answer(&stolen).await.unwrap_err();
    store.answer(&answer(&first, done(), Vec::new())).await.unwrap();
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(chain::verify(&rows).unwrap().rows, 2);
}
