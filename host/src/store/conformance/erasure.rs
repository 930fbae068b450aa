use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    fact::Identity,
    forgetting::{Anew, Words, name_digest, words},
    lifecycle::{Ejection, Followed, LegalHold},
    operation::Change,
    plan::Plan,
    run::OperationEvent,
};

use super::example::{
    ada, answer, at, begin, bob, entry, identity, intent, link, name, observed, plan, user,
};
use crate::store::{
    AuditEntry, AuditFilter, Effect, Erasure, SourceRead, Store, StoreError, StoredPlan, chain,
};

/// Ada as everything knows her, and Bob, whose manager she was.
pub(crate) async fn known(store: &dyn Store) -> Identity {
    let (mut ada, mut bob) = (identity("1"), identity("2"));
    called(&mut ada, "Ada Example");
    called(&mut bob, "Bob Muster");
    let mut people = vec![ada.clone(), bob];
    people.sort_by_key(|it| it.id);
    let keys = ["1", "2"].map(str::to_owned).into();
    let coverage = lanyard_core::account::Coverage::exhaustive();
    let read = SourceRead { keys, coverage, read_at: at(0) };
    let reads = BTreeMap::from([(name("hr"), read)]);
    store.record_identities(&people, &reads, at(0)).await.unwrap();
    let run = begin(store, 1).await;
    let mut created = intent(run, 0, 1, "ada.example");
    created.operation.change = Change::Create {
        object_type: "user".to_owned(),
        name: "ada.example".to_owned(),
        anchor: "1".to_owned(),
        attributes: Vec::new(),
        state: lanyard_core::account::AccountState::Active,
    };
    let made = vec![Effect::Linked(link(ada.id, "ada.example"))];
    super::example::perform(store, &created, made).await;
    let mut account = super::example::account("ada", lanyard_core::account::AccountState::Active);
    account.reference = user("ada.example");
    store.record_observation(&name("directory"), &observed(5, vec![account], &[])).await.unwrap();
    store.record_observation(&name("directory"), &observed(9, Vec::new(), &[])).await.unwrap();
    let ejection = Ejection {
        identity: ada.id,
        at: at(3),
        by: "operator".to_owned(),
        reason: "Ada Example took a bicycle".to_owned(),
        undone: None,
    };
    store.eject(&ejection, &entry(3, "eject")).await.unwrap();
    store.save_plan(&plan("Ada Example waits")).await.unwrap();
    store.save_plan(&plan("Bob Muster waits")).await.unwrap();
    let bobs = AuditEntry {
        identity: Some(bob_id()),
        account: None,
        detail: BTreeMap::from([("told".to_owned(), "Ada Example".to_owned())]),
        ..entry(4, "step")
    };
    store.claim(&[(super::example::grant("b", "g"), bobs)]).await.unwrap();
    ada
}

fn bob_id() -> lanyard_core::id::IdentityId {
    bob()
}

fn called(person: &mut Identity, label: &str) {
    for fact in person.facts.values_mut().flatten() {
        fact.values = vec![lanyard_core::value::Value::Text(label.to_owned())];
        fact.effective_until = None;
    }
}

pub(crate) fn erasure(words: Words) -> Erasure {
    Erasure {
        identity: ada(),
        at: at(100),
        by: "operator".to_owned(),
        ordered: true,
        departed: Some(at(50)),
        reason: Some("asked for by Ada Example".to_owned()),
        words,
    }
}

pub(crate) async fn erase(
    store: &dyn Store,
    ada: &Identity,
) -> Option<BTreeMap<&'static str, usize>> {
    let everybody = store.identities().await.unwrap();
    let words = words(ada, &[], &everybody, at(1));
    store.erase(&erasure(words), &said()).await.unwrap()
}

pub(crate) fn said() -> AuditEntry {
    AuditEntry { target: None, account: None, detail: BTreeMap::new(), ..entry(100, "erase") }
}

pub(crate) async fn whoever_is_erased_leaves_an_id_and_dates(store: &dyn Store) {
    let ada = known(store).await;
    let rows = erase(store, &ada).await.unwrap();
    assert_eq!((rows["people"], rows["records"], rows["login names"]), (1, 1, 1), "{rows:?}");
    let left = store.identities().await.unwrap();
    assert_eq!(left.iter().map(|it| it.id).collect::<Vec<_>>(), [bob()]);
    assert_eq!(store.links().await.unwrap(), []);
    assert_eq!(store.source_reads().await.unwrap()[&name("hr")].keys, ["2".to_owned()].into());
    let forgotten = store.forgotten().await.unwrap();
    let tombstone = &forgotten.people[&ada.id];
    assert_eq!(
        (tombstone.at, tombstone.departed, tombstone.ordered),
        (at(100), Some(at(50)), true)
    );
    assert_eq!(tombstone.reason.as_deref(), Some("(erased)"));
    assert_eq!(forgotten.whose(&ada.records[0]), Some(&BTreeSet::from([ada.id])));
    let names = &forgotten.names[&name("directory")];
    assert_eq!(names.get(&name_digest(&forgotten.salt, "ada.example")), Some(&at(5)));
    assert_eq!(store.kept().await.unwrap().ejections[0].reason, "");
    // What was done is there, and of whom it was says an id alone.
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    let head = chain::verify(&rows).unwrap();
    assert_eq!((head.rows, head.erased), (4, 3));
    let of_ada = rows.iter().filter(|row| row.entry.identity == Some(ada.id));
    let kept: Vec<(&str, bool)> =
        of_ada.map(|row| (row.entry.action.as_str(), row.salt.is_some())).collect();
    assert_eq!(kept, [("disable", false), ("eject", false), ("erase", true)]);
    let told = format!("{rows:?} {:?}", store.kept().await.unwrap());
    assert!(!told.contains("Ada") && !told.contains("ada."), "{told}");
}

