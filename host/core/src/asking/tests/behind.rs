//! What stands behind an answer, and who has something.

use std::collections::BTreeSet;

use super::*;
use crate::{
    desired::{Conflict, TakenByStep},
    id::Digest,
    observed::OwnedGrant,
    value::Value,
    workflow::{Episode, EpisodeEnd, StepRecord},
};

#[test]
fn whatever_is_decided_for_somebody_ends_in_their_record() {
    let firm = firm(policy(), vec![worker("1", ADA, &[])], observed(&[]));
    let causes = firm.desired.identities[&id("1")].accounts["crm"].causes.as_slice();
    let roots = firm.ask("1", &[], |asking| asking.roots(&named("crm"), causes));
    let of_hr = |fact: &str| Root::Record {
        source: named("hr"),
        key: "1".to_owned(),
        fact: Some(named(fact)),
    };
    assert_eq!(roots, BTreeSet::from([of_hr("department"), of_hr("status")]));
}

#[test]
fn a_cause_shows_the_value_in_effect_and_not_one_of_before() {
    let people = vec![worker("1", ADA, &[])];
    let mut firm = firm(policy(), people, observed(&[("ada.example", Some("1"))]));
    let departments = firm.assembled.identities[0].facts.get_mut("department").expect("is known");
    let mut before = departments[0].clone();
    before.values = vec![Value::Text("Ops".to_owned())];
    before.effective_until = Some(at("2026-05-01T00:00:00Z"));
    departments.insert(0, before);
    let told = firm.account("1", "crm");
    let mut behind = told.lines().skip_while(|it| !it.contains("because fact department"));
    assert!(behind.nth(1).expect("a line").contains("department = \"Sales\""), "{told}");
}

#[test]
fn what_a_step_took_is_told_of_that_entitlement_there_and_of_no_other() {
    let people = vec![worker("1", ADA, &[("department", "Ops")])];
    let mut firm = firm(policy(), people, with_groups(&["sellers", "vips"], &[]));
    let taken = TakenByStep {
        target: named("crm"),
        entitlement: "sellers".to_owned(),
        given: vec![Cause::Rule { rule: named("sales"), line: 11 }],
        taken: Cause::Step { workflow: named("leave"), step: named("off"), line: Some(40) },
        since: noon(),
    };
    firm.desired.identities.get_mut(&id("1")).expect("is decided").access.taken.push(taken);
    let is_told =
        |target: &str, text: &str| firm.entitlement("1", target, text).contains("took it");
    assert!(is_told("crm", "sellers"));
    assert!(!is_told("crm", "vips"));
    assert!(!is_told("directory", "sellers"));
}

#[test]
fn nobody_is_supposed_to_have_a_last_day_that_is_no_date() {
    let policy = policy();
    let mut ada = hired(&policy, vec![worker("1", ADA, &[])]).identities.remove(0);
    let mut suppose = |text: &str| {
        let facts = [(named("end"), text.to_owned())];
        supposed(&policy, &mut ada, &facts, noon())
    };
    assert_eq!(suppose("soon"), Err(CannotSuppose::NoDate(named("end"))));
    assert_eq!(suppose("2026-05-31"), Ok(()));
    assert_eq!(suppose(""), Ok(()), "none at all");
}

