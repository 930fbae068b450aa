//! Undoing a plan: what was done is as before, or a note says why not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics fails")]

mod firm;
mod people;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use lanyard_core::{
    account::{Account, AccountState},
    diff::render,
    id::{ConnectorName, IdentityId, OperationId},
    lifecycle::Ejection,
    observed::Observed,
    operation::{Cause, Change, Event, Operation, OperationKind},
    plan::{Applied, Plan, Present, Undoes, undo},
    policy::Policy,
    value::{ObjectRef, Value},
    whole::applied,
};
use people::{FIRST, LATER, Look, Someone, befall, known_world, look, policy, someone};
use proptest::prelude::*;

const NOBODY: BTreeSet<OperationId> = BTreeSet::new();
const NOWHERE: BTreeSet<(IdentityId, ConnectorName)> = BTreeSet::new();

/// The way back from a plan of which `done` was carried out.
fn back(
    policy: &Policy,
    look: &Look,
    now: &Observed,
    was: &Plan,
    done: &BTreeSet<OperationId>,
) -> Plan {
    let present = Present {
        policy,
        assembled: &look.assembled,
        desired: &look.desired,
        observed: now,
        now: look.now,
    };
    let undoes = Undoes { plan: was.digest().unwrap(), ejections: true };
    undo(&present, &undoes, &Applied { plan: was, done, uncertain: &NOBODY, made_anew: &NOWHERE })
}

fn all(plan: &Plan) -> BTreeSet<OperationId> {
    plan.operations.iter().map(|it| it.id).collect()
}

fn account<'a>(world: &'a Observed, operation: &Operation, key: &ObjectRef) -> Option<&'a Account> {
    world.targets[&operation.target].accounts.iter().find(|it| it.reference == *key)
}

fn holds(
    world: &Observed,
    operation: &Operation,
    key: &ObjectRef,
    entitlement: &ObjectRef,
) -> bool {
    let mut all = world.targets[&operation.target].assignments.iter();
    all.any(|it| it.holder == *key && it.entitlement == *entitlement)
}

/// Whether what an operation changed is the same in both worlds.
fn same(operation: &Operation, before: &Observed, after: &Observed) -> bool {
    let Some(key) = operation.change.account() else { return false };
    match &operation.change {
        Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
            holds(before, operation, key, entitlement) == holds(after, operation, key, entitlement)
        }
        Change::Update { attributes, .. } => {
            let values = |world: &Observed, name: &str| -> Option<Vec<Value>> {
                let account = account(world, operation, key)?;
                let found = account.attributes.iter().find(|it| it.name == name);
                Some(found.map(|it| it.values.clone()).unwrap_or_default())
            };
            attributes.iter().all(|it| values(before, &it.name) == values(after, &it.name))
        }
        _ => {
            let state = |world| account(world, operation, key).map(|it| it.state);
            state(before) == state(after)
        }
    }
}

/// Accounts with their looks and what they hold.
fn shown(world: &Observed) -> BTreeSet<String> {
    let targets = world.targets.iter();
    let all = targets.flat_map(|(target, there)| {
        let accounts = there.accounts.iter().map(move |it| {
            let mut attributes: Vec<_> =
                it.attributes.iter().filter(|it| !it.values.is_empty()).collect();
            attributes.sort_by_key(|it| &it.name);
            format!("{target} {} {} {:?} {attributes:?}", it.reference, it.name, it.state)
        });
        let held = there.assignments.iter();
        accounts.chain(held.map(move |it| format!("{target} {} {}", it.holder, it.entitlement)))
    });
    all.collect()
}

