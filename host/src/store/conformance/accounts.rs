use std::collections::BTreeSet;

use lanyard_core::{
    account::{AccountState, Coverage, CoverageKind},
    observed::{Declined, HeldName, Link, ObservedTarget, Origin, OwnedGrant},
    schema::IdStability,
};

use super::example::{
    account, ada, at, begin, bob, entry, grant, intent, link, name, observed, perform, user,
    user_object,
};
use crate::store::{AuditFilter, Effect, Store, StoreError};

fn truncated() -> Coverage {
    Coverage { kind: CoverageKind::Truncated, skipped: Vec::new() }
}

pub(super) async fn observe(store: &dyn Store, observed: &ObservedTarget) {
    store.record_observation(&name("directory"), observed).await.unwrap();
}

pub(super) async fn only_link(store: &dyn Store) -> Link {
    let links = store.links().await.unwrap();
    assert_eq!(links.len(), 1, "{links:?}");
    links[0].clone()
}

pub(crate) async fn an_observation_comes_back_in_its_order(store: &dyn Store) {
    let grants = [grant("b", "y"), grant("b", "x")];
    let accounts =
        vec![account("b", AccountState::Active), account("a", AccountState::SoftDeleted)];
    let mut read = observed(1, accounts, &grants);
    read.assignments[1].direct = false;
    read.assignments_coverage = truncated();
    observe(store, &read).await;
    let seen = store.observations().await.unwrap();
    assert_eq!(format!("{:?}", seen[&name("directory")]), format!("{read:?}"));
}

pub(crate) async fn an_observation_replaces_only_that_target(store: &dyn Store) {
    let active = |uid| vec![account(uid, AccountState::Active)];
    observe(store, &observed(1, active("a"), &[grant("a", "x")])).await;
    store.record_observation(&name("crm"), &observed(1, active("c"), &[])).await.unwrap();
    observe(store, &observed(2, active("b"), &[])).await;
    let seen = store.observations().await.unwrap();
    assert_eq!(seen[&name("directory")].accounts, active("b"));
    assert!(seen[&name("directory")].assignments.is_empty());
    assert_eq!(seen[&name("crm")].accounts, active("c"));
}

pub(crate) async fn a_link_is_gone_only_by_a_read_that_proves_absence(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    let mut read = observed(1, Vec::new(), &[]);
    read.accounts_coverage = truncated();
    observe(store, &read).await;
    assert!(!only_link(store).await.gone);

    store.record_observation(&name("crm"), &observed(2, Vec::new(), &[])).await.unwrap();
    assert!(!only_link(store).await.gone, "another target says nothing about it");

    observe(store, &observed(2, Vec::new(), &[])).await;
    assert!(only_link(store).await.gone);

    // An account that appears under the old key may be anybody's.
    observe(store, &observed(3, vec![account("a", AccountState::Active)], &[])).await;
    assert!(only_link(store).await.gone);
}

pub(crate) async fn a_read_from_before_our_change_says_nothing_about_it(store: &dyn Store) {
    let run = begin(store, 1).await;
    let effects = vec![Effect::Linked(link(ada(), "a")), Effect::Granted(grant("a", "x"))];
    perform(store, &intent(run, 0, 1, "a"), effects).await;
    // The answer was at 2; this read began before.
    observe(store, &observed(1, Vec::new(), &[])).await;
    assert!(!only_link(store).await.gone);
    assert_eq!(store.ledger().await.unwrap().len(), 1);
}

pub(crate) async fn disabled_since_follows_the_observed_state(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    for (seconds, state, since) in [
        (1, AccountState::Active, None),
        (2, AccountState::Disabled, Some(at(2))),
        (3, AccountState::SoftDeleted, Some(at(2))),
        (4, AccountState::Unknown, Some(at(2))),
        (5, AccountState::Active, None),
    ] {
        let mut read = observed(seconds, vec![account("a", state)], &[]);
        // What was seen was seen, however much was not.
        read.accounts_coverage = truncated();
        observe(store, &read).await;
        assert_eq!(only_link(store).await.disabled_since, since, "after {state:?}");
    }
}