#[test]
fn a_conflict_about_something_else_does_not_keep_a_role_from_giving() {
    let mut policy = policy();
    let template = policy.expressions.template("readers").expect("is correct");
    policy.access.roles.insert(
        named("reader"),
        Role {
            line: 50,
            valid: Validity::default(),
            includes: [].into(),
            accounts: [].into(),
            grants: [(named("crm"), vec![template])].into(),
            owner: None,
            risk: crate::access::Risk::Low,
            description: String::new(),
        },
    );
    rule(&mut policy, "all", Condition { all: Vec::new(), expr: None }, &[], &[]);
    policy.rules[2].roles.push(named("reader"));
    let people = vec![worker("1", ADA, &[("department", "Ops")])];
    let mut firm = firm(policy, people, with_groups(&["readers"], &[]));
    let mut why = |new: &str, prevented: bool| {
        let conflict = Conflict {
            separation: named("apart"),
            line: 40,
            held: vec!["`sellers` at crm".to_owned()],
            new: vec![new.to_owned()],
            unknown: Vec::new(),
            prevented,
        };
        let ada = firm.desired.identities.get_mut(&id("1")).expect("is decided");
        ada.access.conflicts = vec![conflict];
        firm.entitlement("1", "crm", "readers").lines().next().expect("a line").to_owned()
    };
    let no_account = "a rule grants it, and nothing gives them an account at crm";
    let other = why("role `buyer`", true);
    assert!(other.ends_with(no_account), "{other}");
    let allowed = why("role `reader`", false);
    assert!(allowed.ends_with(no_account), "{allowed}");
    let prevented = why("role `reader`", true);
    assert!(prevented.contains("role `reader` does not give it: `apart` (line 40)"), "{prevented}");
}

#[test]
fn a_step_is_not_told_as_under_way_once_its_workflow_was_ended() {
    let told = |end: Option<EpisodeEnd>| {
        let mut firm = firm(policy(), vec![worker("1", ADA, &[])], observed(&[]));
        let episode = Episode {
            identity: id("1"),
            workflow: named("handover"),
            ordinal: 1,
            version: Digest::of("handover"),
            began: noon(),
            by: None,
            end,
            left: None,
            steps: [(named("wait"), StepRecord::Begun { at: noon() })].into(),
            tried: [].into(),
        };
        let of_ada = [(episode.workflow.clone(), episode)].into();
        firm.observed.workflows.episodes.insert(id("1"), of_ada);
        let step = |asking: &Asking<'_>| asking.step(&named("handover"), &named("wait"));
        firm.ask("1", &[], step).expect("is known").sentence
    };
    let open = told(None);
    assert!(open.ends_with(": under way since 2026-06-01T12:00:00Z"), "{open}");
    let ended = told(Some(EpisodeEnd::Cancelled { at: noon(), by: "operator".to_owned() }));
    assert!(ended.ends_with(": it was under way when the workflow was cancelled"), "{ended}");
}

/// Who holds `sellers` at the crm, as text.
fn holders(observed: Observed) -> String {
    let firm = firm(policy(), vec![worker("1", ADA, &[])], observed);
    let Firm { policy, assembled, desired, observed, plan, findings } = &firm;
    let world = World { policy, desired, observed, plan, findings, touched: &[], now: noon() };
    let what = What::Entitlement { target: named("crm"), entitlement: "sellers".to_owned() };
    who(world, assembled, &what).expect("is known").render()
}

#[test]
fn who_holds_something_is_told_by_name_or_key_and_with_how_they_came_to_it() {
    let mut world = with_groups(&["sellers"], &["sellers"]);
    let strange = holders(world.clone());
    assert!(strange.contains("— not granted by us"), "{strange}");
    let crm = world.targets.get_mut("crm").expect("is there");
    let of_ada = crm.assignments[0].clone();
    // One that the reading of accounts left out.
    let holder = ObjectRef { object_type: "user".to_owned(), uid: "u-unseen".to_owned() };
    crm.assignments.push(Assignment { holder, ..of_ada.clone() });
    let Assignment { holder, entitlement, relation, .. } = of_ada;
    world.ledger.insert(OwnedGrant { target: named("crm"), holder, entitlement, relation });
    let told = holders(world);
    let first = told.lines().next().expect("a line");
    assert!(first.contains("1 have it, 0 should and do not, 1 accounts of nobody"), "{told}");
    assert!(told.contains("— granted by us"), "{told}");
    assert!(told.contains("`u-unseen` — nobody's"), "{told}");
}
