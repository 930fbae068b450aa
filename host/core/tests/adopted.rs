//! Accounts that are surely somebody's, over many small firms: who gets one
//! is looked up here once more, and spelling and order change nothing.

#![expect(clippy::indexing_slicing, reason = "a test that panics fails")]

mod firm;

use std::collections::{BTreeMap, BTreeSet};

use firm::*;
use lanyard_core::{
    account::{Account, AccountState, CoverageKind},
    case::accounts::account_cases,
    desired::Desired,
    id::IdentityId,
    lifecycle::LifecycleState,
    observed::{Declined, Observed, Origin},
    pattern::Pattern,
    plan::{Plan, adopting, plan},
    recognition::Recognition,
    value::{Attribute, ObjectRef},
};
use proptest::{collection::vec, prelude::*};

/// A number and a mail address, 0 for none.
type Marks = (u8, u8);

#[derive(Debug, Clone)]
struct Case {
    people: Vec<Marks>,
    /// With how they are spelt.
    accounts: Vec<(Marks, u8)>,
    declined: BTreeSet<(u8, u8)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let marks = || (0..4_u8, 0..4_u8);
    let declined = proptest::collection::btree_set((0..4_u8, 0..5_u8), 0..2);
    (vec(marks(), 1..4), vec((marks(), 0..3_u8), 0..5), declined)
        .prop_map(|(people, accounts, declined)| Case { people, accounts, declined })
}

fn file() -> File {
    let mut file = File::new();
    let crm = file.targets.get_mut(&target("crm")).unwrap();
    crm.match_by =
        Recognition { sure: vec![vec!["tags".to_owned()]], ask: vec![vec!["mail".to_owned()]] };
    crm.protected = BTreeSet::from([Pattern::new("svc-*")]);
    file
}

fn spelt(text: &str, way: u8) -> String {
    match way {
        0 => text.to_owned(),
        1 => text.to_uppercase(),
        _ => text.replace('é', "e\u{301}"),
    }
}

fn marked((number, mail): Marks, way: u8) -> Vec<(&'static str, String)> {
    let number = (number > 0).then(|| ("tags", spelt(&format!("né{number}"), way)));
    let mail = (mail > 0).then(|| ("mail", spelt(&format!("é{mail}@example.org"), way)));
    number.into_iter().chain(mail).collect()
}

