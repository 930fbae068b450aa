use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use lanyard_core::{
    account::AccountState,
    fault::{Fault, FaultKind},
    guard::Lately,
    id::OperationId,
    operation::{AccountPointer, Before, Change, Event},
    run::{OperationEvent, OperationState, Verification},
    value::ObjectRef,
};

use super::example::{
    ada, answer, at, begin, bob, done, entry, everything, grant, intent, link, name, operation,
    perform, user,
};
use crate::store::{Answer, AuditFilter, Effect, Intent, Store, StoreError};

fn lost() -> OperationEvent {
    let kind = FaultKind::OutcomeUnknown { retry_after_ms: None };
    OperationEvent::LostAnswer { fault: Fault::new(kind, "the connection broke") }
}

pub(crate) async fn an_intent_without_an_answer_is_unsettled_once_its_run_is_over(
    store: &dyn Store,
) {
    let run = begin(store, 1).await;
    let sent = intent(run, 3, 1, "a");
    store.intend(&sent).await.unwrap();
    assert!(store.unsettled(Some(run)).await.unwrap().is_empty(), "it is on its way");
    let later = begin(store, 2).await;
    for current in [None, Some(later)] {
        let open = store.unsettled(current).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].run, run);
        assert_eq!(open[0].operation, sent.operation);
        assert_eq!((open[0].key.as_str(), open[0].attempt, open[0].epoch), ("key-3", 1, 1));
        assert_eq!(open[0].sent_at, at(1));
    }
}

pub(crate) async fn an_operation_left_uncertain_is_unsettled_in_every_run(store: &dyn Store) {
    let run = begin(store, 1).await;
    let sent = intent(run, 0, 1, "a");
    store.intend(&sent).await.unwrap();
    store.answer(&answer(&sent, lost(), Vec::new())).await.unwrap();
    assert_eq!(store.unsettled(Some(run)).await.unwrap().len(), 1);
    assert_eq!(store.unsettled(None).await.unwrap().len(), 1);
}

pub(crate) async fn a_settled_operation_is_not_unsettled(store: &dyn Store) {
    let run = begin(store, 1).await;
    let (first, second) = (intent(run, 0, 1, "a"), intent(run, 1, 1, "b"));
    store.intend(&first).await.unwrap();
    store.intend(&second).await.unwrap();
    // The process died; the next one looks, and answers for the old run.
    begin(store, 2).await;
    store.answer(&answer(&first, done(), Vec::new())).await.unwrap();
    store.answer(&answer(&second, lost(), Vec::new())).await.unwrap();
    let absent = OperationEvent::FoundNotApplied { retry_at: at(9) };
    store.answer(&answer(&second, absent, Vec::new())).await.unwrap();
    assert!(store.unsettled(None).await.unwrap().is_empty());
}

pub(crate) async fn an_answer_with_another_epoch_changes_nothing(store: &dyn Store) {
    let run = begin(store, 5).await;
    let sent = intent(run, 0, 5, "a");
    store.intend(&sent).await.unwrap();
    let before = everything(store, run).await;
    for epoch in [4, 6] {
        let effects = vec![Effect::Linked(link(ada(), "a")), Effect::Granted(grant("a", "x"))];
        let zombie = Answer { epoch, ..answer(&sent, done(), effects) };
        let refused = store.answer(&zombie).await.unwrap_err();
        assert!(matches!(refused, StoreError::Stale { run: 1, .. }), "{refused:?}");
        assert_eq!(everything(store, run).await, before);
    }
}

pub(crate) async fn an_answer_without_an_intent_is_stale(store: &dyn Store) {
    let run = begin(store, 1).await;
    let never = intent(run, 0, 1, "a");
    let refused = store.answer(&answer(&never, done(), Vec::new())).await.unwrap_err();
    assert!(matches!(refused, StoreError::Stale { .. }), "{refused:?}");
}

