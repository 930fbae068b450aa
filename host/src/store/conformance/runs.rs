use std::collections::BTreeMap;

use super::example::{at, begin, plan};
use crate::store::{NewRun, RunId, Store, StoreError, StoredPlan};

pub(crate) async fn a_plan_is_found_by_the_beginning_of_its_digest(store: &dyn Store) {
    let (one, two) = (plan("one"), plan("two"));
    store.save_plan(&one).await.unwrap();
    store.save_plan(&two).await.unwrap();
    let digest = one.digest.as_str();
    assert_eq!(store.plan(digest).await.unwrap(), Some(one.clone()));
    assert_eq!(store.plan(one.digest.short()).await.unwrap(), Some(one.clone()));
    assert_eq!(store.plan(&one.digest.short().to_uppercase()).await.unwrap(), Some(one.clone()));
    assert_eq!(store.plan("not hexadecimal").await.unwrap(), None);
    assert_eq!(store.plan(&format!("{digest}0")).await.unwrap(), None);
    store.plan(digest.get(..3).unwrap()).await.unwrap_err();
}

pub(crate) async fn a_beginning_shared_by_two_plans_is_ambiguous(store: &dyn Store) {
    let mut by_prefix: BTreeMap<String, StoredPlan> = BTreeMap::new();
    // Among this many, two share four hexadecimal digits (all but certainly,
    // and the digests never change).
    for number in 0..4000 {
        let next = plan(&format!("plan {number}"));
        let prefix = next.digest.as_str().get(..4).unwrap().to_owned();
        let Some(first) = by_prefix.insert(prefix.clone(), next.clone()) else { continue };
        store.save_plan(&first).await.unwrap();
        store.save_plan(&next).await.unwrap();
        let refused = store.plan(&prefix).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("2 plans begin with `{prefix}`; give more of it"));
        return;
    }
    panic!("no two digests share their beginning");
}

pub(crate) async fn a_second_save_changes_nothing(store: &dyn Store) {
    let first = plan("one");
    store.save_plan(&first).await.unwrap();
    store.save_plan(&StoredPlan { made_at: at(9), ..first.clone() }).await.unwrap();
    assert_eq!(store.plan(first.digest.as_str()).await.unwrap(), Some(first));
}

pub(crate) async fn a_plan_under_a_wrong_digest_is_refused(store: &dyn Store) {
    let wrong = StoredPlan { digest: plan("two").digest, ..plan("one") };
    store.save_plan(&wrong).await.unwrap_err();
    assert_eq!(store.plan(wrong.digest.as_str()).await.unwrap(), None);
}

pub(crate) async fn runs_count_from_one_and_end(store: &dyn Store) {
    assert_eq!(begin(store, 1).await, RunId(1));
    assert_eq!(begin(store, 7).await, RunId(2));
    store.end_run(RunId(1), at(5)).await.unwrap();
    store.end_run(RunId(1), at(6)).await.unwrap_err();
    store.end_run(RunId(3), at(6)).await.unwrap_err();
    let runs = store.runs().await.unwrap();
    let seen: Vec<_> = runs.iter().map(|run| (run.id.0, run.epoch, run.ended_at)).collect();
    assert_eq!(seen, [(1, 1, Some(at(5))), (2, 7, None)]);
    assert_eq!(runs[0].plan, plan("a run").digest);
}

pub(crate) async fn a_run_needs_a_plan_and_a_higher_epoch(store: &dyn Store) {
    begin(store, 4).await;
    let run = |text, epoch| NewRun {
        plan: plan(text).digest,
        actor: "operator".to_owned(),
        released: vec!["mass-removal".to_owned()],
        at: at(0),
        epoch,
    };
    store.begin_run(&run("never saved", 5)).await.unwrap_err();
    for epoch in [3, 4, u64::MAX] {
        let refused = store.begin_run(&run("a run", epoch)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Failed { .. }), "{refused:?}");
    }
    assert_eq!(store.runs().await.unwrap().len(), 1);
    assert_eq!(store.begin_run(&run("a run", 5)).await.unwrap(), RunId(2));
}
