use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    fact::Identity,
    forgetting::{Anew, ERASED, name_digest},
    lifecycle::{Ejection, Followed, LegalHold},
    operation::{Change, OperationKind},
    plan::{Note, NoteKind},
    request::RequestedBy,
    run::OperationEvent,
};

use super::example::{
    ada, answer, at, begin, bob, entry, identity, intent, link, name, observed, plan, user,
};
use crate::store::{
    AuditEntry, AuditFilter, Effect, Erasure, SourceRead, Store, StoredPlan, chain,
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
    store.save_plan(&of_both()).await.unwrap();
    store.save_plan(&plan("Bob Muster waits")).await.unwrap();
    let bobs = AuditEntry {
        identity: Some(bob_id()),
        account: None,
        detail: BTreeMap::from([("run".to_owned(), "1".to_owned())]),
        ..entry(4, "step")
    };
    store.claim(&[(super::example::grant("b", "g"), bobs)]).await.unwrap();
    ada
}

/// A plan with an operation and a note of each.
pub(crate) fn of_both() -> StoredPlan {
    let mut both = plan("of the target");
    for (id, whose, label) in [(0, ada(), "Ada Example"), (1, bob(), "Bob Muster")] {
        let create = Change::Create {
            object_type: "user".to_owned(),
            name: label.to_lowercase().replace(' ', "."),
            anchor: id.to_string(),
            attributes: Vec::new(),
            state: lanyard_core::account::AccountState::Active,
        };
        let mut operation = super::example::operation(id, create);
        operation.identity = whose;
        both.plan.operations.push(operation);
        let note = Note {
            identity: Some(whose),
            target: None,
            kind: NoteKind::Waits,
            text: format!("{label} waits"),
            open: false,
        };
        both.plan.notes.push(note);
        both.plan.labels.insert(whose, label.to_owned());
    }
    both.plan.claims.push(super::example::grant("ada.example", "staff"));
    both.plan.claims.push(super::example::grant("bob.muster", "staff"));
    both.digest = both.plan.digest().unwrap();
    both
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

pub(crate) fn erasure() -> Erasure {
    Erasure {
        identity: ada(),
        at: at(100),
        by: "operator".to_owned(),
        ordered: true,
        departed: Some(at(50)),
        reason: Some("asked for".to_owned()),
        started: None,
    }
}

pub(crate) async fn erase(store: &dyn Store) -> Option<BTreeMap<&'static str, usize>> {
    store.erase(&erasure(), &said()).await.unwrap()
}

pub(crate) fn said() -> AuditEntry {
    AuditEntry { target: None, account: None, detail: BTreeMap::new(), ..entry(100, "erase") }
}

pub(crate) async fn whoever_is_erased_leaves_an_id_and_dates(store: &dyn Store) {
    let ada = known(store).await;
    let rows = erase(store).await.unwrap();
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
    assert_eq!(tombstone.reason.as_deref(), Some("asked for"));
    assert_eq!(forgotten.whose(&ada.records[0]), Some(&BTreeSet::from([ada.id])));
    let names = &forgotten.names[&name("directory")];
    assert_eq!(names.get(&name_digest(&forgotten.salt, "ada.example")), Some(&at(5)));
    assert_eq!(store.kept().await.unwrap().ejections[0].reason, "");
    // What was done is there, and of whom it was says an id alone.
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    let head = chain::verify(&rows).unwrap();
    assert_eq!((head.rows, head.erased), (4, 2));
    let of_ada = rows.iter().filter(|row| row.entry.identity == Some(ada.id));
    let kept: Vec<(&str, bool)> =
        of_ada.map(|row| (row.entry.action.as_str(), row.salt.is_some())).collect();
    assert_eq!(kept, [("disable", false), ("eject", false), ("erase", true)]);
    let told = format!("{rows:?} {:?}", store.kept().await.unwrap());
    assert!(!told.contains("Ada") && !told.contains("ada."), "{told}");
}

pub(crate) async fn erasing_somebody_twice_is_nothing(store: &dyn Store) {
    known(store).await;
    assert!(erase(store).await.is_some());
    let before = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(erase(store).await, None);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap(), before);
    assert_eq!(store.forgotten().await.unwrap().people.len(), 1);
}