pub(crate) async fn an_answer_that_cannot_follow_changes_nothing(store: &dyn Store) {
    let run = begin(store, 1).await;
    let sent = intent(run, 0, 1, "a");
    perform(store, &sent, Vec::new()).await;
    let before = everything(store, run).await;
    let again = answer(&sent, lost(), vec![Effect::Granted(grant("a", "x"))]);
    let refused = store.answer(&again).await.unwrap_err();
    assert!(matches!(refused, StoreError::Illegal { .. }), "{refused:?}");
    let sneaked = answer(&sent, OperationEvent::Intended { attempt: 2 }, Vec::new());
    store.answer(&sneaked).await.unwrap_err();
    assert_eq!(everything(store, run).await, before);
}

pub(crate) async fn a_second_intent_before_an_answer_is_refused(store: &dyn Store) {
    let run = begin(store, 1).await;
    let sent = intent(run, 0, 1, "a");
    store.intend(&sent).await.unwrap();
    let refused = store.intend(&Intent { attempt: 2, ..sent }).await.unwrap_err();
    assert!(matches!(refused, StoreError::Illegal { .. }), "{refused:?}");
}

pub(crate) async fn an_intent_of_an_older_run_with_the_same_key_is_stale(store: &dyn Store) {
    let old = begin(store, 1).await;
    let new = begin(store, 2).await;
    store.intend(&intent(new, 0, 2, "a")).await.unwrap();
    let zombie = store.intend(&intent(old, 0, 1, "a")).await.unwrap_err();
    assert!(matches!(zombie, StoreError::Stale { .. }), "{zombie:?}");
    let forged = store.intend(&intent(new, 1, 1, "b")).await.unwrap_err();
    assert!(matches!(forged, StoreError::Stale { .. }), "below its own run: {forged:?}");
    assert!(store.operation_states(old).await.unwrap().is_empty());
}

pub(crate) async fn a_retry_is_a_new_attempt_of_the_same_operation(store: &dyn Store) {
    let run = begin(store, 1).await;
    let first = intent(run, 0, 1, "a");
    store.intend(&first).await.unwrap();
    let fault = Fault::new(FaultKind::RateLimited { retry_after_ms: Some(5) }, "slow down");
    let refused = OperationEvent::Refused { fault: fault.clone(), retry_at: at(8) };
    store.answer(&answer(&first, refused, Vec::new())).await.unwrap();
    let waits = OperationState::RetryAt { attempt: 1, at: at(8), fault };
    let state = async || store.operation_states(run).await.unwrap()[&OperationId(0)].clone();
    assert_eq!(state().await, waits);

    let second = Intent { attempt: 2, at: at(8), ..first };
    store.intend(&second).await.unwrap();
    assert_eq!(state().await, OperationState::Sent { attempt: 2 });
    let open = store.unsettled(None).await.unwrap();
    assert_eq!((open[0].attempt, open[0].sent_at), (2, at(8)));
    store.answer(&answer(&second, done(), Vec::new())).await.unwrap();
    assert_eq!(state().await, OperationState::Done { verification: Verification::Verified });
}

pub(crate) async fn an_answer_brings_all_its_effects_or_none(store: &dyn Store) {
    let run = begin(store, 1).await;
    let made = link(ada(), "a");
    let (x, y) = (grant("a", "x"), grant("a", "y"));
    let all = vec![
        Effect::Linked(made.clone()),
        Effect::Disabled {
            target: name("directory"),
            account: user("a"),
            since: at(7),
            proven: true,
        },
        Effect::Granted(x.clone()),
        Effect::Granted(y.clone()),
        Effect::Revoked(x),
    ];
    perform(store, &intent(run, 0, 1, "a"), all).await;
    let mut disabled = made;
    disabled.disabled_since = Some(at(7));
    assert_eq!(store.links().await.unwrap(), [disabled]);
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([y]));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 1);

    let next = intent(run, 1, 1, "a");
    store.intend(&next).await.unwrap();
    let before = everything(store, run).await;
    // The second effect is impossible: the account is Ada's.
    let half = vec![Effect::Granted(grant("a", "z")), Effect::Linked(link(bob(), "a"))];
    store.answer(&answer(&next, done(), half)).await.unwrap_err();
    assert_eq!(everything(store, run).await, before);
}