pub(crate) async fn a_disable_is_unproven_until_a_read_shows_it(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    let run = begin(store, 1).await;
    let disabled = |proven| Effect::Disabled {
        target: name("directory"),
        account: user("a"),
        since: at(2),
        proven,
    };
    perform(store, &intent(run, 0, 1, "a"), vec![disabled(true)]).await;
    assert!(!only_link(store).await.unproven);
    perform(store, &intent(run, 1, 1, "a"), vec![disabled(false)]).await;
    assert!(only_link(store).await.unproven);

    for (seconds, state, unproven) in [
        (3, AccountState::Pending, true),
        (4, AccountState::Disabled, false),
        (5, AccountState::Unknown, true),
        (6, AccountState::SoftDeleted, false),
        (7, AccountState::Unknown, true),
        (8, AccountState::Active, false),
        (9, AccountState::Unknown, false),
    ] {
        observe(store, &observed(seconds, vec![account("a", state)], &[])).await;
        assert_eq!(only_link(store).await.unproven, unproven, "after {state:?}");
    }
}

pub(crate) async fn that_an_account_was_enabled_once_is_kept(store: &dyn Store) {
    let run = begin(store, 1).await;
    let new = Link { disabled_since: Some(at(1)), was_enabled: false, ..link(ada(), "a") };
    perform(store, &intent(run, 0, 1, "a"), vec![Effect::Linked(new)]).await;
    let disabled = || vec![account("a", AccountState::Disabled)];
    observe(store, &observed(3, disabled(), &[])).await;
    assert!(!only_link(store).await.was_enabled);

    // By us, or by somebody there.
    let enabled = Effect::Enabled { target: name("directory"), account: user("a") };
    perform(store, &intent(run, 1, 1, "a"), vec![enabled]).await;
    let kept = only_link(store).await;
    assert_eq!((kept.was_enabled, kept.disabled_since), (true, None));
    observe(store, &observed(4, disabled(), &[])).await;
    assert!(only_link(store).await.was_enabled);
    let other = Link { disabled_since: Some(at(1)), was_enabled: false, ..link(bob(), "b") };
    perform(store, &intent(run, 2, 1, "b"), vec![Effect::Linked(other)]).await;
    let both = vec![account("a", AccountState::Active), account("b", AccountState::Active)];
    observe(store, &observed(5, both, &[])).await;
    assert!(store.links().await.unwrap().iter().all(|link| link.was_enabled));
}

pub(crate) async fn a_read_of_one_type_says_nothing_about_another(store: &dyn Store) {
    let run = begin(store, 1).await;
    let effects = vec![Effect::Linked(link(ada(), "a")), Effect::Granted(grant("a", "x"))];
    perform(store, &intent(run, 0, 1, "a"), effects).await;
    let mut person = account("a", AccountState::Active);
    person.reference.object_type = "person".to_owned();
    let mut read = observed(3, vec![person.clone()], &[]);
    read.account_type = "person".to_owned();
    observe(store, &read).await;
    assert_eq!(only_link(store).await, link(ada(), "a"));
    assert_eq!(store.ledger().await.unwrap().len(), 1);

    // A person says that it is the same account under another type.
    let adopted = Link { account: person.reference, origin: Origin::Adopted, ..link(ada(), "a") };
    store.adopt(&adopted, &entry(4, "adopt")).await.unwrap();
    assert_eq!(only_link(store).await, adopted);
    let kept = store.ledger().await.unwrap();
    assert_eq!(kept.iter().map(|grant| &grant.holder).collect::<Vec<_>>(), [&adopted.account]);
}

pub(crate) async fn no_relation_of_a_grant_means_any(store: &dyn Store) {
    let run = begin(store, 1).await;
    let ours = OwnedGrant { relation: String::new(), ..grant("a", "x") };
    let effects = vec![
        Effect::Linked(link(ada(), "a")),
        Effect::Granted(ours.clone()),
        Effect::Granted(grant("a", "y")),
    ];
    perform(store, &intent(run, 0, 1, "a"), effects).await;
    let there = || vec![account("a", AccountState::Active)];
    let unnamed = OwnedGrant { relation: String::new(), ..grant("a", "y") };
    observe(store, &observed(3, there(), &[grant("a", "x"), unnamed])).await;
    assert_eq!(store.ledger().await.unwrap().len(), 2);

    let owner = OwnedGrant { relation: "owner".to_owned(), ..grant("a", "y") };
    observe(store, &observed(4, there(), &[grant("a", "x"), owner])).await;
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([ours]));
}