fn of_nobody(uid: &str, marks: Vec<(&'static str, String)>) -> Account {
    let attributes = marks.iter().map(|(name, value)| Attribute::new(*name, vec![text(value)]));
    Account {
        name: format!("login-{uid}"),
        anchor: None,
        attributes: attributes.collect(),
        ..account(uid, uid, AccountState::Active)
    }
}

fn key(at: usize) -> String {
    format!("p{at}")
}

fn world(case: &Case, plain: bool) -> (Desired, Observed) {
    let people = case.people.iter().enumerate().map(|(at, marks)| {
        let mut content = content(&key(at), &["Staff"]);
        content.attributes.clear();
        for (name, value) in marked(*marks, 0) {
            content.attributes.insert(name.to_owned(), vec![text(&value)]);
        }
        person(&key(at), LifecycleState::Active, [("crm", present(content))])
    });
    let mut observed = empty_world();
    for (at, (marks, way)) in case.accounts.iter().enumerate() {
        let marks = marked(*marks, if plain { 0 } else { *way });
        there(&mut observed, "crm").accounts.push(of_nobody(&format!("u{at}"), marks));
    }
    for (person, account) in &case.declined {
        observed.declined.insert(Declined {
            identity: identity(&key(usize::from(*person))),
            target: target("crm"),
            account: user(&format!("u{account}")),
        });
    }
    (wanting(people), observed)
}

fn pairs(desired: &Desired, observed: &Observed) -> BTreeMap<IdentityId, ObjectRef> {
    let found = adopting(&file().settings(), desired, observed);
    found.into_iter().map(|it| (it.identity, it.account)).collect()
}

/// Whose accounts are by the rule of the page: one number on one person and
/// one account, and a mail address that says nothing else.
fn by_hand(case: &Case) -> BTreeMap<IdentityId, ObjectRef> {
    let mut found = BTreeMap::new();
    let declined = |person: usize, account: usize| {
        let pair = (u8::try_from(person).unwrap(), u8::try_from(account).unwrap());
        case.declined.contains(&pair)
    };
    for (p, (number, mail)) in case.people.iter().enumerate() {
        let has = |a: usize, of: fn(Marks) -> u8, value: u8| {
            value > 0 && of(case.accounts[a].0) == value && !declined(p, a)
        };
        let all = || 0..case.accounts.len();
        let with_number: Vec<usize> = all().filter(|a| has(*a, |it| it.0, *number)).collect();
        let [a] = with_number.as_slice() else { continue };
        let others = || (0..case.people.len()).filter(|it| *it != p && !declined(*it, *a));
        let with_mail: Vec<usize> = all().filter(|a| has(*a, |it| it.1, *mail)).collect();
        let its_mail = case.accounts[*a].0.1;
        let mail_of = |q: usize| its_mail > 0 && case.people[q].1 == its_mail;
        let shared = others().any(|q| case.people[q].0 == *number);
        let mail_elsewhere = !with_mail.is_empty() && !with_mail.contains(a);
        let mail_of_another = others().any(mail_of) && !mail_of(p);
        if !shared && !mail_elsewhere && !mail_of_another {
            found.insert(identity(&key(p)), user(&format!("u{a}")));
        }
    }
    found
}

fn planned(desired: &Desired, observed: &mut Observed) -> Plan {
    let file = file();
    let found = adopting(&file.settings(), desired, observed);
    observed.adopt(found);
    plan(&file.settings(), desired, observed, now())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// P5: nobody gets an account of nobody by anything but what is sure, and
    /// P13: however values are spelt.
    #[test]
    fn an_account_is_adopted_when_it_is_surely_one_persons_and_only_then(case in cases()) {
        let (desired, observed) = world(&case, false);
        prop_assert_eq!(pairs(&desired, &observed), by_hand(&case));
        let (desired, plain) = world(&case, true);
        prop_assert_eq!(pairs(&desired, &plain), by_hand(&case));
        let mut turned = observed;
        there(&mut turned, "crm").accounts.reverse();
        prop_assert_eq!(pairs(&desired, &turned), by_hand(&case), "in another order");
    }

    /// Laws 1 and 3, and P12: one account for one person.
    #[test]
    fn what_a_plan_adopts_is_ours_by_it_and_nothing_else_is_written(case in cases()) {
        let (desired, mut observed) = world(&case, false);
        let first = planned(&desired, &mut observed);
        prop_assert_eq!(first.adopted.len(), by_hand(&case).len());
        let linked: BTreeSet<&ObjectRef> = observed.links.iter().map(|it| &it.account).collect();
        for operation in &first.operations {
            let account = operation.change.account();
            prop_assert!(account.is_none_or(|it| linked.contains(it)), "{operation:?}");
        }
        let mut after = apply(&observed, &first);
        let owners: BTreeMap<_, _> = after.links.iter().map(|it| (&it.account, it.identity)).collect();
        let people: BTreeSet<_> = after.links.iter().map(|it| it.identity).collect();
        prop_assert_eq!((owners.len(), people.len()), (after.links.len(), after.links.len()));
        let second = planned(&desired, &mut after);
        prop_assert!(second.operations.is_empty(), "{:?}", second.operations);
        prop_assert!(second.adopted.is_empty(), "{:?}", second.adopted);
        prop_assert!(second.claims.is_empty(), "{:?}", second.claims);
    }

    /// Whoever may have an account there gets no other one, and is asked
    /// about.
    #[test]
    fn whoever_an_account_may_be_of_waits_or_has_it(case in cases()) {
        let (desired, mut observed) = world(&case, false);
        let plan = planned(&desired, &mut observed);
        let asked: BTreeSet<IdentityId> =
            account_cases(&plan).into_iter().map(|it| it.identity).collect();
        let adopted: BTreeSet<IdentityId> = plan.adopted.iter().map(|it| it.identity).collect();
        prop_assert!(asked.is_disjoint(&adopted));
        for operation in &plan.operations {
            prop_assert!(!asked.contains(&operation.identity), "{operation:?}");
        }
        for (at, (number, _)) in case.people.iter().enumerate() {
            let id = identity(&key(at));
            let free = case.accounts.iter().enumerate().any(|(a, (marks, _))| {
                let pair = (u8::try_from(at).unwrap(), u8::try_from(a).unwrap());
                let taken = plan.adopted.iter().any(|it| it.account == user(&format!("u{a}")));
                *number > 0 && marks.0 == *number && !case.declined.contains(&pair) && !taken
            });
            prop_assert!(!free || asked.contains(&id) || adopted.contains(&id));
        }
    }
}

/// One person with number 1, one account with it, and `change`.
fn doubt(change: impl FnOnce(&mut Observed)) -> (usize, Option<String>) {
    let case = Case { people: vec![(1, 0)], accounts: vec![((1, 0), 0)], declined: [].into() };
    let (desired, mut observed) = world(&case, false);
    change(&mut observed);
    let plan = planned(&desired, &mut observed);
    (plan.adopted.len(), plan.adoptions.first().and_then(|it| it.doubt.clone()))
}

#[test]
fn what_speaks_against_an_account_is_said_and_it_is_asked_about() {
    assert_eq!(doubt(|_| {}), (1, None));
    let why = |change: &dyn Fn(&mut Observed)| {
        let (adopted, doubt) = doubt(|observed| change(observed));
        assert_eq!(adopted, 0);
        doubt.unwrap_or_default()
    };
    let first = |observed: &mut Observed, change: &dyn Fn(&mut Account)| {
        change(&mut there(observed, "crm").accounts[0]);
    };
    let protected = why(&|it| first(it, &|account| account.name = "svc-backup".to_owned()));
    assert_eq!(protected, "it is protected");
    let deleted = why(&|it| first(it, &|account| account.state = AccountState::SoftDeleted));
    assert_eq!(deleted, "it is deleted, and only kept by the target");
    let partly = why(&|it| there(it, "crm").accounts_coverage.kind = CoverageKind::Truncated);
    assert_eq!(partly, "the accounts were not read wholly");
    let lost = why(&|it| {
        it.in_doubt.insert((identity("p0"), target("crm")));
    });
    assert_eq!(lost, "an account may have been made for them by an answer that was lost");
}

#[test]
fn an_account_that_is_linked_is_nobody_elses() {
    let mut linked = link("somebody", "crm", "u0");
    linked.origin = Origin::Adopted;
    assert_eq!(doubt(|observed| observed.links.push(linked)), (0, None));
}