pub(crate) async fn a_rename_takes_link_and_grants_along(store: &dyn Store) {
    let run = begin(store, 1).await;
    let effects = vec![Effect::Linked(link(ada(), "a")), Effect::Granted(grant("a", "x"))];
    perform(store, &intent(run, 0, 1, "a"), effects).await;
    let renamed = Effect::Rekeyed { target: name("directory"), from: user("a"), to: user("b") };
    perform(store, &intent(run, 1, 1, "a"), vec![renamed]).await;
    assert_eq!(store.links().await.unwrap(), [link(ada(), "b")]);
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([grant("b", "x")]));

    let gone = Effect::Gone { target: name("directory"), account: user("b") };
    perform(store, &intent(run, 3, 1, "b"), vec![gone]).await;
    let again = Effect::Rekeyed { target: name("directory"), from: user("b"), to: user("d") };
    perform(store, &intent(run, 4, 1, "b"), vec![again]).await;
    assert_eq!(store.links().await.unwrap(), [link(ada(), "d")], "it is there under its new key");

    store.adopt(&link(bob(), "c"), &entry(3, "adopt")).await.unwrap();
    let taken = intent(run, 2, 1, "d");
    store.intend(&taken).await.unwrap();
    let onto = Effect::Rekeyed { target: name("directory"), from: user("d"), to: user("c") };
    store.answer(&answer(&taken, done(), vec![onto])).await.unwrap_err();
    assert_eq!(store.links().await.unwrap().len(), 2);
}

pub(crate) async fn a_deleted_account_takes_its_grants_along(store: &dyn Store) {
    let run = begin(store, 1).await;
    let effects = vec![
        Effect::Linked(link(ada(), "a")),
        Effect::Granted(grant("a", "x")),
        Effect::Granted(grant("b", "x")),
    ];
    perform(store, &intent(run, 0, 1, "a"), effects).await;
    let gone = Effect::Gone { target: name("directory"), account: user("a") };
    perform(store, &intent(run, 1, 1, "a"), vec![gone]).await;
    assert!(store.links().await.unwrap()[0].gone);
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([grant("b", "x")]));
}

pub(crate) async fn a_rename_that_waits_for_another_attempt_is_unsettled_once_its_run_is_over(
    store: &dyn Store,
) {
    let run = begin(store, 1).await;
    let update = |id, name: Option<&str>| Intent {
        operation: operation(
            id,
            Change::Update {
                account: user("a"),
                name: name.map(str::to_owned),
                anchor: None,
                attributes: Vec::new(),
                before: Before::default(),
            },
        ),
        ..intent(run, id, 1, "a")
    };
    let rename = update(1, Some("b"));
    for sent in [update(0, None), rename.clone()] {
        store.intend(&sent).await.unwrap();
        store.answer(&answer(&sent, lost(), Vec::new())).await.unwrap();
        let waits = OperationEvent::FoundNotApplied { retry_at: at(9) };
        store.answer(&answer(&sent, waits, Vec::new())).await.unwrap();
    }
    assert!(store.unsettled(Some(run)).await.unwrap().is_empty(), "it waits for its time");
    let open = store.unsettled(None).await.unwrap();
    assert_eq!(open.len(), 1, "any other change is planned again");
    assert_eq!(open[0].operation, rename.operation);
    assert!(matches!(open[0].state, OperationState::RetryAt { attempt: 1, .. }));

    store.intend(&Intent { attempt: 2, ..rename.clone() }).await.unwrap();
    store.answer(&answer(&rename, done(), Vec::new())).await.unwrap();
    assert!(store.unsettled(None).await.unwrap().is_empty());
}