pub(crate) async fn grants_that_are_no_longer_there_leave_the_ledger(store: &dyn Store) {
    let run = begin(store, 1).await;
    let (x, y) = (grant("a", "x"), grant("a", "y"));
    let effects = vec![
        Effect::Linked(link(ada(), "a")),
        Effect::Granted(x.clone()),
        Effect::Granted(y.clone()),
    ];
    perform(store, &intent(run, 0, 1, "a"), effects).await;
    let there = vec![account("a", AccountState::Active)];

    let mut read = observed(3, there.clone(), std::slice::from_ref(&x));
    read.assignments_coverage = truncated();
    observe(store, &read).await;
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([x.clone(), y]));

    observe(store, &observed(4, there, std::slice::from_ref(&x))).await;
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([x.clone()]));

    // The account is gone, whatever is said of its grants.
    let mut read = observed(5, Vec::new(), &[x]);
    read.assignments_coverage = truncated();
    observe(store, &read).await;
    assert!(store.ledger().await.unwrap().is_empty());
}

pub(crate) async fn an_account_that_is_there_again_is_ours_where_keys_are_given_once(
    store: &dyn Store,
) {
    let unwanted = Link { unwanted_since: Some(at(0)), ..link(ada(), "a") };
    store.adopt(&unwanted, &entry(0, "adopt")).await.unwrap();
    let read = |seconds, state: Option<AccountState>| {
        let accounts = state.map(|state| account("a", state)).into_iter().collect();
        let mut read = observed(seconds, accounts, &[]);
        read.schema.objects = vec![user_object(IdStability::Immutable)];
        read
    };
    observe(store, &read(1, Some(AccountState::Disabled))).await;
    observe(store, &read(2, None)).await;
    assert!(only_link(store).await.gone);

    observe(store, &read(3, Some(AccountState::SoftDeleted))).await;
    assert!(only_link(store).await.gone, "it is kept as deleted");

    let mut renameable = read(4, Some(AccountState::Active));
    renameable.schema.objects = vec![user_object(IdStability::Renameable)];
    observe(store, &renameable).await;
    assert!(only_link(store).await.gone, "it may be anybody's");

    observe(store, &read(4, Some(AccountState::Active))).await;
    assert!(!only_link(store).await.gone);

    // What it was meanwhile does not count; what it is does.
    observe(store, &read(5, None)).await;
    let mut partly = read(6, Some(AccountState::Disabled));
    partly.accounts_coverage = truncated();
    observe(store, &partly).await;
    let expected = Link { disabled_since: Some(at(6)), ..link(ada(), "a") };
    assert_eq!(only_link(store).await, expected);

    // A read from before it was deleted says nothing.
    let run = begin(store, 1).await;
    let gone = Effect::Gone { target: name("directory"), account: user("a") };
    perform(store, &intent(run, 0, 1, "a"), vec![gone]).await;
    observe(store, &read(1, Some(AccountState::Disabled))).await;
    assert!(only_link(store).await.gone);
}

pub(crate) async fn since_when_an_account_is_unwanted_is_kept_until_it_is_said_anew(
    store: &dyn Store,
) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    let since = |since| Link { unwanted_since: since, ..link(ada(), "a") };
    store.record_unwanted(&[since(Some(at(1)))]).await.unwrap();
    observe(store, &observed(2, vec![account("a", AccountState::Active)], &[])).await;
    assert_eq!(only_link(store).await, since(Some(at(1))));

    let of_bob = Link { unwanted_since: None, ..link(bob(), "a") };
    store.record_unwanted(&[of_bob]).await.unwrap();
    assert_eq!(only_link(store).await, since(Some(at(1))), "it is not bob's");

    store.record_unwanted(&[since(None)]).await.unwrap();
    assert_eq!(only_link(store).await, since(None));
}

pub(crate) async fn an_adoption_links_and_is_audited(store: &dyn Store) {
    let adopted = Link { origin: Origin::Adopted, ..link(ada(), "a") };
    store.adopt(&adopted, &entry(0, "adopt")).await.unwrap();
    assert_eq!(only_link(store).await, adopted);
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(rows[0].entry, entry(0, "adopt"));
}

pub(crate) async fn an_account_of_somebody_else_is_not_adopted(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    let refused = store.adopt(&link(bob(), "a"), &entry(1, "adopt")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Failed { .. }), "{refused:?}");
    assert_eq!(only_link(store).await.identity, ada());
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 1);
}

pub(crate) async fn a_second_account_at_one_target_is_not_adopted(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    store.adopt(&link(ada(), "b"), &entry(1, "adopt")).await.unwrap_err();
    assert_eq!(only_link(store).await.account.uid, "a");
}

