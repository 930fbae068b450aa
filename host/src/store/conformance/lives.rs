use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    lifecycle::{Absence, ClockMarks, Ejection, Jump, Kept, LegalHold, Undone},
    observed::OwnedGrant,
};

use super::example::{ada, at, bob, entry, name, user};
use crate::store::{AuditFilter, Store};

fn ejection(seconds: i64) -> Ejection {
    let reason = "asked for".to_owned();
    Ejection { identity: ada(), at: at(seconds), by: "operator".to_owned(), reason, undone: None }
}

fn hold(seconds: i64) -> LegalHold {
    LegalHold {
        name: "trial".to_owned(),
        people: BTreeSet::from([ada(), bob()]),
        reason: "asked for".to_owned(),
        review: "2030-01-31".parse().unwrap(),
        by: "operator".to_owned(),
        at: at(seconds),
    }
}

async fn rows(store: &dyn Store) -> usize {
    store.audit(&AuditFilter::default()).await.unwrap().len()
}

pub(crate) async fn an_ejection_stands_until_it_is_undone_and_is_kept(store: &dyn Store) {
    store.eject(&ejection(1), &entry(1, "eject")).await.unwrap();
    assert!(store.kept().await.unwrap().ejected(ada()).is_some());
    let undone = Undone { at: at(2), by: "another".to_owned() };
    assert!(store.undo_ejection(ada(), &undone, &entry(2, "eject")).await.unwrap());
    assert!(!store.undo_ejection(ada(), &undone, &entry(2, "eject")).await.unwrap());
    store.eject(&ejection(3), &entry(3, "eject")).await.unwrap();
    let first = Ejection { undone: Some(undone), ..ejection(1) };
    assert_eq!(store.kept().await.unwrap().ejections, vec![first, ejection(3)]);
    assert_eq!(rows(store).await, 3);
}

pub(crate) async fn a_legal_hold_stands_until_it_is_released(store: &dyn Store) {
    let entries = [entry(1, "hold"), entry(1, "hold")];
    store.hold(&hold(1), &entries).await.unwrap();
    assert_eq!(store.kept().await.unwrap().legal_holds, vec![hold(1)]);
    store.hold(&hold(2), &entries).await.unwrap_err();
    assert!(store.release_hold("trial", at(3), &entries).await.unwrap());
    assert!(!store.release_hold("trial", at(3), &entries).await.unwrap());
    assert_eq!(store.kept().await.unwrap(), Kept::default());
    store.hold(&hold(4), &entries).await.unwrap();
    assert_eq!(store.kept().await.unwrap().legal_holds, vec![hold(4)]);
    assert_eq!(rows(store).await, 6);
}

pub(crate) async fn since_when_a_grant_is_unwanted_goes_with_the_grant(store: &dyn Store) {
    let grant = OwnedGrant {
        target: name("crm"),
        holder: user("u1"),
        entitlement: user("g1"),
        relation: String::new(),
    };
    let since = BTreeMap::from([(grant.clone(), Some(at(5)))]);
    // Of a grant that is not ours nothing is kept.
    store.record_overlaps(&since).await.unwrap();
    assert_eq!(store.kept().await.unwrap().unwanted_grants, BTreeMap::new());
    store.claim(&[(grant.clone(), entry(1, "claim"))]).await.unwrap();
    store.record_overlaps(&since).await.unwrap();
    let kept = BTreeMap::from([(grant.clone(), at(5))]);
    assert_eq!(store.kept().await.unwrap().unwanted_grants, kept);
    store.record_overlaps(&BTreeMap::from([(grant, None)])).await.unwrap();
    assert_eq!(store.kept().await.unwrap().unwanted_grants, BTreeMap::new());
}

pub(crate) async fn who_is_missing_is_counted_until_it_is_over(store: &dyn Store) {
    let absence = Absence { since: at(1), seen: 2, last: at(3) };
    let both = BTreeMap::from([(ada(), Some(absence)), (bob(), Some(absence))]);
    store.record_absences(&both).await.unwrap();
    let more = Absence { seen: 3, last: at(4), ..absence };
    store.record_absences(&BTreeMap::from([(ada(), Some(more)), (bob(), None)])).await.unwrap();
    assert_eq!(store.kept().await.unwrap().absences, BTreeMap::from([(ada(), more)]));
}

pub(crate) async fn the_clock_is_marked_with_its_jump(store: &dyn Store) {
    let jump = Some(Jump { from: at(2), to: at(9) });
    let marks = ClockMarks { first: Some(at(1)), last: Some(at(9)), jump };
    store.mark_clock(marks).await.unwrap();
    assert_eq!(store.kept().await.unwrap().clock, marks);
    let marks = ClockMarks { jump: None, ..marks };
    store.mark_clock(marks).await.unwrap();
    assert_eq!(store.kept().await.unwrap().clock, marks);
}