pub(crate) async fn removals_are_counted_by_account_from_a_time_on(store: &dyn Store) {
    let run = begin(store, 1).await;
    let remove = async |id, uid: &str, seconds, event| {
        let sent = intent(run, id, 1, uid);
        store.intend(&sent).await.unwrap();
        let said = Answer { at: at(seconds), ..answer(&sent, event, Vec::new()) };
        store.answer(&said).await.unwrap();
    };
    remove(0, "before", 9, done()).await;
    remove(1, "a", 10, done()).await;
    remove(2, "a", 11, done()).await;
    remove(3, "b", 10, done()).await;
    remove(4, "unknown", 12, lost()).await;
    let mut enable = intent(run, 5, 1, "c");
    enable.operation = operation(5, Change::Enable { account: user("c") });
    perform(store, &enable, Vec::new()).await;
    // Ejections have a bound of their own.
    let mut eject = intent(run, 6, 1, "d");
    eject.operation.event = Event::Eject;
    perform(store, &eject, Vec::new()).await;

    let removed = store.done_since(at(10)).await.unwrap().removed;
    let expected = BTreeSet::from([user("a"), user("b")]);
    assert_eq!(removed, BTreeMap::from([(name("directory"), expected)]));
    assert_eq!(store.done_since(at(13)).await.unwrap(), Lately::default());
}

pub(crate) async fn what_was_done_is_counted_by_class_from_a_time_on(store: &dyn Store) {
    let run = begin(store, 1).await;
    let group = |uid: &str| ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() };
    let create = |name: &str| Change::Create {
        object_type: "user".to_owned(),
        name: name.to_owned(),
        anchor: String::new(),
        attributes: Vec::new(),
        state: AccountState::Active,
    };
    let grant = |holder: AccountPointer, uid: &str| Change::Grant {
        holder,
        entitlement: group(uid),
        relation: String::new(),
        label: String::new(),
    };
    let revoke = |holder: &str, uid: &str| Change::Revoke {
        holder: user(holder),
        entitlement: group(uid),
        relation: String::new(),
        label: String::new(),
    };
    let created = AccountPointer::Created { object_type: "user".to_owned() };
    let changes = [
        (9, create("before"), done()),
        (10, create("new"), done()),
        (10, create("lost"), lost()),
        (11, grant(created, "admins"), done()),
        (11, grant(AccountPointer::Known(user("a")), "staff"), done()),
        (12, revoke("b", "admins"), done()),
        (12, Change::Disable { account: user("c") }, done()),
        (12, Change::Delete { account: user("d") }, done()),
        (12, Change::Enable { account: user("e") }, done()),
    ];
    for (id, (seconds, change, event)) in (0..).zip(changes) {
        let sent = intent(run, id, 1, &format!("k{id}"));
        let sent = Intent { operation: operation(id, change), ..sent };
        store.intend(&sent).await.unwrap();
        let said = Answer { at: at(seconds), ..answer(&sent, event, Vec::new()) };
        store.answer(&said).await.unwrap();
    }
    // Ejections have a bound of their own.
    let mut eject = intent(run, 9, 1, "k9");
    eject.operation = operation(9, Change::Disable { account: user("f") });
    eject.operation.event = Event::Eject;
    perform(store, &eject, Vec::new()).await;
    let directory = name("directory");
    let removed = BTreeSet::from([user("b"), user("c"), user("d")]);
    let granted = BTreeMap::from([(group("admins"), 2), (group("staff"), 1)]);
    let expected = Lately {
        removed: [(directory.clone(), removed)].into(),
        disabled: [(directory.clone(), [user("c")].into())].into(),
        created: [(directory.clone(), 1)].into(),
        granted: [(directory, granted)].into(),
        ..Lately::default()
    };
    assert_eq!(store.done_since(at(10)).await.unwrap(), expected);
}

pub(crate) async fn sixty_four_intents_at_once_are_all_kept(store: &dyn Store) {
    let run = begin(store, 1).await;
    let sent: Vec<_> = (0..64).map(|id| intent(run, id, 1, "a")).collect();
    // Among them are some that must fail, and only those may.
    let stale: Vec<_> = (64..80).map(|id| intent(run, id, 0, "a")).collect();
    let results = join_all(sent.iter().chain(&stale).map(|intent| store.intend(intent))).await;
    let kept: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(kept, (0..80).map(|id| id < 64).collect::<Vec<_>>());
    assert_eq!(store.unsettled(None).await.unwrap().len(), 64);
}