fn is_told(plan: &Plan, operation: &Operation) -> bool {
    let what = format!("{} {} is not undone", operation.change.kind().word(), operation.id);
    plan.notes
        .iter()
        .any(|it| it.text.starts_with(&what) && it.identity == Some(operation.identity))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_was_done_is_as_before_or_a_note_says_why_not(
        before in prop::collection::vec(someone(), 1..5),
        after in prop::collection::vec(someone(), 5),
        done in prop::collection::vec(prop::bool::weighted(0.8), 64),
    ) {
        let policy = policy();
        let first = look(&policy, &before, &[], known_world(), FIRST);
        let mut world = applied(&first.observed, &first.plan, |_| true, first.now);
        let after: Vec<Someone> = after.into_iter().take(before.len()).collect();
        befall(&mut world, &after);
        let second = look(&policy, &after, &first.assembled.identities, world, LATER);
        let done: BTreeSet<OperationId> = all(&second.plan)
            .into_iter()
            .filter(|id| done.get(usize::try_from(id.0).unwrap()).copied().unwrap_or(true))
            .collect();
        let now = applied(&second.observed, &second.plan, |id| done.contains(&id), second.now);
        let undone = back(&policy, &second, &now, &second.plan, &done);
        for operation in &undone.operations {
            let kind = operation.change.kind();
            prop_assert!(!matches!(kind, OperationKind::Delete | OperationKind::Create));
            prop_assert_eq!(operation.event, Event::Undo);
            let by_a_person = matches!(operation.causes.as_slice(), [Cause::Undo { .. }]);
            prop_assert!(by_a_person);
        }
        let then = applied(&now, &undone, |_| true, second.now);
        for operation in second.plan.operations.iter().filter(|it| done.contains(&it.id)) {
            if let Change::Create { .. } = operation.change {
                let links = now.links.iter().filter(|it| it.identity == operation.identity && it.target == operation.target);
                let closed = links.filter(|it| !it.gone).all(|it| {
                    account(&then, operation, &it.account).is_some_and(|it| it.state == AccountState::Disabled)
                });
                prop_assert!(closed || is_told(&undone, operation), "{operation:?}");
            } else if operation.change.account().is_some() {
                let as_before = same(operation, &second.observed, &then);
                prop_assert!(as_before || is_told(&undone, operation), "{operation:?}");
            }
        }
        // Back again: as it was after the plan.
        let again = back(&policy, &second, &then, &undone, &all(&undone));
        let forth = applied(&then, &again, |_| true, second.now);
        prop_assert_eq!(shown(&forth), shown(&now));
    }
}

fn worker(department: &'static str, end: Option<&'static str>) -> Someone {
    Someone {
        department: Some(department),
        end,
        ejected: false,
        missing: false,
        closed_by_others: false,
    }
}

#[test]
fn nobody_who_was_ejected_since_is_let_in_again() {
    let policy = policy();
    let first = look(&policy, &[worker("Sales", None)], &[], known_world(), FIRST);
    let world = applied(&first.observed, &first.plan, |_| true, first.now);
    let people = [worker("Sales", Some("2026-04-01"))];
    let second = look(&policy, &people, &first.assembled.identities, world, LATER);
    let mut now = applied(&second.observed, &second.plan, |_| true, second.now);
    let undoing = |now: &Observed, ejections| {
        let present = Present {
            policy: &policy,
            assembled: &second.assembled,
            desired: &second.desired,
            observed: now,
            now: second.now,
        };
        let undoes = Undoes { plan: second.plan.digest().unwrap(), ejections };
        let done = all(&second.plan);
        let was =
            Applied { plan: &second.plan, done: &done, uncertain: &NOBODY, made_anew: &NOWHERE };
        undo(&present, &undoes, &was)
    };
    assert!(!undoing(&now, false).operations.is_empty(), "somebody left, and is let in again");
    now.kept.ejections.push(Ejection {
        identity: second.assembled.identities[0].id,
        at: second.now,
        by: "operator".to_owned(),
        reason: "asked for".to_owned(),
        undone: None,
    });
    let plan = undoing(&now, false);
    assert_eq!(plan.operations, []);
    assert!(plan.notes.iter().all(|note| note.text.contains("ejected since")), "{:?}", plan.notes);
    assert!(!undoing(&now, true).operations.is_empty(), "a person wants it all the same");
}