pub(crate) async fn an_account_made_anew_takes_the_place_of_the_one_that_is_gone(
    store: &dyn Store,
) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    observe(store, &observed(1, Vec::new(), &[])).await;
    let run = begin(store, 1).await;
    perform(store, &intent(run, 0, 1, "b"), vec![Effect::Linked(link(ada(), "b"))]).await;
    assert_eq!(only_link(store).await, link(ada(), "b"));
}

pub(crate) async fn a_claim_is_ours_and_is_audited_once(store: &dyn Store) {
    let claims = [(grant("a", "x"), entry(0, "claim"))];
    store.claim(&claims).await.unwrap();
    store.claim(&claims).await.unwrap();
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([grant("a", "x")]));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 1);
}

fn declined() -> Declined {
    Declined { identity: ada(), target: name("directory"), account: user("a") }
}

pub(crate) async fn a_declined_account_is_remembered_until_it_is_adopted(store: &dyn Store) {
    for _ in 0..2 {
        store.decline(&declined(), &entry(0, "decline")).await.unwrap();
    }
    let of_bob = Declined { identity: bob(), ..declined() };
    store.decline(&of_bob, &entry(1, "decline")).await.unwrap();
    assert_eq!(store.declined().await.unwrap(), BTreeSet::from([declined(), of_bob.clone()]));
    store.adopt(&link(ada(), "a"), &entry(2, "adopt")).await.unwrap();
    assert_eq!(store.declined().await.unwrap(), BTreeSet::from([of_bob]));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 4);
}

pub(crate) async fn an_account_that_is_theirs_is_not_declined(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    store.decline(&declined(), &entry(1, "decline")).await.unwrap_err();
    assert!(store.declined().await.unwrap().is_empty());
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 1);
}

pub(crate) async fn an_adopted_account_is_released_with_its_grants(store: &dyn Store) {
    for (whose, uid) in [(ada(), "a"), (bob(), "b")] {
        let adopted = Link { origin: Origin::Adopted, ..link(whose, uid) };
        store.adopt(&adopted, &entry(0, "adopt")).await.unwrap();
        store.claim(&[(grant(uid, "x"), entry(1, "claim"))]).await.unwrap();
    }
    store.release(&name("directory"), &user("a"), &entry(2, "release")).await.unwrap();
    assert_eq!(only_link(store).await.account.uid, "b");
    assert_eq!(store.ledger().await.unwrap(), BTreeSet::from([grant("b", "x")]));
    let last = store.audit(&AuditFilter::default()).await.unwrap().pop().unwrap();
    assert_eq!(last.entry, entry(2, "release"));
    let given_back = store.kept().await.unwrap().given_back;
    let of: Vec<_> = given_back.iter().map(|it| (it.identity, it.account.clone())).collect();
    assert_eq!(of, [(ada(), user("a"))]);
    store.release(&name("directory"), &user("a"), &entry(3, "release")).await.unwrap_err();
    store.adopt(&link(bob(), "b"), &entry(4, "adopt")).await.unwrap();
}

pub(crate) async fn an_account_that_we_created_is_not_released(store: &dyn Store) {
    let run = begin(store, 1).await;
    let made = Link { origin: Origin::Created, ..link(ada(), "a") };
    perform(store, &intent(run, 0, 1, "a"), vec![Effect::Linked(made.clone())]).await;
    let before = store.audit(&AuditFilter::default()).await.unwrap();
    store.release(&name("directory"), &user("a"), &entry(2, "release")).await.unwrap_err();
    assert_eq!(only_link(store).await, made);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap(), before);
}

pub(crate) async fn a_login_name_is_remembered_after_its_account_is_gone(store: &dyn Store) {
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    let mut ours = account("a", AccountState::Active);
    ours.name = "ada.example".to_owned();
    let strangers = account("b", AccountState::Active);
    observe(store, &observed(1, vec![ours.clone(), strangers], &[])).await;
    observe(store, &observed(2, vec![ours.clone()], &[])).await;
    ours.name = "ada.muster".to_owned();
    observe(store, &observed(3, vec![ours], &[])).await;
    observe(store, &observed(4, Vec::new(), &[])).await;
    let held =
        |name: &str, seen| HeldName { name: name.to_owned(), identity: ada(), last_seen: at(seen) };
    let kept = store.names().await.unwrap();
    assert_eq!(kept[&name("directory")], [held("ada.example", 2), held("ada.muster", 3)]);
    assert_eq!(kept.len(), 1);
}
