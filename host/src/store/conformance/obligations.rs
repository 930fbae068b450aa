use lanyard_core::{
    obligation::{Closed, ClosedBy, Heard, Loss, Obligation, Place},
    operation::Cause,
};

use super::{
    erasure,
    example::{
        ada, answer, at, begin, bob, done, entry, everything, intent, link, name, perform, user,
    },
};
use crate::store::{AuditFilter, Effect, KeptObligation, Owing, Store};

fn place(uid: &str) -> Place {
    Place { target: name("directory"), account: user(uid), loss: Loss::Disabled }
}

pub(crate) fn owed(uid: &str) -> Obligation {
    Obligation {
        identity: ada(),
        place: place(uid),
        name: format!("{uid}.example"),
        label: None,
        since: at(0),
        opened: at(1),
        causes: vec![Cause::Leaver { because: "left".to_owned() }],
        tries: 0,
        last_try: None,
        last_error: None,
        next_try: None,
        why: None,
        closed: None,
    }
}

async fn opened(store: &dyn Store, uid: &str) -> i64 {
    store.record_obligations(&[(owed(uid), Some(entry(1, "obligation")))]).await.unwrap();
    store.obligations(false).await.unwrap().last().unwrap().number
}

fn shown(seconds: i64) -> Closed {
    Closed { at: at(seconds), by: ClosedBy::Read { at: at(seconds) } }
}

pub(crate) async fn an_obligation_is_one_row_from_its_opening_to_its_closing(store: &dyn Store) {
    let number = opened(store, "a").await;
    let mut tried = owed("a");
    tried.hear(&Heard::Tried { at: at(5), why: "not now".to_owned(), until: None });
    store.record_obligations(&[(tried.clone(), None)]).await.unwrap();
    let kept = |obligation| vec![KeptObligation { number, obligation }];
    assert_eq!(store.obligations(false).await.unwrap(), kept(tried.clone()));
    tried.hear(&Heard::Closed(shown(9)));
    store.record_obligations(&[(tried.clone(), Some(entry(9, "obligation")))]).await.unwrap();
    assert_eq!(store.obligations(true).await.unwrap(), kept(tried));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 2);
}

pub(crate) async fn what_opens_anew_is_another_row_and_the_latest_of_its_place(store: &dyn Store) {
    let first = opened(store, "a").await;
    assert!(store.close_obligation(first, &shown(3), &entry(3, "obligation")).await.unwrap());
    let again = Obligation { opened: at(7), ..owed("a") };
    store.record_obligations(&[(again.clone(), None)]).await.unwrap();
    let latest = store.obligations(false).await.unwrap();
    assert_eq!(latest.len(), 1);
    assert_eq!(latest[0].obligation, again);
    assert!(latest[0].number > first);
    assert_eq!(store.obligations(true).await.unwrap().len(), 2);
}

pub(crate) async fn an_obligation_closes_with_the_answer_that_shows_it_or_not_at_all(
    store: &dyn Store,
) {
    let run = begin(store, 1).await;
    let sent = intent(run, 1, 1, "a");
    perform(store, &intent(run, 2, 1, "b"), vec![Effect::Linked(link(ada(), "a"))]).await;
    opened(store, "a").await;
    store.intend(&sent).await.unwrap();
    let owing = Owing {
        place: place("a"),
        heard: Heard::Closed(shown(2)),
        entry: Some(entry(2, "obligation")),
    };
    // The second effect is refused, and takes the first along.
    let refused = vec![Effect::Owed(Box::new(owing.clone())), Effect::Linked(link(bob(), "a"))];
    let before = everything(store, run).await;
    store.answer(&answer(&sent, done(), refused)).await.unwrap_err();
    assert_eq!(everything(store, run).await, before);
    assert!(store.obligations(false).await.unwrap()[0].obligation.is_open());
    let rows = store.audit(&AuditFilter::default()).await.unwrap().len();
    store.answer(&answer(&sent, done(), vec![Effect::Owed(Box::new(owing))])).await.unwrap();
    let closed = &store.obligations(false).await.unwrap()[0].obligation.closed;
    assert_eq!(*closed, Some(shown(2)));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), rows + 2);
}

pub(crate) async fn what_an_answer_says_where_nothing_is_open_is_nothing(store: &dyn Store) {
    let run = begin(store, 1).await;
    let number = opened(store, "a").await;
    store.close_obligation(number, &shown(3), &entry(3, "obligation")).await.unwrap();
    let late = Heard::Tried { at: at(4), why: "not now".to_owned(), until: None };
    let owing = Owing { place: place("a"), heard: late, entry: Some(entry(4, "obligation")) };
    let rows = store.audit(&AuditFilter::default()).await.unwrap().len();
    perform(store, &intent(run, 1, 1, "a"), vec![Effect::Owed(Box::new(owing))]).await;
    let kept = store.obligations(true).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].obligation.closed, Some(shown(3)));
    assert_eq!(kept[0].obligation.tries, 0);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), rows + 1);
}

pub(crate) async fn an_obligation_is_closed_by_a_person_once(store: &dyn Store) {
    let number = opened(store, "a").await;
    let by = ClosedBy::Person { by: "operator".to_owned(), reason: "seen there".to_owned() };
    let closed = Closed { at: at(4), by };
    assert!(store.close_obligation(number, &closed, &entry(4, "obligation")).await.unwrap());
    assert!(!store.close_obligation(number, &shown(5), &entry(5, "obligation")).await.unwrap());
    assert!(!store.close_obligation(99, &shown(5), &entry(5, "obligation")).await.unwrap());
    assert_eq!(store.obligations(false).await.unwrap()[0].obligation.closed, Some(closed));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 2);
}

pub(crate) async fn a_rename_takes_an_obligation_along(store: &dyn Store) {
    let run = begin(store, 1).await;
    perform(store, &intent(run, 1, 1, "a"), vec![Effect::Linked(link(ada(), "a"))]).await;
    opened(store, "a").await;
    let renamed = Effect::Rekeyed { target: name("directory"), from: user("a"), to: user("b") };
    perform(store, &intent(run, 2, 1, "a"), vec![renamed]).await;
    let kept = store.obligations(false).await.unwrap();
    assert_eq!(kept[0].obligation.place, place("b"));
    // It is heard of under the new key.
    let owing = Owing { place: place("b"), heard: Heard::Closed(shown(9)), entry: None };
    perform(store, &intent(run, 3, 1, "b"), vec![Effect::Owed(Box::new(owing))]).await;
    assert!(!store.obligations(false).await.unwrap()[0].obligation.is_open());
}

pub(crate) async fn an_open_obligation_keeps_somebody_and_a_closed_one_goes_with_them(
    store: &dyn Store,
) {
    erasure::known(store).await;
    let number = opened(store, "ada.example").await;
    let order = entry(100, "erase");
    store.erase(&erasure::erasure(), &order).await.unwrap_err();
    store.close_obligation(number, &shown(9), &entry(9, "obligation")).await.unwrap();
    let rows = store.erase(&erasure::erasure(), &order).await.unwrap().unwrap();
    assert_eq!(rows.get("obligations"), Some(&1));
    assert_eq!(store.obligations(true).await.unwrap(), []);
}