#[test]
fn each_operation_says_what_the_next_plan_does_about_it() {
    let policy = policy();
    let people = [worker("Sales", None), worker("Ops", None)];
    let first = look(&policy, &people, &[], known_world(), FIRST);
    let world = applied(&first.observed, &first.plan, |_| true, first.now);
    let people = [worker("Ops", None), worker("Ops", Some("2026-04-01"))];
    let second = look(&policy, &people, &first.assembled.identities, world, LATER);
    let mut now = applied(&second.observed, &second.plan, |_| true, second.now);
    let undone = back(&policy, &second, &now, &second.plan, &all(&second.plan));
    let text = render(&undone, &[], &now.targets);
    let digest = undone.undoes.as_ref().unwrap().plan.short().to_owned();
    let own = undone.digest().unwrap().short().to_owned();
    let text = text.replace(&digest, "BEFORE").replace(&own, "BACK");
    assert_snapshot!(text, @r#"
    what undoes plan BEFORE

    p0 (2cecd24b) — undo
      * enable crm `p0.example`
          because it undoes disable #5 of plan BEFORE; the next plan takes it back: disable, because leaver policy: no rule gives this account any longer
      + grant crm `p0.example` Sales
          because it undoes revoke #6 of plan BEFORE; the next plan takes it back: revoke, because nothing gives `Sales` any more, and we granted it
      ~ update directory `p0.example`
          department: "Ops" → "Sales"
          because it undoes update #3 of plan BEFORE; the next plan takes it back: update, because fact department from hr record p0, column department
      - revoke directory `p0.example` Approvers
          because it undoes grant #4 of plan BEFORE; the next plan takes it back: grant, because rule `office` (line 30); fact department from hr record p0, column department

    p1 (976c0f94) — undo
      * enable directory `p1.example`
          because it undoes disable #0 of plan BEFORE; the next plan takes it back: disable, because state departed: end 2026-04-01 has passed; late by 29d: the source told of it so late
      + grant directory `p1.example` Staff
          because it undoes revoke #1 of plan BEFORE; the next plan takes it back: revoke, because nothing gives `Staff` any more, and we granted it; late by 29d: the source told of it so late
      + grant directory `p1.example` Approvers
          because it undoes revoke #2 of plan BEFORE; the next plan takes it back: revoke, because nothing gives `Approvers` any more, and we granted it; late by 29d: the source told of it so late

    plan BACK: 7 operations (1 update, 2 enable, 3 grant, 1 revoke)
    "#);
    // Somebody wrote there meanwhile.
    for account in &mut firm::there(&mut now, "directory").accounts {
        let found = account.attributes.iter_mut().find(|it| it.name == "department");
        found.unwrap().values = vec![firm::text("Elsewhere")];
        account.state = AccountState::Active;
    }
    let undone = back(&policy, &second, &now, &second.plan, &all(&second.plan));
    let left: Vec<String> = undone.notes.iter().map(|it| it.text.clone()).collect();
    assert_snapshot!(left.join("\n"), @r"
    update #3 is not undone: `department` was changed since
    disable #0 is not undone: the account `p1.example` is not disabled any more
    ");
}

#[test]
fn an_account_that_a_later_plan_made_is_not_closed_by_undoing_an_earlier_one() {
    let policy = policy();
    let first = look(&policy, &[worker("Sales", None)], &[], known_world(), FIRST);
    let now = applied(&first.observed, &first.plan, |_| true, first.now);
    let done = all(&first.plan);
    let undoing = |made_anew: &BTreeSet<(IdentityId, ConnectorName)>| {
        let present = Present {
            policy: &policy,
            assembled: &first.assembled,
            desired: &first.desired,
            observed: &now,
            now: first.now,
        };
        let undoes = Undoes { plan: first.plan.digest().unwrap(), ejections: false };
        let was = Applied { plan: &first.plan, done: &done, uncertain: &NOBODY, made_anew };
        undo(&present, &undoes, &was)
    };
    let at = |plan: &Plan| {
        let targets = plan.operations.iter().map(|it| it.target.to_string());
        targets.collect::<BTreeSet<_>>()
    };
    let create = first.plan.operations.iter().find(|it| it.target.as_str() == "crm").unwrap();
    assert!(at(&undoing(&NOWHERE)).contains("crm"));
    let anew = BTreeSet::from([(create.identity, create.target.clone())]);
    let plan = undoing(&anew);
    assert!(!at(&plan).contains("crm") && at(&plan).contains("directory"));
    let told = |it: &&lanyard_core::plan::Note| it.text.contains("a later plan made them another");
    assert!(plan.notes.iter().filter(told).count() >= 1, "{:?}", plan.notes);
}