pub(crate) async fn erasing_somebody_twice_is_nothing(store: &dyn Store) {
    let ada = known(store).await;
    assert!(erase(store, &ada).await.is_some());
    let before = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(erase(store, &ada).await, None);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap(), before);
    assert_eq!(store.forgotten().await.unwrap().people.len(), 1);
}

pub(crate) async fn a_legal_hold_an_account_or_an_open_operation_keeps_somebody(store: &dyn Store) {
    let ada = known(store).await;
    let refused = async || {
        let refused = store.erase(&erasure(Words::default()), &said()).await.unwrap_err();
        std::error::Error::source(&refused).unwrap().to_string()
    };
    let hold = LegalHold {
        name: "trial".to_owned(),
        people: BTreeSet::from([ada.id]),
        reason: "asked for".to_owned(),
        review: "2030-01-31".parse().unwrap(),
        by: "operator".to_owned(),
        at: at(10),
    };
    store.hold(&hold, &[entry(10, "hold")]).await.unwrap();
    assert_eq!(refused().await, "the legal hold `trial` stands");
    store.release_hold("trial", at(11), &[entry(11, "hold")]).await.unwrap();
    let run = begin(store, 2).await;
    let open = intent(run, 1, 2, "ada.example");
    store.intend(&open).await.unwrap();
    assert_eq!(refused().await, "nobody knows what came of an operation of theirs");
    let fault = lanyard_core::fault::Fault::new(lanyard_core::fault::FaultKind::NotFound, "gone");
    let given_up = OperationEvent::GaveUp { fault };
    store.answer(&answer(&open, given_up, Vec::new())).await.unwrap();
    store.adopt(&link(ada.id, "ada.second"), &entry(12, "adopt")).await.unwrap();
    assert_eq!(refused().await, "an account of theirs is there");
    assert_eq!(store.forgotten().await.unwrap().people.len(), 0);
}

pub(crate) async fn what_would_be_erased_is_told_and_stays(store: &dyn Store) {
    let ada = known(store).await;
    let everybody = store.identities().await.unwrap();
    let words = words(&ada, &[], &everybody, at(1));
    let would = store.would_erase(&erasure(words), &said()).await.unwrap().unwrap();
    assert_eq!(store.identities().await.unwrap(), everybody);
    assert_eq!(erase(store, &ada).await.unwrap(), would);
}

pub(crate) async fn an_erasure_that_fails_leaves_everything(store: &dyn Store) {
    let ada = known(store).await;
    let before = store.identities().await.unwrap();
    store.adopt(&link(ada.id, "late"), &entry(12, "adopt")).await.unwrap();
    let everybody = store.identities().await.unwrap();
    let words = words(&ada, &[], &everybody, at(1));
    store.erase(&erasure(words), &said()).await.unwrap_err();
    assert_eq!(store.identities().await.unwrap(), before);
    assert_eq!(store.links().await.unwrap()[0].account, user("late"));
    // Nothing is let through that is kept for good.
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(chain::verify(&rows).unwrap().erased, 0);
}

pub(crate) async fn a_plan_of_somebody_erased_says_so(store: &dyn Store) {
    let ada = known(store).await;
    let of_ada = StoredPlan { ..plan("Ada Example waits") };
    erase(store, &ada).await.unwrap();
    let error = store.plan(of_ada.digest.as_str()).await.unwrap_err();
    assert!(matches!(error, StoreError::Erased { .. }), "{error:?}");
    let of_bob = plan("Bob Muster waits");
    let kept = store.plan(of_bob.digest.as_str()).await.unwrap().unwrap();
    assert_ne!(kept.plan, Plan::default());
}

pub(crate) async fn a_row_emptied_without_an_erasure_breaks_the_chain(store: &dyn Store) {
    let ada = known(store).await;
    erase(store, &ada).await.unwrap();
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    // Nobody was erased by these rows.
    let of_before = rows.split_last().unwrap().1;
    assert_eq!(chain::verify(of_before).unwrap_err().sequence, 1);
    let mut edited = rows.clone();
    edited[0].entry.detail.insert("said".to_owned(), "otherwise".to_owned());
    edited[0].salt = Some("salt".to_owned());
    assert_eq!(chain::verify(&edited).unwrap_err().sequence, 1);
}

pub(crate) async fn whoever_begins_anew_takes_the_records_over(store: &dyn Store) {
    let ada = known(store).await;
    let again = Identity {
        id: lanyard_core::id::IdentityId::again(&ada.records[0], 1),
        facts: BTreeMap::new(),
        ..ada.clone()
    };
    let former = Identity { records: Vec::new(), ..ada.clone() };
    let followed = Followed { by: again.id, at: at(60), left: at(50) };
    let anew = Anew { former: former.clone(), followed, again: again.clone() };
    store.begin_anew(&[anew], &[entry(60, "rehire"), entry(60, "rehire")]).await.unwrap();
    let people = store.identities().await.unwrap();
    assert!(people.contains(&former) && people.contains(&again), "{people:?}");
    assert_eq!(store.kept().await.unwrap().followed, BTreeMap::from([(ada.id, followed)]));
    // The former one is erased, and the other one is as before.
    erase(store, &former).await.unwrap();
    assert!(store.identities().await.unwrap().contains(&again));
    assert_eq!(store.kept().await.unwrap().followed, BTreeMap::new());
    assert_eq!(store.forgotten().await.unwrap().records, BTreeMap::new());
}