pub(crate) async fn a_legal_hold_an_account_or_an_open_operation_keeps_somebody(store: &dyn Store) {
    let ada = known(store).await;
    let refused = async || {
        let refused = store.erase(&erasure(), &said()).await.unwrap_err();
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
    known(store).await;
    let everybody = store.identities().await.unwrap();
    let would = store.would_erase(&erasure(), &said()).await.unwrap().unwrap();
    assert_eq!(store.identities().await.unwrap(), everybody);
    assert_eq!(erase(store).await.unwrap(), would);
}

pub(crate) async fn an_erasure_that_fails_leaves_everything(store: &dyn Store) {
    let ada = known(store).await;
    let before = store.identities().await.unwrap();
    store.adopt(&link(ada.id, "late"), &entry(12, "adopt")).await.unwrap();

    store.erase(&erasure(), &said()).await.unwrap_err();
    assert_eq!(store.identities().await.unwrap(), before);
    assert_eq!(store.links().await.unwrap()[0].account, user("late"));
    // Nothing is let through that is kept for good.
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(chain::verify(&rows).unwrap().erased, 0);
}

pub(crate) async fn a_plan_loses_what_is_of_somebody_erased_and_nothing_else(store: &dyn Store) {
    known(store).await;
    erase(store).await.unwrap();
    let before = of_both();
    let left = store.plan(before.digest.as_str()).await.unwrap().unwrap();
    assert_eq!((&left.digest, left.erased), (&before.digest, Some(at(100))));
    let [of_ada, of_bob] = left.plan.operations.as_slice() else { panic!("{left:?}") };
    assert_eq!(*of_bob, before.plan.operations[1]);
    assert_eq!(
        (of_ada.id, of_ada.identity, of_ada.change.kind(), &of_ada.target),
        (before.plan.operations[0].id, ada(), OperationKind::Create, &name("directory"))
    );
    assert_eq!(left.plan.labels, BTreeMap::from([(bob(), "Bob Muster".to_owned())]));
    assert_eq!(left.plan.claims, before.plan.claims[1..]);
    assert_eq!(left.plan.notes.len(), 2);
    let text = format!("{left:?}");
    assert!(!text.contains("Ada") && !text.contains("ada."), "{text}");
    let of_bob = plan("Bob Muster waits");
    assert_eq!(store.plan(of_bob.digest.as_str()).await.unwrap(), Some(of_bob));
    // The same planned anew is whole, and is so from then on.
    store.save_plan(&before).await.unwrap();
    assert_eq!(store.plan(before.digest.as_str()).await.unwrap(), Some(before));
}

/// Ada's key, login and facts are words that others' things are called by.
pub(crate) async fn nothing_of_others_goes_with_somebody_erased(store: &dyn Store) {
    let mut ada = known(store).await;
    let text = |text: &str| vec![lanyard_core::value::Value::Text(text.to_owned())];
    let fact = ada.facts.values().flatten().next().unwrap().clone();
    for (of, value) in [("team_name", "Treasury"), ("manager_mail", "bob@example.org")] {
        let fact = lanyard_core::fact::Fact { values: text(value), ..fact.clone() };
        ada.facts.insert(lanyard_core::id::FactName::new(of).unwrap(), vec![fact]);
    }
    let everybody = store.identities().await.unwrap();
    let others = everybody.into_iter().filter(|it| it.id != ada.id).collect::<Vec<_>>();
    let all: Vec<_> = others.iter().cloned().chain([ada.clone()]).collect();
    store.record_identities(&all, &BTreeMap::new(), at(20)).await.unwrap();
    let mut asked = super::requests::asked("treasury", bob());
    asked.reason = "as Ada Example had it".to_owned();
    let of_bob = AuditEntry { identity: Some(bob()), account: None, ..entry(21, "request") };
    store.record_requests(&[(asked.clone(), of_bob)], None).await.unwrap();
    let run = begin(store, 7).await;
    let mut of_bob = intent(run, 4, 7, "bob.muster");
    of_bob.operation.identity = bob();
    of_bob.operation.change = Change::Update {
        account: user("bob.muster"),
        name: Some("ada.example".to_owned()),
        anchor: None,
        attributes: Vec::new(),
        before: lanyard_core::operation::Before::default(),
    };
    store.intend(&of_bob).await.unwrap();
    let fault = lanyard_core::fault::Fault::new(
        lanyard_core::fault::FaultKind::Conflict(Some("ada.example".to_owned())),
        "Treasury of bob@example.org",
    );
    let uncertain = OperationEvent::LostAnswer { fault };
    store.answer(&answer(&of_bob, uncertain, Vec::new())).await.unwrap();
    let look = async || {
        let rows = store.audit(&AuditFilter::default()).await.unwrap();
        let of_others: Vec<_> =
            rows.into_iter().filter(|row| row.entry.identity != Some(ada.id)).collect();
        let kept = store.kept().await.unwrap();
        let states = store.operation_states(run).await.unwrap();
        let open = store.unsettled(None).await.unwrap();
        format!("{of_others:?} {:?} {states:?} {open:?}", kept.requests)
    };
    let before = look().await;
    assert!(before.contains("as Ada Example had it"), "{before}");
    erase(store).await.unwrap();
    assert_eq!(look().await, before);
    assert_eq!(store.identities().await.unwrap(), others);
}

/// What somebody is called who asked for others, or agreed, stands beside
/// their id.
pub(crate) async fn an_erasure_takes_the_name_beside_an_answer(store: &dyn Store) {
    known(store).await;
    let mut request = super::requests::asked("treasury", bob());
    request.by = RequestedBy::Person {
        user: "op".to_owned(),
        identity: Some(ada()),
        label: "Ada Example".to_owned(),
    };
    let of_bob = AuditEntry { identity: Some(bob()), account: None, ..entry(21, "request") };
    store.record_requests(&[(request.clone(), of_bob)], None).await.unwrap();
    erase(store).await.unwrap();
    request.by = RequestedBy::Person {
        user: "op".to_owned(),
        identity: Some(ada()),
        label: ERASED.to_owned(),
    };
    assert_eq!(store.kept().await.unwrap().requests[&bob()], [request]);
}

pub(crate) async fn something_open_about_somebody_keeps_them(store: &dyn Store) {
    known(store).await;
    let request = super::requests::asked("treasury", ada());
    store.record_requests(&[(request, entry(21, "request"))], None).await.unwrap();
    let refused = store.erase(&erasure(), &said()).await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(why, "a request of theirs is open");
}

pub(crate) async fn a_row_emptied_without_an_erasure_breaks_the_chain(store: &dyn Store) {
    known(store).await;
    erase(store).await.unwrap();
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
    erase(store).await.unwrap();
    assert!(store.identities().await.unwrap().contains(&again));
    assert_eq!(store.kept().await.unwrap().followed, BTreeMap::new());
    assert_eq!(store.forgotten().await.unwrap().records, BTreeMap::new());
}
