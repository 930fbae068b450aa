use insta::assert_snapshot;

use super::*;
use crate::{
    condition::Condition,
    desired::desired,
    example::{hired, id, named, noon, observed, policy, rule, worker},
    observed::Observed,
    plan::{NoteKind, PlanSettings, plan},
    policy::Policy,
};

fn planned(policy: &Policy, world: &Observed) -> Plan {
    let ada = worker("1", ("Ada", "Example"), &[("department", "Sales")]);
    let ben = worker("2", ("Ben", "Beispiel"), &[("department", "Support")]);
    let people = hired(policy, vec![ada, ben]);
    let desired = desired(policy, &people, world, noon());
    plan(&PlanSettings::of(policy), &desired, world, noon())
}

fn able() -> Observed {
    let mut world = observed(&[]);
    for object in world.targets.values_mut().flat_map(|target| &mut target.schema.objects) {
        object.capabilities.create = true;
    }
    world
}

/// The example's file, and the same with a `crm` account for everybody.
fn two_files() -> (Policy, Policy) {
    let (this, mut other) = (policy(), policy());
    rule(&mut other, "everybody", Condition::default(), &["crm"], &[]);
    (this, other)
}

#[test]
fn what_both_files_do_is_counted_and_only_what_differs_is_shown() {
    let (this, other) = two_files();
    let world = able();
    let (mine, theirs) = (planned(&this, &world), planned(&other, &world));
    let found = compare((&mine, &[]), (&theirs, &[]));
    assert_eq!((mine.operations.len(), theirs.operations.len(), found.both), (3, 4, 3));
    assert_eq!(found.people.iter().map(|it| it.identity).collect::<Vec<_>>(), [id("2")]);
    assert_snapshot!(found.render("next.toml", &world.targets), @r"
    Ben Beispiel (8fc702b5)
      only with next.toml
        + create crm `ben.beispiel`
            because rule `everybody` (line 12)
            because state active: no start is given

    1 person differs: only with next.toml 1 operation (1 create); only with the present file 0 operations; 3 operations are the same
    ");
    let back = compare((&theirs, &[]), (&mine, &[]));
    assert_eq!((back.both, back.people.len()), (3, 1));
}

#[test]
fn the_same_twice_has_no_difference() {
    let (this, _) = two_files();
    let world = able();
    let plan = planned(&this, &world);
    let found = compare((&plan, &[]), (&plan, &[]));
    assert_snapshot!(found.render("next.toml", &world.targets), @"no difference: 3 operations are the same");
}

#[test]
fn what_is_said_of_nobody_in_particular_is_shown_when_only_one_file_says_it() {
    let (this, _) = two_files();
    let world = able();
    let plan = planned(&this, &world);
    let finding = |kind| Finding {
        kind,
        target: Some(named("crm")),
        text: "many".to_owned(),
        blocks: plan.operations.iter().take(2).map(|it| it.id).collect(),
    };
    let note = Note {
        identity: None,
        target: Some(named("directory")),
        kind: NoteKind::Doubtful,
        text: "it is not known".to_owned(),
        open: false,
    };
    let noted = Plan { notes: vec![note], ..plan.clone() };
    let (shared, only) = (finding(FindingKind::Protected), finding(FindingKind::MassRemoval));
    let found = compare((&plan, std::slice::from_ref(&shared)), (&noted, &[shared.clone(), only]));
    assert_snapshot!(found.render("next.toml", &world.targets), @r"
    only with the present file
      unable at crm: there is no entitlement `sellers`; none at all was read
      unable at directory: there is no entitlement `dept-sales`; none at all was read
      unable at directory: there is no entitlement `dept-support`; none at all was read

    only with next.toml
      mass-removal at crm: 2 operations blocked
      doubtful at directory: it is not known

    0 people differ: only with next.toml 0 operations; only with the present file 0 operations; 3 operations are the same
    ");
}
