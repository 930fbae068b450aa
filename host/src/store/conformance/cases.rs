use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    case::{About, Candidate, Case, CaseDecision, KeptCase, Whose, reopen::Reopened},
    fact::RecordKey,
    id::IdentityId,
    observed::{Declined, Link, Origin},
};

use super::example::{ada, at, entry, identity, link, name, user};
use crate::store::{AuditFilter, Store};

fn record() -> RecordKey {
    RecordKey { source: name("more"), key: "x".to_owned() }
}

fn case() -> Case {
    let about = About::Record(record());
    Case {
        id: about.case(),
        about,
        newcomer: IdentityId::first_seen(&name("more"), "x"),
        label: "Ada Example".to_owned(),
        candidates: vec![Candidate { identity: ada(), matched: vec!["mail".to_owned()] }],
        because: "it looks like somebody".to_owned(),
        contradicted: false,
    }
}

fn decision(whose: Whose) -> CaseDecision {
    let reason = Some("asked her".to_owned());
    CaseDecision { whose, by: "operator".to_owned(), at: at(3), reason }
}

async fn open(store: &dyn Store) -> String {
    store.record_cases(&[case()], &BTreeSet::new(), at(1)).await.unwrap();
    case().id
}

async fn rows(store: &dyn Store) -> usize {
    store.audit(&AuditFilter::default()).await.unwrap().len()
}

pub(crate) async fn a_case_is_kept_until_a_look_finds_it_closed(store: &dyn Store) {
    let id = open(store).await;
    let later = Case { label: "Ada Muster".to_owned(), ..case() };
    store.record_cases(std::slice::from_ref(&later), &BTreeSet::new(), at(2)).await.unwrap();
    let kept = KeptCase { case: later, opened: at(1), open: true, decision: None };
    assert_eq!(store.cases().await.unwrap(), [kept]);
    store.record_cases(&[], &BTreeSet::from([id]), at(3)).await.unwrap();
    assert_eq!(store.cases().await.unwrap(), []);
}

pub(crate) async fn a_decision_is_kept_with_who_and_why_and_once(store: &dyn Store) {
    let id = open(store).await;
    let decided = decision(Whose::Identity(ada()));
    store.decide_case("nothing", &decided, &entry(3, "case")).await.unwrap_err();
    store.decide_case(&id, &decided, &entry(3, "case")).await.unwrap();
    store.decide_case(&id, &decision(Whose::New), &entry(4, "case")).await.unwrap_err();
    let kept = KeptCase { case: case(), opened: at(1), open: false, decision: Some(decided) };
    assert_eq!(store.cases().await.unwrap(), std::slice::from_ref(&kept));
    // What is decided stays so when the case is no more.
    store.record_cases(&[], &BTreeSet::from([id]), at(5)).await.unwrap();
    assert_eq!(store.cases().await.unwrap(), [kept]);
    assert_eq!(rows(store).await, 1);
}

pub(crate) async fn a_reopened_case_takes_its_record_from_whose_it_was(store: &dyn Store) {
    let id = open(store).await;
    let before = identity("1");
    let mut after = before.clone();
    after.records.push(record());
    store.record_identities(&[after], &BTreeMap::new(), at(2)).await.unwrap();
    let changed = Reopened::Changed(before.clone());
    store.reopen_case(&id, &changed, &entry(4, "case")).await.unwrap_err();
    store.decide_case(&id, &decision(Whose::Identity(before.id)), &entry(3, "case")).await.unwrap();
    store.reopen_case(&id, &changed, &entry(4, "case")).await.unwrap();
    assert_eq!(store.identities().await.unwrap(), [before]);
    let kept = KeptCase { case: case(), opened: at(1), open: true, decision: None };
    assert_eq!(store.cases().await.unwrap(), [kept]);
    assert_eq!(rows(store).await, 2);
}

pub(crate) async fn whoever_was_new_by_a_case_is_forgotten_when_it_is_reopened(store: &dyn Store) {
    let id = open(store).await;
    let (one, other) = (identity("1"), identity("2"));
    store.record_identities(&[one.clone(), other.clone()], &BTreeMap::new(), at(2)).await.unwrap();
    store.decide_case(&id, &decision(Whose::New), &entry(3, "case")).await.unwrap();
    let mut renamed = one.clone();
    for fact in renamed.facts.values_mut().flatten() {
        fact.values = vec![lanyard_core::value::Value::Text("Ada Muster".to_owned())];
    }
    store.record_identities(&[renamed], &BTreeMap::new(), at(3)).await.unwrap();
    assert_ne!(store.past_facts(one.id).await.unwrap(), []);
    let asked = super::requests::asked("treasury", one.id);
    store.record_requests(&[(asked, entry(3, "request"))], None).await.unwrap();
    store.reopen_case(&id, &Reopened::Forgotten(one.id), &entry(4, "case")).await.unwrap();
    assert_eq!(store.past_facts(one.id).await.unwrap(), []);
    assert_eq!(store.kept().await.unwrap().requests.get(&one.id), None);
    assert_eq!(store.identities().await.unwrap(), std::slice::from_ref(&other));
    // Its record may be somebody else's.
    let mut later = other;
    later.records = one.records;
    store.record_identities(&[later], &BTreeMap::new(), at(5)).await.unwrap();
}

pub(crate) async fn what_was_said_of_accounts_is_taken_back_together(store: &dyn Store) {
    let crm = name("directory");
    store.reopen_account(ada(), &crm, &entry(1, "case")).await.unwrap_err();
    let declined = Declined { identity: ada(), target: crm.clone(), account: user("u1") };
    store.decline(&declined, &entry(1, "decline")).await.unwrap();
    let adopted = Link { origin: Origin::Adopted, ..link(ada(), "u2") };
    store.adopt(&adopted, &entry(2, "adopt")).await.unwrap();
    store.reopen_account(ada(), &crm, &entry(3, "case")).await.unwrap();
    assert_eq!(store.links().await.unwrap(), []);
    assert_eq!(store.declined().await.unwrap(), BTreeSet::new());
    assert_eq!(rows(store).await, 3);
}
