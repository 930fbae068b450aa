use lanyard_core::{
    fault::{Fault, FaultKind},
    run::OperationEvent,
};

use super::example::{answer, at, begin, intent};
use crate::store::{Intent, MARK_BYTES, MARKS, MarkResult, Store};

pub(crate) async fn a_mark_is_recalled_by_later_attempts(store: &dyn Store) {
    let run = begin(store, 1).await;
    let first = intent(run, 0, 1, "a");
    store.intend(&first).await.unwrap();
    assert_eq!(store.recall("key-0", "invited").await.unwrap(), None);
    assert_eq!(store.mark("key-0", 1, "invited", "42").await.unwrap(), MarkResult::Marked);
    assert_eq!(store.mark("key-0", 1, "invited", "43").await.unwrap(), MarkResult::Marked);

    let fault = Fault::new(FaultKind::Unavailable { retry_after_ms: None }, "down");
    let refused = OperationEvent::Refused { fault, retry_at: at(3) };
    store.answer(&answer(&first, refused, Vec::new())).await.unwrap();
    store.intend(&Intent { attempt: 2, ..first }).await.unwrap();
    assert_eq!(store.recall("key-0", "invited").await.unwrap().as_deref(), Some("43"));
    assert_eq!(store.recall("key-0", "other").await.unwrap(), None);
    assert_eq!(store.recall("key-1", "invited").await.unwrap(), None);
}

pub(crate) async fn a_mark_with_another_epoch_is_refused(store: &dyn Store) {
    assert_eq!(store.mark("key-0", 1, "s", "d").await.unwrap(), MarkResult::StaleClaim);
    let run = begin(store, 1).await;
    store.intend(&intent(run, 0, 1, "a")).await.unwrap();
    assert_eq!(store.mark("key-0", 2, "s", "d").await.unwrap(), MarkResult::StaleClaim);

    // A later run takes the same intent over; the first is fenced off.
    let later = begin(store, 2).await;
    store.intend(&intent(later, 0, 2, "a")).await.unwrap();
    assert_eq!(store.mark("key-0", 1, "s", "d").await.unwrap(), MarkResult::StaleClaim);
    assert_eq!(store.recall("key-0", "s").await.unwrap(), None);
    assert_eq!(store.mark("key-0", 2, "s", "d").await.unwrap(), MarkResult::Marked);
}

pub(crate) async fn marks_have_a_quota_by_number(store: &dyn Store) {
    let run = begin(store, 1).await;
    store.intend(&intent(run, 0, 1, "a")).await.unwrap();
    store.intend(&intent(run, 1, 1, "b")).await.unwrap();
    for number in 0..MARKS {
        let step = format!("step {number}");
        assert_eq!(store.mark("key-0", 1, &step, "").await.unwrap(), MarkResult::Marked);
    }
    assert_eq!(store.mark("key-0", 1, "one more", "").await.unwrap(), MarkResult::Quota);
    assert_eq!(store.recall("key-0", "one more").await.unwrap(), None);
    assert_eq!(store.mark("key-0", 1, "step 0", "again").await.unwrap(), MarkResult::Marked);
    assert_eq!(store.mark("key-1", 1, "one more", "").await.unwrap(), MarkResult::Marked);
}

pub(crate) async fn marks_have_a_quota_by_size(store: &dyn Store) {
    let run = begin(store, 1).await;
    store.intend(&intent(run, 0, 1, "a")).await.unwrap();
    // Counted in bytes: an `ä` has two.  The step's name counts too.
    let most = "ä".repeat(usize::try_from(MARK_BYTES / 2).unwrap() - 1);
    assert_eq!(store.mark("key-0", 1, "12", &most).await.unwrap(), MarkResult::Marked);
    assert_eq!(store.mark("key-0", 1, "3", "").await.unwrap(), MarkResult::Quota);
    assert_eq!(store.mark("key-0", 1, "12", &(most + "x")).await.unwrap(), MarkResult::Quota);
    assert_eq!(store.mark("key-0", 1, "12", "x").await.unwrap(), MarkResult::Marked);
    assert_eq!(store.mark("key-0", 1, "3", "").await.unwrap(), MarkResult::Marked);
}
