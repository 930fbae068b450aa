mod held;

use proptest::prelude::*;

use super::*;
use crate::{
    desired::desired,
    example::{at, attributes, hired, id, named, noon, policy, worker},
    operation::{Operation, OperationKind},
    simulate::{simulate, tests::able},
};

/// Without its place in a plan.
fn bare(operation: &Operation) -> (IdentityId, ConnectorName, String) {
    let Operation { identity, target, change, event, causes, .. } = operation;
    (*identity, target.clone(), format!("{change:?} {event:?} {causes:?}"))
}

fn of(plan: &Plan, id: IdentityId) -> Vec<(IdentityId, ConnectorName, String)> {
    plan.operations.iter().filter(|it| it.identity == id).map(bare).collect()
}

/// Given name, whether they sell, whether they left.
type Person = (String, bool, bool);
/// One of a few names, and the key of its owner.
type Named = (u8, Option<u8>);

/// Keys from 1, with few names, so that they collide; who has an account, and
/// the accounts of nobody.
fn company() -> impl Strategy<Value = (Vec<Person>, Vec<Named>)> {
    let person = ("[AaBÄ]", any::<bool>(), any::<bool>());
    let people = proptest::collection::vec(person, 1..8);
    let account = (0..4_u8, proptest::option::of(1..8_u8));
    (people, proptest::collection::vec(account, 0..6))
}

/// The account in the directory says what that of the manager is called.
fn with_managers() -> Policy {
    let mut policy = policy();
    attributes(&mut policy, &[("title", &["{{ reference.boss.name }}"])]);
    let manager = policy.expressions.template("{{ manager }}").unwrap();
    let directory = policy.targets.get_mut(&named::<ConnectorName>("directory")).unwrap();
    directory.references.insert("boss".to_owned(), manager);
    policy
}

#[test]
fn whoever_speaks_of_somebody_without_an_account_is_written_once_they_have_one() {
    let policy = with_managers();
    let ada = [("department", "Ops"), ("manager", "2")];
    let bob = [("department", "Ops"), ("start", "2026-07-08")];
    let people = vec![worker("1", ("Ada", "Example"), &ada), worker("2", ("Bob", "Example"), &bob)];
    let assembled = hired(&policy, people);
    let whole = Whole::new(&PlanSettings::of(&policy), assembled, able(&[]));
    let until = at("2026-08-01T00:00:00Z");
    let moments = simulate(&policy, whole, &crate::guard::Lately::default(), noon(), until);
    let told = moments.iter().flat_map(|moment| {
        let operations = moment.people.iter().flat_map(|it| &it.operations);
        operations.map(|it| (moment.at.to_string(), it.identity, it.change.kind()))
    });
    let updated: Vec<_> = told.filter(|(.., kind)| *kind == OperationKind::Update).collect();
    assert_eq!(updated, [("2026-07-01T00:00:00Z".to_owned(), id("1"), OperationKind::Update)]);
}

proptest! {
    #[test]
    fn somebody_planned_alone_gets_what_a_plan_of_everybody_gives_them(
        (people, accounts) in company(),
        managers in any::<bool>(),
    ) {
        let policy = if managers { with_managers() } else { policy() };
        let last = people.len().to_string();
        let workers = people.iter().enumerate().map(|(number, (given, sales, left))| {
            let more = [
                ("department", if *sales { "Sales" } else { "Ops" }),
                ("end", if *left { "2026-05-01" } else { "2026-12-31" }),
                ("manager", last.as_str()),
            ];
            worker(&(number + 1).to_string(), (given, "Example"), &more)
        });
        let assembled = hired(&policy, workers.collect());
        let names = ["A.example", "a.EXAMPLE2", "b.example", "a.example3"];
        let mut linked = BTreeSet::new();
        let accounts: Vec<(String, Option<String>)> = accounts
            .iter()
            .map(|(name, owner)| {
                let owner = owner.filter(|owner| linked.insert(*owner));
                (names[usize::from(*name)].to_owned(), owner.map(|owner| owner.to_string()))
            })
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_iter()
            .collect();
        let accounts: Vec<(&str, Option<&str>)> =
            accounts.iter().map(|(name, owner)| (name.as_str(), owner.as_deref())).collect();
        let observed = able(&accounts);
        let settings = PlanSettings::of(&policy);
        let everything = desired(&policy, &assembled, &observed, noon());
        let everybody = plan(&settings, &everything, &observed, noon());
        let mut whole = Whole::new(&settings, assembled, observed);
        whole.reserve(&everything);
        for number in 1..=people.len() {
            let id = id(&number.to_string());
            let look = whole.look(&policy, &BTreeSet::from([id]), noon());
            prop_assert_eq!(of(&look.plan, id), of(&everybody, id));
            let notes = |plan: &Plan| -> Vec<_> {
                plan.notes.iter().filter(|note| note.identity == Some(id)).cloned().collect()
            };
            prop_assert_eq!(notes(&look.plan), notes(&everybody));
            let adoptions = |plan: &Plan| -> Vec<_> {
                plan.adoptions.iter().filter(|it| it.identity == id).cloned().collect()
            };
            prop_assert_eq!(adoptions(&look.plan), adoptions(&everybody));
        }
    }
}
